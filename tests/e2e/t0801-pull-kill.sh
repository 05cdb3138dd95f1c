#!/bin/bash
# Protects: kill -9 while a pull request is planned or applied loses nothing and applies nothing
# twice: looking at it again ends where an undisturbed life ends, through merge and reconcile.
#
# KILL_POINTS says how many instants are tried, KILL_SEED which.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"

# A leak check stops the world by ptrace, which the killer uses already.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
POINTS=${KILL_POINTS:-16}
RANDOM=${KILL_SEED:=$((SRANDOM % 32768))}
"$KILL_AT" 0 /bin/true || skip_all "processes cannot be traced here (ptrace is forbidden)"

W=$TRASH/w
fake_terraform "$W"
run() {
	trueup -C "$W/repo" "$@" </dev/null
}

# Two canvases exist; in the pull request one is new, one is changed, one goes.
prepare() {
	new_repo "$W/repo" && topics_role "$W/repo" &&
		printf '%s\n' 'apiVersion: trueup/v1' 'kind: Config' \
			'spec: {pullRequests: {apply: before, require: {approved: false}}}' \
			>"$W/repo/trueup.yaml" &&
		topics "$W/repo" first "one two" && topics "$W/repo" second "three" &&
		commit_all "$W/repo" one && run reconcile --auto-approve &&
		git -C "$W/repo" switch -q -c topic &&
		topics "$W/repo" first "one=changed two" && rm "$W/repo/canvases/second.yaml" &&
		topics "$W/repo" third "four" && commit_all "$W/repo" two &&
		git -C "$W/repo" switch -q main && : >"$FAKE/effects" && cp -a "$W" "$TRASH/base" &&
		run pull plan 12 --head topic && cp -a "$W" "$TRASH/planned"
}

progress() {
	run pull show 12 -o json >"$TRASH/show.json" && json "$TRASH/show.json" "d['pull']['progress']"
}

# Whoever looks at it again and asks for it again, until it is applied.
go_on() {
	local turn
	for turn in 1 2 3 4; do
		run pull plan 12 --head topic
		[ "$(progress)" != applied ] || return 0
		run pull apply 12
		[ "$(progress)" != applied ] || return 0
	done
	echo "not applied after $turn turns: $(progress)"
	return 1
}

finish() {
	run reconcile && return 1 # what was applied is held: exit 4
	git -C "$W/repo" merge -q --no-ff --no-edit topic && run pull close 12 --merged HEAD &&
		run reconcile && run pull settle && run reconcile
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
	run pull list --all -o json >"$TRASH/pulls.json" || echo "pull list failed: $?"
	json "$TRASH/pulls.json" '[(p["number"], p["state"], p["locks"]) for p in d["pulls"]]'
}

# try FROM MODE POINT COMMAND...: restore FROM, kill the command, go on to the end, compare.
try() {
	local from=$1 mode=$2 point=$3
	shift 3
	rm -rf "$W" && cp -a "$TRASH/$from" "$W"
	"$KILL_AT" $mode "$point" "$TRUEUP" -C "$W/repo" "$@" >"$TRASH/killed.out" 2>&1 </dev/null
	go_on >"$TRASH/next.out" 2>&1 || echo "it was not applied in the end"
	finish >"$TRASH/last.out" 2>&1 || echo "the merge was not reconciled"
	grep -q '^nothing to do' "$TRASH/last.out" || echo "in the end there was something to do"
	run doctor >"$TRASH/doctor.out" 2>&1 || echo "doctor: exit $?"
	run history --verify >"$TRASH/verify.out" 2>&1 || echo "history --verify: exit $?"
	end_state >"$TRASH/end" 2>&1
	diff "$TRASH/wanted" "$TRASH/end"
}

report() {
	(cd "$TRASH" && rm -f killed.out next.out last.out doctor.out verify.out)
	try "$@" >"$TRASH/why" 2>&1
	[ ! -s "$TRASH/why" ] && return 0
	echo "--- killed at $2 $3 of $5 (KILL_SEED=$KILL_SEED)"
	cat "$TRASH/why"
	for file in killed.out next.out last.out doctor.out verify.out; do
		[ ! -e "$TRASH/$file" ] || sed "s/^/$file: /" "$TRASH/$file"
	done
	[ -z "${KILL_KEEP-}" ] || { rm -rf "$KILL_KEEP" && cp -a "$TRASH" "$KILL_KEEP"; }
	return 1
}

# sweep FROM MODE TOTAL COMMAND...: instants evenly spread with a random offset.
sweep() {
	local from=$1 mode=$2 total=$3 points=$((POINTS / 4)) i bad=0
	shift 3
	for ((i = 0; i < points; i++)); do
		report "$from" "$mode" $((1 + (i * total + RANDOM % total) / points)) "$@" ||
			bad=$((bad + 1))
	done
	[ "$bad" = 0 ] && return 0
	echo "$bad of $points instants went wrong"
	return 1
}

count() {
	rm -rf "$W" && cp -a "$TRASH/$1" "$W" && "$KILL_AT" $2 -c "$TRASH/count" 0 "$TRUEUP" \
		-C "$W/repo" "${@:3}" </dev/null && cat "$TRASH/count" >&3
}

test_expect_success 'undisturbed, it ends as it should' '
	prepare && go_on && finish && end_state >wanted && cat wanted &&
	grep "^create third.aws_sns_topic.four" wanted &&
	is "$(grep -c "^[a-z]* [a-z]*\.aws" wanted)" 3
'

test_expect_success 'kill -9 of trueup while it plans a pull request' '
	n=$(count base "" pull plan 12 --head topic 3>&1 >&2) && test "$n" -gt 50 &&
	sweep base "" "$n" pull plan 12 --head topic
'

test_expect_success 'kill -9 of any of its processes while it plans' '
	n=$(count base -a pull plan 12 --head topic 3>&1 >&2) &&
	sweep base -a "$n" pull plan 12 --head topic
'

test_expect_success 'kill -9 of trueup while it applies a pull request' '
	n=$(count planned "" pull apply 12 3>&1 >&2) && test "$n" -gt 50 &&
	sweep planned "" "$n" pull apply 12
'

test_expect_success 'kill -9 of any of its processes while it applies' '
	n=$(count planned -a pull apply 12 3>&1 >&2) && sweep planned -a "$n" pull apply 12
'
test_done
