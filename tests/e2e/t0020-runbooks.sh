#!/bin/bash
# Protects: runbooks among the specs, as people and CI meet them: an invalid one refuses the commit,
# an entry in the history is no change, and list, show, env and validate say what the files hold.
. "$(dirname "$0")/lib.sh"

fence='```'
write_runbook() {
	cat <<END
# $1
Looks at a host.

# Environment Requirements
${fence}yaml
TARGET_HOST: Name of the host
$fence

# File System Requirements
${fence}yaml
Input: $1.conf
$fence

# Required Claims
${fence}yaml
roles: $2
$fence

# Script
${fence}sh
#!/bin/zsh
uptime
$fence

# History
END
}

git init -q -b main ops
mkdir -p ops/runbooks/DiskCheck
write_runbook DiskCheck 'sre, api' >ops/runbooks/DiskCheck.md
echo 'size: 1' >ops/runbooks/DiskCheck.conf
echo '# Notes that are no runbook' >ops/runbooks/DiskCheck/notes.md
echo '{"threshold": 90}' >ops/runbooks/thresholds.json
git -C ops add -A
git -C ops commit -qm 'Add a runbook'

test_expect_success 'a valid runbook is a valid spec, and what lies beside it is none' '
	trueup -C ops validate >out && is "$(cat out)" "1 spec is valid" &&
	trueup -C ops fmt --check
'

test_expect_success 'it is recorded, and an entry in its history is no change' '
	trueup -C ops reconcile --auto-approve >out && grep "runbook/DiskCheck *recorded" out &&
	printf "\n### 2026-01-23T14:33:02.123Z | Exit Code: 3\n\n" >>ops/runbooks/DiskCheck.md &&
	git -C ops commit -qam "Record a run" &&
	trueup -C ops reconcile --auto-approve >out && grep "nothing to do" out &&
	sed -i s/uptime/date/ ops/runbooks/DiskCheck.md && git -C ops commit -qam "Edit" &&
	trueup -C ops reconcile --auto-approve >out && grep "~ runbook/DiskCheck *update" out
'

test_expect_success 'list shows state, claims and the newest entry' '
	trueup -C ops runbook list >out &&
	grep "^DiskCheck *valid *roles: sre, api *exit code 3 at 2026-01-23T14:33:02.123Z$" out &&
	trueup -C ops runbook list -o json >out.json &&
	grep "\"exitCode\": 3" out.json
'

test_expect_success 'show prints what it needs and what it runs' '
	trueup -C ops runbook show DiskCheck >out &&
	grep "^claims *roles: sre, api$" out && grep "^inputs *DiskCheck.conf$" out &&
	grep "^variables *TARGET_HOST: Name of the host$" out && grep "^date$" out
'

test_expect_success 'env tells set from missing, and empty is missing' '
	trueup -C ops runbook env DiskCheck >out && grep "^TARGET_HOST *missing" out &&
	TARGET_HOST=a trueup -C ops runbook env DiskCheck.md >out &&
	grep "^TARGET_HOST *set" out &&
	trueup -C ops runbook env runbook/DiskCheck -e TARGET_HOST= -o json >out &&
	grep "\"available\": \[\]" out
'

test_expect_success 'validate looks at variables and inputs' '
	expect_exit 3 trueup -C ops runbook validate 2>err &&
	grep "DiskCheck.md:6:1: error: Required environment variable not set: TARGET_HOST" err &&
	trueup -C ops runbook validate --static >out && is "$(cat out)" "1 runbook is valid" &&
	echo TARGET_HOST=web-1 >run.env &&
	trueup -C ops runbook validate DiskCheck --env-file "$PWD/run.env" &&
	rm ops/runbooks/DiskCheck.conf &&
	expect_exit 3 trueup -C ops runbook validate --static -o json >out &&
	grep "Required input file does not exist: DiskCheck.conf" out &&
	git -C ops checkout -q runbooks/DiskCheck.conf
'

test_expect_success 'a file of variables that is wrong is not shown' '
	printf "TARGET_HOST=a\nhunter2\n" >bad.env &&
	expect_exit 1 trueup -C ops runbook env DiskCheck --env-file "$PWD/bad.env" 2>err &&
	grep "bad.env:2:1: error" err && ! grep hunter2 err
'

test_expect_success 'an unknown runbook is named with the nearest one' '
	expect_exit 1 trueup -C ops runbook show DiskChek 2>err &&
	grep "Runbook not found: DiskChek; did you mean .DiskCheck.?" err
'

test_expect_success 'a runbook whose claims cannot be read refuses the commit' '
	write_runbook Open "[sre, api]" >ops/runbooks/Open.md && git -C ops add -A &&
	git -C ops commit -qm "Add a broken one" &&
	expect_exit 3 trueup -C ops validate 2>err &&
	grep "Open.md:16:8: error: the values of .roles. must be a text, not a list" err &&
	expect_exit 3 trueup -C ops reconcile --auto-approve 2>err && grep "Open.md:16:8" err &&
	trueup -C ops runbook show Open >out 2>err && grep "nobody may run it" out
'

test_expect_success 'the family has its help, and says what is missing' '
	trueup runbook --help >out && grep "^  validate " out &&
	trueup help runbook list >out && grep "^trueup runbook list:" out &&
	expect_exit 64 trueup runbook 2>err && grep "needs a command: list, show" err &&
	expect_exit 64 trueup runbook lst 2>err && grep "did you mean .runbook list.?" err
'

test_done
