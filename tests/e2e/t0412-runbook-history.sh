#!/bin/bash
# Protects: every run has its entry in the runbook's file, whole, once and in order, whoever else
# pushes or runs at the same time; what cannot be written now is written later.
# timeout: 600
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-runbook.sh"
have_zsh || skip_all 'zsh is not installed'

entries() { # FILE: how many entries of form D
	grep -cE '^### [0-9T:.-]+Z \| Exit Code: -?[0-9]+$' "$1"
}

new_repo ops
write_runbook ops Note <<'END'
echo "run $N"
echo '```'
echo "### 2026-01-01T00:00:00.000Z | Exit Code: 0"
END
write_runbook ops Plain <<<'echo plain'
commit_all ops 'Add runbooks'

test_expect_success 'an entry is a commit of ours that the next reconcile passes over' '
	trueup -C ops runbook run Note -e N=1 >/dev/null 2>&1 &&
	is "$(git -C ops log -1 --format="%cn %s")" "trueup Record a run of Note" &&
	git -C ops log -1 --format=%B | grep "^Trueup-Run: " &&
	is "$(git -C ops status --short)" "" &&
	trueup -C ops runbook show Note -o json >show.json &&
	is "$(json show.json "d[\"runbook\"][\"entries\"]")" 1 &&
	trueup -C ops runbook validate &&
	trueup -C ops reconcile --auto-approve >/dev/null &&
	trueup -C ops runbook run Note -e N=2 >/dev/null 2>&1 &&
	trueup -C ops reconcile --auto-approve >out && grep "nothing to do" out
'

test_expect_success 'an edited file keeps its entry for later, and the next command writes it' '
	echo "draft" >>ops/runbooks/Plain.md &&
	trueup -C ops runbook run Plain 2>err >/dev/null && grep "waits" err &&
	is "$(store_value ops "SELECT history FROM runs ORDER BY id DESC LIMIT 1")" due &&
	git -C ops checkout -q runbooks/Plain.md &&
	trueup -C ops runbook history Plain >out && is "$(entries ops/runbooks/Plain.md)" 1
'

test_expect_success 'a file that uses lines of JSON gets one' '
	write_runbook ops Json <<<"echo json" &&
	printf "\n%s" "{\"start_timestamp\":\"2026-01-08T10:00:00.000Z\",\"finish_timestamp\":\"2026-01-08T10:00:01.000Z\",\"return_code\":0,\"operation\":\"execute\",\"breadcrumb\":{\"at_time\":\"2026-01-08T10:00:00.000000+00:00\",\"by_user\":\"dev\",\"from_ip\":\"\",\"correlation_id\":\"c\",\"roles\":[]},\"config_items\":[],\"stdout\":\"old\",\"stderr\":\"\",\"errors\":[],\"warnings\":[]}" >>ops/runbooks/Json.md &&
	commit_all ops Json && trueup -C ops runbook history Json >out &&
	grep "Json *in file *exit code 0 *dev" out &&
	trueup -C ops runbook run Json >/dev/null 2>&1 &&
	tail -n 1 ops/runbooks/Json.md >line && is "$(json line "d[\"stdout\"]")" "json" &&
	is "$(tail -c 1 ops/runbooks/Json.md)" "}"
'

test_expect_success 'number and size are capped as Config says' '
	printf "apiVersion: trueup/v1\nkind: Config\nspec:\n  history: {keep: 3, bytes: 256}\n" >ops/trueup.yaml &&
	write_runbook ops Big <<<"head -c 100000 /dev/zero | tr \"\\0\" x" &&
	commit_all ops Config &&
	trueup -C ops reconcile --auto-approve >/dev/null &&
	for i in 1 2 3 4 5; do trueup -C ops runbook run Big >/dev/null 2>&1 || return 1; done &&
	is "$(entries ops/runbooks/Big.md)" 3 && [ "$(wc -c <ops/runbooks/Big.md)" -lt 2500 ] &&
	is "$(store_value ops "SELECT count(*), max(total) FROM runs JOIN run_streams ON run_id = id WHERE runbook = '\''Big'\'' AND stream = '\''stdout'\''")" "5|100000"
'

test_expect_success 'the branch trueup/history takes them where Config says so, off writes none' '
	sed -i "s/history: .*/history: {write: branch}/" ops/trueup.yaml && commit_all ops Branch &&
	trueup -C ops reconcile --auto-approve >/dev/null && head=$(git -C ops rev-parse HEAD) &&
	trueup -C ops runbook run Plain >/dev/null 2>&1 &&
	trueup -C ops runbook run Plain >/dev/null 2>&1 &&
	is "$(git -C ops rev-parse HEAD)" "$head" &&
	git -C ops show trueup/history:runbooks/Plain.md >aside.md && is "$(entries aside.md)" 3 &&
	sed -i "s/write: branch/write: off/" ops/trueup.yaml && commit_all ops Off &&
	trueup -C ops reconcile --auto-approve >/dev/null && head=$(git -C ops rev-parse HEAD) &&
	trueup -C ops runbook run Plain >/dev/null 2>&1 && is "$(git -C ops rev-parse HEAD)" "$head"
'

# What is refused has no line of the script; where the machine cannot isolate it says so.
test_expect_success 'before the first reconcile the committed Config counts' '
	new_repo fresh && write_runbook fresh Open exec="{isolation: none}" <<<"echo ran" &&
	printf "apiVersion: trueup/v1\nkind: Config\nspec:\n  %s\n  %s\n" "history: {write: off}" \
		"runbooks: {isolation: required}" >fresh/trueup.yaml &&
	commit_all fresh one && head=$(git -C fresh rev-parse HEAD) &&
	if trueup -C fresh runbook run Open >out 2>&1; then
		grep "isolation full" out
	else
		cat out && ! grep "^ran" out
	fi && is "$(git -C fresh rev-parse HEAD)" "$head" &&
	git clone -q --bare fresh fresh.git && trueup -C fresh.git runbook run Open >out 2>&1;
	! grep "isolation none" out && is "$(git -C fresh.git rev-parse HEAD)" "$head" &&
	sed -i "s/required/requierd/" fresh/trueup.yaml && commit_all fresh two &&
	expect_exit 3 trueup -C fresh runbook run Open >out 2>&1 &&
	grep "^trueup.yaml:5:.*requierd" out && ! grep "^ran" out &&
	sed -i "s/requierd/best_effort/" fresh/trueup.yaml && commit_all fresh three &&
	trueup -C fresh reconcile -y >out 2>&1 && sed -i "s/best_effort/requierd/" fresh/trueup.yaml &&
	commit_all fresh four && trueup -C fresh runbook run Open >out 2>&1 && cat out &&
	grep "isolation none" out
'

test_expect_success 'a key that a script made and printed does not get into git' '
	new_repo keys && write_runbook keys Key <<<"printf \"AKIA%s\n\" IOSFODNN7ABCDEFG" &&
	commit_all keys Key &&
	trueup -C keys runbook run Key >/dev/null 2>&1 && grep withheld keys/runbooks/Key.md &&
	! grep AKIAIOSFODNN7ABCDEFG keys/runbooks/Key.md && trueup -C keys validate
'

# ---- many at once, and somebody else who pushes ----

git init -q --bare -b main hub.git
new_repo many
write_runbook many Count <<'END'
echo "begin $N"
echo "end $N"
END
commit_all many 'Add a runbook'
git -C many push -q ../hub.git main
git clone -q hub.git other

push_on() { # commits to the hub until the file `enough` is there
	local i=0
	while [ ! -e enough ]; do
		i=$((i + 1))
		echo "$i" >other/counter
		git -C other add counter
		git -C other commit -qm "Somebody's commit $i"
		until git -C other push -q origin HEAD:main 2>/dev/null; do
			git -C other pull -q --rebase origin main 2>/dev/null || return 1
		done
	done
	echo "$i" >pushed
}

test_expect_success '50 runs at once beside a second writer lose and mix nothing' '
	push_on & pusher=$!
	pids=
	for i in $(seq 50); do
		trueup -C hub.git runbook run Count -e N=$i >out.$i 2>err.$i & pids="$pids $!"
	done
	for pid in $pids; do wait $pid || failed=1; done
	touch enough; wait $pusher && [ -z "${failed-}" ] || { cat err.*; return 1; }
	trueup -C hub.git runbook history >/dev/null
	is "$(git -C hub.git log --format=%B main | grep -c "^Trueup-Run: ")" 50 &&
	is "$(git -C hub.git log --format=%s main | grep -c "^Somebody")" "$(cat pushed)" &&
	git -C hub.git fsck --strict --no-dangling &&
	git -C hub.git show main:runbooks/Count.md >Count.md && is "$(entries Count.md)" 50 &&
	for i in $(seq 50); do
		grep -A 1 "^begin $i$" Count.md | grep -qx "end $i" || { echo "entry $i is not whole"; return 1; }
		is "$(grep -cx "begin $i" Count.md)" 1 || return 1
	done
'

test_expect_success 'in a working copy as well' '
	new_repo copy && write_runbook copy Count <<<"echo \"begin \$N\"; echo \"end \$N\"" &&
	commit_all copy Add &&
	pids= && for i in $(seq 20); do
		trueup -C copy runbook run Count -e N=$i >/dev/null 2>err.$i & pids="$pids $!"
	done &&
	for pid in $pids; do wait $pid || return 1; done &&
	trueup -C copy runbook history >/dev/null &&
	is "$(entries copy/runbooks/Count.md)" 20 && is "$(git -C copy status --short)" "" &&
	git -C copy fsck --strict --no-dangling
'

test_done
