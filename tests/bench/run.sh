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
work=$(mktemp -d "${TMPDIR:-/tmp}/trueup-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
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

ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", b > 0 ? a / b : 0}'
}

# median_ms TIMES COMMAND...: median of the wall-clock time in milliseconds, output thrown away.
median_ms() {
	local times=$1 i start
	shift
	for ((i = 0; i < times; i++)); do
		start=${EPOCHREALTIME/./}
		"$@" >"$work/out" 2>"$work/err" || {
			echo "bench: '$*' failed:" >&2
			tail -n 5 "$work/out" "$work/err" >&2
			return 1
		}
		echo $((${EPOCHREALTIME/./} - start))
	done | sort -n | awk '{v[NR] = $1} END {printf "%.2f\n", v[int((NR + 1) / 2)] / 1000}'
}

# cpu_ms TIMES COMMAND...: mean of user and system time in milliseconds.
cpu_ms() {
	local times=$1 i
	shift
	{
		TIMEFORMAT='%3U %3S'
		time for ((i = 0; i < times; i++)); do
			"$@" >/dev/null 2>&1
		done
	} 2>&1 | awk -v n="$times" '{printf "%.2f\n", ($1 + $2) * 1000 / n}'
}

# spec_repository DIR COUNT: a git repository of one role and COUNT small canvases.
spec_repository() {
	local dir=$1 count=$2
	mkdir -p "$dir/roles" "$dir/canvases"
	cat >"$dir/roles/web-team.yaml" <<-'END'
		apiVersion: trueup/v1
		kind: Role
		metadata: {name: web-team}
		spec:
		  account: "123456789012"
		  region: eu-central-1
		  permissions: {deploy: true}
		  allowedServices: [EC2, S3, SECURITY_GROUP]
	END
	awk -v dir="$dir/canvases" -v count="$count" 'BEGIN {
		for (i = 1; i <= count; i++) {
			file = sprintf("%s/app-%05d.yaml", dir, i)
			print "apiVersion: trueup/v1\nkind: Canvas" > file
			printf "metadata: {name: app-%05d}\n", i > file
			print "spec:\n  role: web-team\n  engine: terraform\n  nodes:" > file
			print "    - id: web\n      type: resource\n      data:" > file
			print "        resourceType: EC2\n        label: Web server" > file
			print "        config:\n          instanceType: t3.micro" > file
			printf "          rootVolumeGb: %d\n", 10 + i % 90 > file
			print "    - id: files\n      type: resource\n      data:" > file
			print "        resourceType: S3\n        label: Files" > file
			print "  edges: []" > file
			close(file)
		}
	}'
	git -C "$dir" init -q -b main
	git -C "$dir" add -A
	git -C "$dir" commit -qm 'All specs'
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
	sed 's/^/| /; s/|/ | /g; s/^|  /| /; s/$/ |/; s/  */ /g' "$rows"
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
