# shellcheck shell=bash
# For tests that kill trueup at chosen instants. Source it after lib.sh:
#
#	. "$TOP/tests/e2e/lib-kill.sh"
#	kill_setup 40       # POINTS of them, or KILL_POINTS if that is given
#
# Sets
#
#	KILL_AT     program that kills another at a chosen system call; see tests/tools/kill-at.c
#	POINTS      how many instants are to be tried
#	KILL_SEED   which: RANDOM begins with it. Any, unless it is given; said with each failure
#
# A test has a function try, whose last argument is the instant: it kills, goes on to the end and
# prints what is wrong then. It may leave logs in $TRASH, named *.out.
KILL_AT=$TOP/${TRUEUP_BUILD:-build/release}/tools/kill-at

kill_setup() {
	needs_built "$KILL_AT" tool-programs
	# A leak check stops the world by ptrace, which the killer uses already.
	export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
	"$KILL_AT" 0 /bin/true || skip_all 'processes cannot be traced here (ptrace is forbidden)'
	# shellcheck disable=SC2034 # for the test
	POINTS=${KILL_POINTS:-$1}
	RANDOM=${KILL_SEED:=$((SRANDOM % 32768))}
}

# kill_at ARGUMENT...: kill-at with them; says so when it cannot do its work, and notes a death in
# $TRASH/kills. What it killed is no failure, nor is one that ended before its instant.
kill_at() {
	local rc=0
	"$KILL_AT" "$@" || rc=$?
	case $rc in
	137) echo killed >>"$TRASH/kills" ;;
	64 | 125 | 127) echo "kill-at ended with $rc" >>"$TRASH/kill-at.broken" ;;
	esac
}

# killed_some [MODE]: did what was tried since the last question kill at all? With -a it may be
# children only, which nobody counts.
killed_some() {
	local deaths=0
	[ ! -e "$TRASH/kill-at.broken" ] || { cat "$TRASH/kill-at.broken" && return 1; }
	[ ! -e "$TRASH/kills" ] || deaths=$(wc -l <"$TRASH/kills")
	rm -f "$TRASH/kills"
	[ "$deaths" -gt 0 ] || [ "${1-}" = -a ] || { echo "nothing was killed" && return 1; }
}

# kill_keep: the folder of a test that found something, in KILL_KEEP, if that is set.
kill_keep() {
	[ -z "${KILL_KEEP-}" ] || { rm -rf "$KILL_KEEP" && cp -a "$TRASH" "$KILL_KEEP"; }
}

# kill_one ARGUMENT... INSTANT: try with these; shows what is wrong, if anything is.
kill_one() {
	local log
	rm -f "$TRASH"/*.out
	try "$@" >"$TRASH/why" 2>&1
	[ ! -s "$TRASH/why" ] && return 0
	echo "--- killed at $* (KILL_SEED=$KILL_SEED)"
	cat "$TRASH/why"
	for log in "$TRASH"/*.out; do
		sed "s|^|${log##*/}: |" "$log"
	done
	kill_keep
	return 1
}

# kill_sweep TOTAL POINTS ARGUMENT...: kill_one for that many instants of TOTAL, evenly spread with
# a random offset.
kill_sweep() {
	local total=$1 points=$2 i bad=0 mode=
	shift 2
	[ "$points" -gt 0 ] || points=1
	[[ " $* " != *" -a "* ]] || mode=-a
	for ((i = 0; i < points; i++)); do
		kill_one "$@" $((1 + (i * total + RANDOM % total) / points)) || bad=$((bad + 1))
	done
	[ "$bad" = 0 ] && killed_some $mode && return 0
	echo "$bad of $points instants went wrong"
	return 1
}

# kill_state STATE: what a repository with topics (lib-fake.sh) has to end with, however it came
# about. `run` is trueup in it.
kill_state() {
	echo "effects:" && sort "$FAKE/effects"
	echo "cloud:" && (cd "$FAKE/cloud" && sha256sum -- *)
	echo "applied:" && (cd "$1/applied" && find . -type f -exec sha256sum {} + | sort -k 2)
	echo "left over:" && find "$1/jobs" "$1/plans" "$1/rendered" -mindepth 1 2>/dev/null |
		sed "s|$1/||"
	run status -o json >"$TRASH/status.json" || echo "status failed: $?"
	json "$TRASH/status.json" \
		'[(o["key"], o["phase"], o.get("reason")) for o in d["objects"]]'
	run doctor >"$TRASH/doctor.out" 2>&1 || echo "doctor: exit $?"
	run history --verify >"$TRASH/verify.out" 2>&1 || echo "history --verify: exit $?"
}
