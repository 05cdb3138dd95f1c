#!/bin/bash
# Protects: kill -9 at any instant loses nothing and does nothing twice: the next run takes over
# or plans again, ends where an undisturbed run ends, and the store and its history are intact.
#
# KILL_POINTS says how many instants are tried (make kill-test: 1,000), KILL_SEED which.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"

# A leak check stops the world by ptrace, which the killer uses already.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
POINTS=${KILL_POINTS:-40}
RANDOM=${KILL_SEED:=$((SRANDOM % 32768))}
"$KILL_AT" 0 /bin/true || skip_all "processes cannot be traced here (ptrace is forbidden)"

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
	local state=$W/repo/.git/trueup
	echo "effects:" && sort "$FAKE/effects"
	echo "cloud:" && (cd "$FAKE/cloud" && sha256sum -- *)
	echo "applied:" && (cd "$state/applied" && find . -type f -exec sha256sum {} + | sort -k 2)
	echo "left over:" && find "$state/jobs" "$state/plans" "$state/rendered" -mindepth 1 \
		2>/dev/null | sed "s|$state/||"
	run status -o json >"$TRASH/status.json" || echo "status failed: $?"
	json "$TRASH/status.json" \
		'[(o["key"], o["phase"], o.get("reason")) for o in d["objects"]]'
	git -C "$W/repo" notes --ref=trueup show HEAD | grep '^trueup/' | cut -f 1-2 | grep -v ': '
}

# One instant: restore, kill, run to the end, compare. Says what is wrong.
try() {
	local mode=$1 point=$2 rc=0
	rm -rf "$W" && cp -a "$TRASH/base" "$W"
	"$KILL_AT" $mode "$point" "$TRUEUP" -C "$W/repo" reconcile --auto-approve \
		>"$TRASH/killed.out" 2>&1 </dev/null || rc=$?
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
	run doctor >"$TRASH/doctor.out" 2>&1 || echo "doctor: exit $?"
	run history --verify >"$TRASH/verify.out" 2>&1 || echo "history --verify: exit $?"
	end_state >"$TRASH/end" 2>&1
	diff "$TRASH/wanted" "$TRASH/end"
}

report() {
	local mode=$1 point=$2
	(cd "$TRASH" && rm -f killed.out next.out last.out doctor.out verify.out)
	try "$mode" "$point" >"$TRASH/why" 2>&1
	[ ! -s "$TRASH/why" ] && return 0
	echo "--- killed at $mode $point (KILL_SEED=$KILL_SEED)"
	cat "$TRASH/why"
	for file in killed.out next.out last.out doctor.out verify.out; do
		[ ! -e "$TRASH/$file" ] || sed "s/^/$file: /" "$TRASH/$file"
	done
	[ -z "${KILL_KEEP-}" ] || { rm -rf "$KILL_KEEP" && cp -a "$TRASH" "$KILL_KEEP"; }
	return 1
}

# sweep MODE TOTAL POINTS: that many instants, evenly spread with a random offset.
sweep() {
	local mode=$1 total=$2 points=$3 i bad=0
	for ((i = 0; i < points; i++)); do
		report "$mode" $((1 + (i * total + RANDOM % total) / points)) || bad=$((bad + 1))
	done
	[ "$bad" = 0 ] && return 0
	echo "$bad of $points instants went wrong"
	return 1
}

test_expect_success 'undisturbed, it ends as it should' '
	prepare &&
	"$KILL_AT" -c "$TRASH/count" 0 "$TRUEUP" -C "$W/repo" reconcile --auto-approve &&
	end_state >wanted && cat wanted &&
	grep "^create third.aws_sns_topic.four" wanted &&
	is "$(grep -c "^[a-z]* [a-z]*\.aws" wanted)" 3 &&
	test "$(cat count)" -gt 100
'

test_expect_success 'kill -9 of trueup, before anything it says to the kernel' '
	sweep "" "$(cat count)" $((POINTS * 3 / 5))
'

test_expect_success 'kill -9 of any of its processes' '
	rm -rf "$W" && cp -a base "$W" &&
	"$KILL_AT" -a -c count-all 0 "$TRUEUP" -C "$W/repo" reconcile --auto-approve &&
	sweep -a "$(cat count-all)" $((POINTS * 2 / 5))
'
test_done
