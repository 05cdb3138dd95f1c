# shellcheck shell=bash
# shellcheck disable=SC2154 # work and what measure sets are run.sh's
# Size of the executable and its start, which every hook and every push pays.

bytes=$(stat -Lc %s "$TRUEUP")
strip -o "$work/stripped" "$TRUEUP" 2>/dev/null || cp "$TRUEUP" "$work/stripped"
stripped=$(stat -c %s "$work/stripped")
row 'size of the executable' \
	"$(awk -v a="$stripped" -v b="$bytes" 'BEGIN {
		printf "%.2f MiB (%.2f with symbols)", a / 1048576, b / 1048576}')" \
	'under 6 MiB' "$(at_most "$stripped" 6291456)"

measure 41 "$TRUEUP" version
row 'start and end of `trueup version`' "$wall ms, $rss MiB resident" 'under 20 ms, 16 MiB' \
	"$(both "$(at_most "$wall" 20)" "$(at_most "$rss" 16)")"
