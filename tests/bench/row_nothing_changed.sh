# shellcheck shell=bash
# shellcheck disable=SC2154 # what measure sets is run.sh's
# A reconcile of 10,000 specs that has nothing to do, as a timer starts it every minute.

need_settled
measure 31 "$TRUEUP" reconcile "$settled" -- git -C "$settled" status
row 'nothing changed, 10,000 specs: against `git status`' \
	"$(ratio "$wall" "$peer_wall") × ($wall / $peer_wall ms)" 'at most 1 ×' \
	"$(at_most "$wall" "$peer_wall")"
row 'the same, processor time' "$cpu ms, $rss MiB resident" 'under 15 ms' "$(at_most "$cpu" 15)"
