#!/bin/bash
# Protects: runbook history of a repository behind a URL: an entry is where the repository comes
# from or it waits; nobody's push is lost or overwritten, and a mirror is not written to behind the
# back of its server.
# timeout: 300
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-serve.sh"
. "$TOP/tests/e2e/lib-runs.sh"
have_zsh || skip_all 'zsh is not installed'

MIRROR=data/repos/ops.git
# serve [LINE]: what is fetched is fetched when the server starts, unless LINE says otherwise.
serve() {
	write_server server.yaml "${1-poll: {every: 0s\}}" -- \
		"- {name: ops, url: \"file://$TRASH/ops.git\"}" && serve_start server.yaml
}
origin_has() { # BRANCH REGEX COUNT
	is "$(git -C ops.git show "$1:runbooks/Hello.md" | grep -c -- "$2")" "$3"
}
push() { # MESSAGE
	commit_all ops "$1" && git -C ops pull -q --rebase ../ops.git main &&
		git -C ops push -q ../ops.git main
}
entries() {
	git -C ops.git log --format=%B "$1" | grep -c ^Trueup-Run:
}

test_expect_success 'an entry is pushed to where the repository comes from' '
	new_repo ops && put_config ops &&
	put_runbook ops Hello <<-\END &&
		echo "hello $WHO"
	END
	commit_all ops one && git clone -q --bare ops ops.git &&
	serve "poll: {every: 100ms, jitter: 0s}" && wait_until settled "$MIRROR" &&
	put_run ops first Hello "env: {WHO: first}" && push two &&
	wait_until origin_has main "^hello first" 1 && wait_until settled "$MIRROR" &&
	is "$(entries main)" 1 &&
	is "$(git -C ops.git rev-parse main)" "$(git -C "$MIRROR" rev-parse main)" && serve_stop
'

test_expect_success 'somebody pushed meanwhile: both are there, in order' '
	put_run ops second Hello "env: {WHO: second}" "approval: {mode: manual, notSelf: false}" &&
	push three && serve && waits() {
		trueup -C "$MIRROR" status | grep -q "run/second *waiting"
	} && wait_until waits && echo more >ops/README && push four &&
	trueup -C "$MIRROR" approve run/second && wait_until origin_has main "^hello second" 1 &&
	git -C ops.git cat-file -e main:README && is "$(entries main)" 2 &&
	is "$(git -C ops.git log --format=%s -2 main | tail -n 1)" four && serve_stop
'

test_expect_success 'a branch that takes no push: the entry waits, says why, and is written later' '
	cp -a ops.git/hooks hooks.kept &&
	printf "%s\n" "#!/bin/sh" "echo only by hand >&2" "exit 1" >ops.git/hooks/pre-receive &&
	chmod +x ops.git/hooks/pre-receive && mv ops.git/hooks closed &&
	put_run ops third Hello "env: {WHO: third}" && push five && mv closed ops.git/hooks &&
	serve && wait_until serve_says "the entry of the run .* waits: .*.main. is not taken" &&
	serve_says "pre-receive hook declined.*history: {write: branch}" &&
	origin_has main "^hello third" 0 && serve_stop &&
	rm -r ops.git/hooks && cp -a hooks.kept ops.git/hooks &&
	serve && wait_until origin_has main "^hello third" 1 && is "$(entries main)" 3 && serve_stop
'

test_expect_success 'a branch of its own' '
	git -C ops pull -q ../ops.git main && put_config ops "history: {write: branch}" &&
	put_run ops fourth Hello "env: {WHO: fourth}" && push six && serve &&
	wait_until origin_has trueup/history "^hello fourth" 1 && origin_has main "^hello fourth" 0 &&
	serve_stop && put_run ops fifth Hello "env: {WHO: fifth}" && push seven && serve &&
	wait_until origin_has trueup/history "^hello fifth" 1 &&
	origin_has trueup/history "^hello fourth" 1 && serve_stop
'

test_expect_success 'a runbook that is run by hand in a mirror leaves the entry to its server' '
	trueup -C "$MIRROR" runbook run Hello -e WHO=hand >out 2>&1 &&
	grep "waits: this is a mirror: the server that keeps it writes the entry" out &&
	serve && wait_until origin_has trueup/history "^hello hand" 1 && serve_stop
'

test_done
