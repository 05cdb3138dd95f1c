# shellcheck shell=bash
# For tests with a forge: starts tests/tools/fake-forge.py and speaks to it with forge-tool.
#
#	FORGE    URL of the fake forge
#	tool     forge-tool
#	url_of KIND          the API's URL of that kind
#	forge_state PYTHON   prints an expression over its state s, as JSON
#	forge_until PYTHON   waits until it is true
#	forge_set JSON, forge_fault JSON, forge_reset
#	forge_requests [PATTERN]  what was asked of it: "METHOD PATH STATUS", one a line
# shellcheck disable=SC2034 # variables are for the tests
tool=$TOP/${TRUEUP_BUILD:-build/release}/tools/forge-tool
needs_built "$tool" tool-programs
command -v python3 >/dev/null || skip_all 'python3 is not installed'

forge_start() {
	mkdir -p "$TRASH/forge"
	python3 "$TOP/tests/tools/fake-forge.py" serve "$TRASH/forge" 2>"$TRASH/forge/log" &
	forge_pid=$!
	at_exit "kill $forge_pid 2>/dev/null; wait $forge_pid 2>/dev/null"
	wait_until test -s "$TRASH/forge/url" || {
		sed 's/^/# /' "$TRASH/forge/log" # no plan was printed: that is a failure
		exit 1
	}
	FORGE=$(cat "$TRASH/forge/url")
}

url_of() {
	case $1 in
	github) echo "$FORGE/api/v3" ;;
	gitlab) echo "$FORGE/api/v4" ;;
	gitea) echo "$FORGE/api/v1" ;;
	esac
}

# forge_http PATH [BODY]: without a program, for tests ask a thousand times.
forge_http() {
	local LC_ALL=C fd line status at=${FORGE#http://} body=${2-} method=GET
	[ -z "$body" ] || method=POST
	exec {fd}<>"/dev/tcp/${at%:*}/${at#*:}" || return 1
	printf '%s %s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s' "$method" "$1" ${#body} "$body" \
		>&"$fd"
	read -r _ status _ <&"$fd"
	while read -r line <&"$fd" && [ "$line" != $'\r' ]; do :; done
	cat <&"$fd"
	exec {fd}>&-
	[ "$status" = 200 ]
}

forge_set() {
	forge_http /_/state "$1" >/dev/null
}

forge_fault() {
	forge_http /_/fault "$1" >/dev/null
}

forge_reset() {
	forge_http /_/reset '{}' >/dev/null
}

forge_state() {
	forge_http /_/eval "$1" && echo
}

# forge_until PYTHON: waits until the expression is true, at most three minutes.
forge_until() {
	forge_http /_/wait "$1" >/dev/null && return
	echo "waited in vain for: $1" >&2
	return 1
}

forge_requests() {
	python3 -c '
import json, sys
for line in open(sys.argv[1]):
	r = json.loads(line)
	print(r["method"], r["path"], r["status"])' "$TRASH/forge/requests.jsonl" |
		grep -E "${1-.}" || true
}

# forge KIND COMMAND...: a call with the token that the fake forge knows.
forge() {
	local kind=$1
	shift
	"$tool" call "$kind" "$(url_of "$kind")" octo/shop "${FORGE_TOKEN:-test-token}" "$@"
}

# put COMMAND... and deliver KIND: the outbox of $TRASH/state.
put() {
	"$tool" put "$TRASH/state" shop "$@"
}

deliver() {
	"$tool" deliver "$TRASH/state" "$1" "$(url_of "$1")" octo/shop "${FORGE_TOKEN:-test-token}"
}
