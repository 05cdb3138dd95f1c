#!/bin/bash
# Protects: the test library itself. A test that cannot fail proves nothing.
. "$(dirname "$0")/lib.sh"

test_expect_success 'test_must_fail wants a failure' '
	test_must_fail false && ! test_must_fail true
'

test_expect_success 'test_must_fail takes no crash for a failure' '
	! test_must_fail sh -c "kill -SEGV \$\$"
'

test_expect_success 'test_must_fail wants a program that runs' '
	! test_must_fail ./not-there
'

test_expect_success 'expect_exit wants just that code' '
	expect_exit 3 sh -c "exit 3" && ! expect_exit 3 sh -c "exit 4" &&
	! expect_exit 3 sh -c "kill -ABRT \$\$"
'

test_expect_success 'like and is compare' '
	like "a 12 b" "[0-9]+" && ! like "a b" "[0-9]+" && is x x && ! is x y && unlike a b
'

test_expect_success 'a failing test is counted and shown' '
	cat >inner.sh <<-EOF &&
	. "$TOP/tests/e2e/lib.sh"
	test_expect_success "good" true
	test_expect_success "bad" "echo reason >caught; echo why; false"
	test_done
	EOF
	expect_exit 1 env TRUEUP="$TRUEUP" bash inner.sh >out &&
	grep "^ok 1 - good" out && grep "^not ok 2 - bad" out && grep "^# why" out &&
	grep "^# --- end of caught:" out && grep "^# reason" out &&
	grep "^1..2" out
'

test_expect_success 'nothing of the caller leaks in' '
	is "${AWS_SECRET_ACCESS_KEY-none}" none && is "$(git config user.name)" ""
'

test_done
