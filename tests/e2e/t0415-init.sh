#!/bin/bash
# Protects: the first thing that people see: what init writes is valid, runs, and touches nothing.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-runbook.sh"

test_expect_success 'a starting repository is valid and has a runbook that its maker may run' '
	trueup init ops >out && grep "^+ trueup.yaml$" out && grep "git init" out &&
	git -C ops init -q -b main && commit_all ops "Begin" && trueup -C ops validate &&
	trueup -C ops reconcile --auto-approve >/dev/null &&
	trueup -C ops runbook run DiskCheck -n -e MOUNT=/ >out && grep "would run as operators" out
'

test_expect_success 'its runbook runs' '
	if have_zsh; then
		trueup -C ops runbook run DiskCheck -e MOUNT=/ >out 2>err && grep "/$" out &&
		trueup -C ops runbook run DiskCheck -e MOUNT=/ --check 2>err | grep "would look at /"
	fi
'

test_expect_success 'what is there stays' '
	echo "# mine" >ops/trueup.yaml && rm ops/roles/operators.yaml &&
	trueup -C ops init -o json >out.json &&
	is "$(json out.json "d[\"made\"]")" "[\"roles/operators.yaml\"]" &&
	is "$(cat ops/trueup.yaml)" "# mine"
'

test_expect_success 'one more runbook, with a name that is one' '
	trueup -C ops init --runbook PatchPrep >out &&
	is "$(head -n 1 ops/runbooks/PatchPrep.md)" "# PatchPrep" &&
	trueup -C ops runbook validate --static PatchPrep && for name in "" ../x a/b "a b" .x; do
		expect_exit 1 trueup -C ops init --runbook "$name" 2>err || return 1
	done && is "$(ls ops/runbooks)" "DiskCheck.md
PatchPrep.md"
'

test_done
