# shellcheck shell=bash
# shellcheck disable=SC2154 # work and what measure sets are run.sh's
# What running a runbook costs beside its script, which is `true`: looked up in git, authorised,
# recorded before and after, shut in as far as this machine allows. Without its entry in the file,
# and with it: that is a commit.

ops=$work/ops
mkdir -p "$ops/runbooks"
fence='```'
for name in True Noted; do
	printf '%s\n' "# $name" '# Environment Requirements' "${fence}yaml" "$fence" \
		'# File System Requirements' "${fence}yaml" "$fence" '# Script' "${fence}sh" true \
		"$fence" '# History' >"$ops/runbooks/$name.md"
done
printf '%s\n' 'apiVersion: trueup/v1' 'kind: Config' 'spec: {history: {write: off}}' \
	>"$ops/trueup.yaml"
git -C "$ops" init -q -b main
git -C "$ops" add -A
git -C "$ops" commit -qm 'Runbooks'
run_row='`trueup runbook run` of a script `true`'
if ! "$TRUEUP" -C "$ops" reconcile --auto-approve >"$work/out" 2>&1 ||
	! "$TRUEUP" -C "$ops" runbook run True -o json >"$work/run.json" 2>"$work/err"; then
	row "$run_row" '' '' "$(tail -n 1 "$work/err")"
	return 0
fi
level=$(sed -n 's/.*"isolation": "\(.*\)".*/\1/p' "$work/run.json")
printf 'true\n' >"$work/temp.zsh"

measure 41 "$TRUEUP" -q -C "$ops" runbook run True -- /bin/zsh -f "$work/temp.zsh"
row "$run_row, isolation $level: over zsh alone" \
	"+$(awk -v a="$wall" -v b="$peer_wall" 'BEGIN {printf "%.1f", a - b}') ms ($wall / $peer_wall ms)" '' ''
row 'the same, processor time of all processes' "$cpu ms ($peer_cpu ms alone)" '' ''

# As many at once as there are processors.
runs=200
begin=$(date +%s%N)
seq "$runs" | xargs -P "$(nproc)" -I{} "$TRUEUP" -q -C "$ops" runbook run True 2>"$work/err"
end=$(date +%s%N)
row "the same, runs per second with isolation $level" \
	"$(awk -v n="$runs" -v t="$((end - begin))" 'BEGIN {printf "%.0f", n * 1e9 / t}')" '' ''

sed -i 's/write: off/write: commit/' "$ops/trueup.yaml"
git -C "$ops" commit -qam 'With history'
"$TRUEUP" -C "$ops" reconcile --auto-approve >"$work/out" 2>&1
measure 21 "$TRUEUP" -q -C "$ops" runbook run Noted -- /bin/zsh -f "$work/temp.zsh"
row 'the same with its entry committed: over zsh alone' \
	"+$(awk -v a="$wall" -v b="$peer_wall" 'BEGIN {printf "%.1f", a - b}') ms" '' ''
