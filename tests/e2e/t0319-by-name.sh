#!/bin/bash
# Protects: a command that is given names says nothing about the objects that it did not look at.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
fake_terraform "$TRASH"

run() {
	trueup -C r "$@"
}

test_expect_success 'what was never applied cannot be destroyed, and nothing is called recorded' '
	new_repo r && topics_role r && topics r one a && topics r two b && commit_all r one &&
	run destroy canvas/one >out 2>&1 && cat out &&
	grep "canvas/one was never applied: there is nothing to destroy" out &&
	grep "^nothing to do: 2 not looked at" out && ! grep "as recorded" out &&
	run destroy canvas/one -o json >json &&
	is "$(json json "[d[\"unchanged\"], d[\"notLookedAt\"], len(d[\"notices\"])]")" "[0, 2, 1]"
'

test_expect_success '--target: the rest is not called unchanged' '
	run reconcile -y && topics r one "a c" && topics r two "b d" && commit_all r two &&
	run plan --target canvas/one >out && grep "^1 planned, 2 not looked at" out &&
	run plan --target role/team --detailed-exitcode >out &&
	grep "^nothing to do: 1 object is as recorded, 2 not looked at" out &&
	run plan --target canvas/one -o json >json &&
	is "$(json json "[d[\"unchanged\"], d[\"notLookedAt\"]]")" "[0, 2]" &&
	run plan >out && grep "^2 planned, 1 unchanged" out
'

test_expect_success 'what was destroyed is not destroyed again' '
	run reconcile -y && run destroy -y canvas/one >out && cat out &&
	grep "^1 applied, 2 not looked at" out && run destroy -y canvas/one >out 2>&1 && cat out &&
	grep "canvas/one is destroyed already" out && run reconcile >out
	cat out && grep "canvas/one  wait  suspended" out && grep "^1 waiting, 2 unchanged" out
'

test_expect_success 'history of a name that is not there is not an empty history' '
	run history canvas/two >out && grep "canvas/two  *apply" out && for what in "" --audit; do
		run history $what canvas/typo >out && cat out &&
			grep "no .* on canvas/typo: no such object is recorded" out &&
			run history $what --actor os:nobody >out && grep "^.*no .* by os:nobody" out &&
			run history $what --actor os:nobody canvas/two >out &&
			grep "no .* on canvas/two by os:nobody$" out || return 1
	done && run history -o json canvas/typo >json && is "$(json json "d[\"operations\"]")" "[]" &&
	new_repo empty && topics_role empty && commit_all empty one &&
	trueup -C empty history canvas/two >out && grep "no operation yet" out
'

test_done
