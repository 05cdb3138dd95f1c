#!/bin/bash
# Protects: hooks of somebody else are never lost and their refusal counts; installing twice,
# upgrading and removing leave what was there; a commit is checked before it is made.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-push.sh"
fake_terraform "$TRASH"

# foreign FILE LINE...: a hook of somebody else, which notes its input in FILE.saw.
foreign() {
	local file=$1
	shift
	printf '%s\n' '#!/bin/sh' "cat >\"$TRASH/$(basename "$file").saw\"" "$@" >"$file" &&
		chmod +x "$file"
}

test_expect_success 'installed, seen, and installed again without a change' '
	git init -q --bare -b main a.git && trueup hook status a.git >out &&
	grep "pre-receive  *none" out && trueup hook install a.git >out &&
	grep "pre-receive  *installed" out && grep "post-receive  *installed" out &&
	is "$(git -C a.git config receive.advertisePushOptions)" true &&
	md5sum a.git/hooks/*receive a.git/config >before &&
	trueup hook install a.git >out && grep "pre-receive  *unchanged" out &&
	md5sum -c --quiet before && trueup hook status -o json a.git >json &&
	is "$(json json "[(h[\"hook\"], h[\"state\"], h[\"chained\"]) for h in d[\"hooks\"]]")" \
		"[[\"pre-receive\", \"installed\", false], [\"post-receive\", \"installed\", false]]"
'

test_expect_success 'removed, with what was configured' '
	trueup hook remove a.git >out && grep "pre-receive  *removed" out &&
	[ ! -e a.git/hooks/pre-receive ] && [ ! -e a.git/hooks/post-receive ] &&
	test_must_fail git -C a.git config receive.advertisePushOptions &&
	trueup hook remove a.git >out && grep "pre-receive  *unchanged" out &&
	git -C a.git config receive.advertisePushOptions false && trueup hook install a.git &&
	is "$(git -C a.git config receive.advertisePushOptions)" false && trueup hook remove a.git &&
	is "$(git -C a.git config receive.advertisePushOptions)" false
'

test_expect_success 'a foreign hook is asked first, with the same input' '
	server b && trueup hook remove b.git && foreign b.git/hooks/pre-receive "echo first" &&
	foreign b.git/hooks/post-receive "echo later; exit 3" && cp b.git/hooks/pre-receive kept &&
	trueup hook install b.git >out && cat out && grep "pre-receive  *chained" out &&
	cmp kept b.git/hooks/pre-receive.before-trueup &&
	commit_all b one && push b origin main && grep "^remote: first" said &&
	grep "^remote: later" said &&
	grep "^remote: .*canvas/mail  waiting" said &&
	id=$(git -C b rev-parse main) &&
	is "$(cat pre-receive.saw)" "0000000000000000000000000000000000000000 $id refs/heads/main" &&
	cmp pre-receive.saw post-receive.saw
'

test_expect_success 'its refusal counts, and ours does too' '
	echo "echo no; exit 1" >>b.git/hooks/pre-receive.before-trueup && topics b mail "out in" &&
	commit_all b two && before=$(tip b) && test_must_fail push b origin main &&
	grep "^remote: no" said && ! grep "^remote: .*canvas" said && is "$(tip b)" "$before" &&
	sed -i "s/exit 1/exit 0/" b.git/hooks/pre-receive.before-trueup &&
	echo "key AKIAABCDEFGHIJKLMNOP" >b/x.txt && commit_all b secret &&
	test_must_fail push b origin main && grep "x.txt:1:5" said &&
	git -C b reset -q --hard HEAD~1 && push b origin main
'

test_expect_success 'many refs reach it whole, and one that reads nothing is no problem' '
	for i in $(seq 300); do git -C b tag "v$i"; done && push b --tags >/dev/null 2>&1 &&
	is "$(wc -l <pre-receive.saw)" 300 && cmp pre-receive.saw post-receive.saw &&
	printf "%s\n" "#!/bin/sh" "exit 0" >b.git/hooks/pre-receive.before-trueup &&
	for i in $(seq 300); do git -C b tag "w$i"; done && push b --tags && ! grep -i error said
'

test_expect_success 'renewed after an upgrade, the chain stays; removed, it is put back' '
	sed -i "s/^trueup=.*/trueup=\"\/old\/trueup\"/" b.git/hooks/pre-receive &&
	trueup hook status b.git >out && grep "pre-receive  *outdated" out &&
	trueup hook install b.git >out && grep "pre-receive  *renewed" out &&
	[ -e b.git/hooks/pre-receive.before-trueup ] && chmod -x b.git/hooks/pre-receive &&
	trueup hook status b.git >out && grep "pre-receive  *off" out &&
	trueup hook install b.git && [ -x b.git/hooks/pre-receive ] &&
	cp b.git/hooks/pre-receive.before-trueup kept && trueup hook remove b.git >out &&
	grep "pre-receive  *restored" out && cmp kept b.git/hooks/pre-receive &&
	[ ! -e b.git/hooks/pre-receive.before-trueup ] && trueup hook remove b.git >out &&
	grep "pre-receive  *unchanged  *.*somebody else" out && cmp kept b.git/hooks/pre-receive
'

test_expect_success 'one that another tool wrote over ours is chained again, a new one is not' '
	trueup hook install b.git && cp kept b.git/hooks/pre-receive &&
	trueup hook install b.git >out &&
	grep "pre-receive  *chained" out && foreign b.git/hooks/pre-receive "exit 0" &&
	test_must_fail trueup hook install b.git 2>err && cat err &&
	grep "both hooks of somebody else" err && cmp kept b.git/hooks/pre-receive.before-trueup
'

test_expect_success 'a link stays a link' '
	git init -q --bare -b main l.git && foreign elsewhere "exit 0" &&
	ln -s "$TRASH/elsewhere" l.git/hooks/pre-receive && cp elsewhere kept &&
	trueup hook install l.git && [ -L l.git/hooks/pre-receive.before-trueup ] &&
	[ ! -L l.git/hooks/pre-receive ] && cmp elsewhere kept && trueup hook remove l.git &&
	[ -L l.git/hooks/pre-receive ] && cmp elsewhere kept
'

test_expect_success 'core.hooksPath is obeyed, and asked about where it serves others too' '
	git init -q --bare -b main h.git && git -C h.git config core.hooksPath own &&
	trueup hook install h.git && [ -x h.git/own/pre-receive ] &&
	[ ! -e h.git/hooks/pre-receive ] &&
	git init -q --bare -b main s.git &&
	git config -f "$HOME/.gitconfig" core.hooksPath "$TRASH/all" &&
	test_must_fail trueup hook install s.git 2>err && cat err && grep "for all repositories" err &&
	[ ! -e all ] && trueup hook install --shared s.git && [ -x all/pre-receive ] &&
	rm "$HOME/.gitconfig"
'

test_expect_success 'without its executable a push is refused, and says why' '
	server m && commit_all m one &&
	sed -i "s/^trueup=.*/trueup=\/gone\/trueup/" m.git/hooks/p*-receive &&
	test_must_fail push m origin main && grep "^remote: trueup: not found" said &&
	is "$(tip m)" none
'

test_expect_success 'a plain folder has no hooks' '
	mkdir plain && test_must_fail trueup hook install plain 2>err &&
	grep "not in a git repository" err
'

test_expect_success 'pre-commit: what is staged is checked, not what lies there' '
	new_repo w && topics_role w && topics w mail out && commit_all w one &&
	trueup hook install w >out && grep "pre-commit  *installed" out &&
	sed -i "s/: SNS/: SNSS/" w/canvases/mail.yaml && echo hello >w/README &&
	git -C w add README && git -C w commit -q -m "other file" &&
	test_must_fail git -C w commit -q -a -m bad 2>err && cat err &&
	grep "canvases/mail.yaml:8:.*did\|canvases/mail.yaml:8:.*error: .SNSS." err &&
	grep "git commit --no-verify" err && git -C w add -A &&
	topics w mail "out in" && test_must_fail git -C w commit -q -m staged 2>err &&
	git -C w add -A && git -C w commit -q -m good 2>err && [ ! -s err ] &&
	sed -i "s/: SNS/: SNSS/" w/canvases/mail.yaml && git -C w commit -q -a --no-verify -m anyway
'

test_expect_success 'pre-commit: the first commit, a secret, and a hook that was there' '
	new_repo n && topics_role n && foreign n/.git/hooks/pre-commit "[ ! -e stop ]" &&
	trueup hook install n && git -C n add -A && git -C n commit -q -m one &&
	[ -e pre-commit.saw ] &&
	echo "# AKIAABCDEFGHIJKLMNOP" >>n/roles/team.yaml &&
	test_must_fail git -C n commit -q -a -m secret 2>err && grep "secret-literal" err &&
	git -C n checkout -q . && touch n/stop && echo >>n/roles/team.yaml &&
	test_must_fail git -C n commit -q -a -m stopped && rm n/stop && git -C n commit -q -a -m two
'

test_expect_success 'pre-commit: a spec root that is a folder of the repository' '
	mkdir r && git -C r init -q -b main && mkdir -p r/infra r/canvases && topics_role r/infra &&
	topics r/infra mail out && echo "no spec" >r/canvases/x.yaml && trueup hook install r/infra &&
	commit_all r one && sed -i "s/: SNS/: SNSS/" r/infra/canvases/mail.yaml &&
	test_must_fail git -C r commit -q -a -m bad 2>err && grep "^canvases/mail.yaml:8:" err
'

test_expect_success 'pre-commit: a second spec root does not take the hook of the first' '
	new_repo two && topics_role two/a && topics two/a mail out && topics_role "two/it'"'"'s" &&
	topics "two/it'"'"'s" mail out && commit_all two one && trueup hook install "two/it'"'"'s" &&
	test_must_fail trueup hook install two/a 2>err && cat err &&
	grep "checks the spec root .it'"'"'s., .*trueup hook remove" err &&
	trueup hook status two/a >out && cat out && grep "other-root  *checks .*it'"'"'s. and not" out &&
	trueup hook status -o json two/a >json &&
	is "$(json json "[d[\"hooks\"][0][k] for k in (\"state\", \"root\")]")" \
		"[\"other-root\", \"it'"'"'s\"]" &&
	sed -i "s/: SNS/: SNSS/" "two/it'"'"'s/canvases/mail.yaml" &&
	test_must_fail git -C two commit -q -a -m bad && test_must_fail trueup hook install two &&
	trueup hook remove two/a && trueup hook install two/a && git -C two commit -q -a -m bad &&
	test_must_fail trueup hook install two 2>err && grep "spec root .a.," err
'

test_done
