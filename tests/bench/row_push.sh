# shellcheck shell=bash
# shellcheck disable=SC2154 # what measure sets is run.sh's
# A push of one changed file to a repository of 10,000 specs: what pre-receive takes, with the
# shell that git starts, for a push that is fine and for one that is refused.

need_settled
bare=$work/push.git
git clone -q --bare "$settled" "$bare"
cp -a "$settled/.git/trueup" "$bare/trueup"
"$TRUEUP" hook install "$bare" >"$work/out"
old=$(git -C "$bare" rev-parse main)
# pushed NAME SED: a commit with one changed file whose objects are in the repository, unreferenced.
pushed() {
	local tree=$work/tree-$1
	git clone -q --shared "$bare" "$tree"
	sed -i "$2" "$tree/canvases/part-10/app-02600.yaml"
	git -C "$tree" commit -qam "$1"
	git -C "$tree" rev-parse HEAD >"$work/$1.id"
	cp -r "$tree/.git/objects/." "$bare/objects/" 2>/dev/null || :
	printf '%s %s refs/heads/main\n' "$old" "$(cat "$work/$1.id")" >"$work/$1.in"
}
pushed fine 's/t3.medium/t3.large/'
pushed wrong 's/t3.medium/t3.larch/'
cat >"$work/receive" <<END
#!/bin/sh
cd "$bare" && hooks/pre-receive <"\$1"
[ \$? = "\$2" ]
END
chmod +x "$work/receive"
measure 21 "$work/receive" "$work/fine.in" 0
row 'push of one changed file of 10,000: `pre-receive`' "$wall ms ($cpu ms processor)" \
	'under 200 ms' "$(at_most "$wall" 200)"
measure 21 "$work/receive" "$work/wrong.in" 1
row 'the same, refused with its diagnostics' "$wall ms ($cpu ms processor)" 'under 200 ms' \
	"$(at_most "$wall" 200)"
