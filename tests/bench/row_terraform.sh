# shellcheck shell=bash
# shellcheck disable=SC2154 # work and what measure sets are run.sh's
# A Terraform plan through trueup against the same commands by hand: same workspace, same state, an
# AWS emulator on this machine. And six canvases planned one after the other and in parallel.

tf_row='a Terraform plan through trueup: against by hand'
# What lib-terraform.sh uses of the test library.
at_exit() {
	# shellcheck disable=SC2064 # expanded now: the variables are the row's
	trap "$1; rm -rf '$work'" EXIT
}
wait_until() {
	local i
	for ((i = 0; i < 600; i++)); do
		"$@" && return 0
		sleep 0.1
	done
	return 1
}
skip_all() {
	echo "$1" >"$work/skipped"
}
# shellcheck source=/dev/null
. "$TOP/tests/e2e/lib-terraform.sh"
need_terraform
if [ -e "$work/skipped" ] || ! moto_command >/dev/null; then
	row "$tf_row" '' 'at most 1.03 ×' "$(cat "$work/skipped" 2>/dev/null || echo 'no AWS emulator')"
	return 0
fi
moto_start
moto_environment

# A repository of six canvases, applied.
shop=$work/shop
mkdir -p "$shop/roles" "$shop/canvases"
printf '%s\n' 'apiVersion: trueup/v1' 'kind: Role' 'metadata: {name: team}' 'spec:' \
	'  account: "123456789012"' '  region: eu-central-1' '  permissions: {deploy: true}' \
	'  allowedServices: [SNS, SQS, S3]' >"$shop/roles/team.yaml"
write_canvases() {
	local i
	for i in 1 2 3 4 5 6; do
		cat >"$shop/canvases/part-$i.yaml" <<-END
			apiVersion: trueup/v1
			kind: Canvas
			metadata: {name: part-$i}
			spec:
			  role: team
			  network: none
			  nodes:
			    - id: queue
			      type: resource
			      data:
			        resourceType: SQS
			        label: Queue $1
			        config: {visibilitySec: 60}
			    - id: topic
			      type: resource
			      data: {resourceType: SNS, label: Topic $1, config: {}}
		END
	done
	git -C "$shop" add -A
	git -C "$shop" commit -qm "Edition $1"
}
# Terraform with a line in a file for each call; it stands in both ways.
mkdir -p bin
cat >bin/terraform <<END
#!/bin/sh
printf '%s ' "\$@" >>"$work/calls"
echo >>"$work/calls"
printf '%s\n' "\$PWD" >"$work/dir"
env | grep '^TF_' >"$work/environment"
exec "$TERRAFORM" "\$@"
END
chmod +x bin/terraform
PATH=$work/bin:$PATH

git -C "$shop" init -q -b main
write_canvases one
"$TRUEUP" reconcile --auto-approve "$shop" >"$work/out" 2>&1 || {
	tail -n 20 "$work/out" >&2
	return 1
}
write_canvases two

# By hand: what trueup starts, in the workspace and environment that it made.
rm -f "$work/calls"
"$TRUEUP" plan --target canvas/part-1 "$shop" >"$work/out"
inits=$(grep -c '^init' "$work/calls" || :)
plan_line=$(grep '^plan' "$work/calls" | tail -n 1)
show_line=$(grep '^show' "$work/calls" | tail -n 1)
{
	echo '#!/bin/sh'
	sed "s/^\([^=]*\)=\(.*\)/export \1='\2'/" "$work/environment"
	echo "cd '$(cat "$work/dir")' || exit 1"
	echo "terraform ${plan_line%-out=*}-out=$work/hand.plan || exit 1"
	echo "exec terraform ${show_line%% /*} $work/hand.plan"
} >by-hand.sh
chmod +x by-hand.sh
measure 7 "$TRUEUP" plan --target canvas/part-1 "$shop" -- ./by-hand.sh
row "$tf_row" "$(ratio "$wall" "$peer_wall") × ($wall / $peer_wall ms)" 'at most 1.03 ×' \
	"$(at_most "$(ratio "$wall" "$peer_wall")" 1.03)"
row 'calls of `terraform init` by a plan of what changed' "$inits" '0' "$(at_most "$inits" 0)"
measure 3 "$TRUEUP" plan --parallel 6 "$shop" -- "$TRUEUP" plan --parallel 1 "$shop"
row 'six canvases planned in parallel: against one by one' \
	"$(ratio "$wall" "$peer_wall") × ($wall / $peer_wall ms)" 'under 1 ×' \
	"$(at_most "$(ratio "$wall" "$peer_wall")" 0.99)"
kill "$MOTO_PID"
