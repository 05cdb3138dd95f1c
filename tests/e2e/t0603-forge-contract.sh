#!/bin/bash
# Protects: what is asked of GitHub is what GitHub documents, and the fake forge of the other tests
# answers as GitHub would: both are held against its published OpenAPI description, by Prism.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-forge.sh"

npm=$TOP/build/npm
spec=$npm/node_modules/@octokit/openapi/generated/api.github.com.json
[ -e "$npm/installed" ] || skip_all 'npm packages are not installed: .make/setup-npm.sh'
command -v node >/dev/null || skip_all 'node is not installed'
forge_start

# Of 800 paths those that are asked for, and what they refer to: that is read in seconds.
node - "$spec" "$TRASH/github.json" <<'JS'
const fs = require("fs");
const [, , from, to] = process.argv;
const spec = JSON.parse(fs.readFileSync(from));
const repo = "/repos/{owner}/{repo}";
const wanted = ["/user", "/app", "/app/installations/{installation_id}/access_tokens",
	repo + "/installation", repo + "/statuses/{sha}", repo + "/commits/{ref}/status",
	repo + "/issues/{issue_number}/comments", repo + "/issues/comments/{comment_id}",
	repo + "/issues/comments/{comment_id}/reactions", repo + "/pulls",
	repo + "/pulls/{pull_number}", repo + "/pulls/{pull_number}/reviews",
	repo + "/compare/{basehead}", repo + "/collaborators/{username}/permission"];
const out = { openapi: spec.openapi, info: spec.info, paths: {}, components: {} };
const follow = (value) => {
	if (value === null || typeof value !== "object") return;
	const match = /^#\/components\/([^/]+)\/(.+)$/.exec(value.$ref || "");
	if (match && !(out.components[match[1]] || {})[match[2]]) {
		const target = spec.components[match[1]][match[2]];
		(out.components[match[1]] ??= {})[match[2]] = target;
		follow(target);
	}
	Object.values(value).forEach(follow);
};
for (const path of wanted) {
	if (!spec.paths[path]) throw new Error("GitHub describes no " + path);
	out.paths[path] = spec.paths[path];
	follow(out.paths[path]);
}
fs.writeFileSync(to, JSON.stringify(out));
JS

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# prism LOG MODE [UPSTREAM]: starts it and sets PRISM.
prism() {
	local log=$1 mode=$2 port
	shift 2
	port=$(free_port)
	node "$npm/node_modules/@stoplight/prism-cli/dist/index.js" "$mode" -h 127.0.0.1 \
		-p "$port" "$TRASH/github.json" "$@" >"$log" 2>&1 &
	prism_pid=$!
	at_exit "kill $prism_pid 2>/dev/null; wait $prism_pid 2>/dev/null"
	wait_until grep -q 'Prism is listening' "$log" || return 1
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
	grep "^octocat$" out && grep -E "^pull 1347 .* head [0-9a-f]{40} base master" out &&
	grep "^comment 1 by octocat" out &&
	! grep -E "Violation: request|Request terminated with error" "$TRASH/mock"
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
	grep Violation "$TRASH/proxy" >all; [ -s all ] && ! grep "Violation: request" all &&
	! grep -vE "must have required property|exactly one schema in oneOf" all
'

test_done
