#!/bin/bash
# Protects: canvases that need others are worked on in the right order, in one run, with the values
# of the others; and what cannot be done yet says what it waits for.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
fake_terraform "$TRASH"

run() {
	trueup -C shop "$@"
}
# uses NAME FROM: a canvas whose topic shows the ARN of the topic `base` of canvas FROM.
uses() {
	topics shop "$1" "" && cat >>"shop/canvases/$1.yaml" <<-END
		    - id: user
		      data:
		        resourceType: SNS
		        config: {displayName: {from: canvas/$2/base.arn}}
	END
}
phase_of() {
	run status -o json >status.json
	json status.json "[o['phase'] for o in d['objects'] if o['key'] == '$1'][0]"
}
order() {
	fake_new runs | sed -n "s/^apply //p" | tr '\n' ' '
}

test_expect_success 'a chain of three is applied in order in one run' '
	new_repo shop && topics_role shop && topics shop zero "base=one" &&
	uses middle zero && topics shop after "x" "dependsOn: [middle]" && commit_all shop one &&
	expect_exit 4 run plan >out 2>&1 && cat out &&
	grep "canvas/middle  *create  *waits for canvas/zero" out &&
	grep "canvas/after  *create  *waits for canvas/middle" out &&
	fake_new runs >/dev/null &&
	run reconcile --auto-approve >out 2>&1 && cat out &&
	is "$(order)" "zero middle after " && grep "^3 applied" out &&
	grep "display_name.*zero:aws_sns_topic.base.arn" "$FAKE/cloud/middle.aws_sns_topic.user" &&
	run reconcile >out && grep "^nothing to do" out
'

test_expect_success 'a changed output is taken over by who uses it, in the same run' '
	sed -i "s/id: base,/id: base2,/" shop/canvases/zero.yaml &&
	sed -i "s/base.arn/base2.arn/" shop/canvases/middle.yaml && commit_all shop two &&
	run reconcile --auto-approve >out 2>&1 && cat out && is "$(order)" "zero middle " &&
	grep "display_name.*zero:aws_sns_topic.base2.arn" "$FAKE/cloud/middle.aws_sns_topic.user" &&
	run reconcile >out && grep "^nothing to do" out
'

test_expect_success 'who needs one that fails waits for it, and is done when it works' '
	topics shop zero "base2=new" && topics shop after "x=changed" "dependsOn: [middle, zero]" &&
	commit_all shop three && echo "no capacity" >"$FAKE/fail-apply" &&
	expect_exit 1 run reconcile --auto-approve >out 2>&1 && cat out &&
	is "$(order)" "zero " && is "$(phase_of canvas/zero)" failed &&
	rm "$FAKE/fail-apply" && run reconcile --auto-approve >out 2>&1 && cat out &&
	is "$(order)" "zero after " && run reconcile >out && grep "^nothing to do" out
'

test_expect_success 'an output that nobody has is a mistake in the spec' '
	uses wrong zero && commit_all shop wrong &&
	expect_exit 3 run reconcile --auto-approve >out 2>&1 && cat out &&
	grep "canvases/wrong.yaml:11:.*error: .*base" out &&
	git -C shop rm -qf canvases/wrong.yaml && commit_all shop "not wrong"
'

test_expect_success 'one that is still used is not destroyed before its users' '
	git -C shop rm -qf canvases/zero.yaml && commit_all shop "gone too early" &&
	expect_exit 3 run reconcile --auto-approve >out 2>&1 && cat out &&
	grep "canvas/zero" out && ls "$FAKE/cloud" | grep zero
'

test_expect_success 'nor by hand, as long as one that has resources is made from it' '
	git -C shop revert --no-edit HEAD >log 2>&1 && run reconcile >out && cat out &&
	expect_exit 4 run destroy -y canvas/zero >out 2>&1 && cat out &&
	grep "canvas/zero.*is used by canvas/after, canvas/middle" out && ls "$FAKE/cloud" | grep zero &&
	expect_exit 4 run destroy -n canvas/middle >out && grep "is used by canvas/after$" out &&
	run destroy -y canvas/after && run destroy -n canvas/middle >out && ! grep "is used" out &&
	run resume canvas/after && run reconcile --auto-approve && run reconcile >out &&
	grep "^nothing to do" out
'

test_expect_success 'all go in the reverse order' '
	git -C shop rm -qf canvases/zero.yaml canvases/middle.yaml canvases/after.yaml && topics shop keep "x" &&
	commit_all shop "all gone" && fake_new runs >/dev/null &&
	run reconcile --auto-approve >out 2>&1 && cat out &&
	is "$(order | sed "s/keep //")" "after middle zero " && is "$(ls "$FAKE/cloud")" \
		keep.aws_sns_topic.x
'

test_expect_success 'without an engine: rendered, waiting with the reason, exit 1, done later' '
	topics shop keep "x=changed" && commit_all shop edit && mkdir -p empty &&
	expect_exit 1 env PATH="$TRASH/empty" "$TRUEUP" -C shop reconcile --auto-approve >out 2>&1 &&
	cat out && grep "neither terraform nor tofu is installed; get one from" out &&
	ls shop/.git/trueup/terraform/keep/node-x.tf && grep keep-changed \
		shop/.git/trueup/terraform/keep/node-x.tf &&
	is "$(phase_of canvas/keep)" waiting &&
	expect_exit 1 env PATH="$TRASH/empty" "$TRUEUP" -C shop reconcile --auto-approve >out 2>&1 &&
	grep "neither terraform nor tofu" out &&
	run reconcile --auto-approve >out 2>&1 && cat out && is "$(phase_of canvas/keep)" applied
'
test_done
