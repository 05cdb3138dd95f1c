# shellcheck shell=bash
# For tests of `trueup serve`. Source it after lib.sh:
#
#	. "$(dirname "$0")/lib.sh"
#	. "$TOP/tests/e2e/lib-serve.sh"
#	write_server FILE "LINE below spec:"... -- "LINE of repositories"...
#	serve_start FILE      # in the background; SERVER is its pid, serve.log its log
#	serve_stop            # SIGTERM, and waits for its end: its exit code
#	queue_due DIR KIND    # time passes: what waits for a later time is due now
. "$TOP/tests/e2e/lib-runs.sh"

SERVER=

# The folder of the server's data is data/ in the test's folder.
write_server() {
	local file=$1 line
	shift
	{
		printf '%s\n' 'apiVersion: trueup/v1' 'kind: Server' 'spec:' "  dataDir: $TRASH/data"
		while [ $# -gt 0 ] && [ "$1" != -- ]; do
			echo "  $1"
			shift
		done
		shift
		echo '  repositories:'
		for line; do
			echo "  $line"
		done
	} >"$file"
}

serve_start() {
	[ -z "$SERVER" ] || serve_kill # of a test that failed
	: >"$TRASH/serve.log"
	"$TRUEUP" serve --config "$1" 2>>"$TRASH/serve.log" &
	SERVER=$!
	wait_until serve_is_up
}

serve_is_up() {
	grep -q 'trueup serves' "$TRASH/serve.log"
}

serve_stop() {
	local rc=0
	kill -TERM "$SERVER" && wait "$SERVER" || rc=$?
	SERVER=
	return "$rc"
}

# kill -9, and the end of it.
serve_kill() {
	kill -KILL "$SERVER"
	wait "$SERVER" 2>/dev/null
	SERVER=
}

# serve_says REGEX [COUNT]: is it in the log, that many times?
serve_says() {
	[ "$(grep -Ec -- "$1" "$TRASH/serve.log")" -ge "${2-1}" ]
}

# serve_fails WHAT COUNT: WHAT has failed for the first time that often, and polling, which went on
# a while since, has not made it more.
serve_fails() {
	local first="$1 failed, attempt 1:"
	wait_until serve_says "$first" "$2" &&
		wait_until serve_says "fetch done" $(($(grep -c "fetch done" "$TRASH/serve.log") + 3)) &&
		is "$(grep -c "$first" "$TRASH/serve.log")" "$2"
}

# The test failed or was interrupted: nothing is left behind.
serve_end() {
	[ -z "$SERVER" ] || serve_kill
}
at_exit serve_end

# settled DIR [STATE]: every object of the repository is applied at its newest commit.
settled() {
	local commit phases
	commit=$(git -C "$1" rev-parse --short=7 HEAD) || return 1
	phases=$("$TRUEUP" -C "$1" status) || return 1
	printf '%s\n' "$phases" | head -n 1 | grep -q "$commit" &&
		! printf '%s\n' "$phases" | grep '^  ' | grep -qv ' applied '
}

# gives TEXT COMMAND...: does it print just that?
gives() {
	local text=$1
	shift
	[ "$("$@")" = "$text" ]
}

# queue_of DIR KIND COLUMNS: of the request of this kind that waits (not_before, attempts, ...).
queue_of() {
	store_sql "$1" "SELECT $3 FROM queue WHERE kind = '$2' AND state = 'queued'"
}

# queue_due DIR KIND: the request that waits for a later time is due now. Fails where none waits.
queue_due() {
	[ -n "$(store_sql "$1" "UPDATE queue SET not_before = 1 WHERE kind = '$2' AND state = 'queued'
		AND not_before > $(($(date +%s%N) / 1000000)) RETURNING id")" ] &&
		touch "$1/.git/trueup/wake"
}
