#!/bin/bash
# Protects: pushes that meet each other, a pusher who leaves, a daemon that takes over: nothing is
# lost, nothing is done twice, and each pusher is told.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-push.sh"
. "$TOP/tests/e2e/lib-serve.sh"
fake_terraform "$TRASH"

# Does a daemon hold the repository of this git folder?
serves() {
	test -s "$1/trueup/daemon.lock"
}
# A second working copy of a server's repository.
second() {
	git clone -q "$1.git" "$1-two"
}
# background DIR ARGUMENT...: a push in a session of its own, what it says in DIR.said.
background() {
	local dir=$1
	shift
	setsid env --default-signal=INT git -C "$dir" push "$@" >"$dir.said" 2>&1 &
	pushing=$!
}

test_expect_success 'while another push is reconciled the next one says so and waits' '
	server shop && config shop "{apply: auto}" && commit_all shop one && push shop origin main &&
	second shop && topics shop mail "out in" && commit_all shop two &&
	touch "$FAKE/hold-apply" && background shop origin main && first=$pushing &&
	wait_until test -s "$FAKE/applying" &&
	git -C shop-two pull -q && topics shop-two mail "out in up" && commit_all shop-two three &&
	background shop-two origin main && next=$pushing &&
	wait_until grep -q "waits for another run: held by pid .*, push by git:" shop-two.said &&
	rm "$FAKE/hold-apply" && wait "$first" && wait "$next" && cat shop.said shop-two.said &&
	grep "^remote: ✓ canvas/mail  applied" shop.said &&
	grep "^remote: ✓ canvas/mail  applied" shop-two.said &&
	is "$(sort "$FAKE/effects" | tr "\n" " ")" \
		"create mail.aws_sns_topic.in create mail.aws_sns_topic.out create mail.aws_sns_topic.up " &&
	trueup -C shop.git reconcile | grep "^nothing to do"
'

test_expect_success 'two pushes at once to one branch: one comes in, the other is told by git' '
	git -C shop pull -q origin main && topics shop mail "out in up a" && commit_all shop a &&
	topics shop-two mail "out in up b" && commit_all shop-two b &&
	background shop origin main && first=$pushing &&
	background shop-two origin main && next=$pushing; one=0 two=0
	wait "$first" || one=$?; wait "$next" || two=$?; cat shop.said shop-two.said
	is "$((one + two))" 1 &&
	trueup -C shop.git reconcile | grep "^nothing to do" &&
	is "$(trueup -C shop.git history | grep -c "canvas/mail  apply  done")" 4
'

test_expect_success 'the pusher is killed: the apply goes on and is recorded' '
	server gone post && config gone "{apply: auto}" && commit_all gone one &&
	touch "$FAKE/hold-apply" && background gone origin main &&
	wait_until test -s "$FAKE/applying" && kill -9 -- "-$pushing"; wait "$pushing"
	rm "$FAKE/hold-apply" &&
	wait_until test "$(trueup -C gone.git history)" &&
	recorded() { trueup -C gone.git history | grep "canvas/post  apply  done"; } &&
	wait_until recorded && is "$(tip gone)" "$(git -C gone rev-parse main)" &&
	trueup -C gone.git reconcile --lock-timeout 30s | grep "^nothing to do" &&
	is "$(grep -c post. "$FAKE/effects")" 1
'

test_expect_success 'Ctrl-C of the pusher does not reach the engine' '
	server calm cool && config calm "{apply: auto}" && commit_all calm one &&
	touch "$FAKE/hold-apply" && rm -f "$FAKE/interrupts" && background calm origin main &&
	wait_until test -s "$FAKE/applying" && kill -INT -- "-$pushing"; wait "$pushing"
	rm "$FAKE/hold-apply" &&
	recorded() { trueup -C calm.git history | grep "canvas/cool  apply  done"; } &&
	wait_until recorded && [ ! -e "$FAKE/interrupts" ]
'

test_expect_success 'a daemon that serves the repository does it, and the pusher is told' '
	server busy late && config busy "{apply: auto}" && commit_all busy one &&
	push busy origin main && write_server server.yaml "poll: {every: 1h}" -- \
		"- {name: busy, path: $TRASH/busy.git}" && serve_start server.yaml &&
	wait_until serves busy.git && topics busy late "out more" && commit_all busy two &&
	GL_USER=dora push busy origin main &&
	grep "^remote: trueup: handed over to the daemon (pid $SERVER, trueup serve as .busy. " said &&
	grep "trueup -C $TRASH/busy.git status" said && ! grep "canvas/late" said &&
	recorded() { trueup -C busy.git history | head -n 1 | grep "canvas/late .*done .*git:dora"; } &&
	wait_until recorded && serve_stop &&
	topics busy late out && commit_all busy three && push busy origin main &&
	grep "^remote: ✓ canvas/late  applied" said
'

test_expect_success 'a daemon is told that a push which takes every canvas away is meant' '
	server bare only && config bare "{apply: auto}" && commit_all bare one &&
	push bare origin main && write_server server.yaml "poll: {every: 100ms, jitter: 0s}" -- \
		"- {name: bare, path: $TRASH/bare.git}" && serve_start server.yaml &&
	wait_until serves bare.git && wait_until serve_says "reconcile of branch done" &&
	git -C bare rm -q canvases/only.yaml && commit_all bare none &&
	GL_USER=dora push bare -o trueup.allow-empty origin main &&
	grep "^remote: trueup: handed over to the daemon" said &&
	wait_until test ! -e "$FAKE/cloud/only.aws_sns_topic.out" &&
	recorded() { trueup -C bare.git history | head -n 1 | grep "canvas/only .*done"; } &&
	wait_until recorded
'

test_expect_success 'that holds for the commit that was pushed, and for no later one' '
	topics bare other out && commit_all bare two && push bare origin main &&
	wait_until test -e "$FAKE/cloud/other.aws_sns_topic.out" && wait_until settled bare.git &&
	git -C bare rm -q canvases/other.yaml && commit_all bare none &&
	git --git-dir=bare.git fetch -q bare main:main -u &&
	wait_until serve_says "reconcile of branch failed, .*the revision has no canvas at all" &&
	test -e "$FAKE/cloud/other.aws_sns_topic.out" && serve_stop
'

test_expect_success 'commits of the history, and commits that touch no spec, change nothing' '
	server tale told && config tale "{apply: auto}" && mkdir tale/runbooks &&
	cp "$TOP/examples/operations/runbooks/DiskCheck.md" tale/runbooks/ && commit_all tale one &&
	push tale origin main && runs=$(wc -l <"$FAKE/runs") &&
	printf "%s\n" "" "### 2026-11-01 02:00:00 UTC | out.log" "" "Exit 0" >>tale/runbooks/DiskCheck.md &&
	echo hello >tale/README && commit_all tale history && push tale origin main &&
	grep "^remote: nothing to do" said && is "$(wc -l <"$FAKE/runs")" "$runs"
'

test_done
