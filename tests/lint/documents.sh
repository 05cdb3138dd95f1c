#!/bin/bash
# Protects: what the documents promise. Links lead somewhere, every command has its pages, nothing
# unfinished or of one person's machine is in the tree.
. "$(dirname "$0")/points.inc"

links=$(tree_files '*.md' | grep -vE '^(tests|templates|examples)/' | while IFS= read -r file; do
	sed '/^```/,/^```/d' "$file" | grep -oE '\]\([^)]+\)' | sed 's/^](//; s/)$//; s/ ".*//' |
		while IFS= read -r link; do
			case $link in
			http:* | https:* | mailto:*) continue ;;
			'#'*) target=$file ;;
			*) target=$(dirname "$file")/${link%%#*} ;;
			esac
			[ -e "$target" ] || echo "$file: $link"
		done
done)
point 'links in documents lead somewhere' "$links"

unfinished='\b(TO''DO|FIX''ME|XX''X|HA''CK)\b|not yet imple''mented|unimple''mented|coming so''on'
point 'nothing unfinished is in the tree' "$(tree_files . | grep -vE '/corpus/' |
	xargs -d '\n' grep -nIE "$unfinished" | head -n 20)"

local_paths='/wo''rk/|/ro''ot/|/ho''me/[a-z]|\.pye''nv'
point 'no path of one machine is in the tree' "$(tree_files . | grep -vE '/corpus/' |
	xargs -d '\n' grep -nIE "(^|[^A-Za-z0-9_.-])($local_paths)" | head -n 20)"

trueup=${TRUEUP:-build/trueup}
if [ -x "$trueup" ]; then
	names=$("$trueup" internal-commands --names)
	point 'docs/commands.md is what the tables say: make regen' \
		"$("$trueup" internal-commands | diff -u docs/commands.md - | head -n 40)"
	man=$(mktemp -d)
	"$trueup" internal-man "$man"
	point 'every command has a man page' "$(for name in $names; do
		[ -s "$man/trueup-$name.1" ] || echo "$name"
	done)"
	for shell in bash zsh fish; do
		script=$("$trueup" internal-completion $shell)
		point "$shell completes every command" "$(for name in $names; do
			# Of "runbook-list" some shells complete the second word only.
			printf '%s\n' "$script" | grep -qw -- "${name##*-}" || echo "$name"
		done)"
	done
	if need mandoc 'man pages pass mandoc -Tlint'; then
		point 'man pages pass mandoc -Tlint' \
			"$(mandoc -Tlint -Wstyle "$man"/*.1 2>/dev/null |
				grep -v 'referenced manual not found' | head -n 20)"
	fi
	point 'every command stands in a source file of a command' "$(for name in $names; do
		grep -qE "^const struct command cmd_$(printf '%s' "$name" | tr - _) " \
			src/cli/cmd_*.c || echo "$name"
	done)"
	rm -rf "$man"
else
	point 'commands and documents agree' "$trueup is not built: make"
fi

headless=$(tree_files 'tests/unit/*/test_*.c' 'tests/e2e/t*.sh' | while IFS= read -r file; do
	head -n 3 "$file" | grep -q 'Protects:' || echo "$file"
done)
point 'every test says what it protects' "$headless"

done_points
