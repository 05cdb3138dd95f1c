#!/bin/bash
# Protects: a burst of webhooks over many repositories, of all three forges, in any order, with
# repetitions and noise: none is lost, every pull request ends with the statuses and the one comment
# that its last head would have got alone, and neither memory nor processes grow with the burst.
#
# BURST_WEBHOOKS over BURST_REPOS (make burst-test: 1,000 over 50); BURST_SEED is their order.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-forge.sh"
. "$TOP/tests/e2e/lib-serve.sh"

WEBHOOKS=${BURST_WEBHOOKS:-100}
REPOS=${BURST_REPOS:-5}
SEED=${BURST_SEED:-$((SRANDOM % 32768))}
WORKERS=4
# How much the server may grow over what it has at rest: something for 32 senders, and the store of
# each repository, which is open while it is used. Sanitizers keep what was freed.
MIB=$((8 + REPOS / 2))
! nm "$TRUEUP" 2>/dev/null | grep -q __asan_init || MIB=null
fake_terraform "$TRASH"
forge_start
printf 'hook-secret\n' >secret && printf 'test-token\n' >token && chmod 600 secret token

# head NUMBER CANVAS "NODES": the pull request's next commit; without nodes it is not valid.
head() {
	git -C base switch -q "topic-$1" 2>/dev/null || git -C base switch -q -c "topic-$1" main
	topics base "$2" "${3:-x}"
	[ -n "$3" ] || sed -i 's/role: team/role: nobody/' "base/canvases/$2.yaml"
	commit_all base "$1 $3" && git -C base rev-parse HEAD
}
quoted() {
	printf '"%s",' "$@" | sed 's/,$//'
}
served() { # NAME KIND
	cp -r base.git "many/$1.git"
	printf '  %s\n' "- name: $1" "  url: \"file://$TRASH/many/$1.git\"" \
		"  forge: {kind: $2, baseUrl: \"$(url_of "$2")\", repository: octo/$1," \
		"          token: {fromFile: $TRASH/token}}" \
		"  webhook: {secret: {fromFile: $TRASH/secret}}"
}

test_expect_success "$WEBHOOKS webhooks over $REPOS repositories" '
	new_repo base && topics_role base && commit_all base base &&
	base=$(git -C base rev-parse HEAD) &&
	first=$(quoted $(head 7 orders "new"; head 7 orders ""; head 7 orders "new paid more")) &&
	second=$(quoted $(head 8 other "x"; head 8 other "x y"; head 8 other "")) &&
	git -C base switch -q main && git clone -q --bare base base.git && mkdir many &&
	kinds=(github gitlab gitea) repositories= &&
	write_server server.yaml "poll: {every: 0s}" "workers: $WORKERS" \
		"listen: {webhooks: \"127.0.0.1:0\"}" -- &&
	for ((n = -3; n < REPOS; n++)); do
		kind=${kinds[(n + 3) % 3]} name=r$n alone=false
		[ "$n" -ge 0 ] || name=alone-$kind alone=true
		served "$name" "$kind" >>server.yaml || return 1
		repositories="$repositories,{\"name\": \"$name\", \"kind\": \"$kind\",
			\"git\": \"$TRASH/many/$name.git\", \"alone\": $alone}"
	done &&
	serve_start server.yaml &&
	echo "{\"repositories\": [${repositories#,}], \"pulls\": {\"7\": [$first], \"8\": [$second]},
		\"base\": \"$base\", \"workers\": $WORKERS, \"mib\": $MIB}" >plan.json &&
	echo "BURST_SEED=$SEED" &&
	rc=0 && python3 "$TOP/tests/tools/burst.py" "$(sed -n "s|.*listening at ||p" serve.log)" \
		"$FORGE" "$SERVER" data hook-secret "$WEBHOOKS" "$SEED" <plan.json >said || rc=$?
	cat said && if [ "$rc" != 0 ]; then
		sed "s/^/serve.log: /" serve.log | tail -n 100
		return 1
	fi &&
	sed -n "/webhooks, /p; /^the server: /p" said >"$TRASH.numbers" &&
	serve_stop && test ! -s "$FAKE/effects"
'
sed 's/^/# /' "$TRASH.numbers" && rm "$TRASH.numbers"
test_done
