#!/bin/bash
# Protects: what is asked of GitHub, GitLab and Gitea, what their answers mean, and what their
# failures mean: every call, in the shape of each forge, against a fake one that keeps state.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-forge.sh"
forge_start

HEAD=$(printf '%040d' 1 | tr 0 a)
forge_set '{"pulls": {
	"1": {"number": 1, "head": "'"$HEAD"'", "author": "alice", "updated_at": "2026-11-22T08:00:00Z"},
	"2": {"number": 2, "head": "'"$HEAD"'", "head_repo": "mallory/shop", "mergeable": false,
		"updated_at": "2026-11-22T09:00:00Z"},
	"3": {"number": 3, "head": "'"$HEAD"'", "state": "merged", "merge_sha": "'"$HEAD"'",
		"updated_at": "2026-11-22T07:00:00Z"}},
	"users": {"alice": 11, "bob": 12, "eve": 13},
	"permissions": {"alice": "admin", "bob": "write", "rob": "read"},
	"reviews": {"1": [{"author": "bob", "state": "COMMENTED", "sha": "'"$HEAD"'"},
		{"author": "alice", "state": "CHANGES_REQUESTED", "sha": "'"$HEAD"'"},
		{"author": "bob", "state": "APPROVED", "sha": "'"$HEAD"'"}]},
	"behind": {"main...topic": 7}}'

for kind in github gitlab gitea; do
	test_expect_success "$kind: sets statuses and lists the newest of each context" '
		forge $kind status "$HEAD" "trueup/plan $kind" pending "planning 1 of 2" &&
		forge $kind status "$HEAD" "trueup/plan $kind" failure "1 failed" &&
		forge $kind status "$HEAD" "trueup/apply $kind" success "" &&
		forge $kind statuses "$HEAD" | grep $kind | sort >out &&
		printf "%s\n" "trueup/apply $kind success " "trueup/plan $kind failure 1 failed" >expect &&
		diff expect out
	'

	test_expect_success "$kind: cuts a long description at a border of characters" '
		long=$(printf "ä%.0s" $(seq 200)) &&
		forge $kind status "$HEAD" "long $kind" success "$long" &&
		forge_state "[x[\"description\"] for x in s[\"statuses\"][\"$HEAD\"]
			if x[\"context\"] == \"long $kind\"][0]" >out &&
		[ "$(wc -m <out)" = 141 ] && grep "ä…$" out
	'

	test_expect_success "$kind: makes, changes, lists and removes comments" '
		id=$(echo "first" | forge $kind comment 1) &&
		forge $kind comments 1 0 | grep "comment $id by trueup-bot, 6 bytes\$" &&
		echo "changed" | forge $kind update 1 "$id" &&
		[ "$(forge_state "s[\"comments\"][\"$id\"][\"body\"]")" = changed ] &&
		forge $kind comments 1 0 | grep "comment $id by trueup-bot, .* bytes, edited\$" &&
		forge $kind delete 1 "$id" &&
		forge $kind delete 1 "$id" &&
		[ "$(forge_state "\"$id\" in s[\"comments\"]")" = false ] &&
		echo "gone" >body && expect_exit 1 forge $kind update 1 "$id" <body
	'

	test_expect_success "$kind: reads many comments page by page" '
		python3 -c "
import json
print(json.dumps({\"comments\": {str(n): {\"id\": n, \"pull\": 1, \"author\": \"carol\",
	\"body\": \"c\"} for n in range(1, 131)}}))" >many &&
		forge_set "$(cat many)" &&
		[ "$(forge $kind comments 1 0 | wc -l)" = 130 ] &&
		forge_set "{\"comments\": null}" && forge_set "{\"comments\": {}}"
	'

	test_expect_success "$kind: a reaction that is there already is fine" '
		id=$(echo "x" | forge $kind comment 1) &&
		forge $kind react 1 "$id" eyes && forge $kind react 1 "$id" eyes &&
		[ "$(forge_state "sum(r[\"comment\"] == $id for r in s[\"reactions\"])")" = 1 ] &&
		forge $kind delete 1 "$id"
	'

	test_expect_success "$kind: reads pull requests" '
		forge $kind pull 1 >out && cat out &&
		grep "pull 1 open own head $HEAD base main mergeable yes author alice" out &&
		forge $kind pull 2 | grep "pull 2 open fork .* mergeable no" &&
		forge $kind pull 3 | grep "pull 3 merged own .* merged" &&
		forge $kind pulls | sed "s/ [a-z]* own.*\| [a-z]* fork.*//" >out &&
		printf "pull %s\n" 2 1 >expect && diff expect out &&
		expect_exit 1 forge $kind pull 99 2>err && grep "^not-found: 127.0.0.1:.*404" err
	'

	test_expect_success "$kind: who approved, and who asked for changes" '
		forge $kind approvals 1 | sort >out && cat out &&
		grep "^alice changes" out && grep "^bob approved" out && [ "$(wc -l <out)" = 2 ]
	'

	test_expect_success "$kind: how far a branch is behind" '
		[ "$(forge $kind behind main topic)" = 7 ] && [ "$(forge $kind behind main other)" = 0 ]
	'

	test_expect_success "$kind: what an account may do" '
		[ "$(forge $kind permission alice)" = admin ] &&
		[ "$(forge $kind permission bob)" = write ] &&
		[ "$(forge $kind permission eve)" = none ] &&
		[ "$(forge $kind permission "no/body")" = none ]
	'

	test_expect_success "$kind: whose the credential is" '
		[ "$(forge $kind login)" = trueup-bot ]
	'

	test_expect_success "$kind: a refused credential is said without showing it" '
		FORGE_TOKEN=s3cret-t0ken expect_exit 1 forge $kind pull 1 2>err && cat err &&
		grep "^denied: .*401.*put a new one" err && ! grep s3cret err
	'

	test_expect_success "$kind: half an answer, none, and a wrong one are no answer" '
		forge_fault "{\"match\": \"GET\", \"status\": 200, \"cut\": true,
			\"body\": \"{\\\"iid\\\": 1, \"}" &&
		expect_exit 1 forge $kind pull 1 2>err && cat err && grep "^unavailable" err &&
		forge_fault "{\"match\": \"GET\", \"close\": true}" &&
		expect_exit 1 forge $kind pull 1 2>err && grep "^unavailable" err &&
		forge_fault "{\"match\": \"GET\", \"status\": 200, \"body\": \"<html>\"}" &&
		expect_exit 1 forge $kind pull 1 2>err && grep "^corrupt: .*not JSON" err &&
		forge_fault "{\"match\": \"GET\", \"status\": 200, \"body\": \"[]\"}" &&
		expect_exit 1 forge $kind pull 1 2>err && grep "^corrupt" err
	'

	test_expect_success "$kind: an error page is one harmless line" '
		forge_fault "{\"match\": \"GET\", \"status\": 503,
			\"body\": \"<h1>\\u001b[31mDown\\n\\nfor\\tnow</h1>\"}" &&
		expect_exit 1 forge $kind pull 1 2>err && cat -A err &&
		grep "^unavailable: .*503" err && [ "$(wc -l <err)" = 1 ] && ! grep "$(printf "\033")" err
	'
done

test_expect_success 'gitlab: a state that stands already is success, one that cannot be is not' '
	forge gitlab status "$HEAD" again pending x && forge gitlab status "$HEAD" again pending x &&
	forge_requests "POST .*/statuses/.* 400" | grep 400 &&
	is "$(forge gitlab statuses "$HEAD" | grep again)" "again pending x" &&
	forge_fault "{\"match\": \"POST\", \"status\": 400,
		\"body\": \"{\\\"message\\\": \\\"Cannot transition status via :run from :success\\\"}\"}" &&
	expect_exit 1 forge gitlab status "$HEAD" again success y 2>err && grep "^invalid.*transition" err
'

test_expect_success 'gitlab: what a pending status says can change once, and with its end' '
	said() {
		forge_state "[(x[\"state\"], x[\"description\"]) for x in s[\"statuses\"][\"$HEAD\"]
			if x[\"context\"] == \"words\"]"
	}
	forge gitlab status "$HEAD" words pending one && forge gitlab status "$HEAD" words pending two &&
	forge gitlab status "$HEAD" words pending three &&
	forge gitlab status "$HEAD" words success done && forge gitlab status "$HEAD" words success so &&
	said | tr -d "\" []" >out && is "$(cat out)" "pending,one,running,two,success,done,success,so" &&
	forge gitlab status "$HEAD" words pending again &&
	is "$(forge gitlab statuses "$HEAD" | grep words)" "words pending again"
'

test_expect_success 'reads an answer that is too long in smaller pages' '
	python3 -c "
import json
print(json.dumps({\"comments\": {str(n): {\"id\": n, \"pull\": 1, \"author\": \"carol\",
	\"body\": \"\u00e4\" * 65000} for n in range(1, 61)}}))" >many &&
	forge_reset && python3 - "$FORGE/_/state" many <<-\PY &&
	import sys, urllib.request
	urllib.request.urlopen(sys.argv[1], open(sys.argv[2], "rb").read())
	PY
	[ "$(forge github comments 1 0 | wc -l)" = 60 ] &&
	forge_requests "per_page=10" | grep "page=1 " &&
	forge_set "{\"comments\": null}" && forge_set "{\"comments\": {}}"
'

if command -v openssl >/dev/null; then
	openssl genrsa -out "$TRASH/key.pem" 2048 2>/dev/null
	app() {
		"$tool" call github "$(url_of github)" octo/shop "app:12345:$TRASH/key.pem" "$@"
	}
	test_expect_success 'github: an App signs in, and again when its token is refused' '
		forge_reset && [ "$(app login)" = "trueup-app[bot]" ] &&
		app status "$HEAD" app pending x && [ "$(forge_state "s[\"app\"][\"made\"]")" = 1 ] &&
		forge_fault "{\"match\": \"POST .*statuses\", \"status\": 401}" &&
		app status "$HEAD" app success x && [ "$(forge_state "s[\"app\"][\"made\"]")" = 3 ] &&
		app statuses "$HEAD" | grep "app success" &&
		id=$(echo x | app comment 1) && app comments 1 0 | grep "by trueup-app\[bot\]"
	'
else
	skip 'github: an App signs in, and again when its token is refused' 'no openssl'
fi

test_expect_success 'refuses to be configured so that a credential would leak' '
	expect_exit 1 "$tool" call github http://git.example.com octo/shop t login 2>err &&
	grep "in clear: use https://" err &&
	expect_exit 1 "$tool" call github https://user:pw@git.example.com octo/shop t login 2>err &&
	! grep pw err &&
	expect_exit 1 "$tool" call github "$FORGE" octo/../shop t login 2>err && grep OWNER/NAME err &&
	expect_exit 1 "$tool" call gitea "$FORGE" octo/shop "s3 cret" login 2>err && ! grep s3 err
'

test_done
