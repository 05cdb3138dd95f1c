#!/bin/bash
# Protects: every webhook that GitHub shows as an example, 329 of 58 events, is taken or ignored
# without an error.
. "$(dirname "$0")/lib.sh"

program=$TOP/${TRUEUP_BUILD:-build/release}/unit/report/test_forge_event
needs_built "$program" unit-programs
[ -d "$TOP/build/npm/webhooks" ] ||
	skip_all 'npm packages are not installed: .make/setup-npm.sh'

test_expect_success 'all examples are taken or ignored' '
	TRUEUP_WEBHOOKS=$TOP/build/npm/webhooks CMOCKA_MESSAGE_OUTPUT=TAP "$program" >out 2>&1 ||
		{ cat out; return 1; }
	grep "^ok .*takes_all_examples" out && grep "pull 15$" out
'

test_done
