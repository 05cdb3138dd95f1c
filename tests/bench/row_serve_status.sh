# shellcheck shell=bash
# shellcheck disable=SC2154 # what it uses is run.sh's
# From a webhook that is sent to the first status at the forge, for pull requests that each change
# one spec of 10,000. The forge is the fake one of the tests, on the same machine; the commits are
# in the repository already, so no network is in it.
. "$TOP/tests/bench/lib_serve.sh"

status_runs=${STATUS_RUNS:-15}
need_settled
status_bare=$work/status.git
git clone -q --bare "$settled" "$status_bare"
cp -a "$settled/.git/trueup" "$status_bare/trueup"
mkdir -p "$work/status-forge" "$work/status-bin/fake/cloud"
cp "$TOP/tests/e2e/fake-terraform" "$work/status-bin/terraform"
printf 'hook-secret\n' >"$work/status-secret"
printf 'test-token\n' >"$work/status-token"
chmod 600 "$work/status-secret" "$work/status-token"
python3 "$TOP/tests/tools/fake-forge.py" serve "$work/status-forge" >"$work/out" &
status_forge=$!
running["$status_forge"]=forge
until [ -s "$work/status-forge/url" ]; do read -rt 0.01 <> <(:) || :; done

# A commit for each pull request.
for ((n = 1; n <= status_runs; n++)); do
	file=$(printf 'canvases/part-%02d/app-%05d.yaml' "$n" $((n * 250 + 10)))
	blob=$(git -C "$status_bare" show "main:$file" | sed 's/visibilitySec: 60/visibilitySec: 90/' |
		git -C "$status_bare" hash-object -w --stdin)
	tree=$(
		export GIT_INDEX_FILE=$work/status-index
		git -C "$status_bare" read-tree main
		git -C "$status_bare" update-index --cacheinfo "100644,$blob,$file"
		git -C "$status_bare" write-tree
	)
	head=$(git -C "$status_bare" commit-tree -p main -m "Change $n" "$tree")
	git -C "$status_bare" update-ref "refs/pull/$n/head" "$head"
	echo "$n $head"
done >"$work/status-heads"

listen='  listen: {webhooks: "127.0.0.1:0", status: "127.0.0.1:0"}' write_server \
	"$work/status.yaml" "$work/status-data" '- name: shop' "  path: $status_bare" \
	"  forge: {kind: github, baseUrl: \"$(cat "$work/status-forge/url")\", repository: octo/shop," \
	"          token: {fromFile: $work/status-token}}" \
	"  webhook: {secret: {fromFile: $work/status-secret}}"
PATH=$work/status-bin:$PATH server_start "$work/status.yaml"
server_wait 'reconcile of branch done' 1
status_at() {
	sed -n 's/.*listening at //p' "$work/server.log" | sed -n "$1p"
}
python3 "$TOP/tests/bench/first_status.py" "$(status_at 1)/hooks/shop" "$(status_at 2)/metrics" \
	"$work/status-forge" hook-secret <"$work/status-heads" >"$work/status-times"
server_stop
kill "$status_forge"
ended "$status_forge"

# middle COLUMN
middle() {
	awk -v c="$1" '{print $c}' "$work/status-times" | sort -n |
		awk '{t[NR] = $1} END {print t[int((NR + 1) / 2)], t[NR]}'
}
read -r status_ms status_most < <(middle 1)
row 'webhook to first status, one spec of 10,000' "$status_ms ms, at most $status_most ms" \
	'under 50 ms' "$(at_most "$status_ms" 50)"
read -r status_ms status_most < <(middle 2)
row 'webhook to all statuses and the preview' "$status_ms ms, at most $status_most ms" \
	'under 50 ms' "$(at_most "$status_ms" 50)"
