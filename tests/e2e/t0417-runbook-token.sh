#!/bin/bash
# Protects: a token lets in whom it was made for and nobody else, which tokens are believed is
# decided outside of the repository, and a token that is not believed leaves a refusal behind.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-runbook.sh"
have_zsh || skip_all 'zsh is not installed'
for tool in openssl python3; do
	command -v "$tool" >/dev/null || skip_all "$tool is not installed"
done

# token FILE CLAIM=JSON...: signed with RS256 by the key that the server's file names; alg=HS256
# in the environment signs with the text in $secret instead, key=FILE with another key.
token() {
	local file=$1
	shift
	alg=${alg:-RS256} key=${key:-key.pem} python3 - "$@" >"$file" <<'END'
import base64, hashlib, hmac, json, os, subprocess, sys, time
def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")
claims = {"iss": "https://id.example.org", "aud": "trueup", "sub": "alice",
          "exp": int(time.time()) + 600}
for word in sys.argv[1:]:
    name, value = word.split("=", 1)
    if value:
        claims[name] = json.loads(value)
    else:
        del claims[name]
parts = [{"alg": os.environ["alg"]}, claims]
text = b".".join(b64(json.dumps(part).encode()) for part in parts)
if os.environ["alg"] == "HS256":
    mac = hmac.new(os.environ["secret"].encode(), text, hashlib.sha256).digest()
else:
    mac = subprocess.run(["openssl", "dgst", "-sha256", "-sign", os.environ["key"]],
                         input=text, stdout=subprocess.PIPE, check=True).stdout
print((text + b"." + b64(mac)).decode())
END
	chmod 600 "$file"
}

server() { # FILE YAML: a server's file with this below `tokens`
	cat >"$1" <<END
apiVersion: trueup/v1
kind: Server
spec:
  repositories: [{name: ops, path: $PWD/ops}]
  tokens: $2
END
}
who='issuer: "https://id.example.org", audience: trueup'

# Does what the token allows: run_as TOKEN [OPTION...]
run_as() {
	local file=$PWD/$1
	shift
	trueup -C ops runbook run Guarded --token-file "$file" --config "$PWD/server.yaml" \
		"$@" >out 2>err
}

by_file() { # FILE: the same token with another server's file, which is a mistake
	expect_exit 1 trueup -C ops runbook run Guarded --token-file "$PWD/good" \
		--config "$1" >out 2>err
}

refused() { # TOKEN TEXT: it is, for this reason, and that is recorded
	expect_exit 4 run_as "$1" && ! grep done-it out && grep "$2" err &&
		store_value ops "SELECT state, actor, error FROM runs ORDER BY id DESC LIMIT 1" >row &&
		grep "^refused|.*$2" row
}

new_repo ops
write_runbook ops Guarded roles='sre' <<<'echo "done-it ${TRUEUP_RUN_ID:+here}"'
write_runbook ops Parent roles='sre' calls=1 <<<'trueup runbook run Guarded'
commit_all ops 'Add runbooks'
openssl genrsa -out key.pem 2048 2>/dev/null
openssl rsa -in key.pem -pubout -out pub.pem 2>/dev/null
server server.yaml "{$who, keys: $PWD/pub.pem}"

test_expect_success 'the claims of a verified token count, and its subject is the actor' '
	token good roles="[\"dba\", \"sre\"]" && run_as good && grep done-it out &&
	store_value ops "SELECT state, actor FROM runs ORDER BY id DESC LIMIT 1" >row &&
	is "$(cat row)" "done|token:alice" &&
	token text roles="\"dba, sre\"" sub="\"bob@example.org\"" && run_as text &&
	trueup -C ops runbook history >out && grep "done .*token:bob@example.org" out
'

test_expect_success 'a child acts by the same claims' '
	trueup -C ops runbook run Parent --token-file "$PWD/good" \
		--config "$PWD/server.yaml" >out 2>err &&
	grep done-it out &&
	store_value ops "SELECT state, actor FROM runs WHERE parent_id IS NOT NULL" >row &&
	is "$(cat row)" "done|token:alice"
'

test_expect_success 'what is not in the token is not there: no Role stands in for it' '
	write_members ops sre "$me" && commit_all ops "Add a role" &&
	trueup -C ops reconcile --auto-approve >/dev/null &&
	trueup -C ops runbook run Guarded >out 2>/dev/null && grep done-it out &&
	token none && refused none "roles= (required: sre)" && grep "^refused|token:alice|" row &&
	token other roles="[\"dba\"]" && refused other "roles=dba (required: sre)" &&
	token map roles="{\"sre\": true}" && refused map "roles (not present)" &&
	expect_exit 1 run_as good --as sre && grep "for Roles" err
'

test_expect_success 'a token that is not believed is refused, and recorded with who showed it' '
	token expired roles="[\"sre\"]" exp=1000 &&
	refused expired "Invalid token: the token has expired" &&
	grep "^refused|$me|" row &&
	token early roles="[\"sre\"]" nbf=99999999999 && refused early "not valid yet" &&
	token endless roles="[\"sre\"]" exp= && refused endless "has no end" &&
	token elsewhere roles="[\"sre\"]" iss="\"https://evil.example.org\"" &&
	refused elsewhere "issuer (iss) is not" &&
	token notus roles="[\"sre\"]" aud="\"other\"" && refused notus "not meant for trueup" &&
	token nobody roles="[\"sre\"]" sub= && refused nobody "does not name anybody" &&
	token escape roles="[\"sre\"]" sub="\"a\\u001b[2J\"" &&
	refused escape "does not name anybody" &&
	openssl genrsa -out own.pem 2048 2>/dev/null &&
	key=own.pem token forged roles="[\"sre\"]" && refused forged "signature does not verify" &&
	export secret="$(cat pub.pem)" && alg=HS256 token confused roles="[\"sre\"]" &&
	refused confused "algorithm is none" &&
	echo garbage >junk && chmod 600 junk && refused junk "three parts"
'

test_expect_success 'a shared secret verifies HS256, and its file is for nobody else' '
	export secret=0123456789abcdef0123456789abcdef &&
	echo "$secret" >shared && chmod 600 shared && cp server.yaml keys.yaml &&
	server server.yaml "{$who, secret: {fromFile: $PWD/shared}}" &&
	alg=HS256 token signed roles="[\"sre\"]" && run_as signed && grep done-it out &&
	refused good "algorithm is none" &&
	chmod 644 shared && expect_exit 1 run_as signed && grep "read by everybody" err &&
	! grep done-it out && mv keys.yaml server.yaml
'

test_expect_success 'neither the repository nor a file that others may write decides' '
	cp server.yaml ops/server.yaml && cp pub.pem ops/pub.pem &&
	by_file server.yaml &&
	grep "lies in the repository" err && ! grep done-it out &&
	ln -s ops/server.yaml link.yaml &&
	by_file "$PWD/link.yaml" &&
	grep "lies in the repository" err && rm ops/server.yaml ops/pub.pem &&
	chmod 666 pub.pem && expect_exit 1 run_as good && grep "pub.pem decides which tokens" err &&
	! grep done-it out && chmod 644 pub.pem && chmod g+w server.yaml &&
	expect_exit 1 run_as good && grep "server.yaml decides which tokens" err &&
	chmod 644 server.yaml &&
	chmod 644 good && expect_exit 1 run_as good &&
	grep "read by everybody" err && ! grep done-it out &&
	chmod 600 good && run_as good
'

test_expect_success 'mistakes in the server file have their place, and silence is no trust' '
	server broken.yaml "{$who}" &&
	by_file "$PWD/broken.yaml" &&
	grep "broken.yaml:5:" err && grep "keys" err && ! grep done-it out &&
	sed "/tokens/d" server.yaml >silent.yaml &&
	by_file "$PWD/silent.yaml" &&
	grep "says nothing of tokens" err && ! grep done-it out
'

test_expect_success 'the token is nowhere: not in the record, the file or what is shown' '
	part=$(cut -d. -f3 good | cut -c1-40) && [ "${#part}" = 40 ] &&
	! grep -r -e "$part" ops out err
'

test_done
