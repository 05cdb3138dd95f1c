#!/bin/bash
# Protects: pushes into repositories that gitolite manages: its own rules come first, its hooks stay
# and its users are the actors. gitolite runs as it does behind sshd, without one: a program in
# place of ssh says who comes.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
command -v gitolite >/dev/null || skip_all 'gitolite is not installed (gitolite3)'
GITOLITE_SHELL=/usr/share/gitolite3/gitolite-shell
[ -x "$GITOLITE_SHELL" ] || skip_all "there is no $GITOLITE_SHELL"
fake_terraform "$TRASH"

# Instead of ssh: the user stands in WHO, sshd would take it from the key.
cat >ssh <<-EOF
	#!/bin/sh
	while [ "\${1#-}" != "\$1" ]; do shift; [ "\${1#*=}" = "\$1" ] || shift; done
	shift
	export HOME='$TRASH/git' SSH_CONNECTION='127.0.0.1 1 127.0.0.1 22' SSH_ORIGINAL_COMMAND="\$*"
	exec '$GITOLITE_SHELL' "\$WHO"
EOF
chmod +x ssh
export GIT_SSH=$TRASH/ssh GIT_SSH_VARIANT=simple WHO=admin
mkdir git
test_expect_success 'gitolite can be set up' '
	HOME=$TRASH/git gitolite setup -a admin
'
REPOSITORIES=$TRASH/git/repositories

# push DIR ARGUMENT...: what the pusher sees, in `said`; fails as git does.
push() {
	local dir=$1 rc=0
	shift
	git -C "$dir" push "$@" >said 2>&1 || rc=$?
	cat said
	return "$rc"
}

test_expect_success 'gitolite serves: the administrator makes a repository' '
	git clone -q git@host:gitolite-admin admin && printf "%s\n" "repo shop" \
		"  RW+ = dora" "  RW feature = emil" "  R = emil" >>admin/conf/gitolite.conf &&
	commit_all admin shop && push admin origin HEAD && test -d "$REPOSITORIES/shop.git" &&
	git -C "$REPOSITORIES/shop.git" symbolic-ref HEAD refs/heads/main
'

test_expect_success 'hooks are installed beside those of gitolite' '
	before=$(readlink "$REPOSITORIES/shop.git/hooks/update") && test -n "$before" &&
	trueup hook install "$REPOSITORIES/shop.git" >out && cat out &&
	grep "pre-receive  *installed" out && grep "post-receive  *installed" out &&
	is "$(readlink "$REPOSITORIES/shop.git/hooks/update")" "$before"
'

test_expect_success 'a push is reconciled; the actor is the user of gitolite' '
	new_repo shop && git -C shop remote add origin git@host:shop && topics_role shop &&
	topics shop mail out && printf "%s\n" "apiVersion: trueup/v1" "kind: Config" \
		"spec: {apply: auto}" >shop/trueup.yaml && commit_all shop one &&
	WHO=dora push shop origin main && grep "^remote: ✓ canvas/mail  applied in" said &&
	is "$(fake_runs apply)" 1 &&
	trueup -C "$REPOSITORIES/shop.git" history | head -n 1 | grep "git:dora"
'

test_expect_success 'what gitolite refuses never reaches trueup' '
	topics shop mail "out in" && commit_all shop two &&
	expect_exit 128 env WHO=stranger git -C shop push origin main 2>err &&
	grep "DENIED by fallthru" err && test_must_fail env WHO=emil git -C shop push origin main 2>err &&
	grep "DENIED by" err && is "$(fake_runs apply)" 1 &&
	is "$(git -C "$REPOSITORIES/shop.git" rev-parse main)" "$(git -C shop rev-parse HEAD~1)"
'

test_expect_success 'a branch that gitolite allows is shown and not applied' '
	WHO=emil push shop origin HEAD:feature && grep "what feature would change" said &&
	grep "~ canvas/mail" said && is "$(fake_runs apply)" 1
'

test_expect_success 'what trueup refuses is refused, whatever gitolite allows' '
	sed -i "s/: SNS/: SNSS/" shop/canvases/mail.yaml && commit_all shop bad &&
	WHO=dora test_must_fail push shop origin main &&
	grep "^remote: trueup: main is refused: its specs are invalid" said &&
	is "$(git -C "$REPOSITORIES/shop.git" rev-parse main)" "$(git -C shop rev-parse HEAD~2)"
'

test_expect_success 'a change of gitolite.conf leaves the hooks in place' '
	echo "repo other" >>admin/conf/gitolite.conf && echo "  RW+ = dora" >>admin/conf/gitolite.conf &&
	commit_all admin other && push admin origin HEAD &&
	trueup hook status "$REPOSITORIES/shop.git" >out && cat out &&
	grep "pre-receive  *installed" out && grep "post-receive  *installed" out &&
	git -C shop reset -q --hard HEAD~1 && WHO=dora push shop origin main &&
	grep "^remote: ✓ canvas/mail  applied in" said && is "$(fake_runs apply)" 2
'

test_done
