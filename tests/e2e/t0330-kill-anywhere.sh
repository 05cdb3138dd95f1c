#!/bin/bash
# Protects: kill -9 at any instant loses nothing and does nothing twice: the next run takes over
# or plans again, ends where an undisturbed run ends, and the store and its history are intact.
#
# KILL_POINTS says how many instants are tried (make kill-test: 1,000), KILL_SEED which.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-kill.sh"
kill_setup 25

W=$TRASH/w
fake_terraform "$W"
run() {
	trueup -C "$W/repo" "$@"
}

# Two canvases exist; then one is new, one is changed, one goes.
prepare() {
	new_repo "$W/repo" && topics_role "$W/repo" &&
		topics "$W/repo" first "one two" && topics "$W/repo" second "three" &&
		commit_all "$W/repo" one && run reconcile --auto-approve &&
		topics "$W/repo" first "one=changed two" && rm "$W/repo/canvases/second.yaml" &&
		topics "$W/repo" third "four" 'dependsOn: [first]' && commit_all "$W/repo" two &&
		: >"$FAKE/effects" && cp -a "$W" "$TRASH/base"
}

# What has to be the same however it came about.
end_state() {
	kill_state "$W/repo/.git/trueup"
	git -C "$W/repo" notes --ref=trueup show HEAD | grep '^trueup/' | cut -f 1-2 | grep -v ': '
}

# One instant: restore, kill, run to the end, compare. Says what is wrong.
try() {
	local mode=$1 point=$2
	rm -rf "$W" && cp -a "$TRASH/base" "$W"
	# shellcheck disable=SC2086 # no mode is no word
	kill_at $mode "$point" "$TRUEUP" -C "$W/repo" reconcile --auto-approve \
		>"$TRASH/killed.out" 2>&1 </dev/null
	run reconcile --auto-approve >"$TRASH/next.out" 2>&1 </dev/null || {
		echo "the next run ended with $?"
		return 1
	}
	run reconcile >"$TRASH/last.out" 2>&1 </dev/null || {
		echo "the run after it ended with $?"
		return 1
	}
	grep -q '^nothing to do' "$TRASH/last.out" || {
		echo "the run after it had something to do"
		return 1
	}
	end_state >"$TRASH/end" 2>&1
	diff "$TRASH/wanted" "$TRASH/end"
}

test_expect_success 'undisturbed, it ends as it should' '
	prepare &&
	"$KILL_AT" -c "$TRASH/count" 0 "$TRUEUP" -C "$W/repo" reconcile --auto-approve &&
	end_state >wanted && cat wanted &&
	grep "^create third.aws_sns_topic.four" wanted && ! grep "failed:\|: exit" wanted &&
	is "$(grep -c "^[a-z]* [a-z]*\.aws" wanted)" 3 &&
	test "$(cat count)" -gt 100
'

test_expect_success 'kill -9 of trueup, before anything it says to the kernel' '
	kill_sweep "$(cat count)" $((POINTS * 3 / 5)) ""
'

test_expect_success 'kill -9 of any of its processes' '
	rm -rf "$W" && cp -a base "$W" &&
	"$KILL_AT" -a -c count-all 0 "$TRUEUP" -C "$W/repo" reconcile --auto-approve &&
	kill_sweep "$(cat count-all)" $((POINTS * 2 / 5)) -a
'
test_done
