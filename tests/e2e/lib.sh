# shellcheck shell=bash
# What every end-to-end test starts with:
#
#	#!/bin/bash
#	# Protects: what breaks for users when this test fails.
#	# timeout: 600            (only if the runner's default is too short)
#	. "$(dirname "$0")/lib.sh"
#	test_expect_success 'prints its version' '
#		trueup version >out &&
#		grep "^trueup [0-9]" out
#	'
#	test_done
#
# A test runs in a folder of its own that is removed at the end, with a fixed locale, time zone,
# author and HOME, and without any credentials or NO_COLOR of the person who runs it. Output of a
# failed test is printed as TAP comments. Variables:
#
#	TOP      the source tree
#	TRUEUP   the executable under test; `trueup` calls it
#	TRASH    the test's folder, also the current one when a test begins
set -u

# The test changes its folder before it sources more files that lie beside it.
case $0 in
/*) ;;
*) exec bash "$PWD/$0" "$@" ;;
esac

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TRUEUP=${TRUEUP:-$TOP/build/trueup}

# needs_built PROGRAM TARGET: of this project. A skip would hide that nothing was tested.
needs_built() {
	[ -x "$1" ] && return
	echo "not ok 1 - $1 is not built: make $2"
	echo 1..1
	exit 1
}
needs_built "$TRUEUP" all

umask 022
TRASH=$(mktemp -d "${TMPDIR:-/tmp}/trueup-test.XXXXXX")
export HOME=$TRASH/home
mkdir "$HOME"
export LC_ALL=C.UTF-8 TZ=UTC TERM=dumb
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0
export GIT_AUTHOR_NAME='A U Thor' GIT_AUTHOR_EMAIL=author@example.com
export GIT_COMMITTER_NAME='C O Mitter' GIT_COMMITTER_EMAIL=committer@example.com
export GIT_AUTHOR_DATE='2026-01-02T03:04:05Z' GIT_COMMITTER_DATE='2026-01-02T03:04:05Z'
unset NO_COLOR CDPATH GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
for test_variable in $(compgen -e | grep -E '^(AWS_|TF_)'); do
	unset "$test_variable"
done
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=1:detect_leaks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:abort_on_error=1}

test_count=0
test_failures=0
test_at_exit=()

# Commands to run when the test script ends, in whatever way; the last one given runs first.
at_exit() {
	test_at_exit=("$1" "${test_at_exit[@]}")
}

test_clean_up() {
	local rc=$? command
	for command in "${test_at_exit[@]}"; do
		eval "$command"
	done
	cd /
	chmod -R u+rwX "$TRASH" 2>/dev/null
	rm -rf "$TRASH"
	exit "$rc"
}
trap test_clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$TRASH" || exit 1

trueup() {
	"$TRUEUP" "$@"
}

# ok NAME / not_ok NAME [LOG]: one point of TAP.
ok() {
	test_count=$((test_count + 1))
	echo "ok $test_count - $1"
}

not_ok() {
	test_count=$((test_count + 1))
	test_failures=$((test_failures + 1))
	echo "not ok $test_count - $1"
	[ -z "${2-}" ] || sed 's/^/# /' "$2"
}

# skip NAME REASON: a point that was not tried.
skip() {
	test_count=$((test_count + 1))
	echo "ok $test_count - $1 # SKIP $2"
}

# The whole script cannot run here.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# A function of its own, so that `return` in the commands ends them and not the counting.
test_run() {
	eval "$1"
}

# What a failed point caught in files in front of it (`>out`, `2>err`): the ends of the small ones
# that are newer than FILE. Otherwise the log of a failure seen once, elsewhere, does not say why.
test_written_files() {
	local written
	find . -maxdepth 1 -type f -newer "$1" -size -64k | sort | head -n 12 |
		while read -r written; do
			grep -Iq . "$written" || continue
			echo "--- end of ${written#./}:"
			tail -c 1500 "$written" | tail -n 12
		done
	echo "---"
}

# test_expect_success NAME COMMANDS: the commands, run in this shell, must succeed.
test_expect_success() {
	local test_rc=0
	cd "$TRASH" || exit 1
	: >"$TRASH.began"
	test_run "$2" >"$TRASH.log" 2>&1 </dev/null || test_rc=$?
	cd "$TRASH" || exit 1
	if [ "$test_rc" = 0 ]; then
		ok "$1"
	else
		{
			echo "exit $test_rc of:$2"
			test_written_files "$TRASH.began"
			cat "$TRASH.log"
		} >"$TRASH.report"
		not_ok "$1" "$TRASH.report"
		rm -f "$TRASH.report"
	fi
	rm -f "$TRASH.log" "$TRASH.began"
}

# The last line of every test script.
test_done() {
	echo "1..$test_count"
	[ "$test_failures" = 0 ] || exit 1
	exit 0
}

# expect_exit CODE COMMAND...: the command must end with just that code. A crash is never right.
expect_exit() {
	local want=$1 rc=0
	shift
	"$@" || rc=$?
	if [ "$rc" -ge 128 ] && [ "$rc" != "$want" ]; then
		echo "crashed with signal $((rc - 128)): $*" >&2
		return 1
	fi
	[ "$rc" = "$want" ] && return 0
	echo "exit $rc, not $want: $*" >&2
	return 1
}

# test_must_fail COMMAND...: must fail, but not by a crash, a timeout or a missing program.
test_must_fail() {
	local rc=0
	"$@" || rc=$?
	case $rc in
	0)
		echo "succeeded: $*" >&2
		return 1
		;;
	124 | 126 | 127)
		echo "could not run (exit $rc): $*" >&2
		return 1
		;;
	esac
	[ "$rc" -lt 128 ] && return 0
	echo "crashed with signal $((rc - 128)): $*" >&2
	return 1
}

# test_cmp EXPECTED ACTUAL
test_cmp() {
	diff -u "$1" "$2"
}

# is GOT WANTED / like TEXT REGEX / unlike TEXT REGEX: for use inside the commands of a test.
is() {
	[ "$1" = "$2" ] && return 0
	printf 'got:    %s\nwanted: %s\n' "$1" "$2" >&2
	return 1
}

like() {
	printf '%s\n' "$1" | grep -Eq -- "$2" && return 0
	printf 'does not match %s:\n%s\n' "$2" "$1" >&2
	return 1
}

unlike() {
	printf '%s\n' "$1" | grep -Eq -- "$2" || return 0
	printf 'matches %s:\n%s\n' "$2" "$1" >&2
	return 1
}

# json FILE EXPRESSION: evaluates a Python expression over the document d and prints the result.
json() {
	python3 -c 'import json, sys
with open(sys.argv[1], encoding="utf-8") as f:
    d = json.load(f)
value = eval(sys.argv[2])
print(value if isinstance(value, str) else json.dumps(value))' "$1" "$2"
}

# wait_until COMMAND...: tries again until it succeeds, at most for 60 seconds.
wait_until() {
	local tries=${WAIT_TRIES:-1200}
	until "$@" 2>/dev/null; do
		tries=$((tries - 1))
		if [ "$tries" = 0 ]; then
			echo "waited in vain for: $*" >&2
			return 1
		fi
		read -rt 0.05 <> <(:) || :
	done
}

# new_repo DIR: an empty spec repository with branch main.
new_repo() {
	mkdir -p "$1" && git -C "$1" init -q -b main
}

# commit_all DIR MESSAGE: everything in it becomes a commit.
commit_all() {
	git -C "$1" add -A && git -C "$1" commit -q --allow-empty -m "$2"
}

# write_role DIR NAME [SERVICE...]: a role that may use these services (default: all that matter
# for a small web application) in account 123456789012.
write_role() {
	local dir=$1 name=$2 s
	shift 2
	[ $# -gt 0 ] || set -- EC2 S3 SECURITY_GROUP RDS ALB
	mkdir -p "$dir/roles"
	{
		echo 'apiVersion: trueup/v1'
		echo 'kind: Role'
		echo "metadata: {name: $name}"
		echo 'spec:'
		echo '  account: "123456789012"'
		echo '  region: eu-central-1'
		echo '  permissions: {deploy: true}'
		echo '  allowedServices:'
		for s; do
			echo "    - $s"
		done
	} >"$dir/roles/$name.yaml"
}

# write_canvas DIR NAME ROLE [ID:TYPE...]: a canvas of these nodes with default settings.
write_canvas() {
	local dir=$1 name=$2 role=$3 node
	shift 3
	mkdir -p "$dir/canvases"
	{
		echo 'apiVersion: trueup/v1'
		echo 'kind: Canvas'
		echo "metadata: {name: $name}"
		echo 'spec:'
		echo "  role: $role"
		echo '  engine: terraform'
		[ $# -gt 0 ] && echo '  nodes:' || echo '  nodes: []'
		for node; do
			echo "    - id: ${node%%:*}"
			echo '      data:'
			echo "        resourceType: ${node#*:}"
		done
		echo '  edges: []'
	} >"$dir/canvases/$name.yaml"
}
