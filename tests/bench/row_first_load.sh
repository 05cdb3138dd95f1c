# shellcheck shell=bash
# shellcheck disable=SC2154 # what measure sets is run.sh's
# Reading, parsing, checking, cross-checking and recording 10,000 specs for the first time, against
# libyaml's bare events of the same bytes. The previews of new canvases, which the first reconcile
# works out as well, are in the row about rendering.

need_specs
mapfile -t all < <(find "$specs" -name '*.yaml')
measure 7 --before rm -rf "$specs/.git/trueup" -- "$BENCH/first_load" "$specs" -- \
	"$BENCH/scan_yaml" "${all[@]}"
row 'first load of 10,000 specs: against a bare libyaml scan' \
	"$(ratio "$wall" "$peer_wall") × ($wall / $peer_wall ms)" 'at most 2.5 ×' \
	"$(at_most "$(ratio "$wall" "$peer_wall")" 2.5)"
row 'the same, processor time of all processes' \
	"$(ratio "$cpu" "$peer_cpu") × ($cpu / $peer_cpu ms)" '' ''
