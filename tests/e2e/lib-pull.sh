# shellcheck shell=bash
# For tests of a server with the fake forge and the repository shop, whose bare copy shop.git it
# mirrors: what is said of commits and pull requests. Source it after lib.sh; it sources what it
# needs, and starts the forge.
#
#	MIRROR       the mirror
#	serve_shop   shop as it is so far is committed, cloned and served
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-forge.sh"
. "$TOP/tests/e2e/lib-serve.sh"
fake_terraform "$TRASH"
forge_start
printf 'test-token\n' >token && chmod 600 token
MIRROR=$TRASH/data/repos/shop.git

serve_shop() {
	commit_all shop one && git clone -q --bare shop shop.git &&
		write_server server.yaml "poll: {every: 500ms, jitter: 0s}" -- "- name: shop" \
			"  url: \"file://$TRASH/shop.git\"" \
			"  forge: {kind: github, baseUrl: \"$FORGE\", repository: octo/shop," \
			"          token: {fromFile: $TRASH/token}}" &&
		serve_start server.yaml
}

# status SECONDS REV CONTEXT PATTERN: waits so long for the last "STATE DESCRIPTION" to be like it.
status() {
	python3 - "$FORGE" "$1" "$(git -C shop rev-parse "$2")" "$3" "$4" <<-'PY'
	import fnmatch, json, sys, time, urllib.request
	url, seconds, sha, context, pattern = sys.argv[1:]
	opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
	end = time.monotonic() + float(seconds)
	while True:
	    rows = json.load(opener.open(url + "/_/state", timeout=30))["statuses"].get(sha, [])
	    said = ([r["state"] + " " + r["description"] for r in rows
	             if r["context"] == context] or ["nothing"])[-1]
	    if fnmatch.fnmatchcase(said, pattern):
	        break
	    if time.monotonic() > end:
	        sys.exit("%s of %s: %s\nwanted: %s" % (context, sha, said, pattern))
	    time.sleep(0.05)
	PY
}
becomes() { # REV CONTEXT PATTERN
	status 60 "$@"
}
says() { # REV CONTEXT PATTERN
	status 0 "$@"
}
pushed() { # MESSAGE
	commit_all shop "$1" && git -C shop push -q ../shop.git main
}
# opened NUMBER BRANCH: what was committed to it is its pull request's head.
opened() {
	git -C shop push -q -f ../shop.git "$2" "$2:refs/pull/$1/head" &&
		forge_set "{\"pulls\": {\"$1\": {\"number\": $1, \"author\": \"alice\", \"state\": \"open\",
			\"head_ref\": \"$2\", \"head\": \"$(git -C shop rev-parse "$2")\"}}}"
}
comment() { # NUMBER: the one with its plan
	forge_state "[x['body'] for x in s['comments'].values() if x['pull'] == $1][0]"
}
comment_says() { # NUMBER TEXT
	comment "$1" | grep -q "$2"
}
plan_of() { # NUMBER
	comment "$1" | sed -n 's/.*: plan `\([^`]*\)` sha256.*/\1/p'
}
