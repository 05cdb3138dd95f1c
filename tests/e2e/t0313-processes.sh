#!/bin/bash
# Protects: an apply survives whoever started it: killed, interrupted, its terminal closed, its
# reader gone; the next run takes it over. And two at once keep out of each other's way.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
fake_terraform "$TRASH"

run() {
	trueup -C shop "$@"
}
# A new repository with one canvas, not applied yet.
reset() {
	rm -rf shop "$FAKE" && mkdir -p "$FAKE/cloud" && new_repo shop && topics_role shop &&
		topics shop web "one two" && commit_all shop one
}
# Starts a reconcile that stops while it plans or applies, and waits until it does.
begin() {
	touch "$FAKE/hold-$1" && : >out
	"$TRUEUP" -C shop reconcile --auto-approve >out 2>&1 &
	front=$!
	[ "$1" = plan ] && wait_until test -s "$FAKE/planning" || wait_until test -s "$FAKE/applying"
}
# Lets it go on.
go() {
	rm -f "$FAKE"/hold-*
}
finish() {
	wait "$front"
}
# Each topic was made once, nothing is left to do, the store and the history are in order.
settled() {
	is "$(sort "$FAKE/effects" | tr '\n' ' ')" \
		"create web.aws_sns_topic.one create web.aws_sns_topic.two " &&
		run reconcile >last && grep "^nothing to do" last && run history --verify &&
		run doctor >doctor && is "$(find shop/.git/trueup/jobs shop/.git/trueup/plans -mindepth 1)" ""
}
ended() {
	test -s "$(echo shop/.git/trueup/jobs/*/result.json)"
}

test_expect_success 'kill -9 while it plans: planned again' '
	reset && begin plan && kill -9 "$front"; finish; go
	run reconcile --auto-approve >out 2>&1 && cat out && settled
'

test_expect_success 'kill -9 while it applies: taken over, not done again' '
	reset && begin apply && kill -9 "$front"; finish
	run status >out && cat out && grep "running: apply of canvas/web" out &&
	{ "$TRUEUP" -C shop reconcile >out 2>&1 & front=$!; } &&
	wait_until grep -q "was left by its process" out && go && finish && cat out &&
	grep "ended meanwhile: done" out && is "$(fake_runs apply)" 1 && settled
'

test_expect_success 'kill -9 while it applies, which ends before anybody looks' '
	reset && begin apply && kill -9 "$front"; finish; go
	wait_until ended &&
	run reconcile >out 2>&1 && cat out && is "$(fake_runs apply)" 1 && settled
'

test_expect_success 'kill -9 of terraform: recorded as that, and planned from what is true' '
	reset && begin apply && kill -9 "$(cat "$FAKE/applying")" && expect_exit 1 finish; go
	cat out && grep "canvas/web.*failed.*killed by signal 9" out &&
	run reconcile --auto-approve >out 2>&1 && cat out && settled
'

test_expect_success 'kill -9 of everything while it applies' '
	reset && begin apply && terraform=$(cat "$FAKE/applying") &&
	supervisor=$(json "$(echo shop/.git/trueup/jobs/*/started)" "d[\"supervisor\"][\"pid\"]") &&
	kill -9 "$front" "$supervisor" "$terraform"; finish; go
	run reconcile --auto-approve >out 2>&1 && cat out && grep "canvas/web" out &&
	run reconcile --auto-approve >out 2>&1 && settled
'

test_expect_success 'the terminal is closed' '
	reset && touch "$FAKE/hold-apply" &&
	{ script -qec "\"$TRUEUP\" -C shop reconcile --auto-approve" /dev/null </dev/null \
		>/dev/null 2>&1 & } && terminal=$! &&
	wait_until test -s "$FAKE/applying" && kill -9 "$terminal"; wait "$terminal"
	go && wait_until test -s "$FAKE/cloud/web.aws_sns_topic.two" &&
	run reconcile --auto-approve --lock-timeout 30s >out 2>&1 && is "$(fake_runs apply)" 1 && settled
'

test_expect_success 'the reader of its output dies' '
	reset && touch "$FAKE/hold-apply" &&
	{ { run reconcile --auto-approve 2>&1; echo $? >code; } | head -n 1 >first & } && pipe=$! &&
	wait_until test -s "$FAKE/applying" && go && wait "$pipe" && wait_until test -s code &&
	is "$(cat code)" 0 && is "$(fake_runs apply)" 1 && settled
'

test_expect_success 'Ctrl-C once: the engine stops in order, the rest waits for the next run' '
	reset && begin apply && kill -INT "$front" && wait_until test -s "$FAKE/interrupts" &&
	go && expect_exit 1 finish && cat out &&
	grep "canvas/web  *\(cancelled\|stopped\)" out &&
	is "$(wc -l <"$FAKE/effects")" 1 &&
	run reconcile --auto-approve >out 2>&1 && cat out && settled
'

test_expect_success 'Ctrl-C twice: it leaves, the apply goes on, the next run takes it over' '
	reset && begin apply && kill -INT "$front" && wait_until test -s "$FAKE/interrupts" &&
	kill -INT "$front"; expect_exit 4 finish; cat out;
	grep "the next trueup takes it over" out && go &&
	run reconcile --auto-approve >out 2>&1 && cat out &&
	run reconcile --auto-approve >out 2>&1 &&
	is "$(wc -l <"$FAKE/interrupts")" 1 && settled
'

test_expect_success 'Ctrl-C while it plans: nothing is applied' '
	reset && begin plan && kill -INT "$front" && expect_exit 1 finish; go && cat out &&
	is "$(fake_runs apply)" 0 && run reconcile --auto-approve >out 2>&1 && settled
'

test_expect_success 'two at once: the second says who is at work' '
	reset && begin apply && expect_exit 1 run reconcile --auto-approve >second 2>&1
	cat second &&
	grep -E "^trueup: another trueup works on this repository .--lock-timeout 10m waits for it.: held by pid $front, reconcile by os:$(id -un) since 20[0-9T:.-]*Z$" second &&
	expect_exit 1 run reconcile -o json >second.json 2>/dev/null &&
	is "$(json second.json "d[\"error\"][\"kind\"]")" conflict &&
	run status >status && grep "at work: pid $front, reconcile by" status &&
	run plan --spec-only >plan && go && finish && settled
'

test_expect_success 'two at once: the second waits when told to, and has nothing to do' '
	reset && begin apply &&
	{ "$TRUEUP" -C shop reconcile --auto-approve --lock-timeout 1m >second 2>&1 & } &&
	second=$! && expect_exit 1 run reconcile --lock-timeout 1s >third 2>&1 && go && finish &&
	wait "$second" && cat second && grep "^nothing to do" second && settled
'

test_expect_success 'many at once: one does it, all end, the notes keep every line' '
	reset && git -C shop notes --ref=trueup add -m "by somebody	else" HEAD && pids= &&
	for i in 1 2 3 4 5 6; do
		"$TRUEUP" -C shop reconcile --auto-approve --lock-timeout 1m >out.$i 2>&1 &
		pids="$pids $!"
	done &&
	for pid in $pids; do wait "$pid" || { cat out.*; return 1; }; done &&
	is "$(cat out.* | grep -c "^nothing to do")" 5 && settled &&
	git -C shop notes --ref=trueup show HEAD >note && cat note && grep "by somebody" note &&
	grep "trueup/apply: canvas/web" note && is "$(cut -f 1 note | sort | uniq -d)" ""
'
test_done
