#!/bin/bash
# Protects: what is rendered can be applied, leaves nothing to do, can be changed and destroyed.
# timeout: 900
# waits
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-terraform.sh"
. "$TOP/tests/e2e/lib-canvas.sh"
need_terraform
need_moto
. "$TOP/tests/e2e/lib-live.sh"

test_expect_success 'one of everything: applied' 'live_apply'
test_expect_success 'a second plan changes only what the emulator forgot' '
	live_plan_again &&
	$CHANGES attributes again.json >wanted-changes &&
	comm -13 forgotten wanted-changes >unexpected &&
	{ [ ! -s unexpected ] || { cat unexpected; false; }; }
'

# Without the ASG: a new version of its launch template, which moto makes one of, starts an instance
# refresh, which moto does not know.
test_expect_success 'one change a type: applied' '
	canvas_edit live.json changed.json "$updates
drop(\"workers\")
" && mkdir changed && cp live/terraform.tfstate changed/ &&
	"$RENDER" "$ROLE" changed.json changed &&
	quietly tf changed apply -auto-approve -input=false -no-color -parallelism=30 &&
	grep "^Apply complete" log
'
test_expect_success 'everything: destroyed' '
	quietly tf changed destroy -auto-approve -input=false -no-color -parallelism=30 &&
	grep "^Destroy complete" log
'
test_done
