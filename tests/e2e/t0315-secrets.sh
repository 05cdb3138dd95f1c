#!/bin/bash
# Protects: a secret that reaches terraform by the environment is nowhere but in terraform's own
# state and plan. With real terraform and an AWS emulator.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-terraform.sh"
. "$TOP/tests/e2e/lib-fake.sh"
need_terraform
need_moto

export TOPIC_SECRET='hunter2-of-the-shop!'
write() {
	topics shop web "" && cat >>shop/canvases/web.yaml <<-END && commit_all shop "$2"
		    - id: page
		      data:
		        resourceType: SNS
		        config: {displayName: {fromEnv: $1}}
	END
}
# The secret, its base64 and its URL form must be in no file below DIR, but where terraform keeps
# it.
nowhere() {
	local form found
	for form in "$TOPIC_SECRET" "$(printf %s "$TOPIC_SECRET" | base64)" \
		"$(printf %s "$TOPIC_SECRET" | sed 's/!/%21/')" "$AWS_SECRET_ACCESS_KEY"; do
		found=$(grep -rlaF -e "$form" --exclude='terraform.tfstate*' --exclude='*.tfplan' \
			"$@") && echo "found in: $found" && return 1
	done
	return 0
}

test_expect_success 'a secret from the environment is applied and shown nowhere' '
	new_repo shop && topics_role shop && write TOPIC_SECRET one &&
	trueup -C shop plan -v >out.plan 2>&1 && cat out.plan &&
	trueup -C shop reconcile -vv --auto-approve >out.reconcile 2>&1 && cat out.reconcile &&
	grep -qF "$TOPIC_SECRET" shop/.git/trueup/terraform/web/terraform.tfstate &&
	nowhere shop out.plan out.reconcile
'

test_expect_success 'nor in logs, history, JSON and notes' '
	trueup -C shop log canvas/web >out.log && trueup -C shop history -o json >out.json &&
	trueup -C shop status -o json >out.json2 &&
	git -C shop notes --ref=trueup show HEAD >out.note &&
	trueup -C shop reconcile -o json >out.json3 && nowhere out.* shop
'

test_expect_success 'nor when it waits as a plan, or fails' '
	sed -i "s/id: page/id: page2/" shop/canvases/web.yaml && commit_all shop two &&
	expect_exit 4 trueup -C shop reconcile -o json >out.json 2>out.err &&
	find shop/.git/trueup -name "*.tfplan" -perm /077 | grep . && return 1
	test -s "$(echo shop/.git/trueup/plans/*.tfplan)" && nowhere out.* shop &&
	AWS_ENDPOINT_URL=http://127.0.0.1:9 AWS_MAX_ATTEMPTS=1 \
		trueup -C shop reconcile --auto-approve >out.failed 2>&1; cat out.failed
	nowhere out.* shop
'

test_expect_success 'one that is not set is said by its name' '
	write MISSING_SECRET three && rc=0
	trueup -C shop reconcile --auto-approve >out 2>&1 || rc=$?
	cat out && test "$rc" != 0 && grep "MISSING_SECRET" out
'

test_expect_success 'state is for its owner only' '
	is "$(stat -c %a shop/.git/trueup)" 700 &&
	is "$(find shop/.git/trueup -type f -perm /077 ! -path "*/terraform-data/*" \
		! -path "*/plugin-cache/*" ! -name ".terraform.lock.hcl")" ""
'
test_done
