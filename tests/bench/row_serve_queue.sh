# shellcheck shell=bash
# shellcheck disable=SC2154 # what it uses is run.sh's
# 200 canvases in 8 repositories, planned through the queue with 1, 2 and 4 workers, by a stand-in
# for terraform that waits 100 ms: what the queue and the workers add, and how they share out work.
. "$TOP/tests/bench/lib_serve.sh"

queue_repositories=8 queue_canvases=25
mkdir -p "$work/queue/bin"
ln -s "$BENCH/wait_terraform" "$work/queue/bin/terraform"

# One canvas at a time in each repository, so that the number of workers is what counts.
queue_repository() {
	local dir=$1 n
	mkdir -p "$dir/roles" "$dir/canvases"
	printf '%s\n' 'apiVersion: trueup/v1' 'kind: Config' 'spec: {parallel: 1}' >"$dir/trueup.yaml"
	printf '%s\n' 'apiVersion: trueup/v1' 'kind: Role' 'metadata: {name: team}' \
		'spec: {account: "123456789012", region: eu-central-1, permissions: {deploy: true},' \
		'  allowedServices: [SNS]}' >"$dir/roles/team.yaml"
	for ((n = 0; n < queue_canvases; n++)); do
		printf '%s\n' 'apiVersion: trueup/v1' 'kind: Canvas' "metadata: {name: c$2-$n}" \
			'spec: {role: team, network: none,' \
			'  nodes: [{id: a, data: {resourceType: SNS}}]}' >"$dir/canvases/c$n.yaml"
	done
	git -C "$dir" init -q -b main
	git -C "$dir" add -A
	git -C "$dir" commit -qm one
}

queue_run() {
	local n lines=()
	rm -rf "$work/queue/repos" "$work/queue/data"
	for ((n = 0; n < queue_repositories; n++)); do
		queue_repository "$work/queue/repos/r$n" "$n"
		lines+=("- {name: r$n, path: $work/queue/repos/r$n}")
	done
	workers=$1 write_server "$work/queue.yaml" "$work/queue/data" "${lines[@]}"
	local begin
	begin=$(date +%s%N)
	PATH=$work/queue/bin:$PATH server_start "$work/queue.yaml"
	server_wait 'reconcile of branch done' "$queue_repositories"
	queue_ms=$((($(date +%s%N) - begin) / 1000000))
	server_stop
}

queue_run 1
queue_one=$queue_ms
queue_run 2
queue_two=$queue_ms
queue_run 4
queue_four=$queue_ms
row '200 canvases planned through the queue, 1 worker' \
	"$(awk -v t="$queue_one" 'BEGIN {printf "%.1f s", t / 1000}')" '' 'for comparison'
row 'the same, 2 workers' "$(ratio "$queue_one" "$queue_two") × as fast" 'at least 1.7 ×' \
	"$(at_most "$(awk -v t="$queue_two" 'BEGIN {print t * 1.7}')" "$queue_one")"
row 'the same, 4 workers' "$(ratio "$queue_one" "$queue_four") × as fast" \
	'more with more processors' 'for comparison'
