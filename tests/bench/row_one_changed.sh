# shellcheck shell=bash
# shellcheck disable=SC2154 # what measure sets is run.sh's
# One of 10,000 specs was edited: from nothing to the preview of its resources.

need_settled
changed=$work/changed
cp -a "$settled" "$changed"
sed -i 's/t3.medium/t3.large/' "$changed/canvases/part-10/app-02600.yaml"
git -C "$changed" commit -qam 'A larger worker'
measure 31 "$TRUEUP" plan --spec-only "$changed"
row 'one spec of 10,000 changed: `trueup plan --spec-only`' "$wall ms ($cpu ms processor)" \
	'under 30 ms' "$(at_most "$wall" 30)"
