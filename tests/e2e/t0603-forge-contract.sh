#!/bin/bash
# Protects: what is asked of GitHub is what GitHub documents, and the fake forge of the other tests
# answers as GitHub would: both are held against its published OpenAPI description, by Prism.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-forge.sh"

npm=$TOP/build/npm
spec=$npm/node_modules/@octokit/openapi/generated/api.github.com.json
[ -e "$npm/installed" ] || skip_all 'npm packages are not installed: .make/setup-npm.sh'
command -v node >/dev/null || skip_all 'node is not installed'
forge_start

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# prism LOG MODE [UPSTREAM]: starts it and sets PRISM; reading the description takes a while.
prism() {
	local log=$1 mode=$2 port tries
	shift 2
	port=$(free_port)
	# Quiet, since every line of its log would be a write.
	node "$npm/node_modules/@stoplight/prism-cli/dist/index.js" "$mode" -h 127.0.0.1 \
		-p "$port" "$spec" "$@" >"$log" 2>&1 &
	prism_pid=$!
	at_exit "kill $prism_pid 2>/dev/null; wait $prism_pid 2>/dev/null"
	for tries in 1 2 3 4 5; do
		wait_until grep -q 'Prism is listening' "$log" && break
		[ "$tries" != 5 ] || return 1
	done
	PRISM=http://127.0.0.1:$port/
}

export FORGE_TIMEOUT=60000
HEAD=$(printf '%040d' 1 | tr 0 a)
github() {
	"$tool" call github "$PRISM" octo/shop test-token "$@"
}

every_call() {
	github login && github status "$HEAD" "trueup/plan: canvas/shop" pending "planning 1 of 2" &&
	github statuses "$HEAD" && github comments 1 0 && github comments 1 1700000000000 &&
	id=$(echo '### plan' | github comment 1) && echo '### more' | github update 1 "$id" &&
	github react 1 "$id" eyes && github delete 1 "$id" &&
	github pull 1 && github pulls && github changed 1700000000000 && github approvals 1 &&
	github behind main topic && github permission alice
}

test_expect_success 'GitHub by its description takes every request, and its answers are read' '
	prism "$TRASH/mock" mock && every_call >out && cat out &&
	grep "^octocat$" out && grep "^pull [0-9]* open .* head [0-9a-f]* " out &&
	grep "^comment 1 by octocat" out &&
	! grep -E "Violation|Request terminated with error" "$TRASH/mock"
'

test_expect_success 'a request that is wrong is noticed' '
	echo "{\"state\": \"mauve\"}" >body &&
	curl -s -o answer -w "%{http_code}" --noproxy "*" -H "Content-Type: application/json" \
		--data @body "${PRISM}repos/octo/shop/statuses/$HEAD" | grep 422
'
kill "$prism_pid" 2>/dev/null

test_expect_success 'the fake forge answers by the description' '
	forge_set "{\"pulls\": {\"1\": {\"number\": 1, \"head\": \"$HEAD\"}},
		\"reviews\": {\"1\": [{\"author\": \"bob\", \"state\": \"APPROVED\", \"sha\": \"$HEAD\"}]},
		\"permissions\": {\"alice\": \"admin\"}}" &&
	prism "$TRASH/proxy" proxy "$FORGE" && every_call >out && cat out &&
	grep "^bob approved" out &&
	# Of what it leaves out nothing is read; what it has must be as it should be.
	grep Violation "$TRASH/proxy" | grep -v "must have required property" >wrong; cat wrong;
	[ ! -s wrong ] && grep "must have required property" "$TRASH/proxy" | grep -c . &&
	! grep -E "Violation: request" "$TRASH/proxy"
'

test_done
