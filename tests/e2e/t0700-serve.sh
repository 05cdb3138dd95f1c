#!/bin/bash
# Protects: the life of a server: repositories on this machine and behind a URL follow their
# branches, an outdated plan is stopped, signals stop and reload it, and neither kill -9 nor an
# apply that outlives it loses anything or does it twice.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-serve.sh"
fake_terraform "$TRASH"

auto_config() {
	printf '%s\n' 'apiVersion: trueup/v1' 'kind: Config' 'spec: {apply: auto}' >"$1/trueup.yaml"
}
shop() {
	new_repo "$1" && topics_role "$1" && auto_config "$1" &&
		topics "$1" "$2" "new paid" && commit_all "$1" one
}
QUICK='poll: {every: 100ms, jitter: 50ms}'

test_expect_success 'mistakes in its file are shown, and nothing is served' '
	write_server bad.yaml "workers: none" -- "- {name: shop}" &&
	expect_exit 3 trueup serve --config bad.yaml 2>err &&
	grep "bad.yaml:5:12: error:.*workers" err && grep "bad.yaml:7:5: error:.*path, url" err &&
	expect_exit 1 trueup serve --config none.yaml 2>err && grep "none.yaml" err &&
	test_must_fail test -e data
'

test_expect_success 'a repository is reconciled when the server starts, and again when it moves' '
	shop shop orders &&
	write_server server.yaml "$QUICK" -- "- {name: shop, path: $TRASH/shop}" &&
	serve_start server.yaml && wait_until settled shop &&
	topics shop orders "new paid more" && commit_all shop two &&
	wait_until settled shop &&
	is "$(ls "$FAKE/cloud" | tr "\n" " ")" \
		"orders.aws_sns_topic.more orders.aws_sns_topic.new orders.aws_sns_topic.paid "
'

test_expect_success 'one server for a data folder, one daemon for a repository' '
	expect_exit 1 trueup serve --config server.yaml 2>err &&
	grep "another server uses the data folder.*pid $SERVER" err &&
	sed "s|dataDir: .*|dataDir: $TRASH/other|" server.yaml >other.yaml &&
	{ "$TRUEUP" serve --config other.yaml 2>other.log & other=$!; } &&
	wait_until grep "another daemon serves this repository.*pid $SERVER" other.log &&
	kill -TERM "$other" && wait "$other"
'

test_expect_success 'SIGTERM ends it, and leaves nothing running' '
	serve_stop && serve_says "stopping on SIGTERM" &&
	is "$(cat "shop/.git/trueup/daemon.lock" | cut -d" " -f1)" pid &&
	wait_until trueup -C shop reconcile
'

test_expect_success 'a repository behind a URL is mirrored and follows pushes' '
	shop away queue && git clone -q --bare away away.git &&
	write_server server.yaml "$QUICK" -- "- {name: away, url: \"file://$TRASH/away.git\"}" &&
	serve_start server.yaml && mirror=data/repos/away.git &&
	wait_until settled "$mirror" &&
	topics away queue "new paid more" && commit_all away two &&
	git -C away push -q ../away.git main && before=$(git -C away rev-parse HEAD) &&
	wait_until eval "[ \"\$(git -C $mirror rev-parse main)\" = $before ]" &&
	wait_until settled "$mirror" && test -e "$FAKE/cloud/queue.aws_sns_topic.more"
'

test_expect_success 'a branch that goes is an error, and what was applied stays' '
	git -C away.git branch -q -m main other &&
	wait_until serve_says "fetch failed, attempt 1: the branch .main. is not there any more" &&
	wait_until eval "trueup -C $mirror status | grep \"fetch .*branch .main. is not there\"" &&
	test -e "$FAKE/cloud/queue.aws_sns_topic.more" && serve_stop
'

test_expect_success 'a branch that is not there yet is warned of once, and found when it comes' '
	shop late late && git -C late branch -q -m main master &&
	git clone -q --bare late late.git &&
	write_server server2.yaml "$QUICK" -- "- {name: late, url: \"file://$TRASH/late.git\"}" &&
	serve_start server2.yaml && wait_until serve_says "fetch done" 4 &&
	is "$(grep -c "late.git has no branch .main.: nothing is reconciled" serve.log)" 1 &&
	git -C late push -q ../late.git master:main && wait_until settled data/repos/late.git &&
	test ! -e data/repos/late.git/trueup/branch-missing && serve_stop
'

test_expect_success 'a URL that cannot be fetched is said, without the password, and tried again' '
	printf "hunter2secret\n" >secret && chmod 600 secret &&
	write_server server2.yaml "$QUICK" -- \
		"- {name: away, url: \"file://$TRASH/none.git\"," \
		"   git: {password: {fromFile: $TRASH/secret}}}" &&
	serve_start server2.yaml &&
	wait_until serve_says "away: fetch failed, attempt 1: git fetch:.*none.git" &&
	serve_stop && test_must_fail grep -q hunter2 serve.log
'

test_expect_success 'SIGHUP reads the file again; one with mistakes changes nothing' '
	write_server server.yaml "$QUICK" -- "- {name: shop, path: $TRASH/shop}" &&
	serve_start server.yaml && wait_until serve_says "shop: serving" &&
	cp server.yaml good.yaml && sed -i "s/path:/paht:/" server.yaml && kill -HUP "$SERVER" &&
	wait_until serve_says "configuration stays as it was" && serve_says "unknown field .paht" &&
	shop third letters &&
	sed "\$a\\  - {name: third, path: $TRASH/third}" good.yaml >server.yaml &&
	kill -HUP "$SERVER" && wait_until serve_says "third: serving" && wait_until settled third &&
	sed -i "/name: shop/d" server.yaml && kill -HUP "$SERVER" &&
	wait_until serve_says "shop: not served any more" && serve_stop
'

test_expect_success 'one that is removed while it is at work ends that, and no more' '
	shop gone gone && touch "$FAKE/hold-plan" &&
	write_server server.yaml "$QUICK" -- "- {name: third, path: $TRASH/third}" \
		"- {name: gone, path: $TRASH/gone}" &&
	serve_start server.yaml && wait_until test -s "$FAKE/planning" &&
	sed -i "/name: gone/d" server.yaml && kill -HUP "$SERVER" &&
	wait_until serve_says "gone: not served any more" &&
	topics gone gone "new paid more" && commit_all gone two && sleep 0.5 && # polls go by
	rm "$FAKE/hold-plan" && wait_until test -e "$FAKE/cloud/gone.aws_sns_topic.paid" &&
	wait_until serve_says "gone: reconcile of branch done" && kill -0 "$SERVER" &&
	is "$(serve_says "gone: .* outdated" || echo none)" none && is "$(fake_runs apply gone)" 1 &&
	test_must_fail test -e "$FAKE/cloud/gone.aws_sns_topic.more" && serve_stop
'

test_expect_success 'a plan of an outdated commit is stopped, and the newer one is planned' '
	shop fast fast && touch "$FAKE/hold-plan" &&
	write_server server.yaml "$QUICK" -- "- {name: fast, path: $TRASH/fast}" &&
	serve_start server.yaml && wait_until test -s "$FAKE/planning" &&
	held=$(cat "$FAKE/planning") &&
	topics fast fast "new paid urgent" && commit_all fast two &&
	wait_until grep -x "$held" "$FAKE/interrupts" && rm "$FAKE/hold-plan" &&
	wait_until settled fast && serve_says "reconcile of branch is outdated by a newer" &&
	is "$(fake_runs apply fast)" 1 && serve_stop
'

test_expect_success 'workers have an environment of their own' '
	shop env env && touch "$FAKE/hold-plan" &&
	write_server server.yaml "$QUICK" "environment: [AWS_PROFILE]" -- \
		"- {name: env, path: $TRASH/env}" &&
	export AWS_PROFILE=yes AWS_REGION=no && serve_start server.yaml &&
	unset AWS_PROFILE AWS_REGION &&
	wait_until test -s "$FAKE/planning" &&
	tr "\0" "\n" <"/proc/$(cat "$FAKE/planning")/environ" >environ &&
	grep -x "AWS_PROFILE=yes" environ && grep "^PATH=" environ &&
	test_must_fail grep -e AWS_REGION -e NOTIFY_SOCKET environ &&
	rm "$FAKE/hold-plan" && wait_until settled env && serve_stop
'

# The worker that waits for an order; those at work bear their repository's name.
standby() {
	local pid
	for pid in $(cat "/proc/$SERVER/task/$SERVER/children"); do
		[ "$(cat "/proc/$pid/comm")" = trueup ] && echo "$pid" && return
	done
	return 1
}
test_expect_success 'a worker stands by, and nothing depends on it' '
	shop ready ready &&
	write_server server.yaml "$QUICK" -- "- {name: ready, path: $TRASH/ready}" &&
	serve_start server.yaml && wait_until settled ready && wait_until standby &&
	first=$(standby) && kill -KILL "$first" && wait_until test ! -e "/proc/$first" &&
	topics ready ready "new paid" && commit_all ready two && wait_until settled ready &&
	wait_until standby && second=$(standby) && kill -HUP "$SERVER" &&
	wait_until test ! -e "/proc/$second" && wait_until standby && third=$(standby) &&
	kill -KILL "$SERVER" && wait_until test ! -e "/proc/$third" && serve_kill &&
	serve_start server.yaml && wait_until standby && fourth=$(standby) && serve_stop &&
	test ! -e "/proc/$fourth"
'

test_expect_success 'kill -9 while it plans: the next server does what was asked for, once' '
	shop killed killed && touch "$FAKE/hold-plan" &&
	write_server server.yaml "poll: {every: 0s}" -- "- {name: killed, path: $TRASH/killed}" &&
	serve_start server.yaml && wait_until test -s "$FAKE/planning" && serve_kill &&
	rm "$FAKE/hold-plan" && serve_start server.yaml && wait_until settled killed &&
	is "$(fake_runs apply killed)" 1 && serve_stop
'

test_expect_success 'an apply outlives the server, and the next one takes it over' '
	shop slow slow && touch "$FAKE/hold-apply" &&
	write_server server.yaml "$QUICK" "timeouts: {stop: 1s}" -- \
		"- {name: slow, path: $TRASH/slow}" &&
	serve_start server.yaml && wait_until test -s "$FAKE/applying" &&
	applying=$(cat "$FAKE/applying") && serve_stop && kill -0 "$applying" &&
	serve_says "have not ended in time; what they apply goes on" &&
	serve_start server.yaml && wait_until serve_says "was left by its process" &&
	rm "$FAKE/hold-apply" && wait_until settled slow &&
	is "$(fake_runs apply slow)" 1 && test_must_fail grep -x "$applying" "$FAKE/interrupts" &&
	serve_stop
'

test_expect_success 'what fails is tried again, and visible until then' '
	shop fails fails && echo "no such account" >"$FAKE/fail-plan" &&
	write_server server.yaml "poll: {every: 0s}" -- "- {name: fails, path: $TRASH/fails}" &&
	serve_start server.yaml &&
	wait_until serve_says "reconcile of branch failed, attempt 1: .*canvas/fails" &&
	trueup -C fails status >out && grep "canvas/fails *failed" out && rm "$FAKE/fail-plan" &&
	wait_until settled fails && wait_until serve_says "reconcile of branch done" && serve_stop
'

test_done
