#!/bin/bash
# `make demo`: copies examples/shop into a new git repository and reconciles it, step by step.
#
# It applies to an AWS emulator (moto's server) that it starts itself, or, only when asked by
# number, to a real account: make demo ACCOUNT=123456789012. Without an emulator it stops after
# `terraform validate`, without terraform after the render, and says what is missing. Otherwise
# no credentials of the caller reach any program that runs here.
set -euo pipefail

TOP=$(cd "$(dirname "$0")/../.." && pwd)
TRUEUP=${TRUEUP:-$TOP/build/trueup}
ACCOUNT=${ACCOUNT-}

work=$(mktemp -d "${TMPDIR:-/tmp}/trueup-demo.XXXXXX")
keep=
exit_commands=()

at_exit() {
	exit_commands=("$1" "${exit_commands[@]}")
}

clean_up() {
	local rc=$? command
	for command in "${exit_commands[@]}"; do
		eval "$command" || true
	done
	cd /
	[ -n "$keep" ] || rm -rf "$work"
	exit "$rc"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

wait_until() {
	local tries=1200
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" != 0 ] || return 1
		read -rt 0.05 <> <(:) || :
	done
}

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$'\033[1m' plain=$'\033[0m'
fi

say() {
	printf '\n%s== %s%s\n\n' "$bold" "$1" "$plain"
}

# Shows a command and runs it.
run() {
	printf '%s$ %s%s\n' "$bold" "$*" "$plain"
	"$@"
}

trueup() {
	"$TRUEUP" "$@"
}

# A command that has to end with this exit code.
run_expecting() {
	local want=$1 rc=0
	shift
	run "$@" || rc=$?
	if [ "$rc" != "$want" ]; then
		echo "demo: '$*' ended with exit code $rc instead of $want" >&2
		exit 1
	fi
}

stop_here() {
	printf '\n%s%s%s\n' "$bold" "$1" "$plain"
	exit 0
}

commit() {
	git -C shop add -A
	git -C shop commit -qm "$1"
}

scrub_environment() {
	local name
	for name in $(compgen -e | grep -E '^(AWS_|TF_VAR_|TF_CLI_|TF_DATA_DIR|TF_WORKSPACE)'); do
		unset "$name"
	done
	export AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_CONFIG_FILE=/dev/null
	export AWS_EC2_METADATA_DISABLED=true
	# The home of the caller may hold credentials too.
	export HOME=$work/home
	mkdir -p "$HOME"
}

real_account() {
	case $ACCOUNT in
	[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]) ;;
	*)
		echo "demo: ACCOUNT='$ACCOUNT' is no account: 12 digits" >&2
		exit 64
		;;
	esac
	if [ ! -t 0 ]; then
		echo "demo: a real account is touched only when somebody answers on a terminal" >&2
		exit 64
	fi
	echo "This creates real resources in account $ACCOUNT, which cost money."
	read -rp 'Type the account number again to go on: ' answer
	[ "$answer" = "$ACCOUNT" ] || stop_here 'Nothing was touched.'
}

# shellcheck source=tests/e2e/lib-terraform.sh
. "$TOP/tests/e2e/lib-terraform.sh"

cd "$work"
[ -x "$TRUEUP" ] || {
	echo "demo: $TRUEUP is not built: make" >&2
	exit 1
}
if [ -n "$ACCOUNT" ]; then
	real_account
else
	scrub_environment
fi
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=demo GIT_AUTHOR_EMAIL=demo@example.com
export GIT_COMMITTER_NAME=demo GIT_COMMITTER_EMAIL=demo@example.com

say 'A new repository with the specs of examples/shop'
cp -R "$TOP/examples/shop" shop
[ -z "$ACCOUNT" ] || sed -i "s/^\( *account: *\).*/\1\"$ACCOUNT\"/" shop/roles/*.yaml
git init -q -b main shop
commit 'The shop'
run git -C shop ls-files

say 'A mistake is found before anything happens'
sed -i '0,/resourceType: EC2/s//resourceType: EC3/' shop/canvases/shop.yaml
run_expecting 3 trueup validate shop
git -C shop checkout -q .
run_expecting 0 trueup validate shop

say 'What would change, from the specs alone'
run_expecting 0 trueup plan --spec-only shop

say 'The Terraform files of one canvas'
run_expecting 0 trueup -C shop render canvas/core -o "$work/core"
run ls core
run cat core/node-jump.tf

if ! terraform_find; then
	stop_here "Stopped after the render: neither terraform nor tofu is installed; get one from \
https://developer.hashicorp.com/terraform/install and run make demo again."
fi
if TF_MIRROR=$(terraform_find_mirror); then
	terraform_write_cli_config "$work/terraform.rc" "$TF_MIRROR"
	export TF_CLI_CONFIG_FILE=$work/terraform.rc
fi

if [ -z "$ACCOUNT" ] && ! moto_command >/dev/null; then
	say 'Terraform reads them'
	if ! run "$TERRAFORM" -chdir=core init -backend=false -input=false -no-color; then
		stop_here "Stopped: terraform found no AWS provider; put one into a plugin mirror \
and name it in TRUEUP_TF_PLUGIN_DIR, or let this machine reach registry.terraform.io."
	fi
	run "$TERRAFORM" -chdir=core validate -no-color
	stop_here "Stopped after terraform validate: planning needs an AWS API, and no emulator is \
installed; get one with: pip install 'moto[server]'."
fi

approve=()
if [ -z "$ACCOUNT" ]; then
	moto_start
	moto_environment
	# Nobody has to be asked about an emulator.
	approve=(--auto-approve)
	echo "(an AWS emulator answers at $AWS_ENDPOINT_URL)"
else
	keep=yes
fi

say 'Plan and apply'
run_expecting 0 trueup reconcile "${approve[@]}" shop

say 'What is recorded'
run_expecting 0 trueup status shop
run_expecting 0 trueup -C shop history
run git -C shop log -1 --oneline --notes=trueup

say 'A second run has nothing to do'
run_expecting 0 trueup reconcile shop

say 'One edit in one canvas plans that canvas alone'
sed -i '0,/instanceType: t3.micro/s//instanceType: t3.small/' shop/canvases/shop.yaml
run git -C shop diff --stat
commit 'A larger server'
run_expecting 0 trueup plan shop
run_expecting 0 trueup reconcile "${approve[@]}" shop

if [ -n "$ACCOUNT" ]; then
	echo
	echo "The resources in account $ACCOUNT stay until you destroy them:"
	echo "  cd $work/shop && trueup destroy canvas/shop && trueup destroy canvas/core"
	echo "The repository and its state are kept there."
fi
