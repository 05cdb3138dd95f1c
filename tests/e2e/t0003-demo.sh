#!/bin/bash
# Protects: `make demo` on a machine that lacks things. It stops where it has to, says in one
# sentence what is missing, succeeds, leaves nothing behind and sees no credentials of the caller.
. "$(dirname "$0")/lib.sh"

# A PATH with everything of the system but what this test takes away.
path_without() {
	local dir=$TRASH/bin-$1 name
	mkdir "$dir"
	cp -s /usr/bin/* "$dir" 2>/dev/null
	for name in terraform tofu moto_server; do
		rm -f "$dir/$name"
	done
	# moto might be a module of the system's Python.
	rm -f "$dir/python3"
	printf '#!/bin/sh\nexit 1\n' >"$dir/python3"
	chmod +x "$dir/python3"
	echo "$dir"
}

demo() {
	mkdir -p tmp
	env PATH="$1" TMPDIR="$PWD/tmp" TRUEUP="$TRUEUP" AWS_ACCESS_KEY_ID=leaked \
		AWS_SECRET_ACCESS_KEY=leaked bash "$TOP/tests/demo/demo.sh" </dev/null
}

test_expect_success 'without terraform it stops after the render' '
	demo "$(path_without terraform)" >out &&
	grep -q "^network.tf$" out &&
	grep -q "^Stopped after the render: neither terraform nor tofu is installed; get one" out &&
	! grep -q leaked out && is "$(ls tmp)" ""
'

TERRAFORM=$(command -v terraform || command -v tofu || :)
if [ -n "$TERRAFORM" ]; then
	test_expect_success 'without an emulator it stops after terraform validate' '
		path=$(path_without moto) && ln -s "$TERRAFORM" "$path/" &&
		demo "$path" >out &&
		{ grep -q "^Stopped after terraform validate: .*moto" out ||
			grep -q "^Stopped: terraform found no AWS provider" out; } &&
		! grep -q leaked out && is "$(ls tmp)" ""
	'
else
	skip 'without an emulator it stops after terraform validate' 'terraform is not installed'
fi

test_expect_success 'a real account needs its number and somebody who answers' '
	expect_exit 64 env ACCOUNT=12345 TRUEUP="$TRUEUP" bash "$TOP/tests/demo/demo.sh" 2>err &&
	grep -q "is no account: 12 digits" err &&
	expect_exit 64 env ACCOUNT=123456789012 TRUEUP="$TRUEUP" \
		bash "$TOP/tests/demo/demo.sh" </dev/null 2>err &&
	grep -q "only when somebody answers on a terminal" err
'

test_done
