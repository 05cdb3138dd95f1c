#!/bin/bash
# Protects: Runs from commit to history, as somebody at a terminal sees them: what was there before
# is not run, what is new is run once, a manual approval is asked for, one that runs can be stopped,
# one that failed is run again on request only, one with a schedule runs when it is due, and the
# example's runbooks run on this machine.
# timeout: 600
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-runs.sh"
have_zsh || skip_all 'zsh is not installed'

state_of() { # NAME
	trueup -C ops run list -o json >list.json && json list.json \
		"[r['state'] for r in d['runs'] if r['name'] == '$1'][0]"
}

runs_of() { # NAME
	store_sql ops "SELECT count(*) FROM runs WHERE object_key = 'run/$1' AND state <> 'refused'"
}

log_has() { # REGEX
	grep -q "$1" ops/.git/trueup/logs/*.log
}

test_expect_success 'Runs that are there first are the baseline' '
	new_repo ops && put_config ops &&
	put_runbook ops Hello <<-\END &&
		echo "hello $WHO"
		exit ${CODE:-0}
	END
	put_run ops old Hello "env: {WHO: old}" && commit_all ops one &&
	trueup -C ops reconcile >out 2>&1 &&
	grep "1 Run was there before anything was recorded" out &&
	is "$(runs_of old)" 0 && is "$(state_of old)" "not run" &&
	trueup -C ops reconcile >out && grep "^nothing to do" out
'

test_expect_success 'a new one is planned, run once, and in history, log and status' '
	put_run ops new Hello "env: {WHO: world}" && commit_all ops two &&
	trueup -C ops plan >out && grep "> run/new *run *Hello, new" out &&
	is "$(runs_of new)" 0 &&
	trueup -C ops plan -o json >plan.json && json plan.json \
		"[(o[\"action\"], o[\"plan\"][\"engine\"]) for o in d[\"objects\"]]" >got &&
	echo "[[\"run\", \"runbook\"]]" >want && test_cmp want got &&
	trueup -C ops reconcile >out && grep "run/new  runs Hello with WHO" out &&
	grep "✓ run/new  applied in .* exit code 0" out &&
	trueup -C ops log run/new >out && echo "hello world" >want && test_cmp want out &&
	trueup -C ops history run/new >out && grep "run/new *run *done" out &&
	trueup -C ops status >out && grep "run/new *applied" out &&
	trueup -C ops run show new >out && grep "variables *WHO" out &&
	grep "done *exit code 0" out &&
	grep "Exit Code: 0" ops/runbooks/Hello.md &&
	trueup -C ops reconcile && is "$(runs_of new)" 1
'

test_expect_success 'an edited runbook runs nothing; a changed Run does' '
	sed -i "s/hello/hi/" ops/runbooks/Hello.md && commit_all ops three &&
	trueup -C ops reconcile && is "$(runs_of new)" 1 &&
	put_run ops new Hello "env: {WHO: you}" && commit_all ops four &&
	trueup -C ops reconcile && is "$(runs_of new)" 2 &&
	trueup -C ops log run/new >out && echo "hi you" >want && test_cmp want out
'

test_expect_success 'one that failed is run again when somebody asks, and then only' '
	put_run ops bad Hello "env: {WHO: x, CODE: \"7\"}" && commit_all ops five &&
	expect_exit 1 trueup -C ops reconcile >out 2>&1 &&
	grep "✗ run/bad  failed in .* exit code 7" out &&
	is "$(state_of bad)" failed &&
	trueup -C ops reconcile >out && grep "^nothing to do" out && is "$(runs_of bad)" 1 &&
	trueup -C ops run rerun -n bad >out &&
	grep "> run/bad *run *Hello, asked to run again" out &&
	is "$(runs_of bad)" 1 &&
	expect_exit 1 trueup -C ops run rerun bad && is "$(runs_of bad)" 2 &&
	test_must_fail trueup -C ops run rerun bda 2>err && grep "there is no run/bda" err
'

test_expect_success 'a line without an end is no failure' '
	put_runbook ops Noise <<<"head -c 12000000 /dev/zero | tr \"\\0\" \"\\1\"" &&
	put_run ops noise Noise && commit_all ops noise &&
	trueup -C ops reconcile >out 2>err && grep "✓ run/noise  applied in" out &&
	is "$(state_of noise)" done
'

test_expect_success 'a manual approval is asked for, by run/NAME or by name' '
	put_run ops asks Hello "env: {WHO: x}" "approval: {mode: manual, notSelf: false}" &&
	commit_all ops six && expect_exit 4 trueup -C ops reconcile -y >out 2>&1 &&
	grep "run/asks  waiting, 1 approval needed: trueup approve run/asks" out &&
	is "$(state_of asks)" waiting &&
	trueup -C ops run reject asks -m "not now" &&
	expect_exit 4 trueup -C ops reconcile >out 2>&1 &&
	grep "run/asks *refuse" out && is "$(runs_of asks)" 0 &&
	expect_exit 4 trueup -C ops run rerun asks &&
	trueup -C ops approve run/asks -m yes >out && grep "approved run/asks" out &&
	trueup -C ops reconcile && is "$(runs_of asks)" 1 && is "$(state_of asks)" done &&
	test_must_fail trueup -C ops run approve asks 2>err && grep "no plan of run/asks waits" err
'

test_expect_success 'a Run of a suspended runbook waits until that is over' '
	trueup -C ops suspend runbook/Hello -m "incident 4711" &&
	put_run ops later Hello "env: {WHO: later}" && commit_all ops later &&
	expect_exit 4 trueup -C ops plan >out && cat out && grep "incident 4711" out &&
	expect_exit 4 trueup -C ops reconcile -y >out 2>&1 && cat out &&
	grep "run/later  waiting, runbook/Hello is suspended by os:.*: incident 4711" out &&
	is "$(state_of later)" waiting && is "$(runs_of later)" 0 &&
	trueup -C ops run list >out && grep "later .*incident 4711" out &&
	expect_exit 4 trueup -C ops run rerun new && is "$(state_of new)" waiting &&
	trueup -C ops resume runbook/Hello && trueup -C ops reconcile -y &&
	is "$(runs_of later)" 1 && is "$(state_of later)" done
'

test_expect_success 'a resumed one is not called suspended any more' '
	trueup -C ops suspend run/later -m "a while" &&
	put_run ops later Hello "env: {WHO: resumed}" && commit_all ops resumed &&
	expect_exit 4 trueup -C ops reconcile -y && is "$(state_of later)" suspended &&
	trueup -C ops resume run/later && is "$(state_of later)" waiting &&
	trueup -C ops run list >out && grep "later .*resumed; the next reconcile" out &&
	trueup -C ops status -o json >status.json && ! grep "\"reason\": *\"suspended\"" status.json &&
	trueup -C ops reconcile -y && is "$(runs_of later)" 2
'

# board NAME OLD: the role that approves, with whoever runs this in it.
board() {
	mkdir -p ops/roles && printf '%s\n' 'apiVersion: trueup/v1' 'kind: Role' \
		"metadata: {name: $1${2:+, renamedFrom: $2}}" 'spec:' '  account: "123456789012"' \
		'  region: eu-central-1' "  members: [\"os:$(id -un)\"]" \
		'  allowedServices: [SNS]' >"ops/roles/$1.yaml"
}
test_expect_success 'a role that approves is renamed: who is in it still may' '
	board board "" && put_run ops asks Hello "env: {WHO: yes-1}" \
		"approval: {mode: manual, notSelf: false, roles: [board]}" && commit_all ops board &&
	expect_exit 4 trueup -C ops reconcile -y && trueup -C ops approve run/asks &&
	trueup -C ops reconcile && is "$(runs_of asks)" 2 &&
	rm ops/roles/board.yaml && board council board && put_run ops asks Hello "env: {WHO: yes-2}" \
		"approval: {mode: manual, notSelf: false, roles: [council]}" &&
	commit_all ops council && expect_exit 4 trueup -C ops reconcile -y >out 2>&1 && cat out &&
	grep "1 approval needed from role/council" out && trueup -C ops approve run/asks &&
	trueup -C ops reconcile && is "$(runs_of asks)" 3
'

test_expect_success 'one that runs can be stopped' '
	put_runbook ops Long <<-\END &&
		echo started
		sleep 300
	END
	put_run ops long Long && commit_all ops seven &&
	test_must_fail trueup -C ops run cancel asks 2>err &&
	grep "nothing of run/asks runs" err &&
	{ "$TRUEUP" -C ops reconcile >long.out 2>&1 & } && reconcile=$! &&
	at_exit "kill $reconcile 2>/dev/null" &&
	wait_until log_has "^started" && is "$(state_of long)" running &&
	trueup -C ops run cancel long && expect_exit 1 wait $reconcile &&
	grep "! run/long  cancelled" long.out &&
	is "$(state_of long)" cancelled &&
	trueup -C ops history --audit run/long >out && grep "cancel *run/long" out &&
	trueup -C ops reconcile && is "$(runs_of long)" 1
'

test_expect_success 'one with a schedule runs when it is due, once' '
	put_run ops yearly Hello "env: {WHO: \"2027\"}" \
		"schedule: {cron: \"0 0 1 1 *\", timezone: Europe/Berlin}" &&
	commit_all ops eight && trueup -C ops reconcile >out && grep "+ run/yearly *create" out &&
	is "$(runs_of yearly)" 0 && trueup -C ops status >out &&
	grep "run/yearly .*next 20..-12-31T23:00:00 UTC" out &&
	trueup -C ops run list >out &&
	grep "yearly *Hello *0 0 1 1 \* Europe/Berlin *scheduled *next 20..-12-31" out &&
	make_due ops yearly && trueup -C ops suspend runbook/Hello -m "not now" &&
	expect_exit 4 trueup -C ops reconcile >out && grep "suspended by .*: not now" out &&
	is "$(runs_of yearly)" 0 && trueup -C ops resume runbook/Hello &&
	trueup -C ops reconcile >out &&
	grep "> run/yearly *run *Hello, due since" out &&
	is "$(runs_of yearly)" 1 && trueup -C ops reconcile && is "$(runs_of yearly)" 1 &&
	trueup -C ops run show yearly >out && grep "done .*schedule, os:" out
'

test_expect_success 'two of trueup at once take a due time once' '
	make_due ops yearly &&
	{ trueup -C ops reconcile --lock-timeout 1m >one.out 2>&1 & } && one=$! &&
	{ trueup -C ops reconcile --lock-timeout 1m >two.out 2>&1 & } && two=$! &&
	wait $one && wait $two && is "$(runs_of yearly)" 2
'

test_expect_success 'other targets than this machine are refused in plain words' '
	put_run ops far Hello "targets: {provider: ssm}" &&
	expect_exit 3 trueup -C ops validate >err 2>&1 &&
	grep "is not supported by this version of trueup" err && rm ops/runs/far.yaml
'

test_expect_success 'one that goes is forgotten, its runs are not' '
	rm ops/runs/yearly.yaml && commit_all ops nine && trueup -C ops reconcile >out &&
	grep -- "- run/yearly *destroy" out && is "$(runs_of yearly)" 2 &&
	is "$(store_sql ops "SELECT count(*) FROM schedules")" 0
'

test_expect_success 'the example: roles and runbooks first, then the Runs' '
	cp -r "$TOP/examples/operations" example && git -C example init -q -b main &&
	sed -i "s/os:root/os:$(id -un)/" example/roles/*.yaml && mv example/runs later &&
	commit_all example one && trueup -C example validate && trueup -C example reconcile -y &&
	mv later example/runs && commit_all example two &&
	expect_exit 4 trueup -C example reconcile >out &&
	grep "✓ run/fix-inventory  applied" out && grep "> run/patch-2026-12-post" out &&
	trueup -C example log run/fix-inventory >out &&
	grep "^3 lines are right now, 7 corrections, 0 lines left" out &&
	grep "012345678901,eu-central-1,linux,web-2" out
'

test_expect_success 'the example: what was asked for is told, whatever this machine is like' '
	trueup -C example log run/patch-2026-12-prep >out &&
	grep "^# Before patching: CHG0012345" out &&
	grep "| dpkg | " out && grep -E "^\*\*(Ready|Not ready)\*\*" out &&
	{ trueup -C example run rerun disk-check || :; } &&
	trueup -C example log run/disk-check >disk.json &&
	json disk.json "{f[\"state\"] for f in d[\"fileSystems\"]} <= {\"ok\", \"warn\", \"fail\"}" \
		>got &&
	echo true >want && test_cmp want got &&
	trueup -C example run approve patch-2026-12-post &&
	{ trueup -C example reconcile || :; } &&
	trueup -C example log run/patch-2026-12-post >out &&
	grep "^# After patching: CHG0012345" out &&
	grep "packages, all configured\|not configured" out
'

test_expect_success 'the example: a wrong list is not let through' '
	sed -i "s/i-0a1b2c3d,2/i-0a1b2c3,2/" example/runbooks/FieldFixer/inventory.csv &&
	commit_all example three &&
	expect_exit 1 trueup -C example run rerun fix-inventory &&
	trueup -C example log run/fix-inventory >out &&
	grep "line 4: .i-0a1b2c3. is no instance" out
'

test_done
