# shellcheck shell=bash
# shellcheck disable=SC2154 # what run.sh sets
# `trueup watch` beside 10,000 specs: from a save to the plan on the terminal, and what the process
# takes while nothing happens.

need_settled
watched=$work/watched
cp -a "$settled" "$watched"
git -C "$watched" update-index -q --refresh
"$TRUEUP" watch --plan-only "$watched" >"$work/watch.log" 2>&1 &
watch=$!
# shown COUNT: waits until so many plans were shown; without a pause, as this is what is measured.
shown() {
	until [ "$(grep -c '^[0-9]* pending\|^nothing to do' "$work/watch.log")" -ge "$1" ]; do
		kill -0 "$watch" || return 1
	done
}
shown 1
ticks() {
	awk '{print $14 + $15}' "/proc/$watch/stat"
}
resident=$(awk '/^Rss:/ {printf "%.1f", $2 / 1024}' "/proc/$watch/smaps_rollup")
own=$(awk '/^Private/ {n += $2} END {printf "%.1f", n / 1024}' "/proc/$watch/smaps_rollup")
before=$(ticks)
sleep 5
spent=$(($(ticks) - before))
times=()
for i in $(seq 2 12); do
	started=$(date +%s%N)
	sed -i "s/t3\.[a-z0-9]*/t3.$([ $((i % 2)) = 0 ] && echo large || echo xlarge)/" \
		"$watched/canvases/part-10/app-02600.yaml"
	shown "$i"
	times+=("$((($(date +%s%N) - started) / 1000000))")
done
kill "$watch"
wait "$watch" || :
median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n "$(((${#times[@]} + 1) / 2))p")
row 'watch, 10,000 specs: from a save to its plan on the terminal' "$median ms" 'under 500 ms' \
	"$(at_most "$median" 500)"
row 'watch at rest, 10,000 specs' "$resident MiB resident ($own MiB its own), $spent ticks in 5 s" \
	'under 16 MiB, 0 ticks' "$(both "$(at_most "$resident" 16)" "$(at_most "$spent" 0)")"
