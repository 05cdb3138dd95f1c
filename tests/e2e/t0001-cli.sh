#!/bin/bash
# Protects: the command line that scripts and people rely on: exit codes, where output goes, what
# a misuse is told, and that every command explains itself.
. "$(dirname "$0")/lib.sh"

# Of a family of commands the key has a dash where the name has a blank.
commands=$(trueup internal-commands --names)

test_expect_success 'prints its version' '
	like "$(trueup version)" "^trueup [0-9]+\.[0-9]+\.[0-9]+$" &&
	is "$(trueup --version)" "$(trueup version)" &&
	is "$(trueup version --version)" "$(trueup version)"
'

test_expect_success 'version is a JSON document too' '
	trueup version -o json >out &&
	is "$(json out "d[\"version\"]")" 1 &&
	is "$(json out "d[\"command\"]")" version &&
	is "trueup $(json out "d[\"trueup\"]")" "$(trueup version)"
'

test_expect_success 'help goes to standard output and succeeds' '
	trueup --help >out 2>err && [ ! -s err ] &&
	trueup help >out2 && test_cmp out out2 &&
	for command in $commands; do
		grep -q "^  ${command/-/ } " out || { echo "not listed: $command"; return 1; }
	done &&
	! grep internal out
'

for key in $commands; do
	command=${key/-/ }
	test_expect_success "$command --help explains itself" '
		trueup '"$command"' --help >out 2>err && [ ! -s err ] &&
		grep -q "^Usage: trueup '"$command"'" out && grep -q "^Exit codes:" out &&
		trueup help '"$command"' >out2 && test_cmp out out2 &&
		! grep -n ".\{101\}" out
	'
done

test_expect_success 'a missing command is a misuse' '
	expect_exit 64 trueup >out 2>err && [ ! -s out ] &&
	is "$(cat err)" "trueup: a command is missing; '\''trueup help'\'' lists them"
'

test_expect_success 'a misspelt command gets the nearest' '
	expect_exit 64 trueup versoin 2>err &&
	is "$(cat err)" "trueup: unknown command '\''versoin'\''; did you mean '\''version'\''?"
'

test_expect_success 'hidden commands are not suggested' '
	expect_exit 64 trueup internal-mann 2>err && unlike "$(cat err)" "did you mean"
'

test_expect_success 'a misspelt option gets the nearest, and no whole help' '
	expect_exit 64 trueup version --quite 2>err >out && [ ! -s out ] &&
	is "$(cat err)" "trueup: unknown option '\''--quite'\'' of '\''version'\''; did you mean '\''--quiet'\''?"
'

test_expect_success 'a format that a command cannot print is a misuse' '
	expect_exit 64 trueup version -o sarif 2>err &&
	like "$(cat err)" "cannot print .sarif.; it can print: text, json"
'

test_expect_success 'global options stand before or after the command' '
	mkdir -p sub && trueup -C sub version >a && trueup version -C sub >b && test_cmp a b
'

test_expect_success '-C into nowhere fails' '
	expect_exit 1 trueup -C nowhere version 2>err &&
	is "$(cat err)" "trueup: -C: cannot enter '\''nowhere'\'': No such file or directory"
'

test_expect_success 'an error is JSON for who asked for JSON' '
	expect_exit 1 trueup help nonsense -o json >out 2>err &&
	is "$(json out "d[\"command\"]")" help &&
	is "$(json out "d[\"error\"][\"kind\"]")" invalid &&
	like "$(json out "d[\"error\"][\"message\"]")" "unknown command" &&
	grep -q "^trueup: unknown command" err
'

test_expect_success 'a full disk is noticed' '
	[ -e /dev/full ] || return 0
	expect_exit 1 trueup help 2>err >/dev/full &&
	like "$(cat err)" "cannot write to standard output: No space left on device"
'

test_expect_success 'a reader that goes away is no failure' '
	trueup help | head -n 1 >out && is "$(wc -l <out)" 1 &&
	{ trueup help; echo $? >rc; } | true; is "$(cat rc)" 0
'

test_expect_success 'closed standard files do no harm' '
	trueup version >&- 2>&- <&-; is $? 0
'

test_expect_success 'no colour without a terminal' '
	TERM=xterm-256color trueup help >out && ! grep -q "$(printf "\033")" out
'

if command -v script >/dev/null; then
	on_terminal() {
		script -qec "$1" /dev/null </dev/null
	}
	test_expect_success 'colour on a terminal, unless it is not wanted' '
		escape=$(printf "\033") &&
		TERM=xterm on_terminal "\"$TRUEUP\" help" >out && grep -q "$escape" out &&
		TERM=xterm NO_COLOR=1 on_terminal "\"$TRUEUP\" help" >out && ! grep -q "$escape" out &&
		TERM=xterm on_terminal "\"$TRUEUP\" help --no-color" >out && ! grep -q "$escape" out &&
		TERM=dumb on_terminal "\"$TRUEUP\" help" >out && ! grep -q "$escape" out
	'
else
	skip 'colour on a terminal, unless it is not wanted' 'script is not installed'
fi

test_expect_success 'completion of bash completes' '
	trueup internal-completion bash >completion.bash &&
	cat >try.sh <<-\EOF &&
	. ./completion.bash
	try() {
		COMP_WORDS=("$@")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_trueup
		echo "${COMPREPLY[*]}"
	}
	try trueup vers
	try trueup version --qui
	try trueup version -o js
	try trueup -q help versi
	try trueup --log-format t
	EOF
	printf "version\n--quiet\njson\nversion\ntext\n" >expected &&
	bash try.sh >actual && test_cmp expected actual
'

if command -v zsh >/dev/null; then
	test_expect_success 'completion of zsh parses' '
		trueup internal-completion zsh >_trueup && zsh -n _trueup
	'
else
	skip 'completion of zsh parses' 'zsh is not installed'
fi
if command -v fish >/dev/null; then
	test_expect_success 'completion of fish parses' '
		trueup internal-completion fish >trueup.fish && fish -n trueup.fish
	'
else
	skip 'completion of fish parses' 'fish is not installed'
fi

test_expect_success 'everything can be installed and removed' '
	[ "$TRUEUP" = "$TOP/build/trueup" ] || [ "$TRUEUP" = "$TOP/build/release/trueup" ] || return 0
	mkdir man completions && trueup internal-man man &&
	trueup internal-completion bash >completions/trueup &&
	trueup internal-completion zsh >completions/_trueup &&
	trueup internal-completion fish >completions/trueup.fish &&
	"$TOP/.make/install.sh" --from "$TRUEUP" man completions "$TRASH/dest" /usr &&
	dest/usr/bin/trueup version &&
	[ -s dest/usr/share/man/man1/trueup.1 ] &&
	[ -s dest/usr/share/bash-completion/completions/trueup ] &&
	"$TOP/.make/install.sh" --remove "$TRASH/dest" /usr &&
	is "$(find dest -type f)" ""
'

test_done
