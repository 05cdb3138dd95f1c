#!/bin/bash
# Runs test programs (unit tests, shell tests, lint: anything that prints TAP) side by side and
# adds up their points.
#
#	run.sh [-j JOBS] [-t SECONDS] PROGRAM...
#
# A program that crashes, runs out of time, prints no plan or fewer points than planned counts as
# one more failure, and its output is shown. TRUEUP_WRAP is put in front of compiled programs.
# A script with the line "# waits" mostly waits for what it has started: it runs beside the JOBS that
# do not. Outputs are kept in build/test-logs. Ends with "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1

jobs=2 seconds=300
while getopts j:t: opt; do
	case $opt in
	j) jobs=$OPTARG ;;
	t) seconds=$OPTARG ;;
	*) exit 64 ;;
	esac
done
shift $((OPTIND - 1))

logs=build/test-logs/$$
mkdir -p "$logs"
export CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C.UTF-8 TZ=UTC

# The command line of a program, and how long it may take.
run_one() {
	local program=$1 limit=$2
	case $program in
	*.sh)
		local own
		own=$(sed -n 's/^# timeout: \([0-9]*\)$/\1/p' "$program" | head -n 1)
		timeout -k 10 "${own:-$limit}" bash "$program"
		;;
	*/replay/*)
		timeout -k 10 "$limit" "$program" "tests/fuzz/corpus/${program##*/}"
		;;
	*)
		# shellcheck disable=SC2086 # words on purpose
		timeout -k 10 "$limit" ${TRUEUP_WRAP:-} "$program"
		;;
	esac
}

# Prints "passed failed skipped" of a log; failed counts what the exit code and the plan tell too.
count() {
	awk -v rc="$2" '
		/^1\.\.[0-9]+/ {
			split($0, part, "[. #]+"); planned += part[2]; plan = 1
			if (/^1\.\.0/) { skipped++ }
		}
		/^(not )?ok / {
			points++
			if (/# [Ss][Kk][Ii][Pp]/) skipped++
			else if (/^ok/) passed++
			else failed++
		}
		END {
			if (rc && !failed) failed++
			else if (!plan || points != planned) failed++
			printf "%d %d %d\n", passed, failed, skipped
		}' "$1"
}

run_and_report() {
	local program=$1 n=$2 limit=$3 rc=0 start=$EPOCHREALTIME
	local name=${program#build/*/}
	name=${name#tests/}
	local log=$logs/$n.log
	run_one "$program" "$limit" >"$log" 2>&1 </dev/null || rc=$?
	local ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
	local passed failed skipped
	read -r passed failed skipped < <(count "$log" "$rc")
	printf '%s %d %d %d %d\n' "$name" "$passed" "$failed" "$skipped" "$rc" >"$logs/$n.result"
	local report
	report=$(printf '  %-4s %-40s %4d passed' "$([ "$failed" = 0 ] && echo ok || echo FAIL)" \
		"$name" "$passed")
	[ "$failed" = 0 ] || report+=", $failed failed"
	[ "$skipped" = 0 ] || report+=", $skipped skipped"
	report+=$(printf '  (%d.%d s)' $((ms / 1000)) $((ms % 1000 / 100)))
	if [ "$failed" != 0 ]; then
		[ "$rc" != 124 ] || report+=$'\n'"       ran out of time ($limit s)"
		[ "$rc" -lt 128 ] || report+=$'\n'"       ended by signal $((rc - 128))"
		report+=$'\n'$(tail -n 60 "$log" | sed 's/^/       | /')
	fi
	printf '%s\n' "$report"
}

waits() {
	[[ $1 = *.sh ]] && grep -qx '# waits' "$1"
}

# How many of the jobs that count are running.
busy() {
	local pid count=0
	for pid in $(jobs -rp); do
		[[ $waiting = *" $pid "* ]] || count=$((count + 1))
	done
	echo "$count"
}

n=0
waiting=' '
for program; do
	n=$((n + 1))
	while [ "$(busy)" -ge "$jobs" ]; do
		wait -n || true
	done
	run_and_report "$program" "$n" "$seconds" &
	! waits "$program" || waiting+="$! "
done
wait

passed=0 failed=0 skipped=0
for result in "$logs"/*.result; do
	[ -e "$result" ] || continue
	read -r name p f s rc <"$result"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
if [ "$skipped" != 0 ]; then
	echo
	echo "skipped:"
	for log in "$logs"/*.log; do
		read -r name _ <"${log%.log}.result"
		sed -n "s|^1\.\.0 *# *SKIP *|  $name: all of it: |ip
			s|^\(not \)*ok [0-9]* *-* *\(.*\)# *SKIP *\(.*\)|  $name: \2\3|ip" "$log"
	done
fi
if [ "$failed" != 0 ]; then
	echo
	echo "failed (output in $logs):"
	for result in "$logs"/*.result; do
		read -r name p f s rc <"$result"
		[ "$f" != 0 ] || continue
		log=${result%.result}.log
		echo "  $name ($log)"
		# Once more: of a long log, people and CI keep the end.
		awk '/^not ok/ { shown = 30 } /^ok/ { shown = 0 } shown-- > 0' "$log" |
			tail -n 60 | sed 's/^/    | /'
	done
else
	rm -rf "$logs"
fi
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ $# -gt 0 ]
