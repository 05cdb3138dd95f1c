#!/bin/bash
# Protects: the commits of a served branch have their statuses at the forge, whoever reconciles them
# and whenever the server is killed; a commit or head that nobody works on any more does not stay
# pending; a squash applies the very plan that was shown; a closed pull request offers nothing.
# timeout: 300
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-pull.sh"

test_expect_success 'a commit of the branch is pending while it is planned, and then done' '
	new_repo shop && topics_role shop && topics shop orders "new" &&
	printf "%s\n" "apiVersion: trueup/v1" "kind: Config" "spec: {apply: auto}" >shop/trueup.yaml &&
	touch "$FAKE/hold-plan" && serve_shop && becomes main trueup/plan "pending planning 1 of 3" &&
	becomes main "trueup/plan: canvas/orders" "pending create, +1, planning" &&
	says main trueup/validate "success 3 specs are valid" && rm "$FAKE/hold-plan" &&
	becomes main trueup/apply "success 3 applied" &&
	says main trueup/plan "success 3 objects planned" &&
	says main "trueup/plan: canvas/orders" "success create, +1, applied"
'

test_expect_success 'a server that is killed in the middle tells the end of it afterwards' '
	touch "$FAKE/hold-apply" && topics shop orders "new paid" && topics shop other "x" &&
	pushed two && becomes main trueup/apply "pending applying, 0 of 2 done" &&
	serve_kill && rm "$FAKE/hold-apply" && serve_start server.yaml &&
	becomes main trueup/apply "success 2 applied" &&
	says main "trueup/plan: canvas/orders" "success update, +1, applied" &&
	is "$(fake_runs apply orders)" 2
'

test_expect_success 'an approval is waited for and named; a terminal tells the end of it' '
	topics shop orders "new paid late" "approval: {mode: manual, notSelf: false}" && pushed three &&
	becomes main trueup/apply "pending 1 waiting: canvas/orders: 1 approval needed" &&
	trueup -C "$MIRROR" approve canvas/orders && trueup -C "$MIRROR" reconcile &&
	becomes main trueup/apply "success 1 applied"
'

test_expect_success 'what waits is superseded by the next commit; invalid specs fail' '
	topics shop orders "new" "approval: {mode: manual, notSelf: false}" && pushed four &&
	becomes main trueup/apply "pending 1 waiting: canvas/orders: 1 approval needed" &&
	topics shop bad "x" "colour: blue" && pushed five &&
	becomes main trueup/apply "failure the specs are not valid" &&
	short=$(git -C shop rev-parse --short=7 main) &&
	becomes main~1 trueup/apply "error superseded by $short" &&
	says main~1 trueup/plan "success 1 object planned" &&
	says main trueup/validate "failure 1 error: canvases/bad.yaml: *" &&
	rm shop/canvases/bad.yaml && topics shop orders "new paid late" \
		"approval: {mode: manual, notSelf: false}" && pushed six &&
	becomes main trueup/validate "success 4 specs are valid" && wait_until settled "$MIRROR"
'

test_expect_success 'a head that is pushed over while it is planned does not stay pending' '
	touch "$FAKE/hold-plan" && git -C shop switch -q -c topic && topics shop other "x more" &&
	commit_all shop old && opened 7 topic &&
	becomes topic trueup/plan "pending planning 1 of 1" &&
	topics shop other "x less" && commit_all shop new && opened 7 topic &&
	becomes topic~1 trueup/plan \
		"error superseded by $(git -C shop rev-parse --short=7 topic)" &&
	says topic~1 trueup/validate "success 4 specs are valid" && rm "$FAKE/hold-plan" &&
	becomes topic trueup/plan "success 1 object planned" && wait_until test -n "\$(plan_of 7)"
'

test_expect_success 'a squash applies the very plan that was shown' '
	plan=$(plan_of 7) && plans=$(fake_runs plan other) && git -C shop switch -q main &&
	echo x >shop/README && commit_all shop readme && git -C shop merge -q --squash topic &&
	git -C shop commit -q -m squashed && git -C shop push -q ../shop.git main &&
	forge_set "{\"pulls\": {\"7\": {\"state\": \"merged\",
		\"merge_sha\": \"$(git -C shop rev-parse main)\"}}}" &&
	becomes main trueup/apply "success 1 applied" &&
	becomes topic trueup/apply "success 1 applied" &&
	says main "trueup/plan: canvas/other" "success update, +1, applied" &&
	is "$(fake_runs plan other)" "$plans" && is "$(plan_of 7)" "$plan" &&
	wait_until comment_says 7 "merged into main as $(git -C shop rev-parse --short=7 main)" &&
	! comment_says 7 "trueup help" && trueup -C "$MIRROR" history canvas/other -o json >history &&
	is "$(json history "d[\"operations\"][0][\"plan\"]")" "$plan"
'

test_expect_success 'one that is closed says so, and nothing of it stays pending' '
	git -C shop switch -q -c idea && topics shop idea "x" "approval: {mode: manual}" &&
	commit_all shop idea && opened 8 idea &&
	becomes idea trueup/plan "success 1 object planned" && wait_until comment_says 8 idea &&
	forge_set "{\"pulls\": {\"8\": {\"state\": \"closed\"}}}" &&
	wait_until comment_says 8 "closed without being merged" && ! comment_says 8 "trueup help" &&
	serve_stop
'
test_done
