#!/bin/bash
# Protects: a server and a forge: a webhook becomes statuses and one comment with the plan, a
# comment becomes an applied plan, and a lost webhook is made up for by polling.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-forge.sh"
. "$TOP/tests/e2e/lib-serve.sh"
. "$TOP/tests/e2e/lib-runs.sh"
fake_terraform "$TRASH"
forge_start
printf 'hook-secret\n' >secret && printf 'test-token\n' >token && chmod 600 secret token

# served NAME: lines of a repository behind a URL, with the fake forge.
served() {
	printf '%s\n' "- name: $1" "  url: \"file://$TRASH/$1.git\"" \
		"  forge: {kind: github, baseUrl: \"$FORGE\", repository: octo/shop," \
		"          token: {fromFile: $TRASH/token}}" \
		"  webhook: {secret: {fromFile: $TRASH/secret}}"
}
address() {
	sed -n 's|.*listening at ||p' "$TRASH/serve.log" | sed -n "$1p"
}
tell() { # pull|comment ID ACTION JSON
	printf '%s' "$4" | python3 "$TOP/tests/tools/webhook.py" "$1" github "$HOOKS/hooks/shop" \
		hook-secret "$2" "$3"
}
tell_pull() { # ID ACTION NUMBER HEAD
	tell pull "$1" "$2" "{\"repo\": \"octo/shop\", \"number\": $3, \"head\": \"$4\",
		\"base\": \"$(git -C shop rev-parse main)\"}"
}
tell_comment() { # ID COMMENT NUMBER BODY
	tell comment "$1" created "{\"repo\": \"octo/shop\", \"id\": $2, \"pull\": $3,
		\"body\": \"$4\"}"
}
status_is() { # SHA CONTEXT STATE
	[ "$(forge_state "([x['state'] for x in s['statuses'].get('$1', [])
		if x['context'] == '$2'] or [''])[-1]")" = "$3" ]
}
# comments PULL EXPRESSION: over c, the bodies of the comments with its plan; there is to be one.
comments() {
	forge_state "(lambda c: $2)([x['body'] for x in s['comments'].values()
		if x['pull'] == $1 and 'plan' in x['body'].split('\n')[0]])"
}
comment_says() { # PULL TEXT: the only one
	[ "$(comments "$1" "len(c) == 1 and '$2' in c[0]")" = true ]
}

test_expect_success 'a pull request is previewed and planned: statuses and one comment' '
	new_repo shop && topics_role shop && topics shop orders "new paid" &&
	printf "%s\n" "apiVersion: trueup/v1" "kind: Config" \
		"spec: {apply: auto, pullRequests: {apply: before, require: {approved: false," \
		"  mergeable: false, upToDate: false}}}" >shop/trueup.yaml &&
	commit_all shop one && git clone -q --bare shop shop.git &&
	write_server server.yaml "poll: {every: 0s}" "listen: {webhooks: \"127.0.0.1:0\"}" -- \
		"$(served shop | sed "2,\$s/^/  /")" &&
	serve_start server.yaml && HOOKS=$(address 1) && wait_until settled data/repos/shop.git &&
	git -C shop switch -q -c topic && topics shop orders "new paid more" &&
	commit_all shop two && head=$(git -C shop rev-parse HEAD) && git -C shop switch -q main &&
	git -C shop push -q ../shop.git topic topic:refs/pull/7/head &&
	forge_set "{\"pulls\": {\"7\": {\"number\": 7, \"head\": \"$head\", \"author\": \"alice\"}},
		\"permissions\": {\"alice\": \"write\"}}" &&
	is "$(tell_pull p-1 opened 7 "$head")" 202 &&
	wait_until status_is "$head" trueup/validate success &&
	wait_until status_is "$head" trueup/plan success &&
	wait_until comment_says 7 "update | +1" && is "$(comments 7 "len(c)")" 1
'

test_expect_success 'the same webhook again changes nothing' '
	is "$(tell_pull p-1 opened 7 "$head")" 200 && is "$(comments 7 "len(c)")" 1
'

test_expect_success 'a newer head is planned in its place, in the same comment' '
	git -C shop switch -q topic && topics shop orders "new paid more urgent" &&
	commit_all shop three && head=$(git -C shop rev-parse HEAD) && git -C shop switch -q main &&
	git -C shop push -q -f ../shop.git topic topic:refs/pull/7/head &&
	forge_set "{\"pulls\": {\"7\": {\"head\": \"$head\"}}}" &&
	is "$(tell_pull p-2 synchronized 7 "$head")" 202 &&
	wait_until status_is "$head" trueup/plan success &&
	wait_until comment_says 7 "$(git -C shop rev-parse --short=7 topic)"
'

test_expect_success 'a comment applies what was shown, and is answered once' '
	is "$(tell_comment c-1 501 7 "trueup apply")" 202 &&
	wait_until test -e "$FAKE/cloud/orders.aws_sns_topic.urgent" &&
	wait_until status_is "$head" trueup/apply success && applies=$(fake_runs apply orders) &&
	is "$(tell_comment c-2 501 7 "trueup apply")" 202 &&
	wait_until serve_says "command of pull/7 done" 2 && is "$(fake_runs apply orders)" "$applies"
'

test_expect_success 'after the merge there is nothing left to apply' '
	git -C shop merge -q --no-edit topic && git -C shop push -q ../shop.git main &&
	forge_set "{\"pulls\": {\"7\": {\"state\": \"merged\",
		\"merge_sha\": \"$(git -C shop rev-parse main)\"}}}" &&
	is "$(tell_pull p-3 merged 7 "$head")" 202 &&
	wait_until settled data/repos/shop.git && is "$(fake_runs apply orders)" "$applies"
'

test_expect_success 'polling finds a pull request whose webhook was lost' '
	git -C shop switch -q -c second && topics shop other "x" && commit_all shop four &&
	head=$(git -C shop rev-parse HEAD) && git -C shop switch -q main &&
	git -C shop push -q ../shop.git second second:refs/pull/8/head &&
	forge_set "{\"pulls\": {\"8\": {\"number\": 8, \"head\": \"$head\", \"head_ref\": \"second\",
		\"author\": \"alice\"}}}" &&
	sed -i "s/every: 0s/every: 200ms, jitter: 0s/" server.yaml && kill -HUP "$SERVER" &&
	wait_until status_is "$head" trueup/plan success && wait_until comment_says 8 canvas/other
'

# reply COMMENT EXPRESSION: over c, the bodies of the answers to a comment.
reply() {
	forge_state "(lambda c: $2)([x['body'] for x in s['comments'].values()
		if 'reply_$1:' in x['body'].split('\n')[0]])"
}
answered() {
	[ "$(reply "$1" "len(c)")" = 1 ]
}
# comment_of ID BODY MADE CHANGED: JSON of a comment on 8 that no webhook tells of, with its times.
comment_of() {
	printf '"%s": {"id": %s, "pull": 8, "author": "alice", "body": "%s",
		"created_at": "%s", "updated_at": "%s"}' "$1" "$@"
}

test_expect_success 'polling does not try one again that fails, until it has another head' '
	forge_set "{\"pulls\": {\"9\": {\"number\": 9, \"author\": \"alice\",
		\"head\": \"$(printf %040d 1)\"}}}" &&
	serve_fails "preview of pull/9" 1 &&
	forge_set "{\"pulls\": {\"9\": {\"head\": \"$(printf %040d 2)\"}}}" &&
	serve_fails "preview of pull/9" 2 &&
	forge_set "{\"pulls\": {\"9\": {\"state\": \"closed\"}}}"
'

# Anybody who may write can edit: what is polled is asked for by its author only as it was written.
test_expect_success 'polling finds a comment whose webhook was lost, and none that was edited' '
	made=$(date -u +%FT%TZ) && later=$(date -u -d "1 minute" +%FT%TZ) &&
	forge_set "{\"pulls\": {\"8\": {\"updated_at\": \"$later\"}}, \"comments\": {
		$(comment_of 604 "trueup help" "$made" "$later"),
		$(comment_of 605 "trueup help" "$made" "$made")}}" &&
	wait_until answered 605 && is "$(reply 604 "len(c)")" 0 && serve_stop
'

asked() { # ID NUMBER BODY
	forge_set "{\"comments\": {\"$1\": {\"id\": $1, \"pull\": $2, \"author\": \"alice\",
		\"body\": \"$3\"}}}" && is "$(tell_comment "asked-$1" "$@")" 202
}

test_expect_success 'what a forge refused for good is delivered again after a reload' '
	serve_start server.yaml && HOOKS=$(address 1) && wait_until settled data/repos/shop.git &&
	forge_fault "{\"match\": \"POST .*/issues/8/comments\", \"status\": 422,
		\"body\": \"{}\"}" && asked 601 8 "trueup help" &&
	wait_until serve_says "reply/8/601 was not delivered and is given up" &&
	is "$(reply 601 "len(c)")" 0 && kill -HUP "$SERVER" && wait_until answered 601 &&
	serve_says "tries again what was given up: 1 delivery" &&
	like "$(reply 601 "c[0]")" "trueup apply"
'

runs() {
	python3 - "$TRASH/data/repos/shop.git/trueup/trueup.db" <<-'PY'
	import sqlite3, sys
	db = sqlite3.connect(sys.argv[1], timeout=30)
	print(db.execute("SELECT count(*) FROM runs WHERE object_key = 'run/hello'"
	                 " AND state = 'done'").fetchone()[0])
	PY
}
if have_zsh; then
	test_expect_success 'a comment runs a Run of the base branch, once' '
		put_runbook shop Hello <<-\END && put_run shop hello Hello "env: {WHO: world}" &&
			echo "hello $WHO"
		END
		commit_all shop run && git -C shop push -q ../shop.git main &&
		wait_until eval "[ \$(runs) = 1 ]" && asked 602 8 "trueup run hello" &&
		wait_until answered 602 && like "$(reply 602 "c[0]")" "hello.* applied, exit code 0" &&
		is "$(runs)" 2 && asked 603 8 "trueup run nothing" && wait_until answered 603 &&
		like "$(reply 603 "c[0]")" "there is no run.*nothing" && is "$(runs)" 2
	'
else
	skip 'a comment runs a Run of the base branch, once' 'zsh is not installed'
fi
serve_stop

test_done
