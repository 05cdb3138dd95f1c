#!/bin/bash
# Protects: what is wrong with one object stops that object and not the others: a canvas that
# cannot be rendered any more, an operation that nobody can take over, a key that data needs.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
fake_terraform "$TRASH"

run() {
	trueup -C shop "$@"
}
phase_of() {
	run status -o json >status.json
	json status.json "[o['phase'] for o in d['objects'] if o['key'] == '$1'][0]"
}
# state_db SQL: what an earlier version, or somebody by hand, could have left in the store.
state_db() {
	python3 - "$1" <<-'END'
		import sqlite3, sys
		db = sqlite3.connect("shop/.git/trueup/trueup.db")
		db.execute(sys.argv[1])
		db.commit()
	END
}
uses() {
	topics shop "$1" "own=$3" && cat >>"shop/canvases/$1.yaml" <<-END
		    - id: user
		      data:
		        resourceType: SNS
		        config: {displayName: {from: canvas/$2/base.arn}}
	END
}

test_expect_success 'a canvas that cannot be rendered is refused alone, with the place' '
	new_repo shop && topics_role shop && topics shop zero "base=one" && uses middle zero a &&
	topics shop other "x=one" && commit_all shop one &&
	run reconcile --auto-approve >out 2>&1 && cat out &&
	state_db "UPDATE outputs SET sensitive = 1, value_json = NULL WHERE name = '\''base.arn'\''" &&
	uses middle zero b && topics shop other "x=two" && commit_all shop two &&
	expect_exit 4 run reconcile --auto-approve >out 2>&1 && cat out &&
	grep "canvas/middle .*refused" out &&
	grep "cannot be rendered: canvases/middle.yaml:12:.*is sensitive and is not handed" out &&
	is "$(phase_of canvas/other)" applied && is "$(phase_of canvas/middle)" refused &&
	grep two "$FAKE/cloud/other.aws_sns_topic.x"
'
test_expect_success 'and goes on by itself when it can be' '
	state_db "UPDATE outputs SET sensitive = 0, value_json = '\''\"arn\"'\''
		WHERE name = '\''base.arn'\''" &&
	run reconcile --auto-approve >out 2>&1 && cat out &&
	is "$(phase_of canvas/middle)" applied && run reconcile >out && grep "^nothing to do" out
'

# The apply of canvas/zero loses its front and ends; then its state cannot be read.
ended() {
	test -s "$(echo shop/.git/trueup/jobs/*/result.json)"
}
damaged=shop/.git/trueup/terraform/zero/terraform.tfstate
test_expect_success 'an operation that cannot be taken over keeps its object only' '
	topics shop zero "base=one new" && commit_all shop three && touch "$FAKE/hold-apply" &&
	{ "$TRUEUP" -C shop reconcile --auto-approve >out 2>&1 & } && front=$! &&
	wait_until test -s "$FAKE/applying" && kill -9 "$front"; wait "$front"
	expect_exit 1 run unlock --lost canvas/zero >out 2>&1 && cat out &&
	grep "the apply of canvas/zero is still running" out && rm "$FAKE/hold-apply" &&
	wait_until ended &&
	cp "$damaged" good-state && echo "{" >"$damaged" &&
	topics shop other "x=three" && commit_all shop four &&
	expect_exit 4 run reconcile --auto-approve >out 2>&1 && cat out &&
	grep "canvas/zero .*refused" out &&
	grep "trueup unlock --lost canvas/zero" out && is "$(phase_of canvas/other)" applied &&
	is "$(phase_of canvas/zero)" applying
'
test_expect_success 'it is taken over when its state can be read' '
	cp -r shop/.git/trueup saved && cp good-state "$damaged" &&
	run reconcile --auto-approve >out 2>&1 && cat out && grep "ended meanwhile: done" out &&
	is "$(phase_of canvas/zero)" applied
'
test_expect_success 'or recorded as lost by somebody, and then planned from what is there' '
	rm -rf shop/.git/trueup && cp -r saved shop/.git/trueup &&
	run unlock --lost canvas/zero >out 2>&1 && cat out && grep "recorded as lost" out &&
	expect_exit 1 run unlock --lost canvas/zero >out 2>&1 && grep "no operation on canvas/zero" out &&
	run history >out && cat out && grep "lost .*recorded as lost by" out &&
	run history --verify &&
	cp good-state "$damaged" && run reconcile --auto-approve >out 2>&1 && cat out &&
	is "$(phase_of canvas/zero)" applied && run reconcile >out && grep "^nothing to do" out
'

# keyed NODES EDGES
keyed() {
	cat >shop/canvases/safe.yaml <<-END
		apiVersion: trueup/v1
		kind: Canvas
		metadata: {name: safe}
		spec:
		  role: team
		  network: none
		  nodes:
		    - {id: jobs, data: {resourceType: SQS, label: jobs}}
		$1  edges: [$2]
	END
}
key='    - {id: key, data: {resourceType: KMS, label: key}}
'
test_expect_success 'a key is not removed from under what was written with it' '
	keyed "$key" "{source: key, target: jobs}" && commit_all shop key &&
	run reconcile --auto-approve >out 2>&1 && ls "$FAKE/cloud/safe.aws_kms_key.key" &&
	keyed "" "" && commit_all shop "no key" &&
	expect_exit 4 run reconcile --auto-approve >out 2>&1 && cat out &&
	grep "aws_kms_key.key would be scheduled for deletion, and what aws_sqs_queue" out &&
	ls "$FAKE/cloud/safe.aws_kms_key.key"
'
test_expect_success 'first its edges, then the key' '
	keyed "$key" "" && commit_all shop "no edge" && run reconcile --auto-approve >out 2>&1 && cat out &&
	keyed "" "" && commit_all shop "no key" && run reconcile --auto-approve >out 2>&1 && cat out &&
	test ! -e "$FAKE/cloud/safe.aws_kms_key.key" && is "$(phase_of canvas/safe)" applied
'
test_done
