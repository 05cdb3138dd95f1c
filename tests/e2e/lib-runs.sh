# shellcheck shell=bash
# Repositories with Runs for tests. Sourced after lib.sh.
RUN_FENCE='```'

have_zsh() {
	[ -x /bin/zsh ] || [ -x /usr/bin/zsh ]
}

# put_runbook DIR NAME [EXECUTION]: a runbook without variables; its script is standard input.
put_runbook() {
	mkdir -p "$1/runbooks"
	{
		printf '# %s\n\n# Environment Requirements\n%syaml\n%s\n' "$2" \
			"$RUN_FENCE" "$RUN_FENCE"
		printf '\n# File System Requirements\n%syaml\nInput:\n%s\n' \
			"$RUN_FENCE" "$RUN_FENCE"
		[ -z "${3-}" ] ||
			printf '\n# Execution\n%syaml\n%s\n%s\n' "$RUN_FENCE" "$3" "$RUN_FENCE"
		printf '\n# Script\n%ssh\n' "$RUN_FENCE"
		cat
		printf '%s\n\n# History\n' "$RUN_FENCE"
	} >"$1/runbooks/$2.md"
}

# put_run DIR NAME RUNBOOK [LINE...]: lines of its spec.
put_run() {
	local dir=$1 name=$2 runbook=$3
	shift 3
	mkdir -p "$dir/runs"
	{
		printf 'apiVersion: trueup/v1\nkind: Run\nmetadata: {name: %s}\n' "$name"
		printf 'spec:\n  runbook: %s\n' "$runbook"
		[ $# = 0 ] || printf '  %s\n' "$@"
	} >"$dir/runs/$name.yaml"
}

# put_config DIR LINE...
put_config() {
	local dir=$1
	shift
	{
		printf 'apiVersion: trueup/v1\nkind: Config\nspec:\n  apply: auto\n'
		[ $# = 0 ] || printf '  %s\n' "$@"
	} >"$dir/trueup.yaml"
}

# store_sql DIR SQL: runs it on the store of the repository DIR and prints the rows.
store_sql() {
	python3 - "$1/.git/trueup/trueup.db" "$2" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=30)
for row in db.execute(sys.argv[2]):
    print("|".join("" if value is None else str(value) for value in row))
db.commit()
END
}

# make_due DIR NAME: the next time of a scheduled Run came a minute ago.
make_due() {
	store_sql "$1" "UPDATE schedules
		SET next_at = $(($(date +%s) * 1000 - 60000)) WHERE key = 'run/$2'"
}
