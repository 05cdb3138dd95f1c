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

test_expect_success 'a folder that is not there is told' '
	expect_exit 1 trueup doctor nowhere >out && grep -q "^problem  *repository.*nowhere" out
'

test_done
