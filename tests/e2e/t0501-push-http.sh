#!/bin/bash
# Protects: pushes over smart HTTP, as a web server with `git http-backend` takes them: who pushed,
# what the pusher sees and when, large pushes, two at once, and that strangers push nothing.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
[ -x "$(git --exec-path)/git-http-backend" ] || skip_all 'git http-backend is not installed'
[ -x "$(git --exec-path)/git-remote-http" ] || skip_all 'git cannot speak HTTP here'
command -v python3 >/dev/null || skip_all 'python3 is not installed'
fake_terraform "$TRASH"

python3 "$TOP/tests/tools/git_http.py" "$TRASH" "$TRASH/port" &
at_exit "kill $! 2>/dev/null; wait $! 2>/dev/null"
test_expect_success 'the web server with git http-backend starts' '
	wait_until test -s "$TRASH/port"
'
PORT=$(cat "$TRASH/port")

# server NAME USER: NAME.git with hooks, and a clone NAME whose pushes go by HTTP, as USER.
server() {
	git init -q --bare -b main "$1.git" && trueup hook install "$1.git" >/dev/null &&
		new_repo "$1" &&
		git -C "$1" remote add origin "http://$2:x@127.0.0.1:$PORT/$1.git" &&
		topics_role "$1" && topics "$1" mail out
}
# push DIR ARGUMENT...: what the pusher sees, in `said`; fails as git does.
push() {
	local dir=$1 rc=0
	shift
	git -C "$dir" push "$@" >said 2>&1 || rc=$?
	cat said
	return "$rc"
}
tip() {
	git -C "$1.git" rev-parse -q --verify "${2-main}" || echo none
}

test_expect_success 'a push over HTTP is planned and applied; the actor is the user of the server' '
	server shop dora && printf "%s\n" "apiVersion: trueup/v1" "kind: Config" \
		"spec: {apply: auto}" >shop/trueup.yaml && commit_all shop one &&
	push shop origin main && grep "^remote: shop  main@.*1 role · 1 canvas" said &&
	grep "^remote:   + canvas/mail  create  +1 aws_sns_topic" said &&
	grep "^remote: ✓ canvas/mail  applied in" said && is "$(fake_runs apply)" 1 &&
	trueup -C shop.git history | head -n 1 | grep "git:dora"
'

test_expect_success 'what is accepted can be cloned, with the note of the commit' '
	git clone -q "http://127.0.0.1:$PORT/shop.git" copy &&
	is "$(git -C copy rev-parse main)" "$(git -C shop rev-parse main)" &&
	git -C copy fetch -q origin refs/notes/trueup:refs/notes/trueup &&
	git -C copy notes --ref=trueup show main | grep success
'

test_expect_success 'without a user nothing is pushed' '
	topics shop mail "out in" && commit_all shop two && before=$(tip shop) &&
	expect_exit 128 push shop "http://127.0.0.1:$PORT/shop.git" main &&
	is "$(tip shop)" "$before" && is "$(fake_runs apply)" 1 && push shop origin main &&
	is "$(fake_runs apply)" 2
'

test_expect_success 'invalid specs are refused with place, line and hint' '
	before=$(tip shop) && sed -i "s/: SNS/: SNSS/" shop/canvases/mail.yaml &&
	commit_all shop bad && test_must_fail push shop origin main &&
	grep "^remote: canvases/mail.yaml:8:.*error: .SNSS. is no value" said &&
	grep "^remote:    did you mean .SNS." said &&
	grep "^remote: trueup: main is refused: its specs are invalid" said &&
	grep "main -> main (pre-receive hook declined)" said && is "$(tip shop)" "$before" &&
	git -C shop reset -q --hard HEAD~1
'

test_expect_success 'a push that is sent in chunks' '
	head -c 3000000 /dev/urandom >shop/large.bin && commit_all shop large &&
	GIT_TRACE_CURL=$TRASH/trace GIT_TRACE_CURL_NO_DATA=1 push shop origin main &&
	grep -i "transfer-encoding: chunked" trace >/dev/null &&
	is "$(tip shop)" "$(git -C shop rev-parse main)"
'

test_expect_success 'push options arrive' '
	topics shop mail "out in up" && commit_all shop three &&
	push shop -o trueup.skip origin main && grep "not reconciled, as you said" said &&
	is "$(fake_runs apply)" 2 && trueup -C shop.git reconcile >out &&
	grep "^✓ canvas/mail  applied" out
'

test_expect_success 'two at once: both branches arrive, each pusher sees its own' '
	git -C shop checkout -q -b first && topics shop one a && commit_all shop one &&
	git clone -q "http://emil:x@127.0.0.1:$PORT/shop.git" other &&
	git -C other checkout -q -b second && topics other two b && commit_all other two &&
	{ git -C other push origin second >second.said 2>&1 & } && second=$! &&
	push shop origin first && wait "$second" &&
	grep "+ canvas/one" said && ! grep canvas/two said &&
	grep "+ canvas/two" second.said && ! grep canvas/one second.said &&
	is "$(tip shop first)" "$(git -C shop rev-parse first)" &&
	is "$(tip shop second)" "$(git -C other rev-parse second)"
'

test_expect_success 'progress reaches the pusher while the engine is at work' '
	git -C shop checkout -q main && topics shop mail "out in" && commit_all shop slow &&
	touch "$FAKE/hold-plan" || return 1
	git -C shop push origin main >progress 2>&1 &
	pusher=$!
	wait_until grep "^remote: canvas/mail: planning" progress && wait_until test -f "$FAKE/planning"
	rc=$?
	rm -f "$FAKE/hold-plan"
	wait "$pusher" && is "$rc" 0 && grep "^remote: ✓ canvas/mail  applied in" progress
'

# A push of another clone in the background; its exit code is in second.rc.
push_second() {
	local rc=0
	git -C other push origin main >second.said 2>&1 || rc=$?
	echo "$rc" >second.rc
}
test_expect_success 'two at once to the same branch: one wins, nothing is applied twice' '
	topics shop mail "out a" && commit_all shop a &&
	git -C other checkout -q main && git -C other pull -q origin main &&
	topics other mail "out b" && commit_all other b && applies=$(fake_runs apply) || return 1
	push_second &
	rc=0
	push shop origin main || rc=$?
	wait $!
	cat second.said
	if [ "$rc" = 0 ]; then
		winner=shop && is "$(cat second.rc)" 1
	else
		winner=other && is "$rc $(cat second.rc)" "1 0"
	fi &&
	is "$(tip shop)" "$(git -C $winner rev-parse main)" &&
	is "$(fake_runs apply)" "$((applies + 1))" &&
	trueup -C shop.git status | grep "canvas/mail  *applied"
'

test_done
