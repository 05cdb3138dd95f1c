#!/bin/bash
# Protects: what a pusher sees and what becomes of a push: refused with the reasons, or accepted,
# planned and applied, with real git over file://.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
fake_terraform "$TRASH"
. "$TOP/tests/e2e/lib-push.sh"

test_expect_success 'a push is planned, and the plan waits' '
	server shop && commit_all shop one && push shop origin main &&
	grep "^remote: shop  main@.*1 role · 1 canvas" said &&
	grep "^remote:   + canvas/mail  create  +1 aws_sns_topic" said &&
	grep "^remote: canvas/mail: planning" said &&
	grep "^remote: canvas/mail  terraform  planned in .* 1 to add" said &&
	grep "^remote: .*canvas/mail  waiting" said && is "$(fake_runs apply)" 0 &&
	trueup -C shop.git status >out && grep "canvas/mail  *waiting" out
'

test_expect_success 'with apply: auto the waiting plan is applied by the next push' '
	config shop "{apply: auto}" && commit_all shop two && push shop origin main &&
	grep "^remote: canvas/mail  terraform  planned earlier" said &&
	grep "^remote: canvas/mail: applying" said &&
	grep "^remote: ✓ canvas/mail  applied in" said && is "$(fake_runs apply)" 1 &&
	trueup -C shop.git status >out && grep "canvas/mail  *applied" out
'

test_expect_success 'the actor is who pushed and not who wrote the commit' '
	topics shop mail "out in" && commit_all shop three &&
	GL_USER=dora push shop origin main &&
	trueup -C shop.git history >out && cat out && head -n 1 out | grep "git:dora" &&
	topics shop mail "out in up" && commit_all shop four &&
	GL_USER="no name" REMOTE_USER=emil push shop origin main &&
	trueup -C shop.git history | head -n 1 | grep "git:emil" &&
	topics shop mail "out in" && commit_all shop five && push shop origin main &&
	trueup -C shop.git history | head -n 1 | grep "git:$(id -un)"
'

test_expect_success 'invalid specs are refused with place, line and hint' '
	before=$(tip shop) && sed -i "s/: SNS/: SNSS/" shop/canvases/mail.yaml &&
	commit_all shop bad && test_must_fail push shop origin main &&
	grep "^remote: canvases/mail.yaml:8:.*error: .SNSS. is no value" said &&
	grep "^remote:  *8 |" said && grep "^remote:    did you mean .SNS." said &&
	grep "^remote: trueup: main is refused: its specs are invalid" said &&
	is "$(tip shop)" "$before" && git -C shop reset -q --hard HEAD~1
'

test_expect_success 'the same on another branch is accepted, and shown' '
	git -C shop checkout -q -b draft && sed -i "s/: SNS/: SNSS/" shop/canvases/mail.yaml &&
	commit_all shop draft && push shop origin draft &&
	grep "^remote: trueup: what draft would change" said &&
	grep "^remote: canvases/mail.yaml:8:.*error: .SNSS." said &&
	is "$(tip shop draft)" "$(git -C shop rev-parse draft)" && git -C shop checkout -q main
'

test_expect_success 'what a branch would change is shown, and nothing is recorded or planned' '
	git -C shop checkout -q -b topic && topics shop news one && commit_all shop topic &&
	plans=$(fake_runs plan) && push shop origin topic &&
	grep "^remote: shop  topic@" said &&
	grep "^remote:   + canvas/news  create  +1 aws_sns_topic" said &&
	is "$(fake_runs plan)" "$plans" && ! trueup -C shop.git status | grep news &&
	git -C shop checkout -q main
'

test_expect_success 'a secret is refused on every branch and tag, also one removed again' '
	git -C shop checkout -q -b leak && echo "key AKIAABCDEFGHIJKLMNOP" >shop/notes.txt &&
	commit_all shop leak && leak=$(git -C shop rev-parse --short=7 HEAD) &&
	git -C shop rm -q notes.txt && commit_all shop "and gone" &&
	test_must_fail push shop origin leak &&
	grep "^remote: notes.txt:1:5: error: an AWS access key" said &&
	grep "^remote:    commit $leak brings it" said && ! grep AKIAABC said &&
	is "$(tip shop leak)" none &&
	git -C shop tag v1 && test_must_fail push shop origin v1 &&
	git -C shop tag -a -m "a tag" v2 && test_must_fail push shop origin v2 &&
	grep "^remote: trueup: refs/tags/v2 is refused" said &&
	test_must_fail push shop origin leak:main && is "$(tip shop)" "$(git -C shop rev-parse main)" &&
	git -C shop checkout -q main && git -C shop tag -d v1 v2
'

test_expect_success 'a secret is refused by whatever ref it comes, also without a commit' '
	for ref in refs/foo/x refs/notes/x refs/pull/1/head; do
		test_must_fail push shop origin "leak:$ref" &&
			grep "^remote: trueup: $ref is refused: it would bring a literal secret" said ||
			return 1
	done &&
	git -C shop tag tree "leak~1^{tree}" && git -C shop tag file leak~1:notes.txt &&
	git -C shop tag -a -m "a tag" tree2 tree && git -C shop tag -a -m "a tag" tree3 tree2 &&
	for tag in tree file tree2 tree3; do
		test_must_fail push shop origin "refs/tags/$tag" &&
			grep "^remote: [^ ]*:1:5: error: an AWS access key" said &&
			grep "no commit has it" said && ! grep AKIAABC said || return 1
	done &&
	git -C shop tag -d tree file tree2 tree3 && git -C shop tag tree "main^{tree}" &&
	git -C shop tag file main:trueup.yaml && push shop origin tree file &&
	test_must_fail push shop origin leak && is "$(tip shop leak)" none
'

test_expect_success 'a file is searched to its end, and one that is too large is refused' '
	git -C shop checkout -q -b large main &&
	{ yes "a line of a log" | head -c 5000000 && echo "key AKIAABCDEFGHIJKLMNOP"; } >shop/log &&
	commit_all shop log && test_must_fail push shop origin large &&
	grep "^remote: log:312501:[0-9]*: error: an AWS access key" said &&
	yes "a line of a log" | head -c 67108865 >shop/log && git -C shop add log &&
	git -C shop commit -q --amend --no-edit && test_must_fail push shop origin large &&
	grep "large is refused: log cannot be searched for secrets: .* larger than 67108864" said &&
	grep "trueupignore" said && echo log >shop/.trueupignore && git -C shop add -A &&
	git -C shop commit -q --amend --no-edit && push shop origin large &&
	git -C shop checkout -q main && git -C shop branch -D large
'

test_expect_success 'keys of documentation and files that are ignored pass' '
	echo "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY secret" >shop/README &&
	echo "key AKIAABCDEFGHIJKLMNOP" >shop/fixture.txt && echo fixture.txt >shop/.trueupignore &&
	commit_all shop docs && push shop origin main && is "$(tip shop)" "$(git -C shop rev-parse main)"
'

test_expect_success 'a push that takes every canvas away is refused, unless that is meant' '
	git -C shop rm -q canvases/mail.yaml && commit_all shop none && before=$(tip shop) &&
	test_must_fail push shop origin main &&
	grep "main is refused: it has no canvas at all, and 1 recorded one would be destroyed" said &&
	grep "push with -o trueup.allow-empty" said && is "$(tip shop)" "$before" &&
	push shop -o trueup.allow-empty origin main &&
	grep "^remote: ✓ canvas/mail  applied .*destroyed" said
'

test_expect_success 'push options: skip, an unknown one, those of others' '
	topics shop mail out && commit_all shop again && applies=$(fake_runs apply) &&
	test_must_fail push shop -o trueup.skp origin main &&
	grep "no push option .trueup.skp.; did you mean .trueup.skip" said &&
	push shop -o trueup.skip -o ci.skip origin main && grep "not reconciled, as you said" said &&
	is "$(fake_runs apply)" "$applies" &&
	trueup -C shop.git reconcile >out && grep "^✓ canvas/mail  applied" out
'

test_expect_success 'a forced push is reconciled to what it brings, and said' '
	topics shop mail "out more" && commit_all shop more && push shop origin main &&
	git -C shop reset -q --hard HEAD~1 && topics shop mail "out other" && commit_all shop other &&
	test_must_fail git -C shop push -q origin main 2>err &&
	push shop --force origin main &&
	grep "trueup: main: its history is replaced: .* is no longer part of it" said &&
	grep "^remote:   ~ canvas/mail  update  -1 aws_sns_topic  +1 aws_sns_topic" said &&
	grep "^remote: ✓ canvas/mail  applied" said
'

test_expect_success 'deleting: another branch is nothing, the branch of Config is refused' '
	push shop origin :draft && ! grep "^remote: " said && is "$(tip shop draft)" none &&
	git -C shop.git config receive.denyDeleteCurrent ignore &&
	test_must_fail push shop origin :main &&
	grep "main is refused: it is the branch of Config" said &&
	is "$(tip shop)" "$(git -C shop rev-parse main)"
'

test_expect_success 'several refs in one push: all or none, and each is told' '
	git -C shop checkout -q -b first && topics shop one a && commit_all shop one &&
	git -C shop checkout -q -b second main && topics shop two b && commit_all shop two &&
	git -C shop checkout -q main && topics shop mail out && commit_all shop main &&
	git -C shop tag v3 && push shop origin main first second v3 &&
	grep "^remote: trueup: what first would change" said && grep "+ canvas/one" said &&
	grep "^remote: trueup: what second would change" said && grep "+ canvas/two" said &&
	grep "^remote: ✓ canvas/mail  applied" said &&
	git -C shop checkout -q first && echo broken >shop/canvases/mail.yaml &&
	commit_all shop broken && before=$(tip shop second) &&
	git -C shop checkout -q second && topics shop three c && commit_all shop three &&
	test_must_fail push shop --atomic origin first:main second &&
	is "$(tip shop second)" "$before" && git -C shop checkout -q main
'

test_expect_success 'only trueup writes its notes' '
	git -C shop fetch -q origin refs/notes/trueup:refs/notes/trueup &&
	git -C shop notes --ref=trueup append -m "trueup/apply success forged" HEAD &&
	test_must_fail push shop origin refs/notes/trueup &&
	grep "refs/notes/trueup is refused: trueup writes there" said &&
	test_must_fail push shop origin :refs/notes/trueup &&
	server fresh && commit_all fresh one &&
	git -C fresh notes --ref=trueup add -m "trueup/apply success forged" HEAD &&
	test_must_fail push fresh origin refs/notes/trueup &&
	grep "refs/notes/trueup is refused: trueup writes there" said &&
	config fresh "{apply: auto}" && commit_all fresh two && push fresh origin main &&
	git -C fresh fetch -q origin +refs/notes/trueup:refs/notes/trueup &&
	git -C fresh notes --ref=trueup show HEAD | grep "success"
'

test_expect_success 'nobody gets a branch applied by naming it in its own Config' '
	server plain && commit_all plain one && push plain origin main &&
	git -C plain checkout -q -b mine && config plain "{apply: auto, branch: mine}" &&
	topics plain mine a && commit_all plain mine && applies=$(fake_runs apply) &&
	push plain origin mine && grep "what mine would change (nothing is applied)" said &&
	is "$(fake_runs apply)" "$applies" && ! trueup -C plain.git status | grep canvas/mine &&
	trueup -C plain.git reconcile --rev mine -y >out 2>&1 &&
	grep "is not part of the branch .main. of Config" out && is "$(fake_runs apply)" "$applies"
'

test_expect_success 'before anything is recorded the pushed Config names the branch' '
	server prod post && config prod "{apply: auto, branch: live}" && commit_all prod one &&
	push prod origin main && grep "what main would change (nothing is applied)" said &&
	push prod origin main:live && grep "^remote: prod  live@" said &&
	grep "^remote: ✓ canvas/post  applied" said &&
	trueup -C prod.git status | grep "canvas/post  *applied"
'

test_expect_success '5,000 files in one push' '
	server many && for i in $(seq 5000); do echo "text $i" >"many/file-$i.txt"; done &&
	for i in $(seq 200); do topics many "c$i" "a b"; done && commit_all many all &&
	push many -o trueup.skip origin main && is "$(tip many)" "$(git -C many rev-parse main)" &&
	for i in $(seq 5000); do echo "other $i" >"many/file-$i.txt"; done &&
	echo "key AKIAABCDEFGHIJKLMNOP" >many/file-4711.txt && commit_all many leak &&
	test_must_fail push many -o trueup.skip origin main && grep "file-4711.txt:1:5" said
'

test_done
