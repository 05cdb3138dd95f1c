#!/bin/bash
# Protects: what a server answers by HTTP: health and readiness, metrics on an address of their
# own, and webhooks: only signed ones, each once, answered before anything else is done, none of
# them lost by kill -9.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-serve.sh"
fake_terraform "$TRASH"
command -v curl >/dev/null || skip_all 'curl is not installed'
command -v openssl >/dev/null || skip_all 'openssl is not installed'

CONFIG=('apiVersion: trueup/v1' 'kind: Config' 'spec: {apply: auto}')
new_repo shop && topics_role shop && topics shop orders "new paid" &&
	printf '%s\n' "${CONFIG[@]}" >shop/trueup.yaml && commit_all shop one
printf 'hook-secret\n' >secret && printf 'old-secret\n' >old-secret && chmod 600 secret old-secret
printf 'test-token\n' >token && chmod 600 token
FORGE_LINES=("- name: shop" "  path: $TRASH/shop" \
	"  forge: {kind: github, baseUrl: \"http://127.0.0.1:9\", repository: octo/shop," \
	"          token: {fromFile: $TRASH/token}}" \
	"  webhook: {secret: {fromFile: $TRASH/secret}, oldSecret: {fromFile: $TRASH/old-secret}}")

# The address that the n-th listener found.
address() {
	sed -n 's|.*listening at ||p' "$TRASH/serve.log" | sed -n "$1p"
}
signature() {
	printf 'sha256=%s' "$(openssl dgst -sha256 -hmac "${2-hook-secret}" <"$1" | sed 's/.* //')"
}
# hook EVENT ID FILE [SIGNATURE]: the status of the answer. TYPE is what the body is said to be.
hook() {
	curl -s -o answer -w '%{http_code}' -X POST -H "Content-Type: ${TYPE-application/json}" \
		-H "X-GitHub-Event: $1" -H "X-GitHub-Delivery: $2" \
		-H "X-Hub-Signature-256: ${4-$(signature "$3")}" --data-binary "@$3" \
		"$HOOKS/hooks/shop"
}
push_event() {
	printf '{"ref":"refs/heads/%s","before":"%040d","after":"%s","created":false,%s}' "$1" 0 \
		"$(git -C shop rev-parse HEAD)" \
		'"deleted":false,"forced":false,"repository":{"full_name":"octo/shop"},"sender":{"login":"alice"}'
}
requests() {
	python3 - "$TRASH/shop/.git/trueup/trueup.db" "$1" <<-'PY'
	import sqlite3, sys
	db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
	for row in db.execute(sys.argv[2]):
	    print("|".join(str(v) for v in row))
	PY
}

test_expect_success 'health, readiness and metrics have an address of their own' '
	write_server server.yaml "poll: {every: 0s}" \
		"listen: {webhooks: \"127.0.0.1:0\", status: \"127.0.0.1:0\"}" -- "${FORGE_LINES[@]}" &&
	serve_start server.yaml && HOOKS=$(address 1) && STATUS=$(address 2) &&
	is "$(curl -s "$STATUS/healthz")" ok && wait_until settled shop &&
	is "$(curl -s "$STATUS/readyz")" ready &&
	is "$(curl -s -o out -w "%{http_code}" "$HOOKS/healthz")" 404 &&
	is "$(curl -s -o out -w "%{http_code}" "$HOOKS/metrics")" 404 &&
	curl -s "$STATUS/metrics" >metrics &&
	grep -x "trueup_repository_up{repository=\"shop\"} 1" metrics &&
	grep -x "trueup_workers_limit 4" metrics &&
	grep "^trueup_work_total{kind=\"reconcile\",result=\"done\"} 1" metrics &&
	grep "^trueup_work_duration_seconds_bucket{kind=\"reconcile\",le=\"+Inf\"} 1" metrics &&
	grep "^process_resident_memory_bytes [1-9]" metrics
'

test_expect_success 'a signed push is accepted and reconciled' '
	topics shop orders "new paid more" && commit_all shop two && push_event main >push.json &&
	is "$(hook push d-1 push.json)" 202 && is "$(cat answer)" accepted &&
	wait_until settled shop && trueup -C shop history >out && grep "github:alice" out
'

test_expect_success 'the same delivery is taken once' '
	is "$(hook push d-1 push.json)" 200 && like "$(cat answer)" "was here before"
'

test_expect_success 'without a signature, with a wrong one, or unsigned content: refused' '
	is "$(hook push d-2 push.json "$(signature push.json other)")" 401 &&
	is "$(hook push d-2 push.json "sha256=00")" 401 &&
	is "$(hook push d-2 push.json "")" 401 &&
	sed "s/alice/mallory/" push.json >forged.json &&
	is "$(hook push d-2 forged.json "$(signature push.json)")" 401 &&
	printf "{" >half.json && is "$(hook push d-3 half.json)" 400 &&
	for type in text/plain application/x-www-form-urlencoded application/jsonx ""; do
		is "$(TYPE=$type hook push d-3 push.json)" 400 &&
			like "$(cat answer)" "content type application/json" || return 1
	done &&
	is "$(TYPE="application/json; charset=utf-8" hook push d-1 push.json)" 200 &&
	is "$(requests "SELECT count(*) FROM deliveries")" 1 &&
	grep "webhook from 127.0.0.1 refused" serve.log && test_must_fail grep hook-secret serve.log
'

test_expect_success 'what does not matter is ignored, and what is not served is not found' '
	push_event feature >other.json && is "$(hook push d-4 other.json)" 200 &&
	like "$(cat answer)" ignored &&
	echo "{\"zen\":\"x\",\"repository\":{\"full_name\":\"octo/shop\"}}" >ping.json &&
	is "$(hook ping d-5 ping.json)" 200 &&
	is "$(curl -s -o out -w "%{http_code}" -X POST -d x "$HOOKS/hooks/none")" 404 &&
	is "$(curl -s -o out -w "%{http_code}" "$HOOKS/hooks/shop")" 405
'

test_expect_success 'a body that is too large is refused before it is read' '
	head -c 3000000 /dev/zero >large.json && is "$(hook push d-6 large.json)" 413
'

test_expect_success 'the secret is read when it is needed: an exchanged one counts at once' '
	printf "new-secret\n" >secret && is "$(hook push d-7 other.json)" 401 &&
	is "$(hook push d-7 other.json "$(signature other.json new-secret)")" 200 &&
	printf "hook-secret\n" >secret
'

test_expect_success 'while the secret is exchanged the old one counts too' '
	is "$(hook push d-8 other.json "$(signature other.json old-secret)")" 200 &&
	is "$(hook push d-8 other.json "$(signature other.json older-secret)")" 401
'

test_expect_success 'an accepted webhook survives kill -9' '
	touch "$FAKE/hold-plan" && topics shop orders "new paid more again" && commit_all shop three &&
	push_event main >push.json && is "$(hook push d-8 push.json)" 202 && serve_kill &&
	rm "$FAKE/hold-plan" && serve_start server.yaml && HOOKS=$(address 1) && STATUS=$(address 2) &&
	wait_until settled shop && is "$(hook push d-8 push.json)" 200
'

test_expect_success 'addresses change with SIGHUP; one that is taken keeps the old' '
	sed "s|status: .*|status: \"unix:$TRASH/status\"}|" server.yaml >new.yaml &&
	cp new.yaml server.yaml && kill -HUP "$SERVER" &&
	wait_until serve_says "listening at unix:" && wait_until serve_says "read the configuration" &&
	is "$(curl -s --unix-socket status http://x/healthz)" ok &&
	test_must_fail curl -s "$STATUS/healthz" &&
	sed "s|webhooks: \"[^\"]*\"|webhooks: \"192.0.2.1:80\"|" server.yaml >bad.yaml &&
	cp bad.yaml server.yaml && kill -HUP "$SERVER" &&
	wait_until serve_says "configuration stays as it was: listen at 192.0.2.1:80" &&
	is "$(curl -s --unix-socket status http://x/healthz)" ok &&
	serve_stop
'

test_done
