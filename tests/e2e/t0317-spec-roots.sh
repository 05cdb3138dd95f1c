#!/bin/bash
# Protects: a spec root that was renamed or moved does not make everything a second time; its state
# can be moved after it; and several roots of one repository do not hinder each other.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
fake_terraform "$TRASH"

test_expect_success 'a renamed root: status tells, and nothing is planned or made' '
	new_repo r && topics_role r/infra && topics r/infra mail out && commit_all r one &&
	trueup -C r/infra reconcile -y && is "$(fake_runs apply)" 1 &&
	git -C r mv infra live && commit_all r two && before=$(ls r/.git/trueup/roots) &&
	trueup status r/live >out && cat out &&
	grep "nothing is recorded for the spec root .live." out &&
	grep "^  infra  (HEAD does not have it)" out && grep "its state follows by: mv .*/roots/" out &&
	trueup status -o json r/live >json &&
	is "$(json json "[(r[\"path\"], r[\"gone\"]) for r in d[\"otherRoots\"]]")" \
		"[[\"infra\", true]]" &&
	for what in "reconcile -y" "reconcile -n" plan "plan --spec-only"; do
		test_must_fail trueup $what r/live 2>err && grep "1 canvas for .infra.," err || return 1
	done && cat err && is "$(fake_runs apply)" 1 && is "$(ls r/.git/trueup/roots)" "$before"
'

test_expect_success 'its state follows by the command that was told' '
	sh -c "$(sed -n "s/.*state that is there (\(.*\)), or everything.*/\1/p" err)" &&
	trueup status r/live >out && grep "canvas/mail  *applied" out &&
	trueup reconcile -y r/live >out && grep "^nothing to do" out && is "$(fake_runs apply)" 1 &&
	is "$(cat r/.git/trueup/roots/*/root)" live
'

test_expect_success 'a place that was planned in on purpose: the command fits that too' '
	git -C r mv live prod && commit_all r three &&
	trueup plan --new-root r/prod >out && grep "canvas/mail  *create" out &&
	test_must_fail trueup reconcile -y r/prod 2>err && cat err &&
	sh -c "$(sed -n "s/.*state that is there (\(.*\)), or everything.*/\1/p" err)" &&
	trueup reconcile -y r/prod >out && grep "^nothing to do" out && is "$(fake_runs apply)" 1
'

test_expect_success 'after what the old one made was destroyed it begins anew' '
	(cd r/prod && trueup destroy -y canvas/mail) && git -C r mv prod next &&
	commit_all r four &&
	trueup reconcile -y r/next >out && cat out && grep "^1 applied" out &&
	git -C r mv next last && commit_all r five && test_must_fail trueup plan r/last
'

test_expect_success 'a second root beside the first is no rename' '
	new_repo s && for at in a b; do
		topics_role s/$at && topics s/$at mail-$at out && commit_all s $at &&
			trueup reconcile -y s/$at >out && grep "^1 applied" out || return 1
	done && topics_role s/c && topics s/c mail-c out && commit_all s c &&
	trueup status s/c >out &&
	grep "^  a$" out && grep "^  b$" out && ! grep "HEAD does not" out
'

test_done
