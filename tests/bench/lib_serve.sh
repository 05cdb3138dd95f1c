# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what is shared with the rows and run.sh
# For rows about the server: servers in the background, and what they cost. Sourced by such rows.

server_pid=
# server_start CONFIG: in the background; its log is $work/server.log.
server_start() {
	: >"$work/server.log"
	"$TRUEUP" serve --config "$1" 2>"$work/server.log" &
	server_pid=$!
	running["$server_pid"]=server
	until grep -q 'trueup serves' "$work/server.log"; do
		kill -0 "$server_pid" || {
			cat "$work/server.log" >&2
			return 1
		}
		read -rt 0.01 <> <(:) || :
	done
}
server_stop() {
	kill -TERM "$server_pid"
	ended "$server_pid"
	server_pid=
}
# server_wait REGEX COUNT: until that many lines of the log match.
server_wait() {
	until [ "$(grep -Ec -- "$1" "$work/server.log")" -ge "$2" ]; do
		read -rt 0.01 <> <(:) || :
	done
}
# Of its own, without workers: resident KiB, and clock ticks of processor time so far.
server_resident() {
	awk '/^VmRSS/ {print $2}' "/proc/$server_pid/status"
}
server_ticks() {
	sed 's/.*) //' "/proc/$server_pid/stat" | awk '{print $12 + $13}'
}
# write_server FILE DATA REPOSITORY-LINE...: nothing is polled.
write_server() {
	local file=$1 data=$2 line default='  timeouts: {stop: 20s}'
	shift 2
	{
		printf '%s\n' 'apiVersion: trueup/v1' 'kind: Server' 'spec:' "  dataDir: $data" \
			'  poll: {every: 0s}' "  workers: ${workers-4}" "${listen-$default}" \
			'  repositories:'
		for line; do
			echo "  $line"
		done
	} >"$file"
}
