#!/bin/bash
# Protects: kill -9 while a pull request is planned or applied loses nothing and applies nothing
# twice: looking at it again ends where an undisturbed life ends, through merge and reconcile.
#
# KILL_POINTS says how many instants are tried, KILL_SEED which.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-kill.sh"
kill_setup 12

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
	kill_state "$W/repo/.git/trueup"
	run pull list --all -o json >"$TRASH/pulls.json" || echo "pull list failed: $?"
	json "$TRASH/pulls.json" '[(p["number"], p["state"], p["locks"]) for p in d["pulls"]]'
}

# Restore FROM, kill the command, go on to the end, compare.
try() { # FROM MODE "COMMAND" POINT
	rm -rf "$W" && cp -a "$TRASH/$1" "$W"
	# shellcheck disable=SC2086 # words on purpose
	kill_at $2 "$4" "$TRUEUP" -C "$W/repo" $3 >"$TRASH/killed.out" 2>&1 </dev/null
	go_on >"$TRASH/next.out" 2>&1 || echo "it was not applied in the end"
	finish >"$TRASH/last.out" 2>&1 || echo "the merge was not reconciled"
	grep -q '^nothing to do' "$TRASH/last.out" || echo "in the end there was something to do"
	end_state >"$TRASH/end" 2>&1
	diff "$TRASH/wanted" "$TRASH/end"
}

# sweep FROM MODE "COMMAND": over all the instants that it has.
sweep() {
	local total
	# shellcheck disable=SC2086 # words on purpose
	rm -rf "$W" && cp -a "$TRASH/$1" "$W" &&
		"$KILL_AT" $2 -c "$TRASH/count" 0 "$TRUEUP" -C "$W/repo" $3 </dev/null &&
		total=$(cat "$TRASH/count") && test "$total" -gt 50 &&
		kill_sweep "$total" $((POINTS / 4)) "$@"
}

test_expect_success 'undisturbed, it ends as it should' '
	prepare && go_on && finish && end_state >wanted && cat wanted &&
	grep "^create third.aws_sns_topic.four" wanted && ! grep "failed:\|: exit" wanted &&
	is "$(grep -c "^[a-z]* [a-z]*\.aws" wanted)" 3
'

plan='pull plan 12 --head topic'
test_expect_success 'kill -9 of trueup while it plans a pull request' 'sweep base "" "$plan"'
test_expect_success 'kill -9 of any of its processes while it plans' 'sweep base -a "$plan"'
test_expect_success 'kill -9 of trueup while it applies a pull request' '
	sweep planned "" "pull apply 12"
'
test_expect_success 'kill -9 of any of its processes while it applies' '
	sweep planned -a "pull apply 12"
'
test_done
