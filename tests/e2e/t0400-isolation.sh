#!/bin/bash
# Protects: scripts are shut in for an ordinary user as they are for root, and a supervisor is
# started by trueup only. The measures themselves are tried by the unit tests, which run here once
# more as somebody else.
# timeout: 600
. "$(dirname "$0")/lib.sh"

build=${TRUEUP_BUILD:-build/release}
case $build in
/*) ;;
*) build=$TOP/$build ;;
esac

# as_nobody PROGRAM: a copy that another user can reach.
as_nobody() {
	local copy
	copy=$(mktemp -d /tmp/trueup-nobody.XXXXXX) || return 1
	at_exit "rm -rf '$copy'"
	chmod 755 "$copy" && cp "$1" "$copy/test" && chmod 755 "$copy/test" || return 1
	(cd / && CMOCKA_MESSAGE_OUTPUT=stdout setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$copy/test")
}

for name in isolate supervise; do
	program=$build/unit/runbook/test_$name
	needs_built "$program" unit-programs
	if [ "$(id -u)" != 0 ]; then
		skip "test_$name as another user" 'the suite runs as an ordinary user already'
	elif ! command -v setpriv >/dev/null; then
		skip "test_$name as another user" 'setpriv is not installed'
	else
		test_expect_success "test_$name as another user" 'as_nobody "$program"'
	fi
done

test_expect_success 'nobody starts a supervisor by hand' '
	mkdir run &&
	: >run/lock &&
	expect_exit 64 trueup internal-run run >out 2>err &&
	grep "not by hand" out err
'

test_done
