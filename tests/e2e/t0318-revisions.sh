#!/bin/bash
# Protects: --rev and --worktree give what they name, or an error; and the first line says which
# revision it was.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
fake_terraform "$TRASH"

test_expect_success 'a plain folder has no revisions' '
	topics_role plain && topics plain mail out && for what in "plan --spec-only" plan \
		"reconcile -n" "reconcile -y" "render canvas/mail"; do
		test_must_fail trueup $what --rev no-such-rev plain 2>err &&
			grep "not in a git repository and has no revision .no-such-rev." err || return 1
	done && (cd plain && printf "x" >x.md && test_must_fail trueup runbook run x --rev HEAD 2>err &&
		grep "has no revision" err) && is "$(fake_runs apply)" ""
'

test_expect_success 'before the first commit --worktree takes the files as they lie there' '
	new_repo w && topics_role w && topics w mail out &&
	test_must_fail trueup plan w 2>err && grep "commit the specs" err &&
	trueup plan --worktree w >out && cat out && grep "^  + canvas/mail  *create" out &&
	! grep @ out && trueup render canvas/mail --worktree w | grep aws_sns_topic &&
	commit_all w one
'

test_expect_success 'a spec root that HEAD does not have yet is planned from the files too' '
	topics_role w/infra && topics w/infra queue out && test_must_fail trueup plan w/infra &&
	trueup plan --worktree w/infra >out && grep "^  + canvas/queue" out && rm -r w/infra
'

test_expect_success '--rev and --worktree together are wrong usage' '
	for what in plan "render canvas/mail" "runbook run x"; do
		trueup $what --rev HEAD --worktree 2>err
		is $? 64 && grep "^trueup: .--rev. and .--worktree. of .* exclude each other" err || return 1
	done
'

test_expect_success 'the first line names the revision that was asked for' '
	git -C w tag v1 && topics w mail "out in" && commit_all w two &&
	first=$(git -C w rev-parse v1) && short=$(git -C w rev-parse --short=7 v1) &&
	for rev in v1 HEAD~1; do
		trueup plan --spec-only --rev "$rev" w >out && grep "^w  $rev@$short  " out || return 1
	done && trueup plan --spec-only --rev "$first" w >out && grep "^w  $short  " out &&
	trueup plan --spec-only --rev main w >out && grep "^w  main@" out &&
	trueup plan --spec-only --rev v1 -o json w >json &&
	is "$(json json "[d.get(\"branch\"), d[\"rev\"], d[\"commit\"]]")" \
		"[null, \"v1\", \"$first\"]" &&
	git -C w checkout -q --detach && trueup plan --spec-only w >out && grep "^w  HEAD@" out
'

test_done
