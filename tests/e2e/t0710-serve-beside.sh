#!/bin/bash
# Protects: plans of pull requests are made beside the branch's work. An apply holds nobody up but
# those who change the same canvas, who are planned after it; the branch waits for a plan of its
# canvas that is being made; and nothing of such a plan is taken for litter.
# timeout: 300
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-pull.sh"
mkdir mirror && ln -s "$MIRROR" mirror/.git

# proposed NUMBER BRANCH CANVAS "NODE..." [LINE...]: a pull request with the canvas like that.
proposed() {
	local number=$1 branch=$2
	shift 2
	git -C shop switch -q -C "$branch" main && topics shop "$@" && commit_all shop "$branch" &&
		opened "$number" "$branch" && git -C shop switch -q main
}
shows_plan() { # NUMBER
	[ -n "$(plan_of "$1")" ]
}
# stored SQL: as store_sql, of the mirror.
stored() {
	store_sql "$TRASH/mirror" "$1"
}

test_expect_success 'a pull request is planned while the branch applies another canvas' '
	new_repo shop && topics_role shop && topics shop orders "new" && topics shop parts "a" &&
	topics shop stock "x" &&
	printf "%s\n" "apiVersion: trueup/v1" "kind: Config" "spec: {apply: auto}" >shop/trueup.yaml &&
	serve_shop && wait_until settled "$MIRROR" &&
	touch "$FAKE/hold-apply" && topics shop orders "new paid" && pushed two &&
	wait_until test -e "$FAKE/applying" && proposed 7 parts parts "a b" &&
	becomes parts trueup/plan "success *" && wait_until shows_plan 7 &&
	test -e "$FAKE/applying"
'

test_expect_success 'one that changes what is being applied is planned after that' '
	proposed 8 paid orders "new paid late" &&
	becomes paid "trueup/plan: canvas/orders" "pending *an operation on it is still running" &&
	proposed 10 user user "u" "dependsOn: [orders]" &&
	becomes user trueup/plan "pending *an operation on canvas/orders, which it uses, is still *" &&
	test -e "$FAKE/applying" && is "$(fake_runs plan orders)" 2 &&
	is "$(fake_runs plan user)" 0 && rm "$FAKE/hold-apply" &&
	becomes paid trueup/plan "success *" && wait_until shows_plan 8 &&
	becomes user trueup/plan "success *" && wait_until shows_plan 10 &&
	is "$(fake_runs apply orders)" 2
'

test_expect_success 'the branch waits for a plan of its canvas that is being made, and voids it' '
	touch "$FAKE/hold-plan" && proposed 9 stock stock "x w" &&
	wait_until test -e "$FAKE/planning" && topics shop stock "x" "drift: ignore" &&
	pushed three && wait_until serve_says "canvas/stock: waits for a plan of a pull request" &&
	is "$(fake_runs apply stock)" 1 && rm "$FAKE/hold-plan" &&
	becomes main trueup/apply "success *" && wait_until settled "$MIRROR" &&
	base=$(git -C shop rev-parse main) &&
	wait_until gives "${base}planned" stored "SELECT base_sha || phase FROM pulls WHERE number = 9" &&
	becomes stock trueup/plan "success *" &&
	plan=$(plan_of 9) &&
	is "$(stored "SELECT status FROM plans WHERE id = \"$plan\"")" waiting
'

new_plan_file() {
	find "$MIRROR/trueup/plans" -name '*.tfplan' -newer "$FAKE/hold-plan" | grep -q .
}
test_expect_success 'one that is unlocked while it is planned stays that way' '
	touch "$FAKE/hold-plan" && proposed 7 parts parts "a b d" &&
	wait_until test -e "$FAKE/planning" && trueup -C "$MIRROR" pull unlock 7 &&
	rm "$FAKE/hold-plan" &&
	wait_until gives 0 stored "SELECT count(*) FROM queue WHERE subject = \"plans\"" &&
	is "$(stored "SELECT phase FROM pulls WHERE number = 7")" blocked &&
	is "$(stored "SELECT count(*) FROM plans WHERE object_key = \"canvas/parts\"
		AND status = \"waiting\"")" 0
'

test_expect_success 'what gets a new name after the merge does not stay pending before it' '
	git -C shop switch -q -C renamed main && git -C shop mv canvases/parts.yaml \
		canvases/pieces.yaml && sed -i "s/name: parts/name: pieces, renamedFrom: parts/" \
		shop/canvases/pieces.yaml && commit_all shop renamed && opened 11 renamed &&
	git -C shop switch -q main &&
	becomes renamed "trueup/plan: canvas/pieces" "success *is planned after the merge"
'

test_expect_success 'what is tidied up beside a plan leaves it alone' '
	echo stock >"$FAKE/hold-plan" && topics shop other "o" && proposed 9 stock stock "x w z" &&
	wait_until test -e "$FAKE/planning" && wait_until new_plan_file && sed "s/name: team/name: idle/" shop/roles/team.yaml \
		>shop/roles/idle.yaml && pushed four && becomes main trueup/apply "success *" &&
	wait_until settled "$MIRROR" && test -e "$FAKE/planning" && rm "$FAKE/hold-plan" &&
	becomes stock trueup/plan "success *" && serve_stop &&
	stored "SELECT path FROM plans WHERE status = \"waiting\"" >paths && is "$(wc -l <paths)" 4 &&
	(cd "$MIRROR/trueup" && xargs ls) <paths >/dev/null &&
	trueup -C "$MIRROR" doctor >doctor && is "$(find "$MIRROR"/trueup/jobs -mindepth 1)" ""
'

test_expect_success 'after kill -9 of one that plans, another one plans and tidies up' '
	touch "$FAKE/hold-plan" && serve_start server.yaml && proposed 7 parts parts "a b c" &&
	wait_until test -e "$FAKE/planning" && planner=$(stored "SELECT pid FROM queue
		WHERE subject = \"plans\" AND state = \"running\"") &&
	kill -KILL "$planner" && rm "$FAKE/hold-plan" && becomes parts trueup/plan "success *" &&
	serve_stop && trueup -C "$MIRROR" doctor >doctor &&
	is "$(find "$MIRROR"/trueup/jobs -mindepth 1)" ""
'

test_expect_success 'at a terminal what others are at work on is waited for' '
	touch "$FAKE/hold-apply" && topics shop orders "soon new paid" && pushed five &&
	git -C "$MIRROR" fetch -q "$TRASH/shop.git" "+refs/heads/main:refs/heads/main" &&
	{ trueup -C "$MIRROR" reconcile >reconciled 2>&1 & } && reconciler=$! &&
	wait_until test -e "$FAKE/applying" &&
	expect_exit 4 trueup -C "$MIRROR" pull plan 8 --lock-timeout 0s >out 2>err &&
	grep "another trueup works on the rest, which is planned after that" out &&
	{ trueup -C "$MIRROR" pull plan 8 --lock-timeout 1m >out 2>err & } && planner=$! &&
	wait_until grep "waits for another trueup" err && rm "$FAKE/hold-apply" &&
	wait "$reconciler" && wait "$planner" && grep "1 object to change, 1 plan shown$" out
'
test_done
