#!/bin/bash
# Protects: nothing is applied that somebody had to agree to and did not: plans wait, approvals
# bind to exactly what was reviewed, protections hold, and every answer has its exit code.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
fake_terraform "$TRASH"

# edit [LINE...]: another label for the topic, and these lines in the canvas, committed.
edit_count=0
edit() {
	edit_count=$((edit_count + 1))
	topics shop web "page=label$edit_count" "$@" && commit_all shop "edit $edit_count"
}
# reset [LINE...]: a new repository with one canvas, reconciled.
reset() {
	rm -rf shop "$FAKE" && mkdir -p "$FAKE/cloud" && new_repo shop && topics_role shop &&
		edit "$@" &&
		trueup -C shop reconcile --auto-approve >out 2>&1
}
run() {
	trueup -C shop "$@"
}
applies() {
	fake_runs apply
}
plan_of() {
	run status -o json >status.json
	json status.json "[o.get('plan') for o in d['objects'] if o['key'] == 'canvas/$1'][0] or ''"
}
phase_of() {
	run status -o json >status.json
	json status.json "[o['phase'] for o in d['objects'] if o['key'] == '$1'][0]"
}
# as UID COMMAND: another actor, os:UID, to whom the same files belong.
as() {
	unshare -U --map-user="$1" "$TRUEUP" -C shop "${@:2}"
}

test_expect_success 'without a terminal the plan is stored and waits: exit 4' '
	reset && is "$(applies)" 1 && edit &&
	expect_exit 4 run reconcile >out 2>&1 && cat out &&
	grep "waits for a yes" out && grep "trueup approve canvas/web" out &&
	is "$(applies)" 1 && is "$(phase_of canvas/web)" waiting &&
	test -n "$(plan_of web)" &&
	git -C shop notes --ref=trueup show HEAD | grep -P "^trueup/apply\tpending"
'

test_expect_success 'a waiting plan is kept, not made again' '
	plan_of web >before && plans=$(fake_runs plan) &&
	expect_exit 4 run reconcile >out 2>&1 &&
	is "$(plan_of web)" "$(cat before)" && is "$(fake_runs plan)" "$plans"
'

test_expect_success 'another commit that leaves the object alone does not void it' '
	echo x >shop/README && commit_all shop readme && plans=$(fake_runs plan) &&
	expect_exit 4 run reconcile >out 2>&1 && is "$(fake_runs plan)" "$plans" &&
	is "$(plan_of web)" "$(cat before)"
'

test_expect_success 'approve: the next reconcile applies exactly that plan, without planning' '
	plans=$(fake_runs plan) && sha256sum shop/.git/trueup/plans/*.tfplan >sum &&
	run approve canvas/web -m CHG-1 >approved && cat approved &&
	grep "sha256:$(cut -c1-12 sum)" approved &&
	run reconcile >out 2>&1 && cat out &&
	is "$(fake_runs plan)" "$plans" && is "$(applies)" 2 &&
	is "$(phase_of canvas/web)" applied &&
	is "$(ls shop/.git/trueup/plans shop/.git/trueup/rendered shop/.git/trueup/jobs | grep -c 01)" 0 &&
	run history >out && cat out && grep "CHG-1\|os:" out
'

test_expect_success 'by the id of the plan, or the start of it' '
	edit && expect_exit 4 run reconcile >out 2>&1 && id=$(plan_of web) &&
	run approve "${id:0:20}" && run reconcile && is "$(applies)" 3 &&
	expect_exit 1 run approve "$id" 2>out && cat out && grep "is applied" out &&
	expect_exit 1 run approve canvas/web 2>out && grep "no plan of canvas/web waits" out &&
	expect_exit 1 run approve canvas/none 2>out && grep "no plan of canvas/none waits" out
'

test_expect_success 'an approval is void when the spec changes' '
	edit && expect_exit 4 run reconcile >out 2>&1 && run approve canvas/web &&
	edit && plans=$(fake_runs plan) &&
	expect_exit 4 run reconcile >out 2>&1 && cat out &&
	is "$(fake_runs plan)" $((plans + 1)) && is "$(applies)" 3 &&
	is "$(ls shop/.git/trueup/plans | wc -l)" 1
'

test_expect_success 'an approval is void when the state of the engine changes' '
	run approve canvas/web && state=shop/.git/trueup/terraform/web/terraform.tfstate &&
	sed -i "s/\"serial\": \([0-9]*\)/\"serial\": 99/" $state &&
	plans=$(fake_runs plan) &&
	expect_exit 4 run reconcile >out 2>&1 &&
	is "$(fake_runs plan)" $((plans + 1)) && is "$(applies)" 3
'

test_expect_success 'a plan file that is not the reviewed one is not applied' '
	run approve canvas/web && echo forged >>"$(echo shop/.git/trueup/plans/*.tfplan)" &&
	expect_exit 1 run reconcile >out 2>&1 && cat out &&
	grep "not the one that was reviewed" out && is "$(applies)" 3 &&
	run reconcile --auto-approve >out 2>&1 && cat out && is "$(applies)" 4
'

test_expect_success 'reject: refused until the spec changes or the plan is discarded' '
	edit && expect_exit 4 run reconcile >out 2>&1 &&
	run reject canvas/web -m "wrong size" >out && grep rejected out &&
	expect_exit 4 run reconcile --auto-approve >out 2>&1 && cat out && grep rejected out &&
	is "$(applies)" 4 && is "$(phase_of canvas/web)" refused &&
	run status >out && grep "wrong size\|rejected" out &&
	git -C shop notes --ref=trueup show HEAD | grep -P "^trueup/apply\tfailure" &&
	run unlock canvas/web && run reconcile --auto-approve >out 2>&1 && is "$(applies)" 5 &&
	edit && expect_exit 4 run reconcile >out 2>&1 && run reject canvas/web &&
	edit && run reconcile --auto-approve >out 2>&1 && is "$(applies)" 6
'

test_expect_success 'a change that is taken back leaves nothing behind' '
	n=$(applies) && edit && expect_exit 4 run reconcile >out 2>&1 &&
	git -C shop revert --no-edit HEAD >/dev/null &&
	run reconcile >out 2>&1 && cat out && grep "^nothing to do" out && is "$(applies)" "$n" &&
	is "$(phase_of canvas/web)" applied && is "$(plan_of web)" "" &&
	expect_exit 1 run approve canvas/web 2>out && grep "no plan of canvas/web waits" out
'

test_expect_success 'unlock of what is applied leaves it applied' '
	run unlock canvas/web >out && cat out && is "$(phase_of canvas/web)" applied &&
	run reconcile >out && grep "^nothing to do" out
'

test_expect_success 'apply: auto in Config asks nobody' '
	printf "%s\n" "apiVersion: trueup/v1" "kind: Config" "metadata: {name: config}" \
		"spec: {apply: auto}" >shop/trueup.yaml &&
	edit && run reconcile >out 2>&1 && is "$(applies)" 7 &&
	git -C shop rm -q trueup.yaml && commit_all shop "no config" && run reconcile >out 2>&1
'

test_expect_success 'a manual approval is not bypassed by --auto-approve or apply: auto' '
	! reset "approval: {mode: manual, notSelf: false}" && is "$(applies)" 0 && grep "1 approval needed" out &&
	expect_exit 4 run reconcile --auto-approve >out 2>&1 && cat out &&
	grep "1 approval needed" out && grep "trueup approve canvas/web" out &&
	run approve canvas/web && run reconcile >out 2>&1 && is "$(applies)" 1
'

# board NAME [METADATA...]: the role that approves, with whoever runs this in it.
board() {
	topics_role shop "members: [\"os:$(id -un)\"]" &&
		sed "s/{name: team}/{name: $1${2:+, $2}}/" shop/roles/team.yaml >"shop/roles/$1.yaml" &&
		topics_role shop
}
test_expect_success 'who is in a role that approves is so under its new name too' '
	rm -rf shop "$FAKE" && mkdir -p "$FAKE/cloud" && new_repo shop && topics_role shop &&
	board board && edit "approval: {mode: manual, roles: [board], notSelf: false}" &&
	expect_exit 4 run reconcile >out 2>&1 && run approve canvas/web &&
	run reconcile >out 2>&1 && is "$(applies)" 1 &&
	rm shop/roles/board.yaml && board council "renamedFrom: board" &&
	edit "approval: {mode: manual, roles: [council], notSelf: false}" &&
	expect_exit 4 run reconcile >out 2>&1 && cat out &&
	grep "1 approval needed from role/council" out && run approve canvas/web &&
	run reconcile >out 2>&1 && cat out && is "$(applies)" 2 &&
	rm shop/roles/council.yaml && board senate "renamedFrom: council" &&
	sed -i "s/os:[^\"]*/os:nobody/" shop/roles/senate.yaml &&
	edit "approval: {mode: manual, roles: [senate], notSelf: false}" &&
	expect_exit 4 run reconcile >out 2>&1 && cat out && grep "from role/senate" out &&
	expect_exit 1 run approve canvas/web 2>out && cat out && grep "not a member" out
'

unshare -U --map-user=4001 true 2>/dev/null && others=yes || others=
if [ "$others" ]; then
	test_expect_success 'two approvals, from members of a role, not of who asked' '
		me=$(id -un) && rm -rf shop "$FAKE" && mkdir -p "$FAKE/cloud" && new_repo shop &&
		topics_role shop && sed "s/name: team/name: owners/" shop/roles/team.yaml \
			>shop/roles/owners.yaml &&
		echo "  members: [\"os:$me\", \"os:4001\", \"os:4002\"]" >>shop/roles/owners.yaml &&
		edit "approval: {mode: manual, min: 2, roles: [owners], notSelf: true}" &&
		expect_exit 4 run reconcile --auto-approve >out 2>&1 && cat out &&
		grep "2 approvals needed from role/owners" out &&
		expect_exit 1 run approve canvas/web 2>out && cat out &&
		grep "os:$me may not approve the plan of canvas/web: .*asked" out &&
		expect_exit 1 as 4003 approve canvas/web 2>out && cat out && grep "os:4003 may not" out &&
		as 4001 approve canvas/web >out && cat out && grep "1 of 2 approvals" out &&
		as 4001 approve canvas/web >out && grep "1 of 2 approvals" out &&
		expect_exit 4 run reconcile --auto-approve >out 2>&1 &&
		grep "1 approval needed" out && is "$(applies)" 0 &&
		as 4002 approve canvas/web >out && ! grep "of 2 approvals" out &&
		run reconcile >out 2>&1 && is "$(applies)" 1 &&
		run history >out && cat out && grep "os:4001" out && run history --verify
	'

	test_expect_success 'one rejection outweighs approvals' '
		edit "approval: {mode: manual, min: 2, roles: [owners], notSelf: true}" &&
		expect_exit 4 run reconcile >out 2>&1 &&
		as 4001 approve canvas/web && as 4002 reject canvas/web &&
		expect_exit 4 run reconcile >out 2>&1 && is "$(applies)" 1 &&
		run unlock canvas/web
	'

	test_expect_success 'who is no member of the role of a canvas does not deploy it' '
		reset && topics_role shop "members: [\"os:4001\"]" && commit_all shop members &&
		run reconcile --auto-approve >out 2>&1 && cat out && edit &&
		expect_exit 4 run reconcile --auto-approve >out 2>&1 && cat out &&
		grep "os:$(id -un) is not a member of role/team" out && is "$(applies)" 1 &&
		as 4001 reconcile --auto-approve >out 2>&1 && is "$(applies)" 2
	'
else
	skip 'two approvals, from members of a role, not of who asked' "no user namespaces here"
	skip 'one rejection outweighs approvals' "no user namespaces here"
	skip 'who is no member of the role of a canvas does not deploy it' "no user namespaces here"
fi

test_expect_success 'changing a role needs manageRoles in a recorded role' '
	reset && topics_role shop "members: [\"os:nobody\"]" &&
	sed -i "s/deploy: true/deploy: true, manageRoles: true/" shop/roles/team.yaml &&
	commit_all shop managed && run reconcile --auto-approve >out 2>&1 &&
	topics_role shop && commit_all shop mine &&
	expect_exit 4 run reconcile --auto-approve >out 2>&1 && cat out &&
	grep "is in no recorded role with permissions.manageRoles" out &&
	edit && expect_exit 4 run reconcile --auto-approve >out 2>&1 && cat out &&
	is "$(applies)" 1
'

test_expect_success 'protect: a removed canvas stays until the protection goes first' '
	reset "protect: true" && topics shop other "x" && git -C shop rm -q canvases/web.yaml &&
	commit_all shop gone &&
	expect_exit 4 run reconcile --auto-approve >out 2>&1 && cat out &&
	grep "protected: remove .protect: true. first" out && ls "$FAKE/cloud" | grep web &&
	expect_exit 4 run reconcile --auto-approve >out 2>&1 && grep "protected" out &&
	edit && run reconcile --auto-approve >out 2>&1 &&
	git -C shop rm -q canvases/web.yaml && commit_all shop gone &&
	run reconcile --auto-approve >out 2>&1 && cat out && ! ls "$FAKE/cloud" | grep web
'

test_expect_success 'deletionPolicy: retain leaves the resources and says so' '
	reset "deletionPolicy: retain" && topics shop other "x" &&
	git -C shop rm -q canvases/web.yaml && commit_all shop gone &&
	run reconcile --auto-approve >out 2>&1 && cat out && grep "retain" out &&
	ls "$FAKE/cloud" | grep web && ! grep "destroy\|delete" "$FAKE/effects" &&
	run reconcile >out && grep "^nothing to do" out
'

test_expect_success 'an empty repository does not destroy everything' '
	reset && git -C shop rm -q canvases/web.yaml && commit_all shop empty &&
	expect_exit 1 run reconcile --auto-approve >out 2>&1 && cat out &&
	grep "no canvas at all" out && grep -- "--allow-empty" out && ls "$FAKE/cloud" | grep web &&
	run plan >out 2>err && grep "canvas/web  *destroy" out &&
	grep "no canvas at all: .trueup reconcile. refuses" err &&
	run reconcile --auto-approve --allow-empty >out 2>&1 && cat out &&
	! ls "$FAKE/cloud" | grep web && run reconcile >out && grep "^nothing to do" out
'

test_expect_success 'invalid specs: exit 3, nothing is done, what is recorded stays' '
	reset && topics shop bad "x" "nonsense: 1" && rm shop/canvases/web.yaml &&
	commit_all shop bad && cp -r shop/.git/trueup/trueup.db before.db &&
	expect_exit 3 run reconcile --auto-approve >out 2>&1 && cat out &&
	grep "canvases/bad.yaml:7:3: error: .*nonsense" out &&
	ls "$FAKE/cloud" | grep web && is "$(phase_of canvas/web)" applied &&
	expect_exit 3 run plan >out 2>&1 && expect_exit 3 run reconcile -o json >out.json &&
	is "$(json out.json "[d[\"exitCode\"], d[\"diagnostics\"][0][\"line\"]]")" "[3, 7]"
'

test_expect_success 'suspend and resume, by command and by spec' '
	reset && run suspend canvas/web -m "incident 4711" && edit &&
	expect_exit 4 run reconcile --auto-approve >out 2>&1 && cat out && grep suspended out &&
	is "$(applies)" 1 && run status >out && cat out && grep "suspended.*incident 4711" out &&
	run resume canvas/web && run reconcile --auto-approve >out 2>&1 && is "$(applies)" 2 &&
	edit "suspend: true" && expect_exit 4 run reconcile --auto-approve >out 2>&1 &&
	grep suspended out && is "$(applies)" 2 &&
	expect_exit 4 run reconcile --auto-approve >out 2>&1 && grep suspended out &&
	edit && run reconcile --auto-approve >out 2>&1 && is "$(applies)" 3
'

test_expect_success 'destroy by name, which then stays away' '
	run destroy canvas/web --auto-approve >out 2>&1 && cat out &&
	! ls "$FAKE/cloud" | grep web &&
	run reconcile --auto-approve >out 2>&1 && cat out && ! ls "$FAKE/cloud" | grep web &&
	run status >out && cat out && grep "canvas/web  *suspended.*trueup resume" out &&
	run resume canvas/web && run reconcile --auto-approve >out 2>&1 && cat out &&
	ls "$FAKE/cloud" | grep web
'

test_expect_success 'a failed plan and a failed apply: exit 1, what to do, tried again' '
	edit && echo "credentials are gone" >"$FAKE/fail-plan" &&
	expect_exit 1 run reconcile --auto-approve >out 2>&1 && cat out &&
	grep "credentials are gone" out && is "$(phase_of canvas/web)" failed &&
	expect_exit 1 run reconcile --auto-approve >out 2>&1 && grep "credentials are gone" out &&
	rm "$FAKE/fail-plan" && echo "no capacity" >"$FAKE/fail-apply" &&
	expect_exit 1 run reconcile --auto-approve >out 2>&1 && cat out &&
	grep "no capacity" out && op=$(sed -n "s/.*trueup log \([0-9A-Z]*\).*/\1/p" out) &&
	test -n "$op" && run log "$op" >log && grep "no capacity" log &&
	git -C shop notes --ref=trueup show HEAD | grep -P "^trueup/apply\tfailure" &&
	rm "$FAKE/fail-apply" && run reconcile --auto-approve >out 2>&1 && cat out &&
	run reconcile >out && grep "^nothing to do" out &&
	git -C shop notes --ref=trueup show HEAD | grep -P "^trueup/apply\tsuccess"
'

test_expect_success 'an apply that fails half-way goes on from there' '
	topics shop web "page=half one two" && commit_all shop half && touch "$FAKE/half-apply" &&
	expect_exit 1 run reconcile --auto-approve >out 2>&1 && cat out &&
	rm "$FAKE/half-apply" && run reconcile --auto-approve >out 2>&1 && cat out &&
	is "$(grep -c "create web.aws_sns_topic.one" "$FAKE/effects")" 1 &&
	is "$(grep -c "create web.aws_sns_topic.two" "$FAKE/effects")" 1 &&
	run reconcile >out && grep "^nothing to do" out
'

test_expect_success 'exit codes 2 and 64, and that plan changes nothing' '
	edit && expect_exit 2 run plan --detailed-exitcode >out &&
	expect_exit 2 run plan --detailed-exitcode --spec-only >out &&
	expect_exit 2 run reconcile --dry-run --detailed-exitcode >out &&
	run plan >out && is "$(phase_of canvas/web)" applied &&
	is "$(find shop/.git/trueup/plans shop/.git/trueup/jobs -mindepth 1)" "" &&
	expect_exit 64 run reconcile --nonsense 2>out && expect_exit 64 run approve 2>out &&
	expect_exit 1 run reconcile --target canvas/none 2>out && cat out && grep "no canvas/none" out &&
	expect_exit 1 trueup -C nowhere reconcile 2>out && cat out
'

test_expect_success 'every -o json document parses and has its fields' '
	expect_exit 4 run reconcile -o json >out.json 2>err && cat out.json && ! test -s err &&
	is "$(json out.json "[d[\"version\"], d[\"command\"], d[\"exitCode\"], d[\"branch\"]]")" \
		"[1, \"reconcile\", 4, \"main\"]" &&
	json out.json "d[\"root\"], d[\"commit\"], d[\"specs\"], d[\"unchanged\"], d[\"loadMs\"]" &&
	json out.json "[o for o in d[\"objects\"] if o[\"key\"] == \"canvas/web\"][0]" >object &&
	is "$(json object "[d[k] for k in (\"kind\", \"path\", \"action\", \"status\")]")" \
		"[\"Canvas\", \"canvases/web.yaml\", \"update\", \"waiting\"]" &&
	is "$(json object "d[\"plan\"][\"id\"]")" "$(plan_of web)" &&
	json object "[d[k] for k in (\"reason\", \"statusText\", \"gates\", \"preview\", \"hint\")]" &&
	run plan -o json >out.json && json out.json "d[\"dryRun\"]" &&
	run approve canvas/web -o json >out.json &&
	is "$(json out.json "[d[\"object\"], d[\"approvals\"]]")" "[\"canvas/web\", 1]" &&
	run reconcile -o json >out.json && json out.json "d[\"objects\"][0][\"operation\"]" >op &&
	for command in "status" "history" "history --verify" "log $(cat op)" "doctor" "version" \
		"validate" "suspend canvas/web" "resume canvas/web" "unlock canvas/web"; do
		run $command -o json >out.json || { echo "$command: exit $?"; return 1; }
		is "$(json out.json "[d[\"version\"], d[\"command\"]]")" \
			"[1, \"${command%% *}\"]" || { cat out.json; return 1; }
	done &&
	expect_exit 1 run approve canvas/web -o json >out.json 2>err &&
	is "$(json out.json "d[\"error\"][\"kind\"]")" not-found
'
test_done
