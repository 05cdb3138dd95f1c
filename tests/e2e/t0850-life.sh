#!/bin/bash
# Protects: whole lives of pull requests with a server, from the webhook that opens one to drift
# that is healed, end the same on each forge, however often the server is killed by kill -9 and
# started again: the objects, what exists, the statuses and comments at the forge; and no plan is
# applied twice.
#
# KILL_POINTS says how often it is killed (make kill-test: 100), KILL_SEED when; LIFE_FORGES where
# it lives (github gitlab gitea).
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-forge.sh"
. "$TOP/tests/e2e/lib-serve.sh"
. "$TOP/tests/e2e/lib-kill.sh"
kill_setup 6
# About as many calls as can be killed at are made by the server and its workers in one life.
CALLS=18000
read -ra FORGES <<<"${LIFE_FORGES:-github gitlab gitea}"

W=$TRASH/w
MIRROR=$W/data/repos/shop.git
STORE=$MIRROR/trueup/trueup.db
mkdir "$W" && fake_terraform "$W"
printf 'hook-secret\n' >secret && printf 'test-token\n' >token && chmod 600 secret token

# --- the server, and who kills it ----------------------------------------------------------------

# supervise N...: the server, killed before its N-th call and that of its workers, and started
# again at once; after the last N it is left alone.
supervise() {
	local n rc
	for n in "$@" last; do
		rc=0
		if [ "$n" = last ]; then
			"$TRUEUP" serve --config "$W/server.yaml" || rc=$?
		else
			"$KILL_AT" -a -m "$n" "$TRUEUP" serve --config "$W/server.yaml" || rc=$?
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

# tell WHAT JSON [ACTION]: a signed webhook, again and again until it is accepted.
tell() {
	deliveries=$((deliveries + 1))
	wait_until tell_once "$@"
}
tell_once() {
	local answer
	answer=$(printf '%s' "$2" | python3 "$TOP/tests/tools/webhook.py" "$1" "$KIND" \
		"unix:$W/hooks shop" hook-secret "$1-$deliveries" ${3+"$3"})
	[ "$answer" = 202 ] || [ "$answer" = 200 ]
}
pull_as_it_is() { # NUMBER
	forge_state "dict(s['pulls']['$1'], repo=s['repo'])"
}
tell_pull() { # ACTION NUMBER
	tell pull "$(pull_as_it_is "$2")" "$1"
}
tell_comment() { # ACTION ID NUMBER BODY
	tell comment "{\"repo\": \"octo/shop\", \"id\": $2, \"pull\": $3, \"body\": \"$4\"}" "$1"
}
# pushed NUMBER BRANCH: what was committed to the branch is pushed, and the pull request's head.
pushed() {
	HEAD=$(git -C "$W/repo" rev-parse "$2") && git -C "$W/repo" switch -q main &&
		git -C "$W/repo" push -q ../shop.git "$2" "$2:refs/$THEIRS/$1/head" &&
		forge_set "{\"pulls\": {\"$1\": {\"number\": $1, \"head\": \"$HEAD\",
			\"head_ref\": \"$2\", \"author\": \"alice\", \"state\": \"open\",
			\"base\": \"$(git -C "$W/repo" rev-parse main)\"}}}"
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
		tell_pull merged "$1"
}

# --- what is waited for --------------------------------------------------------------------------

# status SHA CONTEXT STATE
status() {
	forge_until "([x['state'] for x in s['statuses'].get('$1', [])
		if x['context'] == '$2'] or [''])[-1] == '$3'"
}
# The comments of a pull request with its plan: ids.
shown() { # NUMBER
	echo "[x['id'] for x in s['comments'].values()
		if x['pull'] == $1 and 'plan' in x['body'].split('\n')[0]]"
}
answered() { # COMMENT
	forge_until "any('reply_$1:' in x['body'].split('\n')[0] for x in s['comments'].values())"
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
# sql_until QUERY: until its first row begins with something true.
sql_until() {
	python3 - "$STORE" "$1" <<-'PY'
	import sqlite3, sys, time
	for _ in range(180 * 50):
	    try:
	        db = sqlite3.connect("file:%s?mode=rw" % sys.argv[1], uri=True, timeout=30)
	        if db.execute(sys.argv[2]).fetchone()[0]:
	            sys.exit(0)
	    except (sqlite3.OperationalError, TypeError):
	        pass  # not there yet
	    time.sleep(0.02)
	sys.exit("waited in vain for: " + sys.argv[2])
	PY
}
# Nothing is left to do but what has its time later.
quiet="SELECT (SELECT count(*) FROM queue WHERE state <> 'queued' OR
	not_before < (unixepoch() + 60) * 1000) +
	(SELECT count(*) FROM outbox WHERE state = 'due') = 0"
closed="SELECT NOT EXISTS (SELECT 1 FROM object_locks WHERE pull = 9) FROM pulls
	WHERE number = 9 AND state = 'closed'"
# The branch is reconciled as it is now.
at_main() {
	sql_until "SELECT (SELECT commit_id FROM revisions ORDER BY id DESC LIMIT 1) =
		'$(git -C "$W/repo" rev-parse main)' AND
		NOT EXISTS (SELECT 1 FROM objects WHERE unsettled)" && wait_until settled "$MIRROR"
}

# --- the life ------------------------------------------------------------------------------------

begin() { # N...
	life_end
	rm -rf "$W/repo" "$W/shop.git" "$W/data" "$FAKE" "$TRASH/forge" "$W"/{stop,kills,ends,hooks}
	mkdir -p "$FAKE/cloud" && touch "$FAKE/refresh" "$FAKE/interrupts" "$W/kills" "$W/ends"
	deliveries=0
	: >"$W/serve.log"
	THEIRS=pull
	[ "$KIND" != gitlab ] || THEIRS=merge-requests
	forge_start && forge_set '{"permissions": {"alice": "write", "bob": "write"},
		"users": {"alice": 2, "bob": 3}}' &&
		new_repo "$W/repo" && topics_role "$W/repo" && topics "$W/repo" orders "new paid" &&
		topics "$W/repo" old "gone" &&
		printf '%s\n' 'apiVersion: trueup/v1' 'kind: Config' 'spec:' '  apply: auto' \
			'  drift: {every: 2h, heal: true}' \
			'  pullRequests: {apply: before, require: {upToDate: false}}' \
			>"$W/repo/trueup.yaml" &&
		commit_all "$W/repo" one && git clone -q --bare "$W/repo" "$W/shop.git" &&
		write_server "$W/server.yaml" 'poll: {every: 0s}' "listen: {webhooks: \"unix:$W/hooks\"}" \
			-- '- name: shop' "  url: \"file://$W/shop.git\"" \
			"  forge: {kind: $KIND, baseUrl: \"$(url_of "$KIND")\", repository: octo/shop," \
			"          token: {fromFile: $TRASH/token}}" \
			"  webhook: {secret: {fromFile: $TRASH/secret}}" &&
		sed -i "s|dataDir: .*|dataDir: $W/data|" "$W/server.yaml" || return 1
	supervise "$@" &
	SUPERVISOR=$!
	at_main
}

# Opened, and pushed to while it is planned; applied by a comment once it is approved; merged.
first_pull() {
	touch "$FAKE/hold-plan" && git -C "$W/repo" switch -q -c topic &&
		topics "$W/repo" orders "new paid more" && commit_all "$W/repo" two && pushed 7 topic &&
		tell_pull opened 7 && status "$HEAD" trueup/validate success &&
		wait_until test -s "$FAKE/planning" && git -C "$W/repo" switch -q topic &&
		topics "$W/repo" orders "new=changed paid more" && rm "$W/repo/canvases/old.yaml" &&
		commit_all "$W/repo" three && pushed 7 topic && tell_pull synchronized 7 &&
		status "$HEAD" trueup/validate success || return 1
	# The plan of the old commit is stopped, if it was not killed with the server.
	[ -s "$W/kills" ] || wait_until test -s "$FAKE/interrupts" || return 1
	rm "$FAKE/hold-plan" && status "$HEAD" trueup/plan success &&
		comment 501 7 "trueup apply" && answered 501 &&
		is "$(fake_runs apply orders)" 1 &&
		forge_set "{\"reviews\": {\"7\": [{\"author\": \"bob\", \"state\": \"APPROVED\",
			\"sha\": \"$HEAD\"}]}}" && tell review "$(pull_as_it_is 7)" &&
		comment 502 7 "trueup apply" && answered 502 &&
		status "$HEAD" trueup/apply success && merged 7 topic &&
		at_main
}

# Planned; its comment is deleted by somebody and comes again, at once if the forge tells of it;
# merged, and the branch applies it.
second_pull() {
	local id
	git -C "$W/repo" switch -q -c news && topics "$W/repo" news "feed" &&
		commit_all "$W/repo" four && pushed 8 news && tell_pull opened 8 &&
		status "$HEAD" trueup/plan success && sql_until "$quiet" &&
		id=$(forge_state "$(shown 8)[0]") && forge_set "{\"comments\": {\"$id\": null}}" &&
		if [ "$KIND" != gitlab ]; then
			tell_comment deleted "$id" 8 x && forge_until "$(shown 8)" || return 1
		fi && merged 8 news && at_main &&
		status "$HEAD" trueup/apply success && forge_until "$(shown 8)" &&
		test -e "$FAKE/cloud/news.aws_sns_topic.feed"
}

# What somebody changes by hand is found at the next look, and undone.
drift() {
	local file=$FAKE/cloud/news.aws_sns_topic.feed
	echo "changed by hand" >"$file"
	wait_until sql "UPDATE queue SET not_before = 1 WHERE kind = 'drift' AND state = 'queued'" &&
		touch "$MIRROR/trueup/wake" && wait_until eval "! grep -q 'by hand' '$file'" &&
		at_main
}

# Planned, and closed without a merge.
third_pull() {
	git -C "$W/repo" switch -q -c idea && topics "$W/repo" orders "new=changed" &&
		commit_all "$W/repo" five && pushed 9 idea && tell_pull opened 9 &&
		status "$HEAD" trueup/plan success &&
		forge_set '{"pulls": {"9": {"state": "closed"}}}' &&
		tell_pull closed 9 && sql_until "$closed"
}

live() { # N...
	begin "$@" && first_pull && second_pull && drift && third_pull && sql_until "$quiet"
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
# What ended because nobody works on it any more, and what failed, have other names elsewhere.
WORDS = {"canceled": "error", "failed": "failure"}
for sha in sorted(s["statuses"]):
    for row in sorted({r["context"]: r for r in s["statuses"][sha]}.values(),
                      key=lambda r: r["context"]):
        print(sha[:7], row["context"], WORDS.get(row["state"], row["state"]), row["description"])
def plain(text):
    text = re.sub(r"\b(github|gitlab|gitea):", "FORGE:", text)
    text = re.sub(r"\b[0-9a-hjkmnp-tv-z]{26}\b", "ID", text, flags=re.I)
    text = re.sub(r"sha256:`[0-9a-f]+`", "sha256:X", text)
    return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?|\b[\d.]+ m?s\b", "TIME", text)
for c in sorted(s["comments"].values(), key=lambda c: (c["pull"], c["body"])):
    reactions = sorted(r["content"] for r in s["reactions"] if r["comment"] == c["id"])
    print("#%d" % c["pull"], c["author"], reactions)
    print(plain(c["body"]))
'
}

KIND=${FORGES[0]}
test_expect_success 'undisturbed, everything ends as it should' '
	live && end_state >wanted && cat wanted && test ! -s "$W/ends" && life_end &&
	is "$(sed -n "/^plans applied twice/,/^objects/p" wanted | wc -l)" 2 &&
	is "$(grep -c "^apply " wanted)" 6 && grep "^#7 trueup-bot" wanted
'

# One life in which the server is killed N times, at points that are about evenly spread.
try() { # KIND N
	local points=() i
	KIND=$1
	for ((i = 0; i < $2; i++)); do
		points+=($((1 + (RANDOM * 32768 + RANDOM) % (3 * CALLS / 2 / $2))))
	done
	live "${points[@]}" || echo "it did not come to its end (killed before ${points[*]})"
	end_state >"$TRASH/end" 2>&1
	life_end
	cat "$W/ends"
	diff "$TRASH/wanted" "$TRASH/end"
}

# lives KIND POINTS: until the server was killed that often there.
lives() {
	local killed=0 bad=0 unharmed=0 n
	while [ "$killed" -lt "$2" ] && [ "$bad" -lt 3 ]; do
		n=$(($2 - killed))
		n=$((n > 10 ? 10 : n < 3 ? 3 : n))
		try "$1" "$n" >why 2>&1
		killed=$((killed + $(wc -l <"$W/kills")))
		[ -s "$W/kills" ] || unharmed=$((unharmed + 1))
		[ "$unharmed" -lt 3 ] || echo "three lives without a kill: CALLS is too large" >>why
		[ -s why ] || continue
		bad=$((bad + 1))
		echo "--- KILL_SEED=$KILL_SEED, after $killed kills"
		cat why && sed "s/^/serve.log: /" "$W/serve.log"
		kill_keep
	done
	echo "killed $killed times" && is "$bad" 0
}

for KIND in "${FORGES[@]}"; do
	test_expect_success "kill -9 of the server, whatever it and its workers do, at $KIND" '
		lives "$KIND" $(((POINTS + ${#FORGES[@]} - 1) / ${#FORGES[@]}))
	'
done
test_done
