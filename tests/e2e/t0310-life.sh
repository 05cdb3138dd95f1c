#!/bin/bash
# Protects: the life of canvases in a repository: created, left alone, changed one by one,
# destroyed; from every kind of repository. With real terraform and an AWS emulator.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-terraform.sh"
. "$TOP/tests/e2e/lib-fake.sh"
need_terraform
need_moto

# Real terraform, with a line in a file for each call.
mkdir bin && cat >bin/terraform <<END && chmod +x bin/terraform
#!/bin/sh
echo "\$1 \${PWD##*/}" >>"$TRASH/calls"
exec "$TERRAFORM" "\$@"
END
PATH=$TRASH/bin:$PATH

# What terraform was asked for since the last time.
calls() {
	sort -u "$TRASH/calls" 2>/dev/null | grep -v '^version' | tr '\n' ',' || :
	rm -f "$TRASH/calls"
}
sns_names() {
	curl -s "$AWS_ENDPOINT_URL/?Action=ListTopics" -H \
		"Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/eu-central-1/sns/aws4_request" |
		grep -o 'arn:aws:sns[^<]*' | sed 's/.*:\(.*\)-[0-9a-f]*/\1/' | sort | tr '\n' ' '
}

test_expect_success 'everything is created, and said' '
	new_repo shop && topics_role shop &&
	topics shop orders "new paid" && topics shop mail "out" && commit_all shop one &&
	trueup -C shop reconcile --auto-approve >out &&
	grep "^  + canvas/orders  *create  *+2 aws_sns_topic" out &&
	grep "^  + role/team  *create" out &&
	grep "^✓ canvas/orders  applied in" out &&
	grep "^2 applied, 1 recorded" out &&
	is "$(sns_names)" "mail-out orders-new orders-paid " &&
	like "$(calls)" "^apply mail,apply orders,init (mail|orders),plan mail,plan orders,show mail,"
'

test_expect_success 'the second run has nothing to do and starts no terraform' '
	trueup -C shop reconcile >out && grep "^nothing to do" out && is "$(calls)" ""
'

test_expect_success 'a commit that moves boxes and touches other files changes nothing' '
	sed -i "s/{id: out, /{id: out, position: {x: 4, y: 2}, /" shop/canvases/mail.yaml &&
	sed -i "s/^  nodes:/  viewport: {x: 1, y: 2, zoom: 1}\n  nodes:/" shop/canvases/orders.yaml &&
	sed -i "s/^spec:/# a comment\nspec:/" shop/roles/team.yaml &&
	echo hello >shop/README && commit_all shop layout &&
	trueup -C shop reconcile >out && grep "^nothing to do" out && is "$(calls)" "" &&
	trueup -C shop reconcile >out && grep "^nothing to do" out
'

test_expect_success 'uncommitted edits count for plan --worktree only' '
	topics shop mail "out=Outbox" &&
	trueup -C shop reconcile >out && grep "^nothing to do" out && is "$(calls)" "" &&
	trueup -C shop plan --spec-only --worktree >out &&
	grep "^  ~ canvas/mail  *update  *~1 aws_sns_topic" out && ! grep orders out &&
	is "$(calls)" ""
'

test_expect_success 'an edit of one canvas plans and applies that one alone' '
	commit_all shop edit &&
	expect_exit 2 trueup -C shop plan --detailed-exitcode >out &&
	grep "~ aws_sns_topic.out .*Name.*mail-out.*mail-Outbox" out &&
	is "$(calls)" "plan mail,show mail," &&
	trueup -C shop reconcile --auto-approve >out &&
	! grep "canvas/orders" out && grep "^1 applied, 2 unchanged" out &&
	is "$(calls)" "apply mail,plan mail,show mail,"
'

test_expect_success 'the history and the notes of the commits tell it' '
	trueup -C shop history >out && cat out &&
	is "$(grep -c "canvas/mail" out)" 2 && is "$(grep -c "canvas/orders" out)" 1 &&
	trueup -C shop history --verify &&
	git -C shop notes --ref=trueup show HEAD >note && cat note &&
	grep -P "^trueup/validate\tsuccess\t" note &&
	grep -P "^trueup/plan\tsuccess\t1 object to change" note &&
	grep -P "^trueup/apply\tsuccess\t1 of 1 objects done" note &&
	grep -P "^trueup/apply: canvas/mail\tsuccess\t" note &&
	grep -P "^audit\t[0-9]+\t[0-9a-f]{64}$" note &&
	git -C shop notes --ref=trueup show HEAD~2 | grep -P "^trueup/apply\tsuccess"
'

test_expect_success 'another branch is planned and not applied' '
	git -C shop checkout -q -b topic && topics shop mail "out=Other" && commit_all shop topic &&
	trueup -C shop reconcile --auto-approve >out 2>&1 && cat out &&
	grep "branch topic is not the branch .main. of Config: planned, not applied" out &&
	is "$(calls)" "plan mail,show mail," &&
	git -C shop checkout -q main &&
	trueup -C shop reconcile >out && grep "^nothing to do" out && is "$(calls)" "" &&
	git -C shop checkout -q --detach &&
	trueup -C shop plan --rev topic --spec-only >out && grep "~ canvas/mail" out &&
	git -C shop checkout -q main
'

test_expect_success 'a removed file is destroyed, the rest is left alone' '
	rm shop/canvases/mail.yaml && commit_all shop remove &&
	trueup -C shop reconcile --auto-approve >out && cat out &&
	grep "^  - canvas/mail  *destroy  *-1 aws_sns_topic" out &&
	grep "^✓ canvas/mail" out &&
	is "$(calls)" "apply mail,plan mail,show mail," &&
	is "$(sns_names)" "orders-new orders-paid " &&
	trueup -C shop reconcile >out && grep "^nothing to do" out &&
	trueup -C shop status >out && ! grep canvas/mail out
'

test_expect_success 'a database that is gone is not taken for one that never was' '
	cp -r shop/.git/trueup saved && rm -rf shop/.git/trueup/trueup.db* &&
	expect_exit 1 trueup -C shop status 2>err && cat err && grep "trueup.db is gone" err &&
	expect_exit 1 trueup -C shop reconcile --auto-approve 2>err && grep "Restore it" err &&
	expect_exit 1 trueup doctor shop >out && grep "^problem  *repository .*is gone" out &&
	is "$(calls)" "" && ! test -e shop/.git/trueup/trueup.db &&
	cp saved/trueup.db* shop/.git/trueup && trueup -C shop reconcile >out &&
	grep "^nothing to do" out
'

test_expect_success 'begun anew on purpose it finds what the backend holds' '
	mv shop/.git/trueup away && mkdir shop/.git/trueup &&
	cp -r away/terraform shop/.git/trueup &&
	trueup -C shop reconcile --auto-approve >out && cat out &&
	grep "^✓ canvas/orders  applied.*everything was as it should be already" out &&
	is "$(sns_names)" "orders-new orders-paid " && calls &&
	trueup -C shop reconcile >out && grep "^nothing to do" out
'

test_expect_success 'a bare repository, by --rev and by HEAD' '
	new_repo work && topics_role work && topics work jobs "queue" && commit_all work one &&
	git -C work rev-parse HEAD >first && topics work jobs "queue=two" && commit_all work two &&
	git clone -q --bare work work.git && calls &&
	trueup reconcile --auto-approve --rev "$(cat first)" work.git >out && cat out &&
	grep "^✓ canvas/jobs" out && test -d work.git/trueup && ! test -e work/.git/trueup &&
	trueup reconcile --auto-approve work.git >out &&
	grep "^  ~ canvas/jobs  *update" out && grep "^✓ canvas/jobs" out &&
	trueup reconcile work.git >out && grep "^nothing to do" out
'

test_expect_success 'a subfolder of a larger repository, with its own state' '
	new_repo mono && mkdir mono/deploy && topics_role mono/deploy && calls &&
	topics mono/deploy sub "topic" && echo code >mono/main.c && commit_all mono one &&
	trueup reconcile --auto-approve mono/deploy >out && cat out && grep "^✓ canvas/sub" out &&
	echo more >>mono/main.c && commit_all mono two && calls &&
	trueup reconcile mono/deploy >out && grep "^nothing to do" out && is "$(calls)" "" &&
	trueup -C mono/deploy status >out && grep canvas/sub out &&
	! test -e mono/.git/trueup/trueup.db
'

test_expect_success 'a plain folder, without git' '
	mkdir plain && topics_role plain && topics plain files "one" && calls &&
	trueup -C plain reconcile --auto-approve >out && cat out && grep "^✓ canvas/files" out &&
	is "$(stat -c %a plain/.trueup)" 700 &&
	trueup -C plain reconcile >out && grep "^nothing to do" out && calls &&
	touch plain/canvases/files.yaml && trueup -C plain reconcile >out &&
	grep "^nothing to do" out && is "$(calls)" "" &&
	topics plain files "one=changed" && trueup -C plain reconcile --auto-approve >out &&
	grep "^  ~ canvas/files" out
'
test_done
