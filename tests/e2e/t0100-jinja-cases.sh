#!/bin/bash
# Protects: the table that the template language is tested against is what Jinja2 itself gives.
. "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
if ! "$python" -c 'import jinja2' 2>/dev/null; then
	echo '1..0 # SKIP Jinja2 is not installed: apt-get install python3-jinja2'
	exit 0
fi

test_expect_success 'Jinja2 gives the recorded results' '
	"$python" "$TOP/tests/data/jinja/generate.py" "$TRASH/cases.json" &&
	cmp "$TRASH/cases.json" "$TOP/tests/data/jinja/cases.json"
'

test_done
