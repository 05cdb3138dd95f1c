# shellcheck shell=bash
# Runbooks for tests. Sourced after lib.sh.
#
# write_runbook DIR NAME [OPTION...] reads the script from standard input:
#	vars='A B'      variables under Environment Requirements
#	roles='a, b'    the claim `roles`
#	inputs='x y'    inputs
#	exec='YAML'     the block of # Execution
#	calls=1         it calls trueup: leaks cannot be looked for in there, since that takes
#	                tracing, which the isolation refuses
fence='```'

write_runbook() {
	local dir=$1 name=$2 vars='' roles='' inputs='' exec='' calls='' word option
	shift 2
	for option; do
		local "$option"
	done
	mkdir -p "$dir/runbooks"
	{
		printf '# %s\nFor a test.\n\n# Environment Requirements\n%syaml\n' "$name" "$fence"
		for word in $vars; do
			echo "$word: a variable"
		done
		printf '%s\n\n# File System Requirements\n%syaml\n' "$fence" "$fence"
		if [ -n "$inputs" ]; then
			echo 'Input:'
			for word in $inputs; do
				echo "  - $word"
			done
		else
			echo 'Input:'
		fi
		printf '%s\n' "$fence"
		[ -z "$roles" ] ||
			printf '\n# Required Claims\n%syaml\nroles: %s\n%s\n' "$fence" "$roles" "$fence"
		[ -z "$exec" ] || printf '\n# Execution\n%syaml\n%s\n%s\n' "$fence" "$exec" "$fence"
		printf '\n# Script\n%ssh\n' "$fence"
		[ -z "$calls" ] || echo 'export ASAN_OPTIONS=detect_leaks=0'
		cat
		printf '%s\n\n# History\n' "$fence"
	} >"$dir/runbooks/$name.md"
}

# A role with members: write_members DIR NAME ACTOR...
write_members() {
	local dir=$1 name=$2 member
	shift 2
	write_role "$dir" "$name" EC2
	{
		echo '  members:'
		for member; do
			echo "    - \"$member\""
		done
	} >>"$dir/roles/$name.yaml"
}

me=os:$(id -un)

# store_value DIR SQL: one value of the store of the repository DIR.
store_value() {
	python3 - "$1/.git/trueup/trueup.db" "$2" <<'END'
import sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
for row in db.execute(sys.argv[2]):
    print("|".join("" if value is None else str(value) for value in row))
END
}

# Nobody shares a shell of a name with every machine.
have_zsh() {
	[ -x /bin/zsh ] || [ -x /usr/bin/zsh ]
}
