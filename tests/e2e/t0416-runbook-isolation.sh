#!/bin/bash
# Protects: what a hostile script can do when it is run by the command that people use, as root and
# as an ordinary user. What it cannot reach is reached without isolation, so that it would be seen
# if the script could not do it anyway.
# timeout: 600
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-runbook.sh"
have_zsh || skip_all 'zsh is not installed'

# Readable by another user, unlike the test's own folder.
place=$(mktemp -d /tmp/trueup-runs-test.XXXXXX) || exit 1
at_exit "chmod -R u+rwX '$place'; rm -rf '$place'"
chmod 755 "$place"
cp "$TRUEUP" "$place/trueup"
chmod 755 "$place/trueup"

cat >listen.py <<'END'
import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True:
    s.accept()[0].close()
END
python3 listen.py >port &
at_exit "kill $!"
wait_until test -s port

hostile() { # NAME EXTRA: the runbook and its twin without isolation
	local text
	text=$(cat)
	write_runbook "$place/ops" "$1" exec="{timeout: 20s${2:-}}" <<<"$text"
	write_runbook "$place/ops" "Open$1" exec='{timeout: 20s, isolation: none}' <<<"$text"
}

new_repo "$place/ops"
state=$place/ops/.git/trueup
hostile Store <<<"cat $state/trueup.db $place/ops/runbooks/Store.md >/dev/null 2>&1 && echo read"
hostile Other <<<"ls /var/lib/trueup-runs $state/runs; cat $state/runs/*/secret-of-it"
hostile Write <<<"(echo x >$place/open/written) 2>/dev/null; rm -f $place/ops/runbooks/Store.md"
hostile Daemon <<<"python3 -c 'import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        [os.close(fd) for fd in (0, 1, 2)]
        time.sleep(777)
    os._exit(0)
os.wait()'; echo parent is done"
hostile Forks <<<'echo begins; for i in {1..700}; do sleep 777 & done 2>/dev/null; echo all of them'
hostile Net ', network: none' <<<"python3 -c 'import socket
socket.create_connection((\"127.0.0.1\", $(cat port)), 2); print(\"connected\")' 2>&1 | tail -n 1"
hostile Late <<<'sleep 777 & trap "" TERM; sleep 777'
hostile Much <<<'head -c 104857600 /dev/zero | tr "\0" x; echo; echo the end'
hostile Signal <<<'kill -9 $PPID; kill -STOP -1; echo still here'
commit_all "$place/ops" 'Add hostile runbooks'
mkdir -p "$place/open" "$state/runs/01OTHERRUN"
echo 'of another run' >"$state/runs/01OTHERRUN/secret-of-it"
chmod 777 "$place/open"

run_as_me() {
	(cd / && HOME=$place "$place/trueup" -C "$place/ops" runbook run "$@")
}

run_as_nobody() {
	(cd / && HOME=$place setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$place/trueup" -C "$place/ops" runbook run "$@")
}

no_daemon() {
	! pgrep -f "time.sleep\(777\)|^sleep 777$" >/dev/null
}

points() { # WHO RUN
	local who=$1 run=$2
	run_it=$run
	test_expect_success "$who: a runbook is run" '
		$run_it Much >out 2>err
	'
	if ! grep -q 'isolation full' err; then
		skip "the measures, $who" "this machine offers less: $(tail -n 1 err)"
		return
	fi
	test_expect_success "$who: 100 MiB of output are limited, head and tail kept" '
		[ "$(wc -c <out)" -lt 25000000 ] && id=$(sed -n "s/.*, run //p" err) &&
		(cd / && HOME=$place "$place/trueup" -C "$place/ops" runbook history --run "$id") >shown &&
		[ "$(wc -c <shown)" -lt 4000000 ] && grep "the end" shown &&
		[ "$(du -sm "$place/ops/.git" | cut -f 1)" -lt 60 ]
	'
	test_expect_success "$who: neither the store nor the repository can be read" '
		$run_it Store >out 2>err; ! grep read out && $run_it OpenStore >out 2>err &&
		grep read out
	'
	test_expect_success "$who: another run'\''s folder cannot be seen" '
		$run_it Other >out 2>err; ! grep -e 01OTHERRUN -e "of another run" out &&
		$run_it OpenOther >out 2>err; grep "of another run" out
	'
	test_expect_success "$who: nothing is written or removed outside" '
		$run_it Write >out 2>err; [ ! -e "$place/open/written" ] &&
		[ -e "$place/ops/runbooks/Store.md" ] && cp -p "$place/ops/runbooks/Store.md" kept &&
		$run_it OpenWrite >out 2>err && [ -e "$place/open/written" ] &&
		[ ! -e "$place/ops/runbooks/Store.md" ] && rm "$place/open/written" &&
		cp -p kept "$place/ops/runbooks/Store.md"
	'
	test_expect_success "$who: a daemon does not outlive its script" '
		$run_it Daemon >out 2>err && grep "parent is done" out && no_daemon
	'
	test_expect_success "$who: a fork bomb ends at its limit" '
		$run_it Forks >out 2>err; grep begins out && ! grep "all of them" out &&
		wait_until no_daemon
	'
	test_expect_success "$who: network none is none" '
		$run_it Net >out 2>err; ! grep connected out && $run_it OpenNet >out 2>err &&
		grep connected out
	'
	test_expect_success "$who: a sleep past the timeout ends with all that it started" '
		expect_exit 1 $run_it Late --timeout 500ms >out 2>err && grep timed-out err &&
		no_daemon
	'
	test_expect_success "$who: LD_PRELOAD is refused" '
		expect_exit 3 $run_it Much -e LD_PRELOAD=/x 2>err >out && grep "LD_PRELOAD" err &&
		[ ! -s out ]
	'
	test_expect_success "$who: its supervisor cannot be signalled" '
		$run_it Signal >out 2>err; grep -E "isolation full" err && ! grep -E "lost" err
	'
}

points 'as myself' run_as_me
if [ "$(id -u)" != 0 ]; then
	skip 'as another user' 'the suite runs as an ordinary user already'
elif ! command -v setpriv >/dev/null; then
	skip 'as another user' 'setpriv is not installed'
else
	chown -R 65534:65534 "$place/ops"
	points 'as another user' run_as_nobody
fi

test_done
