#!/bin/bash
# Protects: drift is looked for on time, recorded once for each canvas, shown, undone where that is
# wanted and through the same gates as a change, and left alone where it is not.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-serve.sh"
fake_terraform "$TRASH"
touch "$FAKE/refresh"

# A look for drift begins and ends.
look() {
	local before
	before=$(grep -c "drift of branch done" serve.log)
	wait_until queue_due shop drift &&
		wait_until serve_says "drift of branch done" $((before + 1))
}
tamper() {
	echo "changed by hand" >"$FAKE/cloud/$1"
}
healed() {
	! grep -q "changed by hand" "$FAKE/cloud/$1"
}

test_expect_success 'nothing differs: looked at, and nothing is said' '
	new_repo shop && topics_role shop && topics shop told "a b" && topics shop made "a" \
		"drift: heal" && topics shop free "a" "drift: ignore" &&
	printf "%s\n" "apiVersion: trueup/v1" "kind: Config" \
		"spec: {apply: auto, drift: {every: 2h}}" >shop/trueup.yaml &&
	commit_all shop one &&
	write_server server.yaml "poll: {every: 0s}" -- "- {name: shop, path: $TRASH/shop}" &&
	serve_start server.yaml && wait_until settled shop && look &&
	trueup -C shop status >out && unlike "$(cat out)" differ &&
	is "$(fake_runs plan free)" 1 && is "$(fake_runs plan told)" 2
'

test_expect_success 'what differs is shown and left as it is, where it is only reported' '
	tamper told.aws_sns_topic.a && tamper free.aws_sns_topic.a && look &&
	serve_says "canvas/told: 1 resource differs: aws_sns_topic.a" &&
	trueup -C shop status >out && grep "canvas/told  applied .*1 resource differs: aws_sns_topic.a" out &&
	trueup -C shop status -o json >json &&
	is "$(json json "[o[\"drift\"][\"state\"] for o in d[\"objects\"] if o[\"key\"] == \"canvas/told\"][0]")" \
		drifted && unlike "$(grep free out)" differ && test_must_fail healed told.aws_sns_topic.a
'

test_expect_success 'the same drift is told once, another one again' '
	look && is "$(grep -c "canvas/told: 1 resource differs" serve.log)" 1 &&
	tamper told.aws_sns_topic.b && look && serve_says "canvas/told: 2 resources differ"
'

test_expect_success 'where it is to be healed, it is, and the reason says so' '
	tamper made.aws_sns_topic.a && look && wait_until healed made.aws_sns_topic.a &&
	wait_until settled shop && is "$(fake_runs apply made)" 2 &&
	trueup -C shop status >out && unlike "$(grep canvas/made out)" differ &&
	look && is "$(fake_runs apply made)" 2
'

test_expect_success 'healing waits for an approval as any change' '
	printf "%s\n" "apiVersion: trueup/v1" "kind: Config" \
		"spec: {drift: {every: 2h, heal: true}}" >shop/trueup.yaml &&
	commit_all shop two && touch shop/.git/trueup/wake && trueup -C shop reconcile -y &&
	look && wait_until eval "trueup -C shop status | grep \"canvas/told *waiting\"" &&
	trueup -C shop plan >out && grep "canvas/told *update.*differ from what was applied" out &&
	test_must_fail healed told.aws_sns_topic.a &&
	trueup -C shop approve canvas/told && trueup -C shop reconcile &&
	healed told.aws_sns_topic.a &&
	serve_stop
'

test_done
