#!/bin/bash
# Protects: a pull request is planned as what its base branch would be after the merge, with the
# base's Config and roles; the plans that were shown are the ones that are applied, after the merge
# or before it; nothing else of the record changes; and two pull requests do not plan one object.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
fake_terraform "$TRASH"

run() {
	trueup -C repo "$@"
}
# config [TEXT]: Config with these settings of pull requests.
config() {
	printf '%s\n' 'apiVersion: trueup/v1' 'kind: Config' "spec: {pullRequests: {$1}}" \
		>repo/trueup.yaml
}
# reset [TEXT]: a new repository with the canvases shop and dns, reconciled.
reset() {
	rm -rf repo "$FAKE" && mkdir -p "$FAKE/cloud" && new_repo repo && topics_role repo &&
		topics repo shop "page cart" && topics repo dns "zone" && config "${1-}" &&
		commit_all repo first && run reconcile --auto-approve >out 2>&1
}
# branch NAME FROM COMMANDS: commits what the commands do to the repository to a new branch.
branch() {
	git -C repo switch -q -c "$1" "$2" && eval "$3" && commit_all repo "$1" &&
		git -C repo switch -q main
}
# show NUMBER EXPRESSION: of `pull show -o json`, as p.
show() {
	run pull show "$1" -o json >show.json
	json show.json "(lambda p: $2)(d['pull'])"
}
plan_of() {
	show "$1" "[o.get('plan', '') for o in p['objects'] if o['object'] == '$2'][0]"
}
merge() {
	git -C repo merge -q --no-ff --no-edit "$1"
}
record() { # what the store holds of objects
	run status -o json >status.json
	json status.json "[[o['key'], o['phase']] for o in d['objects']]"
}

test_expect_success 'a pull request is planned and nothing of the record changes' '
	reset && record >before &&
	branch topic main "topics repo shop \"page cart mail\"; topics repo news feed; \
		git -C repo rm -q canvases/dns.yaml" &&
	run pull plan 12 --head topic --base main --author github:alice >out 2>&1 &&
	grep "canvas/shop .*update.*+1 aws_sns_topic" out && grep "canvas/news .*create" out &&
	grep "canvas/dns .*destroy" out && grep "#12: 3 objects to change, 3 plans shown" out &&
	record >after && test_cmp before after && is "$(show 12 "p[\"progress\"]")" planned &&
	run doctor -o json >doctor.json && ! grep -i "no plan knows\|missing" doctor.json
'

test_expect_success 'a base branch that is not there is refused, and not remembered' '
	expect_exit 1 run pull plan 12 --base nope >out 2>&1 && grep "no branch .nope. here" out &&
	expect_exit 1 run pull plan 99 --head topic --base nope >out 2>&1 &&
	grep "no branch .nope. here" out &&
	run pull list -o json >list.json && ! grep nope list.json && ! grep "\"number\": 99" list.json &&
	run pull plan 12 --head topic >out 2>&1 && run pull plan --help >out &&
	grep "known, at first main" out
'

test_expect_success 'planning it again makes no new plan' '
	plans=$(fake_runs plan) && before=$(plan_of 12 canvas/shop) &&
	run pull plan 12 >out 2>&1 && is "$(fake_runs plan)" "$plans" &&
	is "$(plan_of 12 canvas/shop)" "$before"
'

test_expect_success 'a neighbour that changes in the base branch voids nothing' '
	topics repo other thing && commit_all repo neighbour && run reconcile -y >out 2>&1 &&
	run pull settle >out && grep "trueup pull plan 12" out && plans=$(fake_runs plan) &&
	run pull plan 12 >out 2>&1 && is "$(fake_runs plan)" "$plans" &&
	is "$(plan_of 12 canvas/shop)" "$before"
'

test_expect_success 'after the merge the branch applies the very plans that were shown' '
	plans=$(fake_runs plan) && merge topic && run pull plan 12 >out 2>&1 &&
	grep "main has it already" out && is "$(plan_of 12 canvas/shop)" "$before" &&
	run pull close 12 --merged HEAD >out &&
	grep "has to be reconciled" out && expect_exit 4 run reconcile >out 2>&1 &&
	is "$(fake_runs plan)" "$plans" && grep "plan $before" out &&
	run reconcile --auto-approve >out 2>&1 && is "$(fake_runs plan)" "$plans" &&
	is "$(fake_runs apply shop)" 2 && is "$(fake_runs apply dns)" 2 &&
	run pull settle >out && test ! -s out && run reconcile >out 2>&1 && grep "nothing to do" out
'

test_expect_success 'a change of the same object in the base branch voids the plan' '
	branch next main "topics repo shop \"page cart mail=letters\"" &&
	run pull plan 20 --head next >out 2>&1 && first=$(plan_of 20 canvas/shop) &&
	topics repo shop "page=pages cart mail" && commit_all repo base && run reconcile -y >out 2>&1 &&
	run pull settle >out && grep "trueup pull plan 20" out &&
	plans=$(fake_runs plan) && run pull plan 20 >out 2>&1 && second=$(plan_of 20 canvas/shop) &&
	test "$first" != "$second" && is "$(fake_runs plan)" $((plans + 1)) &&
	grep "+0\|~1" out && ! grep "page" out && run pull settle >out && test ! -s out
'

test_expect_success 'what conflicts with the base branch is not planned' '
	topics repo shop "page=pages cart mail=post" && commit_all repo base &&
	run reconcile -y >out 2>&1 &&
	expect_exit 3 run pull plan 20 >out 2>&1 && grep "conflicts with main in canvases/shop.yaml" out &&
	is "$(show 20 "p[\"objects\"]")" "[]" && run pull list >out && ! grep holds out &&
	run pull close 20 >out
'

test_expect_success 'Config of the pull request has no effect on it' '
	reset &&
	branch topic main "config \"apply: before, require: {approved: false}\"; \
		topics repo shop page" &&
	run pull plan 12 --head topic >out 2>&1 && expect_exit 4 run pull apply 12 >out 2>&1 &&
	grep "apply: after" out && is "$(fake_runs apply shop)" 1
'

test_expect_success 'a canvas whose role comes or changes with it is planned after the merge' '
	reset &&
	branch topic main "sed -i s/team/crew/ repo/canvases/shop.yaml; \
		sed s/team/crew/ repo/roles/team.yaml >repo/roles/crew.yaml" &&
	plans=$(fake_runs plan) && run pull plan 12 --head topic >out 2>&1 && cat out &&
	grep "role/crew is not recorded on main yet" out && is "$(fake_runs plan)" "$plans" &&
	branch other main "sed -i s/eu-central-1/eu-west-1/ repo/roles/team.yaml" &&
	run pull plan 13 --head other >out 2>&1; cat out; is "$(fake_runs plan)" "$plans"
'

test_expect_success 'invalid specs and conflicts end with exit 3, and another head makes it good' '
	reset && branch topic main "topics repo shop \"page cart\" \"colour: blue\"" &&
	expect_exit 3 run pull plan 12 --head topic >out 2>&1 && grep "colour" out &&
	is "$(show 12 "p[\"progress\"]")" invalid && git -C repo switch -q topic &&
	topics repo shop page && commit_all repo better && git -C repo switch -q main &&
	run pull plan 12 --head topic >out 2>&1 && is "$(show 12 "p[\"progress\"]")" planned
'

test_expect_success 'one pull request holds an object, the others wait in the order of asking' '
	reset && for n in 11 12 13; do branch topic$n main "topics repo shop \"page cart n$n\""; done &&
	run pull plan 11 --head topic11 >out 2>&1 &&
	expect_exit 4 run pull plan 12 --head topic12 >out 2>&1 &&
	grep "held by pull request #11; this one is next" out &&
	expect_exit 4 run pull plan 13 --head topic13 >out 2>&1 && cat out &&
	grep "held by pull request #11; 1 other" out && is "$(fake_runs plan shop)" 2 &&
	run pull list >out && grep "waits for canvas/shop: #11 holds it, place 2" out &&
	first=$(plan_of 11 canvas/shop) && run pull close 11 >out && grep "#12 has its turn" out &&
	! grep "#13 has its turn" out && run pull plan 12 >out 2>&1 &&
	is "$(show 12 "p[\"progress\"]")" planned && run pull unlock 12 >out && cat out &&
	grep "#13 has its turn" out && run pull plan 13 >out 2>&1 &&
	is "$(show 13 "p[\"progress\"]")" planned
'

test_expect_success 'plans of one that was closed are void, and their files go' '
	ls repo/.git/trueup/plans >files && ! grep "$first" files && is "$(wc -l <files)" 1
'

test_expect_success 'apply before the merge: what was shown, and the branch leaves it alone' '
	reset "apply: before, require: {approved: false}" &&
	branch topic main "topics repo shop \"page cart mail\"; topics repo news feed; \
		git -C repo rm -q canvases/dns.yaml" &&
	run pull plan 12 --head topic >out 2>&1 && plans=$(fake_runs plan) &&
	run pull apply 12 >out 2>&1 && grep "#12: 3 applied" out && is "$(fake_runs plan)" "$plans" &&
	is "$(fake_runs apply shop)" 2 && is "$(show 12 "p[\"progress\"]")" applied &&
	topics repo other thing && commit_all repo other &&
	expect_exit 4 run reconcile --auto-approve >out 2>&1 &&
	grep "canvas/shop .*held by pull request #12" out && grep "canvas/other .*applied" out &&
	is "$(fake_runs apply shop)" 2 && is "$(fake_runs apply news)" 1 && is "$(fake_runs apply dns)" 2
'

test_expect_success 'a second apply has nothing to do; after the merge there is nothing left' '
	expect_exit 4 run pull apply 12 >out 2>&1 && grep "everything of it was applied" out &&
	merge topic && run pull close 12 --merged HEAD >out && run reconcile >out 2>&1 &&
	grep "nothing to do" out && is "$(fake_runs apply shop)" 2 && run pull list --all >out &&
	! grep holds out
'

test_expect_success 'closed after an apply: the branch plans the way back' '
	branch back main "topics repo shop \"page\"; topics repo extra some" &&
	run pull plan 13 --head back >out 2>&1 && run pull apply 13 >out 2>&1 &&
	run pull close 13 >out && grep "has to be reconciled" out &&
	run reconcile --auto-approve >out 2>&1 && grep "canvas/shop .*applied" out &&
	grep "canvas/extra .*destroyed" out && run reconcile >out 2>&1 && grep "nothing to do" out
'

test_expect_success 'a plan that is not the one that was shown is not applied, but shown' '
	branch topic14 main "topics repo shop \"page cart mail later\"" &&
	run pull plan 14 --head topic14 >out 2>&1 && first=$(plan_of 14 canvas/shop) &&
	touch "$FAKE/bump" && python3 - repo/.git/trueup/terraform/shop/terraform.tfstate <<-\EOF &&
	import json, sys
	with open(sys.argv[1]) as f:
	    state = json.load(f)
	state["serial"] += 1
	with open(sys.argv[1], "w") as f:
	    json.dump(state, f)
	EOF
	applies=$(fake_runs apply shop) && expect_exit 4 run pull apply 14 >out 2>&1 && cat out &&
	grep "nothing was applied; 1 plan is new" out && is "$(fake_runs apply shop)" "$applies" &&
	second=$(plan_of 14 canvas/shop) && test "$first" != "$second" &&
	run pull apply 14 >out 2>&1 && is "$(fake_runs apply shop)" $((applies + 1))
'

test_expect_success 'what is required of a forge is not met without one' '
	reset "apply: before" && branch topic main "topics repo shop page" &&
	run pull plan 12 --head topic >out 2>&1 && expect_exit 4 run pull apply 12 >out 2>&1 &&
	grep "not known whether it was approved" out &&
	echo x >repo/README && commit_all repo readme &&
	reset "apply: before, require: {approved: false}" &&
	branch topic main "topics repo shop page" && echo x >repo/README && commit_all repo readme &&
	run pull plan 12 --head topic >out 2>&1 && expect_exit 4 run pull apply 12 >out 2>&1 &&
	grep "it lacks 1 commit of main" out && is "$(fake_runs apply shop)" 1
'

test_expect_success 'forks are not planned until a member allows it' '
	reset && branch topic main "topics repo shop page" && plans=$(fake_runs plan) &&
	expect_exit 4 run pull plan 12 --head topic --fork --author github:mallory >out 2>&1 &&
	grep "from a fork: a member may comment .trueup plan." out && is "$(fake_runs plan)" "$plans"
'

test_expect_success 'mistakes in the command line say what is wrong' '
	test_must_fail run pull plan twelve --head topic 2>err &&
	grep "is not the number of a pull request" err &&
	test_must_fail run pull plan 99 2>err && grep "say what it is with --head and --base" err &&
	test_must_fail run pull show 99 2>err && grep "#99 is not known here" err &&
	test_must_fail run pull plan 99 --head nowhere 2>err && grep "nowhere" err
'

test_done
