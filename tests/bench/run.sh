#!/bin/bash
# Measures what docs/benchmarks.md promises and prints it as a table: what, measured, target,
# verdict. Ratios compare two things on this machine in this run, so they mean something elsewhere.
#
#	run.sh [--record] [ROW...]
#
# --record writes the table to docs/benchmarks.md. ROW is a file tests/bench/row_<name>.sh; without
# any, all of them run. A row file calls `row` with what it measured, using the helpers below.
set -euo pipefail

TOP=$(cd "$(dirname "$0")/../.." && pwd)
TRUEUP=${TRUEUP:-$TOP/build/trueup}
BENCH=${BENCH:-$TOP/build/release/bench}
work=$(mktemp -d "${TMPDIR:-/tmp}/trueup-bench.XXXXXX")
declare -A running=() # by pid: processes in the background, which end with us
# ended PID: waits for it, whatever its exit code.
ended() {
	wait "$1" 2>/dev/null || :
	unset "running[$1]"
}
clean_up() {
	[ ${#running[@]} = 0 ] || kill "${!running[@]}" 2>/dev/null || :
	rm -rf "$work"
}
trap clean_up EXIT
export LC_ALL=C.UTF-8 TERM=dumb HOME=$work/home
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=bench GIT_AUTHOR_EMAIL=bench@example.com
export GIT_COMMITTER_NAME=bench GIT_COMMITTER_EMAIL=bench@example.com
mkdir -p "$HOME"

record=
if [ "${1-}" = --record ]; then
	record=yes
	shift
fi

rows=$work/rows
: >"$rows"
missed=0

# row WHAT MEASURED TARGET VERDICT: VERDICT is yes, no or a reason why it was not measured.
row() {
	printf '%s|%s|%s|%s\n' "$1" "$2" "$3" "$4" >>"$rows"
	[ "$4" != no ] || missed=$((missed + 1))
	printf '  %-58s %-26s %-28s %s\n' "$1" "$2" "$3" "$4"
}

# at_most VALUE LIMIT: prints yes or no.
at_most() {
	awk -v a="$1" -v b="$2" 'BEGIN {print a <= b ? "yes" : "no"}'
}

# both YES YES: prints yes or no.
both() {
	if [ "$1$2" = yesyes ]; then echo yes; else echo no; fi
}

ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", (b > 0 ? a / b : 0)}'
}

# measure RUNS [--before COMMAND... --] COMMAND... [-- COMMAND...]: sets wall, cpu (milliseconds)
# and rss (MiB) of the first command, and peer_wall, peer_cpu, peer_rss of the second; medians.
measure() {
	local out
	out=$("$BENCH/measure" "$@" 2>"$work/err") || {
		echo "bench: measuring '$*' failed:" >&2
		tail -n 5 "$work/err" >&2
		return 1
	}
	read -r wall cpu rss peer_wall peer_cpu peer_rss < <(awk '{
		printf "%.2f %.2f %.1f ", $1 / 1000, $2 / 1000, $3 / 1024} END {print ""}' <<<"$out")
}

# The repository of 10,000 specs that several rows share, in $specs; made when first asked for.
# With its state as after a reconcile in $settled.
specs=$work/specs
settled=$work/settled
need_specs() {
	[ ! -d "$specs" ] || return 0
	mkdir -p "$specs"
	awk -v dir="$specs" -v count=10000 -f "$TOP/tests/bench/specs.awk"
	git -C "$specs" init -q -b main
	git -C "$specs" config gc.auto 0
	git -C "$specs" add -A
	git -C "$specs" commit -qm 'All specs'
	git -C "$specs" gc -q
}
need_settled() {
	[ ! -d "$settled" ] || return 0
	need_specs
	cp -a "$specs" "$settled"
	git -C "$settled" update-index -q --refresh
	"$BENCH/first_load" --applied "$settled" >"$work/out"
}

machine() {
	local cpu memory
	cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
	memory=$(awk '/^MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo)
	printf '%s, %s processors, %s, Linux %s' "${cpu:-unknown processor}" "$(nproc)" "$memory" \
		"$(uname -r)"
}

write_document() {
	cat <<-END
		# Benchmarks

		Written by \`make bench-record\`; \`make bench\` prints the table for your machine.
		Each row is a file in \`tests/bench/\`. Times are medians of several runs; ratios
		compare two programs in the same run on the same files. No test depends on them.

		Taken on $(machine); $("$TRUEUP" version).

		| what | measured | target | met |
		|---|---|---|---|
	END
	sed 's/|/ | /g; s/^/| /; s/$/ |/; s/  */ /g' "$rows"
	cat <<-'END'

		## How each row is taken

		`tests/bench/measure.c` starts the two programs of a row in turn, after one round
		that does not count, and takes wall clock, processor time and resident size of
		whole processes from `wait4()`. The specs are made by `tests/bench/specs.awk`: 100
		Roles and 9,900 Canvases of seven nodes, 2 KiB each, in a packed git repository.

		- **nothing changed**: `trueup reconcile` without a terminal. The store is filled
		  as it is after every canvas was applied; `git status` looks at the same
		  checkout.
		- **one changed**: the plan reads, checks and renders one canvas and previews its
		  resources.
		- **first load**: `tests/bench/first_load.c` is `reconcile` up to the recorded
		  revision, without the previews of new canvases. The scan reads the same files
		  and throws libyaml's events away.
		- **push**: the pre-receive hook as git starts it, shell included, for a commit
		  that changes one spec of the 10,000.
		- **watch**: from the moment before a file is written to the line that ends its
		  plan, quiet period of 100 ms included; resident size of the waiting process.
		- **render**: `tests/bench/render_all.c` renders the canvases and counts the
		  processor time of the templates apart. Jinja2 gets the same templates, compiled
		  before, and the same contexts, and neither escapes nor quotes.
		- **terraform**: one canvas of two resources, planned against an emulator; by hand
		  the same two commands run in the same workspace and environment. The wrapper
		  that logs the calls stands in both.
		- **webhook to first status**: an idle server, a pull request that changes one
		  spec of the 10,000, until the last of the requests is in the log of the fake
		  forge, which is on the same machine.
		- **queue**: 8 repositories of 25 canvases; terraform is a program that waits
		  100 ms.
		- **runbooks**: a runbook whose script is `true`, without claims, variables and
		  inputs, against the shell alone with the same script. As many at once as there
		  are processors for the number a second, 200 in all.

		## Where the time goes

		- **First load.** Counted in instructions, all processes together do 2.5 times what
		  libyaml's scan does, and the one that everybody waits for 1.4 times: reading,
		  parsing, canonical JSON and checking run on all processors; digests and the rows
		  of the store do not. libyaml itself is 0.9 of the 2.5. Two processors that are
		  threads of one core do less than two of their own, and each spec leaves 25 KiB
		  of tree behind, whose pages are the next thing to save.
		- **Whole rendering.** The templates alone meet the target. Wiring a canvas,
		  laying the text out as `terraform fmt` does, reading its blocks for previews and
		  taking digests cost several times what the templates cost, and Jinja2 does
		  nothing of that.
	END
}

printf '  %-58s %-26s %-28s %s\n\n' what measured target met
files=()
for name; do
	files+=("$TOP/tests/bench/row_$name.sh")
done
[ ${#files[@]} -gt 0 ] || files=("$TOP"/tests/bench/row_*.sh)
for file in "${files[@]}"; do
	cd "$work"
	# shellcheck source=/dev/null
	. "$file"
done
if [ -n "$record" ]; then
	write_document >"$TOP/docs/benchmarks.md"
	echo
	echo 'docs/benchmarks.md is written'
fi
[ "$missed" = 0 ] || echo "$missed of the targets are missed"
