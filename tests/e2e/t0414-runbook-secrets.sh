#!/bin/bash
# Protects: a secret that a script prints, in whatever usual way, reaches neither the terminal nor
# the store, the runbook's file, git, or any file of the state.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-runbook.sh"
have_zsh || skip_all 'zsh is not installed'

new_repo ops
# Every way is one line or more up to "way": SIGNED is named by the runbook, API_TOKEN by its name,
# FROM_FILE is given by reference, PEM has several lines.
cat >ways <<'END'
way 1 plain; echo $SIGNED
way 2 to stderr; echo $API_TOKEN >&2
way 3 by reference; echo $FROM_FILE
way 4 without a newline; printf %s $SIGNED
way 5 in two writes; printf %s ${SIGNED[1,6]}; sleep 0.1; print -r -- ${SIGNED[7,-1]}
way 6 letter by letter; for ((i = 1; i <= $#SIGNED; i++)) { printf %s $SIGNED[i] }
way 7 letter by letter, unbuffered; python3 -uc 'import os,sys
for c in os.environ["SIGNED"]: sys.stdout.write(c); sys.stdout.flush()'
way 8 half on each stream; printf %s ${SIGNED[1,6]}; printf %s ${SIGNED[7,-1]} >&2
way 9 base64; printf %s $SIGNED | base64
way 10 base64 with a letter before; printf %s x$SIGNED | base64
way 11 base64 with two letters before; printf %s xy$SIGNED | base64
way 12 base64 in the middle; printf %s user:$SIGNED:more | base64 -w0
way 13 base64url; printf %s "$SIGNED" | base64 | tr +/ -_
way 14 basic authentication; echo "Authorization: Basic $(printf %s api:$API_TOKEN | base64 -w0)"
way 15 URL form; python3 -c 'import os,urllib.parse as u; print(u.quote(os.environ["SIGNED"], safe=""))'
way 16 URL form in lower case; python3 -c 'import os,re,urllib.parse as u; print(re.sub("%..", lambda m: m.group().lower(), u.quote(os.environ["SIGNED"], safe="")))'
way 17 form data; python3 -c 'import os,urllib.parse as u; print(u.urlencode({"a": os.environ["SIGNED"]}))'
way 18 JSON; python3 -c 'import os,json; print(json.dumps({"a": os.environ["SIGNED"]}))'
way 19 in a URL; echo https://me:$API_TOKEN@example.com/repo.git
way 20 set -x; set -x; : $SIGNED; set +x
way 21 set -v; eval "set -v; : $API_TOKEN; set +v"
way 22 env; env
way 23 export -p; export -p
way 24 typeset; typeset SIGNED API_TOKEN
way 25 /proc; cat /proc/self/environ
way 26 /proc by line; tr '\0' '\n' </proc/self/environ
way 27 a missing file; cat /nowhere/$API_TOKEN
way 28 an unknown command; $API_TOKEN
way 29 here document; cat <<HERE
$SIGNED
HERE
way 30 here string; cat <<<$SIGNED
way 31 several lines; echo "$PEM"
way 32 its lines apart; print -r -- "$PEM" | sed 's/^/> /'
way 33 one line of it; print -r -- "$PEM" | sed -n 2p
way 34 several lines in base64; print -rn -- "$PEM" | base64 -w0
way 35 several lines in JSON; python3 -c 'import os,json; print(json.dumps(os.environ["PEM"]))'
way 36 several lines with CRLF; print -r -- "$PEM" | sed 's/$/\r/'
way 37 a thousand times; for i in {1..1000}; do printf %s $SIGNED; done
way 38 across a chunk; head -c 65530 /dev/zero | tr '\0' x; echo $SIGNED
way 39 across another; head -c 4090 /dev/zero | tr '\0' x; printf %s $SIGNED; repeat 70000 printf y
way 40 from a file; print -r -- $SIGNED >keep; cat keep
way 41 by dd; printf %s $SIGNED | dd bs=1 2>/dev/null
way 42 by awk; awk 'BEGIN { print ENVIRON["API_TOKEN"] }'
way 43 by python's repr; python3 -c 'import os; print(repr(os.environ["API_TOKEN"]))'
way 44 by a traceback; python3 -c 'import os; raise ValueError(os.environ["API_TOKEN"])'
way 45 by a child in the background; (sleep 0.1; echo $SIGNED) & wait
way 46 by tee to both; echo $SIGNED | tee /dev/stderr
way 47 two that overlap; echo $API_TOKEN${API_TOKEN}$SIGNED
way 48 quoted by the shell; print -r -- ${(q)API_TOKEN} ${(qq)API_TOKEN} ${(qqq)API_TOKEN}
way 49 by a trap; trap 'echo trapped $API_TOKEN' USR1; kill -USR1 $$
way 50 by another runbook; trueup runbook run Child -e X=$SIGNED -e Y=$API_TOKEN
way 51 by a mistake in a call; trueup runbook run Child -e 1X=$SIGNED; trueup runbook run $API_TOKEN
way 52 our own token; echo $TRUEUP_RUN_TOKEN
way 53 as the name of a file; touch $API_TOKEN; ls
way 54 by xargs -t; echo $API_TOKEN | xargs -t echo
END
{
	echo '#!/bin/zsh'
	# Markers, so that a way that printed nothing is found.
	sed -E 's/^way ([0-9]+) [^;]*; ?/print -r -- "[way \1]"; /' ways
	echo 'print -r -- "[end]"'
} | write_runbook ops Print calls=1 vars='SIGNED API_TOKEN PEM' exec='{secrets: [SIGNED, PEM]}'
write_runbook ops Child <<<'echo "child $X $Y"; env'
write_runbook ops Json vars=SIGNED exec='{secrets: [SIGNED]}' <<'END'
echo $SIGNED
printf %s $SIGNED | base64
exit 3
END
printf '\n%s' '{"start_timestamp":"2026-01-08T10:00:00.000Z","finish_timestamp":"2026-01-08T10:00:01.000Z","return_code":0,"operation":"execute","breadcrumb":{"at_time":"2026-01-08T10:00:00.000000+00:00","by_user":"dev","from_ip":"","correlation_id":"c","roles":[]},"config_items":[],"stdout":"","stderr":"","errors":[],"warnings":[]}' >>ops/runbooks/Json.md
printf 'apiVersion: trueup/v1\nkind: Config\nspec:\n  history: {bytes: 65536}\n' >ops/trueup.yaml
commit_all ops 'Add runbooks'

export SIGNED='p+w/Zq&7 =%"x\9LmN4' API_TOKEN=tok-4f9Qz81LmXw2 PEM='first-line-of-it
second+line/of&it
third-line-of-it'
secret_of_file=file-9Xw31LmZq7
mkdir creds
printf %s "$secret_of_file" >creds/file
export CREDENTIALS_DIRECTORY=$PWD/creds

# Everything that must not be found anywhere: the values, and encodings of them without the
# characters at their ends that depend on what stands around.
python3 - >needles <<'END'
import base64, json, os, urllib.parse as u
values = [os.environ["SIGNED"], os.environ["API_TOKEN"], "file-9Xw31LmZq7"]
values += os.environ["PEM"].split("\n")
found = set(values)
for value in values + [os.environ["PEM"]]:
    raw = value.encode()
    for before in (b"", b"x", b"xy"):
        text = base64.b64encode(before + raw + b"zz").decode()
        core = text[4 if before else 0:len(text) - 8]
        found |= {core, core.translate(str.maketrans("+/", "-_"))}
    quoted = {u.quote(value, safe=""), u.quote_plus(value)}
    found |= quoted | {json.dumps(value)[1:-1]}
for needle in sorted(found):
    if len(needle) >= 8 and "\n" not in needle:
        print(needle)
END

# no_secret FILE...: none of the needles is in there.
no_secret() {
	local found
	found=$(grep -aF -f needles "$@" | head -c 2000)
	[ -z "$found" ] && return 0
	echo "found: $found" >&2
	return 1
}

run_all() {
	trueup -C ops runbook run Print -e 'FROM_FILE={credential: file}' >out 2>err
}

test_expect_success 'what is looked for would be found' '
	[ "$(wc -l <needles)" -ge 20 ] && echo "$SIGNED" >there && ! no_secret there 2>/dev/null &&
	printf %s "api:$API_TOKEN" | base64 -w0 >there && ! no_secret there 2>/dev/null && rm there
'

test_expect_success 'all ways were tried' '
	run_all; for i in $(seq 54); do grep -q "^.*\[way $i\]" out || { echo "way $i is missing"; tail -n 40 out; cat err; return 1; }; done &&
	grep "\[end\]" out && [ "$(grep -c "\*\*\*" out)" -gt 40 ] && grep "child \*\*\* \*\*\*" out
'

test_expect_success 'none reaches the terminal' '
	no_secret out err
'

test_expect_success 'none is in the state folder, the store included' '
	no_secret -r ops/.git/trueup &&
	trueup -C ops runbook history >all && for id in $(store_value ops "SELECT id FROM runs"); do
		trueup -C ops runbook history --run "$id" >>all &&
		trueup -C ops runbook history --run "$id" -o json >>all || return 1
	done && grep "way 54" all && no_secret all
'

test_expect_success 'none is in the files or in git' '
	grep "way 1\]" ops/runbooks/Print.md && no_secret -r ops/runbooks &&
	git -C ops log -p --all >log && grep "way 54" log && no_secret log
'

test_expect_success 'none is in a history of JSON lines, or in -o json' '
	expect_exit 1 trueup -C ops runbook run Json -o json >out 2>err && grep "\*\*\*" out &&
	no_secret out err ops/runbooks/Json.md
'

test_expect_success 'none is in the arguments or the files of what runs' '
	write_runbook ops Wait exec="{secrets: [SIGNED]}" vars="SIGNED API_TOKEN" <<<"echo started; sleep 300" &&
	commit_all ops Wait &&
	: >out && { "$TRUEUP" -C ops runbook run Wait >out 2>err & front=$!; } &&
	wait_until grep -q started out &&
	{ cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\0" "\n" >args; no_secret args &&
	no_secret -r ops/.git/trueup; rc=$?; } &&
	kill -INT $front && { wait $front; return $rc; }
'

test_done
