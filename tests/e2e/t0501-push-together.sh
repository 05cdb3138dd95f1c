#!/bin/bash
# Protects: pushes that meet each other, a pusher who leaves, a daemon that takes over: nothing is
# lost, nothing is done twice, and each pusher is told. Over file:// and smart HTTP.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-push.sh"
fake_terraform "$TRASH"

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

test_expect_success 'a daemon that serves the repository is asked, the pusher told where to look' '
	server busy late && config busy "{apply: auto}" && commit_all busy one &&
	push busy origin main &&
	python3 -c "
import fcntl, os, struct, sys
fd = os.open(\"busy.git/trueup/daemon.lock\", os.O_RDWR | os.O_CREAT, 0o600)
fcntl.fcntl(fd, 37, struct.pack(\"hhqqi4x\", fcntl.F_WRLCK, 0, 0, 0, 0))
os.write(fd, b\"pid 1, serve by os:daemon\")
open(\"held\", \"w\").close()
sys.stdin.read()
" < <(while [ ! -e let-go ]; do read -rt 0.05 <> <(:) || :; done) & daemon=$!
	wait_until test -e held && topics busy late "out more" && commit_all busy two &&
	applies=$(fake_runs apply) && GL_USER=dora push busy origin main &&
	grep "^remote: trueup: handed over to the daemon (pid 1, serve by os:daemon)" said &&
	grep "trueup -C $TRASH/busy.git status" said && [ -e busy.git/trueup/wake ] &&
	is "$(fake_runs apply)" "$applies" &&
	python3 -c "
import sqlite3
db = sqlite3.connect(\"busy.git/trueup/trueup.db\")
print(*db.execute(\"select kind, subject, actor from queue\").fetchall())" >rows && cat rows && grep "branch.*git:dora" rows &&
	topics busy late "out more most" && commit_all busy three && push busy origin main &&
	touch let-go && wait "$daemon" &&
	trueup -C busy.git reconcile >out && grep "✓ canvas/late  applied" out
'

test_expect_success 'smart HTTP: refused and applied as over file://, as the user of its server' '
	server web page && config web "{apply: auto}" && commit_all web one &&
	{ "$TOP/tests/e2e/git-http" "$TRASH" port emil & } && http=$! && at_exit "kill $http" &&
	wait_until test -s port && url=http://127.0.0.1:$(cat port)/web.git &&
	push web "$url" main && grep "^remote: ✓ canvas/page  applied" said &&
	trueup -C web.git history | grep "git:emil" &&
	topics web page "out in" && sed -i "s/: SNS/: SNSS/" web/canvases/page.yaml &&
	commit_all web bad && test_must_fail push web "$url" main &&
	grep "^remote: canvases/page.yaml:8:.*error" said && grep "^remote: trueup: main is refused" said
'

test_done
