#!/bin/bash
# Protects: kill -9 at any instant of a reconcile that runs Runs. A script is never run twice, one
# that was run is recorded as what it was, one that was not is run by the next reconcile, and a due
# time is taken once.
#
# KILL_POINTS says how many instants are tried, KILL_SEED which.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-runs.sh"
. "$TOP/tests/e2e/lib-kill.sh"
have_zsh || skip_all 'zsh is not installed'
kill_setup 6

W=$TRASH/w
# What the scripts did. Root's scripts run as another user.
EFFECTS=$TRASH/effects
chmod 0711 "$TRASH"
OPEN="('intended', 'running')"

prepare() { # stop|finish
	rm -rf "$W" "$TRASH/base" && new_repo "$W" &&
		put_config "$W" "runbooks: {whenKilled: $1}" &&
		put_runbook "$W" Once 'isolation: none' <<-END &&
			echo once >>$EFFECTS
		END
		put_runbook "$W" Due 'isolation: none' <<-END &&
			echo due >>$EFFECTS
		END
		put_run "$W" due Due 'schedule: {cron: "0 0 1 1 *"}' && commit_all "$W" one &&
		trueup -C "$W" reconcile && put_run "$W" once Once && commit_all "$W" two &&
		make_due "$W" due && cp -a "$W" "$TRASH/base"
}

effects() { # WORD
	grep -c "^$1$" "$EFFECTS"
}

state_of() { # WORD
	store_sql "$W" "SELECT state FROM runs WHERE object_key = 'run/$1' ORDER BY id DESC LIMIT 1"
}

# Is what is recorded of it what happened?
check() { # WORD MODE
	local n state
	n=$(effects "$1")
	state=$(state_of "$1")
	case $n$state in
	1done) return 0 ;;
	# Its supervisor or the script was killed before or after the effect.
	[01]lost | [01]killed) [ "$2" != finish ] && return 0 ;;
	esac
	echo "$1: done $n times, recorded as '$state'"
	return 1
}

# One instant: restore, kill, go on, compare. Says what is wrong.
try() { # MODE POINT
	local flag='' word
	[ "$1" = all ] && flag=-a
	rm -rf "$W" && cp -a "$TRASH/base" "$W" && : >"$EFFECTS" && chmod 666 "$EFFECTS" || return 1
	# shellcheck disable=SC2086 # no flag is no word
	kill_at $flag "$2" "$TRUEUP" -C "$W" reconcile >"$TRASH/killed.out" 2>&1 </dev/null
	trueup -C "$W" reconcile >"$TRASH/next.out" 2>&1 </dev/null || {
		echo "the next run ended with $?"
		return 1
	}
	trueup -C "$W" reconcile >"$TRASH/last.out" 2>&1 </dev/null || :
	grep -q '^nothing to do' "$TRASH/last.out" || {
		echo "the run after it had something to do"
		return 1
	}
	for word in once due; do
		check $word "$1" || return 1
	done
	for word in operations runs; do
		[ "$(store_sql "$W" "SELECT count(*) FROM $word WHERE state IN $OPEN")" = 0 ] || {
			echo "$word: something is left open"
			return 1
		}
	done
	[ "$(store_sql "$W" "SELECT next_at > unixepoch() * 1000 FROM schedules")" = 1 ] || {
		echo "the due time is still there"
		return 1
	}
	[ -z "$(find "$W/.git/trueup/runs" -mindepth 2)" ] || {
		echo "left over: $(find "$W/.git/trueup/runs" -mindepth 2)"
		return 1
	}
	trueup -C "$W" history --verify >"$TRASH/verify.out" 2>&1
}

# MODE: stop or finish, as configured, killing our own process; all: any of ours.
some_points() { # MODE
	local total point wrong='' flag='' i
	[ "$1" = all ] && flag=-a
	# shellcheck disable=SC2086 # no flag is no word
	"$KILL_AT" -c "$TRASH/count" $flag 0 "$TRUEUP" -C "$W" reconcile \
		>"$TRASH/whole.out" 2>&1 </dev/null || return 1
	total=$(cat "$TRASH/count")
	echo "$1: $POINTS of $total instants, KILL_SEED=$KILL_SEED"
	[ "$total" -gt 20 ] || return 1
	for ((i = 0; i < POINTS; i++)); do
		point=$((1 + (RANDOM * 32768 + RANDOM) % total))
		wrong=$(try "$1" $point) || {
			echo "killed at $point ($1): $wrong"
			cat "$TRASH/killed.out" "$TRASH/next.out" "$TRASH/last.out"
			store_sql "$W" "SELECT id, object_key, state, attempt, error FROM runs"
			cat "$EFFECTS"
			return 1
		}
	done
	killed_some $flag
}

test_expect_success 'an undisturbed run does both, once' '
	prepare finish && try none 0 && is "$(effects once)" 1 && is "$(effects due)" 1
'

test_expect_success 'scripts that finish: done once, whenever trueup dies' '
	prepare finish && some_points finish
'

test_expect_success 'scripts that end with trueup: never twice, and recorded as what they were' '
	prepare stop && some_points stop
'

test_expect_success 'any of its processes: never twice, and recorded as what they were' '
	prepare finish && some_points all
'

test_done
