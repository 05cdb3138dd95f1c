#!/bin/bash
# Protects: whole lives of pull requests with a server, from the webhook that opens one to drift
# that is healed, end the same however often the server is killed by kill -9 and started again: the
# objects, what exists, the statuses and comments at the forge; and no plan is applied twice.
#
# KILL_POINTS says how often it is killed (make kill-test: 100), KILL_SEED when.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-forge.sh"
. "$TOP/tests/e2e/lib-serve.sh"
. "$TOP/tests/e2e/lib-kill.sh"
kill_setup 10
PER_LIFE=10

W=$TRASH/w
MIRROR=$W/data/repos/shop.git
STORE=$MIRROR/trueup/trueup.db
mkdir "$W" && fake_terraform "$W"
printf 'hook-secret\n' >secret && printf 'test-token\n' >token && chmod 600 secret token

# --- the server, and who kills it ----------------------------------------------------------------

# supervise N...: the server, killed before its N-th call and that of its workers, and started
# again at once; after the last N it is left alone. Without N, what it does is counted.
supervise() {
	local n rc
	for n in "${@:-0}" last; do
		rc=0
		if [ "$n" = last ]; then
			[ $# -gt 0 ] || return 0
			"$TRUEUP" serve --config "$W/server.yaml" || rc=$?
		else
			"$KILL_AT" -a -m -c "$W/count" "$n" "$TRUEUP" serve --config "$W/server.yaml" ||
				rc=$?
		fi
		[ ! -e "$W/stop" ] || return 0
		[ "$rc" = 137 ] && echo "$n" >>"$W/kills" && continue
		echo "the server ended with $rc" >>"$W/ends"
	done
} 2>>"$W/serve.log"

server_pid() {
	sed -n 's/^pid \([0-9]*\),.*/\1/p' "$W/data/lock" 2>/dev/null
}

life_end() {
	touch "$W/stop"
	[ -z "${SUPERVISOR-}" ] || {
		# One that was just started may not have said its pid, or not listen to signals yet.
		wait_until eval 'kill -TERM $(server_pid); ! kill -0 "$SUPERVISOR"'
		wait "$SUPERVISOR" 2>/dev/null
	}
	[ -z "${forge_pid-}" ] || { kill "$forge_pid" && wait "$forge_pid"; } 2>/dev/null
	SUPERVISOR='' forge_pid=''
}
at_exit life_end

# --- what the forge says -------------------------------------------------------------------------

# tell EVENT ID JSON: a signed webhook, again and again until it is accepted.
tell() {
	wait_until python3 - "$W/hooks" "$@" <<-'PY'
	import hashlib, hmac, http.client, socket, sys
	path, event, delivery, body = sys.argv[1:]
	body = body.encode()
	connection = http.client.HTTPConnection("localhost", timeout=30)
	connection.sock = socket.socket(socket.AF_UNIX)
	connection.sock.connect(path)
	connection.request("POST", "/hooks/shop", body, {
	    "X-GitHub-Event": event, "X-GitHub-Delivery": delivery,
	    "Content-Type": "application/json", "X-Hub-Signature-256":
	    "sha256=" + hmac.new(b"hook-secret", body, hashlib.sha256).hexdigest()})
	sys.exit(connection.getresponse().status not in (200, 202))
	PY
}
# tell_pull EVENT ACTION NUMBER: about a pull request as the forge has it.
tell_pull() {
	tell "$1" "$1-$2-$3-$((++deliveries))" "$(forge_state "{'action': '$2', 'number': $3,
		'repository': {'full_name': s['repo']}, 'sender': {'login': 'alice'},
		'pull_request': dict({'number': $3, 'title': 'x', 'draft': False,
			'html_url': 'https://x/$3', 'user': {'login': 'alice'},
			'state': 'open' if s['pulls']['$3']['state'] == 'open' else 'closed',
			'merged': s['pulls']['$3']['state'] == 'merged',
			'updated_at': '2026-11-22T08:01:02Z'}, **{side: {'ref': ref, 'sha': sha,
			'repo': {'full_name': s['repo']}} for side, ref, sha in (
			('head', s['pulls']['$3']['head_ref'], s['pulls']['$3']['head']),
			('base', 'main', '$(git -C "$W/repo" rev-parse main)'))})}")"
}
tell_comment() { # ACTION ID NUMBER BODY
	tell issue_comment "comment-$1-$2" "{\"action\": \"$1\",
		\"repository\": {\"full_name\": \"octo/shop\"}, \"sender\": {\"login\": \"alice\"},
		\"issue\": {\"number\": $3, \"pull_request\": {\"url\": \"https://x/$3\"}},
		\"comment\": {\"id\": $2, \"body\": \"$4\", \"user\": {\"login\": \"alice\"},
			\"created_at\": \"2026-11-22T08:01:02Z\",
			\"updated_at\": \"2026-11-22T08:01:02Z\"}}"
}
# pushed NUMBER BRANCH: what was committed to the branch is pushed, and the pull request's head.
pushed() {
	HEAD=$(git -C "$W/repo" rev-parse "$2") && git -C "$W/repo" switch -q main &&
		git -C "$W/repo" push -q ../shop.git "$2" "$2:refs/pull/$1/head" &&
		forge_set "{\"pulls\": {\"$1\": {\"number\": $1, \"head\": \"$HEAD\",
			\"head_ref\": \"$2\", \"author\": \"alice\", \"state\": \"open\"}}}"
}
# comment ID NUMBER BODY, by alice
comment() {
	forge_set "{\"comments\": {\"$1\": {\"id\": $1, \"pull\": $2, \"author\": \"alice\",
		\"body\": \"$3\"}}}" && tell_comment created "$@"
}
# merged NUMBER BRANCH
merged() {
	git -C "$W/repo" merge -q --no-ff --no-edit "$2" &&
		git -C "$W/repo" push -q ../shop.git main &&
		forge_set "{\"pulls\": {\"$1\": {\"state\": \"merged\",
			\"merge_sha\": \"$(git -C "$W/repo" rev-parse main)\"}}}" &&
		tell_pull pull_request closed "$1"
}

# --- what is waited for --------------------------------------------------------------------------

status_is() { # SHA CONTEXT STATE
	[ "$(forge_state "([x['state'] for x in s['statuses'].get('$1', [])
		if x['context'] == '$2'] or [''])[-1]")" = "$3" ]
}
# The comments of a pull request with its plan: ids.
shown() {
	forge_state "' '.join(str(x['id']) for x in s['comments'].values()
		if x['pull'] == $1 and 'plan' in x['body'].split('\n')[0])"
}
is_answered() { # COMMENT
	[ "$(forge_state "any('reply_$1:' in x['body'].split('\n')[0]
		for x in s['comments'].values())")" = true ]
}
is_closed() { # NUMBER
	trueup -C "$MIRROR" pull list --all -o json >"$W/list.json" && [ "$(json "$W/list.json" \
		"[(p['state'], p['locks']) for p in d['pulls'] if p['number'] == $1]")" = \
		'[["closed", []]]' ]
}
sql() {
	python3 - "$STORE" "$1" <<-'PY'
	import sqlite3, sys
	db = sqlite3.connect(sys.argv[1], timeout=30)
	with db:
	    cursor = db.execute(sys.argv[2])
	    for row in cursor:
	        print("|".join(str(v) for v in row))
	sys.exit(cursor.rowcount == 0)
	PY
}
# Nothing is left to do but what has its time later.
is_quiet() {
	[ "$(sql "SELECT (SELECT count(*) FROM queue WHERE state <> 'queued' OR
		not_before < (unixepoch() + 60) * 1000) +
		(SELECT count(*) FROM outbox WHERE state = 'due')")" = 0 ]
}
at_main() {
	[ "$(git -C "$MIRROR" rev-parse main)" = "$(git -C "$W/repo" rev-parse main)" ] &&
		settled "$MIRROR"
}

# --- the life ------------------------------------------------------------------------------------

begin() { # N...
	life_end
	rm -rf "$W/repo" "$W/shop.git" "$W/data" "$FAKE" "$TRASH/forge" "$W"/{stop,kills,ends,hooks}
	mkdir -p "$FAKE/cloud" && touch "$FAKE/refresh" "$FAKE/interrupts" "$W/kills" "$W/ends"
	deliveries=0
	: >"$W/serve.log"
	forge_start && forge_set '{"permissions": {"alice": "write"}}' &&
		new_repo "$W/repo" && topics_role "$W/repo" && topics "$W/repo" orders "new paid" &&
		topics "$W/repo" old "gone" &&
		printf '%s\n' 'apiVersion: trueup/v1' 'kind: Config' 'spec:' '  apply: auto' \
			'  drift: {every: 2h, heal: true}' \
			'  pullRequests: {apply: before, require: {upToDate: false}}' \
			>"$W/repo/trueup.yaml" &&
		commit_all "$W/repo" one && git clone -q --bare "$W/repo" "$W/shop.git" &&
		write_server "$W/server.yaml" 'poll: {every: 0s}' "listen: {webhooks: \"unix:$W/hooks\"}" \
			-- '- name: shop' "  url: \"file://$W/shop.git\"" \
			"  forge: {kind: github, baseUrl: \"$FORGE\", repository: octo/shop," \
			"          token: {fromFile: $TRASH/token}}" \
			"  webhook: {secret: {fromFile: $TRASH/secret}}" &&
		sed -i "s|dataDir: .*|dataDir: $W/data|" "$W/server.yaml" || return 1
	supervise "$@" &
	SUPERVISOR=$!
	wait_until at_main
}

# Opened, and pushed to while it is planned; applied by a comment once it is approved; merged.
first_pull() {
	touch "$FAKE/hold-plan" && git -C "$W/repo" switch -q -c topic &&
		topics "$W/repo" orders "new paid more" && commit_all "$W/repo" two && pushed 7 topic &&
		tell_pull pull_request opened 7 && wait_until status_is "$HEAD" trueup/validate success &&
		wait_until test -s "$FAKE/planning" && git -C "$W/repo" switch -q topic &&
		topics "$W/repo" orders "new=changed paid more" && rm "$W/repo/canvases/old.yaml" &&
		commit_all "$W/repo" three && pushed 7 topic && tell_pull pull_request synchronize 7 &&
		wait_until status_is "$HEAD" trueup/validate success || return 1
	# The plan of the old commit is stopped, if it was not killed with the server.
	[ -s "$W/kills" ] || wait_until test -s "$FAKE/interrupts" || return 1
	rm "$FAKE/hold-plan" && wait_until status_is "$HEAD" trueup/plan success &&
		comment 501 7 "trueup apply" && wait_until is_answered 501 &&
		is "$(fake_runs apply orders)" 1 &&
		forge_set "{\"reviews\": {\"7\": [{\"author\": \"bob\", \"state\": \"APPROVED\",
			\"sha\": \"$HEAD\"}]}}" && tell_pull pull_request_review submitted 7 &&
		comment 502 7 "trueup apply" && wait_until is_answered 502 &&
		wait_until status_is "$HEAD" trueup/apply success && merged 7 topic &&
		wait_until at_main
}

# Planned; its comment is deleted by somebody and comes again; merged, and the branch applies it.
second_pull() {
	local id
	git -C "$W/repo" switch -q -c news && topics "$W/repo" news "feed" &&
		commit_all "$W/repo" four && pushed 8 news && tell_pull pull_request opened 8 &&
		wait_until status_is "$HEAD" trueup/plan success && wait_until is_quiet &&
		id=$(shown 8) && forge_set "{\"comments\": {\"$id\": null}}" &&
		tell_comment deleted "$id" 8 x && wait_until test -n "\$(shown 8)" &&
		merged 8 news && wait_until at_main &&
		wait_until status_is "$HEAD" trueup/apply success &&
		test -e "$FAKE/cloud/news.aws_sns_topic.feed"
}

# What somebody changes by hand is found at the next look, and undone.
drift() {
	local file=$FAKE/cloud/news.aws_sns_topic.feed
	echo "changed by hand" >"$file"
	wait_until sql "UPDATE queue SET not_before = 1 WHERE kind = 'drift' AND state = 'queued'" &&
		touch "$MIRROR/trueup/wake" && wait_until eval "! grep -q 'by hand' '$file'" &&
		wait_until at_main
}

# Planned, and closed without a merge.
third_pull() {
	git -C "$W/repo" switch -q -c idea && topics "$W/repo" orders "new=changed" &&
		commit_all "$W/repo" five && pushed 9 idea && tell_pull pull_request opened 9 &&
		wait_until status_is "$HEAD" trueup/plan success &&
		forge_set '{"pulls": {"9": {"state": "closed"}}}' &&
		tell_pull pull_request closed 9 && wait_until is_closed 9
}

live() { # N...
	begin "$@" && first_pull && second_pull && drift && third_pull && wait_until is_quiet
}

# What has to be the same however it came about.
end_state() {
	echo "effects:" && sort "$FAKE/effects"
	echo "applies:" && grep '^apply ' "$FAKE/runs" | sort
	echo "cloud:" && (cd "$FAKE/cloud" && sha256sum -- *)
	echo "plans applied twice:"
	sql "SELECT plan_id, count(*) FROM operations WHERE plan_id IS NOT NULL
		AND started_at > 0 GROUP BY plan_id HAVING count(*) > 1"
	echo "objects:"
	sql "SELECT key, phase, applied_digest, seen_digest FROM objects ORDER BY key"
	echo "queue and outbox:"
	sql "SELECT kind, subject, part, state FROM queue ORDER BY 1, 2, 3"
	sql "SELECT key, state FROM outbox WHERE state <> 'done' ORDER BY 1"
	trueup -C "$MIRROR" pull list --all -o json >"$W/list.json" || echo "pull list: $?"
	json "$W/list.json" \
		"[(p['number'], p['state'], p['progress'], p['locks']) for p in d['pulls']]"
	echo "forge:"
	forge_http /_/state | python3 -c '
import json, re, sys
s = json.load(sys.stdin)
for sha in sorted(s["statuses"]):
    for row in sorted({r["context"]: r for r in s["statuses"][sha]}.values(),
                      key=lambda r: r["context"]):
        print(sha[:7], row["context"], row["state"], row["description"])
def plain(text):
    text = re.sub(r"\b[0-9a-hjkmnp-tv-z]{26}\b", "ID", text, flags=re.I)
    text = re.sub(r"sha256:`[0-9a-f]+`", "sha256:X", text)
    return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?|\b[\d.]+ m?s\b", "TIME", text)
for c in sorted(s["comments"].values(), key=lambda c: (c["pull"], c["body"])):
    reactions = sorted(r["content"] for r in s["reactions"] if r["comment"] == c["id"])
    print("#%d" % c["pull"], c["author"], reactions)
    print(plain(c["body"]))
'
}

test_expect_success 'undisturbed, everything ends as it should' '
	live && end_state >wanted && cat wanted && test ! -s "$W/ends" && life_end &&
	cp "$W/count" total && cat total && test "$(cat total)" -gt 1000 &&
	is "$(sed -n "/^plans applied twice/,/^objects/p" wanted | wc -l)" 2 &&
	is "$(grep -c "^apply " wanted)" 6 && grep "^#7 trueup-bot" wanted
'

# One life in which the server is killed at points that are about evenly spread.
try() {
	local points=() i
	for ((i = 0; i < PER_LIFE; i++)); do
		points+=($((1 + (RANDOM * 32768 + RANDOM) % (3 * $(cat "$TRASH/total") / PER_LIFE))))
	done
	live "${points[@]}" || echo "it did not come to its end (killed before ${points[*]})"
	end_state >"$TRASH/end" 2>&1
	life_end
	cat "$W/ends"
	diff "$TRASH/wanted" "$TRASH/end"
}

test_expect_success 'kill -9 of the server, whatever it and its workers are doing' '
	killed=0 bad=0 && while [ "$killed" -lt "$POINTS" ] && [ "$bad" -lt 3 ]; do
		try >why 2>&1
		killed=$((killed + $(wc -l <"$W/kills"))) && test -s "$W/kills" || return 1
		[ -s why ] || continue
		bad=$((bad + 1))
		echo "--- KILL_SEED=$KILL_SEED, after $killed kills"
		cat why && sed "s/^/serve.log: /" "$W/serve.log"
		kill_keep
	done && echo "killed $killed times" && is "$bad" 0
'
test_done
