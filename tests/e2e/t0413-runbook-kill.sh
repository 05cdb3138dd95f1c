#!/bin/bash
# Protects: when trueup is killed while a script runs, the script ends at once or finishes, as
# configured; what was is recorded as what it was, once, and nothing is started a second time.
# timeout: 600
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-runbook.sh"
have_zsh || skip_all 'zsh is not installed'

new_repo ops
# The script tells when it runs by a message to a pipe that the test holds open outside: its output.
write_runbook ops Long <<'END'
echo started
sleep 300 &
sleep 300
END
write_runbook ops Short <<'END'
echo started
sleep 3
echo finished
END
write_runbook ops Group exec='concurrency: {group: one}' <<'END'
echo started
sleep 300
END
commit_all ops 'Add runbooks'

configure() { # stop|finish
	printf 'apiVersion: trueup/v1\nkind: Config\nspec:\n  runbooks: {whenKilled: %s}\n' "$1" >ops/trueup.yaml
	commit_all ops "Config: $1"
	trueup -C ops reconcile --auto-approve >/dev/null
}

has() { # FILE TEXT
	grep -q "$2" "$1"
}

# Runs NAME in the background, waits until its script runs, kills our trueup; its pid is in $front.
kill_while_running() {
	: >out
	"$TRUEUP" -C ops runbook run "$@" >out 2>err &
	front=$!
	wait_until has out started || return 1
	work=$(ls -d /var/lib/trueup-runs/* 2>/dev/null)
	kill -9 "$front"
	wait "$front" 2>/dev/null
	return 0
}

state_of() { # NAME
	store_value ops "SELECT state FROM runs WHERE runbook = '$1' ORDER BY id DESC LIMIT 1"
}

# Processes of the supervisor of the newest run: it names the run's folder.
supervisors() {
	local id
	id=$(store_value ops "SELECT id FROM runs ORDER BY id DESC LIMIT 1")
	pgrep -f "internal-run .*/runs/$id" || :
}

no_supervisor() {
	[ -z "$(supervisors)" ]
}

no_sleeper() {
	! pgrep -f "^sleep 300$" >/dev/null
}

test_expect_success 'killed: the script is gone, recorded as killed, and its entry is written' '
	configure stop && kill_while_running Long &&
	wait_until no_supervisor && wait_until no_sleeper &&
	is "$(state_of Long)" running &&
	trueup -C ops runbook history Long >out && grep "Long *killed" out &&
	grep "started it was gone\|had started it was gone" out &&
	trueup -C ops runbook history Long >out && is "$(grep -c "Long *killed" out)" 1 &&
	is "$(store_value ops "SELECT count(*) FROM runs")" 1 &&
	is "$(grep -c "^### " ops/runbooks/Long.md)" 1 && is "$(ls ops/.git/trueup/runs)" ""
'

test_expect_success 'killed, to be finished: the script finishes and is taken over' '
	configure finish && kill_while_running Short &&
	trueup -C ops runbook history Short >out && grep "Short *running" out &&
	wait_until no_supervisor && trueup -C ops runbook history Short >out &&
	grep "Short *done *exit code 0" out &&
	id=$(store_value ops "SELECT id FROM runs WHERE runbook = '\''Short'\''") &&
	trueup -C ops runbook history --run "$id" >out && grep finished out &&
	is "$(store_value ops "SELECT count(*) FROM runs WHERE runbook = '\''Short'\''")" 1 &&
	grep finished ops/runbooks/Short.md
'

test_expect_success 'supervisor killed: the script dies with it, and is recorded as lost' '
	configure finish && : >out &&
	{ "$TRUEUP" -C ops runbook run Long >out 2>err & front=$!; } &&
	wait_until has out started && kill -9 $(supervisors) && expect_exit 1 wait $front &&
	wait_until no_sleeper && is "$(state_of Long)" lost && grep "supervisor was killed" err
'

test_expect_success 'both killed at once: lost, recorded by the next command' '
	kill_while_running Long && kill -9 $(supervisors) && wait_until no_sleeper &&
	wait_until no_supervisor &&
	trueup -C ops reconcile --auto-approve >out && is "$(state_of Long)" lost &&
	is "$(ls ops/.git/trueup/runs)" ""
'

test_expect_success 'a place in a group is kept by a script that goes on, and by no dead one' '
	: >err2 && : >out2 && kill_while_running Group &&
	{ "$TRUEUP" -C ops runbook run Group >out2 2>err2 & second=$!; } &&
	wait_until has err2 "waits for its turn" &&
	kill -9 $(pgrep -f "internal-run .*/runs/$(store_value ops "SELECT id FROM runs WHERE runbook = '\''Group'\'' ORDER BY id LIMIT 1")") &&
	wait_until has out2 started && kill -INT $second && expect_exit 1 wait $second
'

test_expect_success 'killed while it waits for its turn: nothing was run, and it says so' '
	configure stop && : >out && : >err2 &&
	{ "$TRUEUP" -C ops runbook run Group >out 2>err & first=$!; } &&
	wait_until has out started &&
	{ "$TRUEUP" -C ops runbook run Group >out2 2>err2 & second=$!; } &&
	wait_until has err2 "waits for its turn" &&
	kill -9 $second && { wait $second; kill -INT $first; wait $first; true; } &&
	trueup -C ops runbook history Group >out && grep "nothing was run" out &&
	is "$(state_of Group)" cancelled
'

test_expect_success 'Ctrl-C ends the script in order' '
	: >out && { "$TRUEUP" -C ops runbook run Long >out 2>err & front=$!; } &&
	wait_until has out started &&
	kill -INT $front && expect_exit 1 wait $front && grep "Long cancelled" err &&
	wait_until no_sleeper
'

settled() { # no run is open once a command has put things in order
	trueup -C ops runbook history >/dev/null &&
	[ "$(store_value ops "SELECT count(*) FROM runs WHERE state IN ('intended', 'running')")" = 0 ]
}

# Every moment: 40 runs killed after a random time. None may stay open, run twice or be lost
# sight of, and all that reached the script have their entry.
test_expect_success '40 kills at any moment leave no run open and none twice' '
	write_runbook ops Quick <<<"echo started; read -t 0.05 <> <(:); echo finished" &&
	commit_all ops Quick &&
	before=$(store_value ops "SELECT count(*) FROM runs") || return 1
	for i in $(seq 40); do
		setsid "$TRUEUP" -C ops runbook run Quick >/dev/null 2>&1 & front=$!
		read -rt 0.$(printf "%02d" $((i * 2))) <> <(:)
		kill -9 $front 2>/dev/null; wait $front 2>/dev/null
	done
	wait_until settled &&
	[ "$(store_value ops "SELECT count(*) FROM runs
		WHERE runbook = '\''Quick'\'' AND started_at > 0")" -gt 0 ] &&
	is "$(store_value ops "SELECT count(*) FROM runs WHERE state IN ('\''intended'\'', '\''running'\'')")" 0 &&
	[ "$(store_value ops "SELECT count(*) FROM runs")" -le $((before + 40)) ] &&
	due=$(store_value ops "SELECT count(*) FROM runs WHERE history = '\''due'\''") &&
	is "$due" 0 &&
	is "$(git -C ops log --format=%B | grep "^Trueup-Run:" | sort | uniq -d)" "" &&
	git -C ops fsck --strict --no-dangling && is "$(git -C ops status --short)" "" &&
	is "$(ls ops/.git | grep tmp-)" "" &&
	for id in $(store_value ops "SELECT id FROM runs"); do
		[ ! -e "/var/lib/trueup-runs/$id" ] || return 1
	done &&
	trueup -C ops doctor
'

test_done
