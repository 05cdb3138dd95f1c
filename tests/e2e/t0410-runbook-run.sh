#!/bin/bash
# Protects: a runbook is run as it is committed, by those who may, with its variables and inputs,
# and every attempt is recorded as what it was; what may not be run is not, and says why.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-runbook.sh"
have_zsh || skip_all 'zsh is not installed'

new_repo ops
write_members ops sre "$me"
write_members ops dba os:nobody-here
write_runbook ops Greet vars=WHO roles='sre, api' inputs='Greet.txt Greet' <<'END'
#!/bin/zsh
echo "hello $WHO"
cat Greet.txt
./Greet/tool
echo "on stderr" >&2
exit ${CODE:-0}
END
echo 'from the file' >ops/runbooks/Greet.txt
mkdir ops/runbooks/Greet
printf '#!/bin/sh\necho from the tool\n' >ops/runbooks/Greet/tool
chmod 755 ops/runbooks/Greet/tool
write_runbook ops Dba roles=dba <<<'echo never'
write_runbook ops Open <<<'echo anybody'
commit_all ops 'Add runbooks'

test_expect_success 'before a Role was ever reconciled nobody is a member of it' '
	expect_exit 4 trueup -C ops runbook run Greet -e WHO=you 2>err >out &&
	grep "RBAC Failure: Access denied for user $me. RBAC check failed for execute. Missing or invalid claims: roles= (required: sre, api)" err &&
	is "$(cat out)" "" &&
	trueup -C ops reconcile --auto-approve >/dev/null
'

test_expect_success 'the script runs with its variables and inputs, and prints as it goes' '
	trueup -C ops runbook run Greet -e WHO=you >out 2>err &&
	printf "%s\n" "hello you" "from the file" "from the tool" "on stderr" >want &&
	sort want >want.sorted && sort out | test_cmp want.sorted - &&
	grep "^Greet done in .*, exit code 0, isolation [a-z]*, run [0-9A-Z]*$" err
'

test_expect_success 'the exit code of a failed script is recorded, and ours is 1' '
	expect_exit 1 trueup -C ops runbook run Greet.md -e WHO=you -e CODE=7 -o json >out.json \
		2>err &&
	is "$(json out.json "d[\"run\"][\"exitCode\"]")" 7 &&
	is "$(json out.json "d[\"run\"][\"state\"]")" failed &&
	is "$(json out.json "d[\"stderr\"]")" "on stderr" &&
	is "$(json out.json "d[\"run\"][\"role\"]")" sre
'

test_expect_success 'a missing variable is invalid, named as the format does, and recorded' '
	expect_exit 3 trueup -C ops runbook run Greet >out 2>err &&
	grep "Greet.md:6:1: error: Required environment variable not set: WHO" err &&
	is "$(cat out)" "" &&
	WHO=env trueup -C ops runbook run Greet 2>/dev/null | grep "hello env" &&
	is "$(store_value ops "SELECT count(*) FROM runs WHERE state = '\''invalid'\''")" 1
'

test_expect_success 'an environment is built: what the runbook does not declare is not there' '
	write_runbook ops Env <<<"env" && commit_all ops "Show" &&
	SECRET_OF_MINE=1 OTHER=2 trueup -C ops runbook run Env >out 2>err &&
	! grep -e SECRET_OF_MINE -e OTHER out && grep "^TRUEUP_RUN_ID=" out
'

test_expect_success 'names that a loader, a shell or trueup obeys are refused' '
	for name in LD_PRELOAD PATH ZDOTDIR BASH_ENV IFS PS4 TRUEUP_RUN_CALL TRUEUP_RUN_ID; do
		expect_exit 3 trueup -C ops runbook run Open -e $name=x >out 2>err || return 1
		grep "Invalid environment variable name: $name" err || return 1
		! grep anybody out || return 1
	done
'

test_expect_success 'values by reference: the environment, a file of the commit, a credential' '
	write_runbook ops Values <<<"print -r -- \$A-\$B-\$C | rev" &&
	echo in-the-file >ops/value.txt &&
	commit_all ops "Values" && echo changed >ops/value.txt &&
	mkdir creds && echo -n from-systemd >creds/api &&
	FROM=from-env CREDENTIALS_DIRECTORY=$PWD/creds trueup -C ops runbook run Values \
		-e "A={fromEnv: FROM}" -e "B={fromFile: value.txt}" -e "C={credential: api}" >out 2>err &&
	git -C ops checkout -q value.txt &&
	is "$(cat out)" "$(echo from-env-in-the-file-from-systemd | rev)" &&
	expect_exit 3 trueup -C ops runbook run Values -e "A={fromEnv: NOT_THERE}" 2>err &&
	grep "no value for .A. from the environment variable NOT_THERE: it is not set" err &&
	write_runbook ops Declared vars=A <<<"echo \$A" && commit_all ops "Declare" &&
	expect_exit 3 trueup -C ops runbook run Declared -e "A={fromEnv: NOT_THERE}" 2>err &&
	grep "from the environment variable NOT_THERE: it is not set" err &&
	! grep "Required environment variable" err &&
	expect_exit 3 trueup -C ops runbook run Values -e "A={fromFile: ../ops/value.txt}" 2>err &&
	expect_exit 3 trueup -C ops runbook run Values -e "A={credential: ../api}" 2>err
'

test_expect_success '--as takes a role of which I am a member, and no other' '
	trueup -C ops runbook run Greet --as sre -e WHO=x >/dev/null 2>&1 &&
	trueup -C ops runbook run Greet --as role/sre -e WHO=x >/dev/null 2>&1 &&
	expect_exit 4 trueup -C ops runbook run Dba --as dba 2>err &&
	grep "is not a member of an active role .dba." err &&
	expect_exit 4 trueup -C ops runbook run Dba 2>err >out && ! grep never out &&
	grep "roles=sre (required: dba)" err
'

test_expect_success '--dry-run shows what would run, runs nothing, and is refused as a run is' '
	trueup -C ops runbook run Greet -n -e WHO=hidden-value >out 2>err &&
	grep "^Greet would run as sre$" out && grep "^variables *WHO$" out &&
	grep "^inputs *Greet.txt$" out &&
	grep "cat Greet.txt" out && ! grep -r hidden-value out ops/.git/trueup &&
	expect_exit 4 trueup -C ops runbook run Dba -n 2>err &&
	grep "RBAC check failed for validate" err &&
	expect_exit 3 trueup -C ops runbook run Greet -n 2>err
'

cat >listen.py <<'END'
import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True:
    s.accept()[0].close()
END
python3 listen.py >port &
at_exit "kill $!"
write_runbook ops Check <<'END'
echo "dry: ${DRY_RUN-no}"
python3 -c "import socket; socket.create_connection(('127.0.0.1', $PORT), 2); print('connected')" 2>&1 | tail -n 1
END
commit_all ops 'Look at the network'

test_expect_success '--check runs with DRY_RUN=1 and without a network' '
	wait_until test -s port &&
	trueup -C ops runbook run Check --check -e PORT=$(cat port) >out 2>err &&
	grep "dry: 1" out && ! grep connected out &&
	trueup -C ops runbook run Check -e PORT=$(cat port) >out 2>err &&
	grep "dry: no" out && grep connected out &&
	is "$(store_value ops "SELECT mode FROM runs WHERE runbook = '\''Check'\'' ORDER BY id LIMIT 1")" check
'

test_expect_success 'what runs is what is committed; a file on disk is taken when asked for' '
	sed -i s/anybody/uncommitted/ ops/runbooks/Open.md &&
	trueup -C ops runbook run Open 2>/dev/null | grep anybody &&
	trueup -C ops runbook run Open --worktree >out 2>/dev/null && grep uncommitted out &&
	git -C ops checkout -q runbooks/Open.md &&
	write_runbook ops New <<<"echo new" &&
	expect_exit 1 trueup -C ops runbook run New 2>err &&
	grep "commit it, or take the file as it lies on disk (--worktree)" err &&
	rm ops/runbooks/New.md &&
	expect_exit 1 trueup -C ops runbook run Gret 2>err && grep "did you mean .Greet.?" err
'

test_expect_success 'an edit that takes the claims away opens nothing' '
	write_runbook ops Dba <<<"echo never" &&
	expect_exit 4 trueup -C ops runbook run Dba --worktree 2>err >out && ! grep never out &&
	git -C ops checkout -q -b side && git -C ops commit -qam "Open it" &&
	expect_exit 4 trueup -C ops runbook run Dba 2>err >out && ! grep never out &&
	grep "asked for by the version on the branch" err &&
	git -C ops checkout -q main
'

test_expect_success 'claims that cannot be read let nobody in' '
	write_runbook ops Broken roles="[sre]" <<<"echo never" &&
	git -C ops checkout -q -b broken &&
	commit_all ops "Broken" &&
	expect_exit 4 trueup -C ops runbook run Broken >out 2>err && ! grep never out &&
	git -C ops checkout -q main
'

test_expect_success 'a claim beside roles is a label of the same Role' '
	write_runbook ops Stage roles=sre <<<"echo staged" &&
	sed -i "s/^roles: sre/roles: sre\nstage: prod/" ops/runbooks/Stage.md &&
	commit_all ops Stage &&
	expect_exit 4 trueup -C ops runbook run Stage 2>err && grep "stage (not present)" err &&
	sed -i "s/^metadata: .*/metadata: {name: sre, labels: {stage: prod}}/" ops/roles/sre.yaml &&
	commit_all ops "Label" && expect_exit 4 trueup -C ops runbook run Stage 2>err &&
	trueup -C ops reconcile --auto-approve >/dev/null &&
	trueup -C ops runbook run Stage 2>/dev/null | grep staged
'

test_expect_success 'inputs stay beneath the repository, from a commit and from disk' '
	echo outside >secret.txt && mkdir -p ops/runbooks/Link &&
	ln -s ../../../secret.txt ops/runbooks/Link/out &&
	write_runbook ops Link inputs=Link <<<"cat Link/out" && commit_all ops "Link" &&
	expect_exit 3 trueup -C ops runbook run Link >out 2>err && ! grep outside out &&
	expect_exit 3 trueup -C ops runbook run Link --worktree >out 2>err && ! grep outside out &&
	write_runbook ops Up inputs=../../secret.txt <<<"cat secret.txt" && commit_all ops "Up" &&
	expect_exit 3 trueup -C ops runbook run Up >out 2>err &&
	grep "Input path escapes runbook directory: ../../secret.txt" err
'

test_expect_success 'a script that ends the wrong way is recorded as that' '
	write_runbook ops Signal <<<"kill -9 \$\$" &&
	write_runbook ops Slow exec="timeout: 1s" <<<"sleep 1000 & sleep 1000" &&
	commit_all ops "Ends" &&
	expect_exit 1 trueup -C ops runbook run Signal 2>err &&
	grep "Signal killed .*, signal 9" err &&
	expect_exit 1 trueup -C ops runbook run Slow 2>err && grep "Slow timed-out" err &&
	expect_exit 1 trueup -C ops runbook run Slow --timeout 200ms 2>err
'

test_expect_success 'a failed script is tried again as often as it says, and a good one is not' '
	write_runbook ops Again exec="retry: {attempts: 3, delay: 0s}" <<<"exit \${CODE:-0}" &&
	commit_all ops "Again" &&
	expect_exit 1 trueup -C ops runbook run Again -e CODE=4 2>err &&
	grep "attempt 3 of 3" err &&
	is "$(store_value ops "SELECT group_concat(attempt) FROM (SELECT attempt FROM runs WHERE runbook = '\''Again'\'' ORDER BY id)")" 1,2,3 &&
	trueup -C ops runbook run Again 2>err && ! grep attempt err
'

test_expect_success 'the history lists it all, filters, and gives records' '
	trueup -C ops runbook history -n 100 >out && grep "Greet *refused" out &&
	grep "Greet *failed *exit code 7" out &&
	trueup -C ops runbook history --status refused >out && ! grep -v refused out &&
	trueup -C ops runbook history Again --records -n 1 >out &&
	is "$(json out "list(d)")" "[\"start_timestamp\", \"finish_timestamp\", \"return_code\", \"operation\", \"breadcrumb\", \"config_items\", \"stdout\", \"stderr\", \"errors\", \"warnings\"]" &&
	trueup -C ops runbook history Greet -o json >out.json &&
	is "$(json out.json "d[\"runs\"][-1][\"record\"][\"breadcrumb\"][\"by_user\"]")" "$me" &&
	id=$(json out.json "[r[\"id\"] for r in d[\"runs\"] if r[\"state\"] == \"failed\"][0]") &&
	trueup -C ops runbook history --run "$id" >out && grep "on stderr" out &&
	grep "hello you" out
'

test_expect_success 'a plain folder has runbooks, too' '
	mkdir plain && write_runbook plain Here <<<"echo here" &&
	trueup -C plain runbook run Here 2>err >out && grep "^here$" out &&
	grep "^### .* | Exit Code: 0$" plain/runbooks/Here.md &&
	trueup -C plain runbook history >out && grep "Here *done" out &&
	is "$(grep -c "in file" out)" 0
'

test_done
