#!/bin/bash
# Protects: a repository is not trusted: links out of it, huge files, bombs, odd names and bytes are
# refused in plain words, in bounded time, and nothing that is recorded is touched by them.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
fake_terraform "$TRASH"

run() {
	trueup -C shop "$@"
}
# bad NAME: the commit is refused because of one file, everything stays; out says why.
bad() {
	commit_all shop bad && expect_exit 3 timeout 20 "$TRUEUP" -C shop reconcile --auto-approve \
		>out 2>&1
	local rc=$?
	cat out
	git -C shop reset -q --hard HEAD~1
	[ "$rc" = 0 ] && test -e "$FAKE/cloud/web.aws_sns_topic.page"
}
same_as_before() {
	run reconcile >last 2>&1 && grep "^nothing to do" last
}

new_repo shop && topics_role shop && topics shop web "page" && commit_all shop one
run reconcile --auto-approve >/dev/null 2>&1

test_expect_success 'a link that leaves the repository is not read' '
	topics outside other "x" && ln -s "$TRASH/outside/canvases/other.yaml" shop/canvases/other.yaml &&
	ln -s /etc/passwd shop/canvases/passwd.yaml && bad &&
	grep "canvases/other.yaml.*link" out && grep "canvases/passwd.yaml.*link" out &&
	! grep root: out && same_as_before
'

test_expect_success 'nor one in a plain folder, nor a folder that is a link' '
	cp -r shop plain && rm -rf plain/.git && ln -s /etc/passwd plain/canvases/p.yaml &&
	expect_exit 3 trueup -C plain reconcile --auto-approve >out 2>&1 && cat out &&
	grep "canvases/p.yaml.*link" out && ! grep root: out && rm plain/canvases/p.yaml &&
	ln -s "$TRASH/outside/canvases" plain/canvases/more &&
	expect_exit 3 trueup -C plain plan --spec-only >out2 2>&1 && cat out2 &&
	grep "^canvases/more: error: is a symbolic link.*plain folder" out2 && ! grep canvas/other out2
'

# Neither is followed: whoever moves specs behind one does not mean to destroy what they describe.
test_expect_success 'a folder of specs that becomes a link or a submodule destroys nothing' '
	mkdir -p shop/canvases/prod shop/infra && topics shop one "o" && topics shop two "t" &&
	mv shop/canvases/one.yaml shop/canvases/prod/ && mv shop/canvases/two.yaml shop/infra/ &&
	commit_all shop folders && run reconcile --auto-approve && new_repo lib && topics lib x "x" &&
	commit_all lib x &&
	for place in canvases/prod infra; do
		git -C shop rm -rq $place && ln -s "$TRASH/outside" shop/$place && bad &&
		grep "^$place: error: is a symbolic link or a submodule; specs must lie in" out &&
		same_as_before && git -C shop rm -rq $place &&
		git -C shop -c protocol.file.allow=always submodule --quiet add "$TRASH/lib" $place &&
		git -C shop commit -qm sub &&
		expect_exit 3 trueup -C shop reconcile --auto-approve >out 2>&1 && cat out &&
		grep "^$place: error: is a symbolic link or a submodule" out &&
		git -C shop submodule --quiet deinit -f $place && git -C shop rm -qf $place &&
		rm -rf shop/.git/modules && git -C shop reset -q --hard HEAD~1 && same_as_before ||
			return 1
	done &&
	git -C shop rm -rq canvases/prod infra && commit_all shop "no folders" &&
	run reconcile --auto-approve
'

test_expect_success 'special files do not hang it' '
	mkfifo plain/canvases/pipe.yaml && rm -f plain/canvases/more &&
	timeout 20 "$TRUEUP" -C plain plan --spec-only >out 2>&1; rc=$?; cat out &&
	test "$rc" = 0 && grep "canvas/web  *create" out && rm plain/canvases/pipe.yaml
'

test_expect_success 'a file of 100 MB' '
	head -c 100000000 /dev/zero | tr "\0" "#" >shop/canvases/huge.yaml && bad &&
	grep "canvases/huge.yaml.*\(large\|MiB\|big\)" out && same_as_before
'

test_expect_success 'a bomb of aliases' '
	{
		echo "a: &a [x, x, x, x, x, x, x, x, x]"
		for l in b c d e f g h i j; do
			p=$(echo $l | tr b-j a-i)
			echo "$l: &$l [*$p, *$p, *$p, *$p, *$p, *$p, *$p, *$p, *$p]"
		done
	} >shop/canvases/bomb.yaml && bad && grep "canvases/bomb.yaml:.*error" out && same_as_before
'

test_expect_success 'a thousand levels' '
	{ printf "a: "; head -c 100000 /dev/zero | tr "\0" "["; } >shop/canvases/deep.yaml && bad &&
	grep "canvases/deep.yaml:.*deep" out && same_as_before
'

test_expect_success 'bytes that are no UTF-8, NUL, tabs, a duplicate key, in one run' '
	printf "kind: \377\n" >shop/canvases/bytes.yaml &&
	printf "kind: a\0b\n" >shop/canvases/nul.yaml &&
	printf "kind:\n\tx: 1\n" >shop/canvases/tab.yaml &&
	printf "kind: a\nkind: b\n" >shop/canvases/twice.yaml && bad &&
	grep "canvases/bytes.yaml:1:.*UTF-8" out && grep "canvases/nul.yaml:1:.*NUL" out &&
	grep "canvases/tab.yaml:2:.*tab" out && grep "canvases/twice.yaml:2:1:.*kind" out &&
	same_as_before
'

test_expect_success 'names that are no UTF-8 or hold control characters are shown harmlessly' '
	printf "x: 1\n" >"shop/canvases/$(printf "evil\033[31m\377").yaml" && bad &&
	! grep -q "$(printf "\033")" out && same_as_before
'

test_expect_success 'control characters of a value do not reach the terminal' '
	topics shop esc "x" && sed -i "s/label: x/label: \"\\\\e[31mred\"/" shop/canvases/esc.yaml &&
	bad && grep "canvases/esc.yaml:8:.*control character U+001B" out &&
	! grep -q "$(printf "\033")" out && same_as_before
'

test_expect_success 'what .trueupignore names does not count' '
	printf "nonsense\n" >shop/canvases/draft.yaml && echo "draft.yaml" >shop/.trueupignore &&
	commit_all shop ignore && same_as_before
'

test_expect_success 'a literal access key in any file is refused and not printed' '
	key=AKIA$(printf "IOSFODNN7EXAMPL2") &&
	topics shop key "x=$key" && bad && grep "canvases/key.yaml:.*access key" out &&
	! grep "$key" out && same_as_before
'

test_expect_success 'a repository cannot choose programs: its git config is not run' '
	git -C shop config core.fsmonitor "touch $TRASH/pwned" &&
	git -C shop config core.hooksPath "$TRASH" && mkdir -p shop/.git/hooks &&
	topics shop web "page=again" && commit_all shop again && rm -f pwned &&
	git -C shop config core.pager "touch $TRASH/pwned" &&
	run reconcile --auto-approve >out 2>&1 && run status >out && ! test -e pwned
'
test_done
