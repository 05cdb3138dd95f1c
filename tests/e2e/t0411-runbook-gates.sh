#!/bin/bash
# Protects: an approval is for one run of just what was looked at, groups hold their limit, and a
# script that runs other runbooks gets no further than whoever started it.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-runbook.sh"
have_zsh || skip_all 'zsh is not installed'

has() {
	grep -q "$2" "$1"
}

new_repo ops
write_members ops sre "$me"
write_members ops lead os:somebody
write_runbook ops Risky exec='approval: {mode: manual, notSelf: false}' <<'END'
echo "risk $LEVEL"
END
write_runbook ops Guarded exec='approval: {mode: manual, roles: [lead]}' <<<'echo never'
write_runbook ops One exec='concurrency: {group: g}' <<<'echo "one $N"; sleep ${S:-0}'
write_runbook ops Cancel exec='concurrency: {group: g, policy: cancel}' <<<'echo cancel'
write_runbook ops Queue exec='concurrency: {group: g, policy: queue_one}' <<<'echo "queue $N"'
write_runbook ops Two exec='concurrency: {limit: 2}' <<<'echo "two $N"; sleep ${S:-0}'
commit_all ops 'Add runbooks'
trueup -C ops reconcile --auto-approve >/dev/null

# ---- suspension ----

test_expect_success 'a suspended one is run by nobody, and why is said' '
	trueup -C ops suspend runbook/Two -m "incident 4711" &&
	expect_exit 4 trueup -C ops runbook run Two -e N=0 >out 2>&1 && cat out && ! grep "two 0" out &&
	grep "runbook/Two is suspended by $me: incident 4711; .trueup resume runbook/Two." out &&
	expect_exit 4 trueup -C ops runbook run Two -n -e N=0 >out 2>&1 &&
	grep "is suspended by $me: incident 4711" out && ! grep "would run" out &&
	trueup -C ops runbook history >out && grep "Two *refused *$me" out &&
	trueup -C ops resume runbook/Two &&
	trueup -C ops runbook run Two -e N=0 >out 2>&1 && grep "two 0" out
'

# ---- approval ----

test_expect_success 'a run waits, is approved, runs once, and waits again' '
	expect_exit 4 trueup -C ops runbook run Risky -e LEVEL=1 >out &&
	grep "Risky waits: 1 approval needed" out &&
	grep "trueup approve runbook/Risky" out && ! grep "risk 1" out &&
	expect_exit 4 trueup -C ops runbook run Risky -e LEVEL=1 >out &&
	trueup -C ops runbook history >out && grep "Risky *waits *$me *plan .*: trueup approve" out &&
	trueup -C ops status >out &&
	grep "^waiting: runbook/Risky for $me since .* ago, trueup approve runbook/Risky$" out &&
	trueup -C ops status -o json >out.json &&
	is "$(json out.json "d[\"waiting\"][0][\"object\"]")" runbook/Risky &&
	trueup -C ops approve runbook/Risky >out && grep "runs it, once" out &&
	trueup -C ops runbook run Risky -e LEVEL=1 >out 2>/dev/null && grep "risk 1" out &&
	expect_exit 4 trueup -C ops runbook run Risky -e LEVEL=1 >out && ! grep "risk 1" out
'

test_expect_success 'another value, another name or an edit is not what was approved' '
	trueup -C ops approve runbook/Risky >out &&
	expect_exit 4 trueup -C ops runbook run Risky -e LEVEL=2 >out &&
	expect_exit 4 trueup -C ops runbook run Risky -e LEVEL=1 >out &&
	trueup -C ops approve runbook/Risky >out &&
	expect_exit 4 trueup -C ops runbook run Risky -e LEVEL=1 -e OTHER=1 >out &&
	expect_exit 4 trueup -C ops runbook run Risky -e LEVEL=1 >out &&
	trueup -C ops approve runbook/Risky >out &&
	sed -i "s/risk /more risk /" ops/runbooks/Risky.md && git -C ops commit -qam Edit &&
	expect_exit 4 trueup -C ops runbook run Risky -e LEVEL=1 >out && ! grep "risk 1" out
'

test_expect_success 'the text below History is not what was approved' '
	trueup -C ops approve runbook/Risky >out && printf "\nnote\n" >>ops/runbooks/Risky.md &&
	git -C ops commit -qam Note &&
	trueup -C ops runbook run Risky -e LEVEL=1 2>/dev/null | grep "more risk 1"
'

test_expect_success 'no value is stored with what waits' '
	expect_exit 4 trueup -C ops runbook run Risky -e LEVEL=unmistakable-value >out &&
	! grep -r unmistakable-value ops/.git/trueup out
'

test_expect_success 'a rejection is said, and the next request is a new one' '
	trueup -C ops reject runbook/Risky -m "not today" >out &&
	expect_exit 4 trueup -C ops runbook run Risky -e LEVEL=unmistakable-value >out &&
	grep "waits" out && trueup -C ops history --audit >out && grep "reject *runbook/Risky" out
'

test_expect_success 'who may not approve does not' '
	expect_exit 4 trueup -C ops runbook run Guarded >out &&
	expect_exit 1 trueup -C ops approve runbook/Guarded 2>err && grep "may not approve" err &&
	expect_exit 4 trueup -C ops runbook run Guarded >out && ! grep never out
'

test_expect_success 'an edit that takes the approval away needs it still' '
	write_runbook ops Guarded <<<"echo never" &&
	expect_exit 4 trueup -C ops runbook run Guarded --worktree >out && ! grep never out &&
	git -C ops checkout -q runbooks/Guarded.md
'

# ---- groups ----

start() { # OUT NAME ARGS...
	local out=$1
	shift
	: >"$out"
	"$TRUEUP" -C ops runbook run "$@" >"$out" 2>"$out.err" &
}

test_expect_success 'policies: wait for the turn, be refused, replace the one that waits' '
	start a One -e S=300 -e N=1 && a=$! && wait_until has a "one 1" &&
	start b One -e N=2 && b=$! && wait_until has b.err "waits for its turn" &&
	expect_exit 4 trueup -C ops runbook run Cancel >out 2>err &&
	grep "as many runs of its concurrency group" err &&
	start c Queue -e N=3 && c=$! && wait_until has c.err "waits for its turn" &&
	start d Queue -e N=4 && d=$! && wait_until has d.err "waits for its turn" &&
	expect_exit 1 wait $c && grep "a newer run of its concurrency group took its place" c.err &&
	kill -INT $a && expect_exit 1 wait $a && wait $b && wait $d &&
	is "$(cat b d)" "one 2
queue 4"
'

test_expect_success 'a limit of two lets two in' '
	start a Two -e S=300 -e N=1 && a=$! && start b Two -e S=300 -e N=2 && b=$! &&
	wait_until has a "two 1" && wait_until has b "two 2" &&
	start c Two -e N=3 && c=$! && wait_until has c.err "waits for its turn" && kill -INT $b &&
	wait $c && grep "two 3" c &&
	kill -INT $a && { wait $a; wait $b; true; }
'

# ---- scripts that run runbooks ----

write_runbook ops Child vars=WHO roles=sre <<'END'
echo "child of $WHO, $X, $RUNBOOK_RECURSION_STACK"
exit 5
END
write_runbook ops Forbidden roles=lead <<<'echo never'
write_runbook ops Parent calls=1 <<'END'
export WHO=parent
trueup runbook run Child -e X=1
echo "child ended with $?"
END
write_runbook ops Forger calls=1 <<'END'
trueup runbook run Forger; echo "self $?"
RUNBOOK_RECURSION_STACK='[]' TRUEUP_RUN_ID=x trueup runbook run Forger; echo "self again $?"
TRUEUP_RUN_TOKEN=0123456789abcdef0123456789abcdef trueup runbook run Child -e WHO=x; echo "token $?"
env -u TRUEUP_RUN_TOKEN trueup runbook run Child -e WHO=x; echo "no token $?"
env -u TRUEUP_RUN_CALL trueup runbook run Child -e WHO=x; echo "outside $?"
trueup runbook run Forbidden; echo "claims $?"
trueup runbook run Forbidden --as lead; echo "as $?"
trueup runbook run Guarded; echo "approval $?"
echo '{"token": "x"}' | python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(os.environ["TRUEUP_RUN_CALL"] + "/call")
s.sendall(sys.stdin.buffer.read()); print("raw", s.recv(99)[:1])'
END
write_runbook ops Deep calls=1 <<<'trueup runbook run Deep2'
write_runbook ops Deep2 calls=1 <<<'trueup runbook run Deep'
write_runbook ops SameGroup calls=1 exec='concurrency: {group: g}' <<<'trueup runbook run One; echo "said $?"'
write_runbook ops Many calls=1 <<'END'
for i in 1 2 3 4 5 6; do trueup -q runbook run Child -e WHO=$i -e X=$i & done
wait
END
write_runbook ops Leaver calls=1 <<'END'
trueup runbook run Sleeper &
sleep 1
echo left
END
write_runbook ops Sleeper <<<'echo sleeping; sleep 300'
commit_all ops 'Add callers'

test_expect_success 'a child runs with what it is given, and its end is the command'\''s' '
	trueup -C ops runbook run Parent >out 2>err &&
	grep "child of parent, 1, \[\"Parent\", \"Child\"\]" out &&
	grep "child ended with 1" out && grep "Child failed in .*, exit code 5" out &&
	is "$(store_value ops "SELECT c.state, c.cause, p.runbook FROM runs c JOIN runs p ON p.id = c.parent_id")" "failed|script|Parent" &&
	grep "ran Child: failed, exit code 5 (run " ops/runbooks/Parent.md
'

test_expect_success 'a script cannot forge who called, nor get past claims and approvals' '
	trueup -C ops runbook run Forger >out 2>err
	for line in "self 4" "self again 4" "token 1" "no token 1" "outside 1" "claims 4" "as 4" "approval 4"; do
		grep -x "$line" out || { cat out; return 1; }
	done
	grep "Recursion detected: Runbook Forger already in execution chain: Forger" out &&
	! grep -e never -e "child of" out &&
	is "$(store_value ops "SELECT count(*) FROM runs WHERE runbook = '\''Forbidden'\'' AND state = '\''refused'\''")" 2
'

test_expect_success 'a circle of two is found' '
	expect_exit 1 trueup -C ops runbook run Deep >out 2>err; grep "Recursion detected: Runbook Deep already in execution chain: Deep, Deep2" out
'

test_expect_success 'a child in its caller'\''s group is refused instead of waiting for ever' '
	trueup -C ops runbook run SameGroup >out 2>err && grep "said 4" out &&
	grep "would wait for itself" out
'

test_expect_success 'children run side by side' '
	trueup -C ops runbook run Many >out 2>err && is "$(grep -c "^child of" out)" 6
'

test_expect_success 'a child does not outlive its caller' '
	trueup -C ops runbook run Leaver >out 2>err && grep left out &&
	is "$(store_value ops "SELECT state FROM runs WHERE runbook = '\''Sleeper'\''")" cancelled &&
	is "$(ls ops/.git/trueup/runs)" ""
'

test_expect_success 'inside a check children are checks' '
	write_runbook ops Checker calls=1 <<<"trueup runbook run Dry" &&
	write_runbook ops Dry <<<"echo dry \$DRY_RUN" && commit_all ops Dry &&
	trueup -C ops runbook run Checker --check >out 2>err && grep "dry 1" out &&
	is "$(store_value ops "SELECT mode FROM runs WHERE runbook = '\''Dry'\''")" check
'

test_expect_success 'nothing is left open' '
	is "$(store_value ops "SELECT count(*) FROM runs WHERE state IN ('\''intended'\'', '\''running'\'')")" 0 &&
	trueup -C ops doctor
'

test_done
