#!/bin/bash
# Protects: whoever saves a file beside `trueup watch` sees what it would change, whatever the
# editor does; what counts is reconciled, approvals are acted upon, and it ends in order.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-push.sh"
fake_terraform "$TRASH"

# watch DIR OPTION...: starts it; what it says goes to the file `log`.
watch() {
	local dir=$1
	shift
	: >log
	"$TRUEUP" watch "$@" "$dir" >log 2>&1 &
	watching=$!
}
at_exit 'kill -9 "$watching" 2>/dev/null'
# Waits until the log has a line like this behind the one found last.
heard() {
	found=$(tail -n "+$((seen + 1))" log | grep -En -m1 -- "$1" | cut -d: -f1) && [ "$found" ]
}
said() {
	wait_until heard "$1" || { cat log; return 1; }
	seen=$((seen + found))
}
# Leaves behind what was said so far.
skip_said() {
	seen=$(wc -l <log)
}
stop() {
	kill "$watching" && wait "$watching"
}
seen=0

test_expect_success 'git: HEAD is reconciled at the start, and what is saved is previewed' '
	new_repo shop && topics_role shop && topics shop mail out && commit_all shop one &&
	watch shop && said "^1 waiting, 1 recorded" && grep "watching $TRASH/shop (3 folders)" log &&
	topics shop mail "out in" && said "canvas/mail  create  \+2 aws_sns_topic" &&
	is "$(fake_runs plan)" 1
'

# save.sh HOW FILE: as editors save what is in the file `new`.
cat >save.sh <<'END'
case $1 in
truncate) cat new >"$2" ;;
rename) cp new "$2.tmp~" && mv "$2.tmp~" "$2" ;;
backup) mv "$2" "$2~" && cat new >"$2" && rm "$2~" ;;
vim) dir=$(dirname "$2") && : >"$dir/4913" && rm "$dir/4913" && mv "$2" "$2~" && cp new "$2" &&
	rm "$2~" ;;
inplace) sed -i "w $2.x" new && mv "$2.x" "$2" ;;
esac
END
test_expect_success 'in whatever way an editor saves' '
	n=2 && for how in truncate rename backup vim inplace; do
		n=$((n + 1)) && topics . new "$(seq -s " " -f "n%g" $n)" &&
		sed "s/name: new/name: mail/" canvases/new.yaml >new &&
		sh save.sh $how shop/canvases/mail.yaml &&
		said "canvas/mail  create  \+$n aws_sns_topic" || return 1
	done
'

test_expect_success 'mistakes are shown, and that they are gone' '
	sed -i "s/: SNS/: SNSS/" shop/canvases/mail.yaml && said "^canvases/mail.yaml:8:.*error" &&
	sed -i "s/: SNSS/: SNS/" shop/canvases/mail.yaml && said "canvas/mail  create  \+7"
'

test_expect_success 'a new folder, moved, and removed again' '
	mkdir -p shop/canvases/team/deep &&
	cp shop/canvases/mail.yaml shop/canvases/team/deep/post.yaml &&
	sed -i "s/name: mail/name: post/" shop/canvases/team/deep/post.yaml && said "canvas/post  create" &&
	mv shop/canvases/team shop/canvases/crew && topics . new "only" &&
	sed "s/name: new/name: post/" canvases/new.yaml >shop/canvases/crew/deep/post.yaml &&
	said "canvas/post  create  \+1 aws_sns_topic" && rm -r shop/canvases/crew && said "^1 pending"
'

test_expect_success 'a commit is reconciled, and an approval is acted upon' '
	topics shop mail "out in" && said "\+2 aws_sns_topic" && commit_all shop two &&
	said "^1 waiting, 1 unchanged" && is "$(fake_runs plan)" 2 && is "$(fake_runs apply)" 0 &&
	trueup -C shop approve canvas/mail && said "✓ canvas/mail  applied" &&
	is "$(fake_runs apply)" 1
'

test_expect_success 'git commands that move no commit are no change' '
	git -C shop status && touch -d "1 hour ago" shop/canvases/mail.yaml && git -C shop status &&
	git -C shop branch other && git -C shop tag t1 && skip_said && topics shop mail "out in x" &&
	said "\+1 aws_sns_topic" && git -C shop checkout -q -- . && said "nothing to do" &&
	is "$(fake_runs plan)" 2
'

test_expect_success 'SIGTERM: it ends, in order, with what it started' '
	touch "$FAKE/hold-plan" && topics shop mail "out in up" && commit_all shop three &&
	wait_until test -s "$FAKE/planning" && kill "$watching" && wait_until grep -q "stops in order" log &&
	wait "$watching" && rm "$FAKE/hold-plan" && cat log
'

test_expect_success 'a plain folder: what is saved is applied when Config says so' '
	mkdir folder && topics_role folder && topics folder post out && config folder "{apply: auto}" &&
	seen=0 && watch folder && said "^1 applied" &&
	topics folder post "out in" && said "^1 pending" && said "✓ canvas/post  applied" &&
	applies=$(fake_runs apply) && sed -i "s/: SNS/: SNSS/" folder/canvases/post.yaml &&
	said "did you mean .SNS." && is "$(fake_runs apply)" "$applies" &&
	topics folder post "out in" && said "nothing to do" && is "$(fake_runs apply)" "$applies" && stop
'

test_expect_success '--plan-only shows and does nothing' '
	topics folder post "out in more" && applies=$(fake_runs apply) && seen=0 &&
	watch folder --plan-only && said "canvas/post  update  \+1" &&
	topics folder post "out in more most" && said "canvas/post  update  \+2" && stop &&
	is "$(fake_runs apply)" "$applies"
'

test_expect_success '--poll finds the same by looking' '
	seen=0 && watch folder --plan-only --poll 50ms && said "canvas/post  update  \+2" &&
	grep "looking at all files" log && topics folder post "out in more" &&
	said "canvas/post  update  \+1" && stop
'

test_expect_success 'the folder goes and comes back' '
	seen=0 && watch folder --plan-only && said "canvas/post  update" && mv folder aside &&
	said "folder: No such file or directory; waiting for it" && mv aside folder &&
	said "folder is watched again" && said "canvas/post  update  \+1" && stop
'

no_more='where the kernel grants no more watches it scans, and says so'
if ! unshare -Ur sh -c "echo 2 >/proc/sys/user/max_inotify_watches" 2>/dev/null; then
	skip "$no_more" 'no user namespace to set a limit in'
else
	test_expect_success "$no_more" '
		: >log && seen=0
		unshare -Ur sh -c "echo 2 >/proc/sys/user/max_inotify_watches
			exec \"$TRUEUP\" watch --plan-only folder" >log 2>&1 &
		watching=$!
		said "the kernel grants no more watches .*all files are looked at every 2 s instead" &&
		said "canvas/post  update  \+1" && topics folder post "out in more most" &&
		said "canvas/post  update  \+2" && stop
	'
fi

test_expect_success 'a failed reconcile is tried again, by a change at the latest' '
	new_repo bad && topics_role bad && topics bad web out && config bad "{apply: auto}" &&
	commit_all bad one && echo "no such quota" >"$FAKE/fail-apply" && seen=0 && watch bad &&
	said "tries again in 30" && rm "$FAKE/fail-apply" && git -C bad commit -q --allow-empty -m two &&
	said "✓ canvas/web  applied" && stop
'

test_expect_success 'what cannot be watched' '
	git init -q --bare b.git && test_must_fail trueup watch b.git 2>err && cat err &&
	grep "is a bare repository.*trueup hook" err &&
	test_must_fail trueup watch nowhere 2>err && grep "nowhere" err
'

test_done
