#!/bin/bash
# Protects: whatever dies while terraform applies (the front, its terminal, the reader of its
# output, the supervisor, terraform itself), the effect happens once and its end is found.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-terraform.sh"
terraform_find || skip_all "neither terraform nor tofu is installed"

TOOL=$TOP/${TRUEUP_BUILD:-build/release}/tools/engine-tool
STATE=$TRASH/state

# A canvas whose only resource counts how often it is made and takes as long as the test wants.
new_canvas() {
	name=$1
	mkdir "$TRASH/$name" && cd "$TRASH/$name" && mkdir files
	cat >files/main.tf <<-END
		resource "terraform_data" "slow" {
		  provisioner "local-exec" {
		    command = "echo made >>$PWD/made; until test -e $PWD/go; do sleep 0.05; done"
		  }
		}
	END
	engine plan normal "$PWD/plan" >planned || { cat planned events && return 1; }
	sha256=$(sed -n 's/^sha256 //p' planned)
}
engine() {
	"$TOOL" "$STATE" "$name" files "$@" 2>events
}
# Starts an apply in the background and waits until it makes the resource.
# shellcheck disable=SC2034 # front is used by the tests, which are strings
begin() {
	"$TOOL" "$STATE" "$name" files apply "$PWD/plan" "$sha256" >applied 2>events &
	front=$!
	wait_until grep -q made made
}
# A process number from the note that is for people.
pid_of() {
	json "$STATE/jobs/$name/started" "d['$1']['pid']"
}
made_once() {
	is "$(cat made)" made
}
ended() {
	! kill -0 "$1" 2>/dev/null
}

test_expect_success 'undisturbed, it is made once' '
	new_canvas plain && begin && touch go && wait "$front" && made_once &&
	grep "^end done$" applied &&
	grep "^resource terraform_data terraform_data.slow " applied
'

test_expect_success 'kill -9 of the front: the apply goes on, the next one takes it over' '
	new_canvas front && begin && kill -9 "$front"; wait "$front"
	{ engine adopt >adopted & } && adopter=$! &&
	wait_until grep -q "^start terraform_data.slow" events &&
	touch go && wait "$adopter" && made_once &&
	grep "^end done$" adopted &&
	grep "^counts 1 0 0$" adopted &&
	engine adopt >again && grep "^end done$" again && made_once
'

test_expect_success 'the terminal of the front is closed' '
	new_canvas terminal &&
	cat >run.sh <<-END &&
	echo \$\$ >front.pid
	exec "$TOOL" "$STATE" "$name" files apply "$PWD/plan" $sha256
	END
	{ script -qec "sh run.sh" /dev/null </dev/null >/dev/null 2>&1 & } && terminal=$! &&
	wait_until grep -q made made &&
	kill -9 "$terminal"; wait "$terminal"
	wait_until ended "$(cat front.pid)" &&
	touch go && engine adopt >adopted && made_once &&
	grep "^end done$" adopted
'

test_expect_success 'the reader of its output dies' '
	new_canvas reader &&
	{ { "$TOOL" "$STATE" "$name" files apply "$PWD/plan" "$sha256" 2>&1; echo $? >code; } |
		head -n 1 >first & } && pipeline=$! &&
	wait_until grep -q made made && touch go && wait "$pipeline" &&
	wait_until test -s code && is "$(cat code)" 0 && made_once &&
	engine adopt >adopted && grep "^end done$" adopted
'

test_expect_success 'Ctrl-C once: terraform stops in order and releases its lock' '
	new_canvas once && begin && kill -INT "$front" && ! wait "$front" &&
	grep "^end interrupted$" applied &&
	grep "^import-check 0$" applied &&
	! test -e "$STATE/terraform/$name/.terraform.tfstate.lock.info" &&
	touch go && engine plan normal "$PWD/plan2" >plan2 &&
	grep "^item replace terraform_data.slow" plan2
'

# A terraform that applies until it is told to stop, and says how often it was interrupted.
stubborn_terraform() {
	mkdir bin && cat >bin/terraform <<-END && chmod +x bin/terraform
		#!/bin/sh
		case \$1 in
		apply)
			trap "echo interrupted" INT TERM
			echo made >>$PWD/made
			until test -e $PWD/go; do sleep 0.05; done
			exit 1
			;;
		*) exec "$TERRAFORM" "\$@" ;;
		esac
	END
}

test_expect_success 'Ctrl-C twice: the front leaves, the job is interrupted once' '
	new_canvas twice && stubborn_terraform &&
	PATH=$PWD/bin:$PATH begin && output=$STATE/jobs/$name/output &&
	kill -INT "$front" && wait_until grep -q interrupted "$output" &&
	kill -INT "$front" && expect_exit 3 wait "$front" &&
	grep "^failed cancelled: left the job running" applied &&
	! test -e "$STATE/jobs/$name/result.json" &&
	touch go && expect_exit 2 engine adopt >adopted &&
	grep "^end interrupted$" adopted &&
	is "$(grep -c interrupted "$output")" 1 && made_once
'

test_expect_success 'kill -9 of the supervisor: terraform goes on, its own words tell the end' '
	new_canvas supervisor && begin && kill -9 "$(pid_of supervisor)" &&
	touch go && wait "$front" && made_once &&
	grep "^end done$" applied && grep "^import-check 0$" applied
'

test_expect_success 'kill -9 of terraform is recorded, and the next plan starts from what is true' '
	new_canvas terraform && begin && kill -9 "$(pid_of program)" && ! wait "$front"
	touch go &&
	grep "^end failed$" applied && grep "^import-check 1$" applied &&
	grep "^error terraform apply of terraform was killed by signal 9" applied &&
	engine plan normal "$PWD/plan2" >plan2 && grep "^item create terraform_data.slow" plan2
'

test_expect_success 'kill -9 of everything is found out by the lock' '
	new_canvas all && begin &&
	program=$(pid_of program) && supervisor=$(pid_of supervisor) &&
	kill -9 "$front" "$supervisor" "$program"; wait "$front"
	touch go && expect_exit 2 engine adopt >adopted &&
	grep "^end lost$" adopted && grep "^import-check 1$" adopted
'

test_expect_success 'kill -9 of the front while it plans ends the plan' '
	new_canvas planning &&
	mkdir bin && cat >bin/terraform <<-END &&
	#!/bin/sh
	case \$1 in
	plan) trap "echo stopped; exit 1" INT TERM; touch $PWD/planning; while :; do sleep 0.05; done ;;
	*) exec "$TERRAFORM" "\$@" ;;
	esac
	END
	chmod +x bin/terraform &&
	{ PATH=$PWD/bin:$PATH "$TOOL" "$STATE" "$name" files plan normal "$PWD/plan2" \
		>planned 2>events & } && front=$! &&
	wait_until test -e planning && kill -9 "$front"; wait "$front"
	wait_until test -s "$STATE/jobs/$name/result.json" &&
	is "$(json "$STATE/jobs/$name/result.json" "d[\"interrupted\"]")" true &&
	grep stopped "$STATE/jobs/$name/output"
'
test_done
