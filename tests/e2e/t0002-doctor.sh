#!/bin/bash
# Protects: doctor finds what is missing or broken, says what to do, and changes nothing.
. "$(dirname "$0")/lib.sh"

new_repo repo
write_role repo web-team
commit_all repo 'A role'

test_expect_success 'a fresh repository is sound' '
	trueup doctor repo >out && grep -q "^ok  *repository" out &&
	grep -q "nothing was recorded yet" out && [ ! -e repo/.git/trueup ]
'

test_expect_success 'it answers in JSON' '
	trueup doctor -o json repo >out && is "$(json out "d[\"sound\"]")" true &&
	is "$(json out "sorted(c[\"name\"] for c in d[\"checks\"])[0]")" "aws provider"
'

test_expect_success 'a missing program is named, and is no failure' '
	mkdir empty && env PATH="$TRASH/empty" "$TRUEUP" doctor repo >out &&
	grep -q "^missing  *git " out && grep -q "apt-get install git" out &&
	grep -q "^missing  *terraform " out
'

test_expect_success 'a damaged store is a problem and stays as it is' '
	mkdir -m 700 state && echo "this is no database, whatever it is called" >state/trueup.db &&
	cp state/trueup.db before &&
	expect_exit 1 trueup --state "$TRASH/state" doctor repo >out &&
	grep -q "^problem" out && grep -q "nothing is repaired by itself" out &&
	cmp before state/trueup.db
'

# small_disk COMMAND: in a namespace with a file system of 1 MiB of its own at disk/, state in it.
small_disk() {
	mkdir -p disk && unshare -rm bash -c "mount -t tmpfs -o size=1m,mode=700 none disk && $1"
}
if unshare -rm mount -t tmpfs none /mnt 2>/dev/null; then
	test_expect_success 'what lies on a read-only file system can be looked at' '
		small_disk "\"$TRUEUP\" --state \"$TRASH/disk/state\" -C repo reconcile &&
			mount -o remount,ro disk &&
			\"$TRUEUP\" --state \"$TRASH/disk/state\" -C repo status &&
			\"$TRUEUP\" --state \"$TRASH/disk/state\" -C repo history &&
			\"$TRUEUP\" --state \"$TRASH/disk/state\" doctor repo" >out 2>&1; cat out &&
		grep "role/web-team  *applied" out && grep "^ok  *state  *sound" out &&
		! grep "begin anew" out
	'

	test_expect_success 'a full disk is called that, and nobody is told to begin anew' '
		small_disk "\"$TRUEUP\" --state \"$TRASH/disk/state\" -C repo reconcile &&
			! cat /dev/zero >disk/full 2>/dev/null;
			\"$TRUEUP\" --state \"$TRASH/disk/state\" -C repo status;
			\"$TRUEUP\" --state \"$TRASH/disk/state\" doctor repo" >out 2>&1; cat out &&
		is "$(grep -c "the disk is full: make room on it and try again" out)" 2 &&
		grep "^problem  *repository  *.*the disk is full" out && ! grep "begin anew" out
	'
else
	skip 'what lies on a read-only file system can be looked at' "no user namespaces here"
	skip 'a full disk is called that, and nobody is told to begin anew' "no user namespaces here"
fi

test_expect_success 'a folder that is not there is told' '
	expect_exit 1 trueup doctor nowhere >out && grep -q "^problem  *repository.*nowhere" out
'

test_done
