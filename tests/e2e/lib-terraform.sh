# shellcheck shell=bash
# For tests that run real terraform against an AWS emulator; source it after lib.sh:
#
#	. "$(dirname "$0")/lib.sh"
#	. "$TOP/tests/e2e/lib-terraform.sh"
#	need_terraform            # skips the whole script, with the reason, if something is missing
#	need_moto                 # starts an emulator of this script's own
#
# need_terraform finds terraform or tofu and an AWS provider of version 5, writes a CLI
# configuration that names the provider's folder, and exports TF_CLI_CONFIG_FILE. It sets
#
#	TERRAFORM       full path of the program
#	TF_MIRROR       folder of the provider mirror
#
# The provider is looked for in TRUEUP_TF_PLUGIN_DIR, in the folders where terraform looks by
# itself, then as an unpacked hashicorp/aws tree below the usual prefixes.
#
# need_moto starts moto's server on a free port of the loopback interface, exports
# AWS_ENDPOINT_URL and credentials for it, and ends it with the script. It sets
#
#	MOTO_PORT, MOTO_PID
#
# Several accounts live side by side in one server: `moto_role_arn 222233334444` prints a role
# that may be assumed there.

# The home of the person who runs the tests; HOME is the test's own by now.
terraform_real_home() {
	getent passwd "$(id -u)" | cut -d: -f6
}

# Folders in which terraform looks for providers without being told.
terraform_implied_mirrors() {
	local home=$1 dir
	printf '%s\n' "$home/.terraform.d/plugins" "$home/.local/share/terraform/plugins"
	[ -z "${XDG_DATA_HOME-}" ] || printf '%s\n' "$XDG_DATA_HOME/terraform/plugins"
	while read -rd : dir; do
		printf '%s\n' "$dir/terraform/plugins"
	done <<<"${XDG_DATA_DIRS:-/usr/local/share:/usr/share}:"
}

# Does folder $1 hold HOST/hashicorp/aws with a version 5, unpacked or packed, for this machine?
terraform_is_mirror() {
	local found
	for found in "$1"/registry.*/hashicorp/aws/5.*/*/terraform-provider-aws* \
		"$1"/registry.*/hashicorp/aws/terraform-provider-aws_5.*.zip; do
		[ -e "$found" ] && return 0
	done
	return 1
}

terraform_find_mirror() {
	local home dir tree
	home=$(terraform_real_home)
	while read -r dir; do
		if [ -n "$dir" ] && terraform_is_mirror "$dir"; then
			printf '%s\n' "$dir"
			return 0
		fi
	done < <(printf '%s\n' "${TRUEUP_TF_PLUGIN_DIR-}" && terraform_implied_mirrors "$home")
	while read -r tree; do
		dir=${tree%/*/hashicorp/aws}
		if terraform_is_mirror "$dir"; then
			printf '%s\n' "$dir"
			return 0
		fi
	done < <(find /opt /usr/local /usr/lib /usr/share /srv /var/lib /var/cache "$home" \
		-maxdepth 7 -type d -path '*/registry.*/hashicorp/aws' 2>/dev/null)
	return 1
}

terraform_find() {
	TERRAFORM=$(command -v terraform || command -v tofu) && return 0
	TERRAFORM=
	return 1
}

# Prints why tests with terraform cannot run here; nothing when they can.
terraform_missing() {
	terraform_find || {
		echo "neither terraform nor tofu is installed"
		return
	}
	TF_MIRROR=$(terraform_find_mirror) ||
		echo "no AWS provider 5.x found; TRUEUP_TF_PLUGIN_DIR may name a provider mirror"
}

terraform_write_cli_config() {
	cat >"$1" <<-END
		disable_checkpoint = true
		provider_installation {
		  filesystem_mirror {
		    path = "$2"
		  }
		}
	END
}

need_terraform() {
	local why
	why=$(terraform_missing)
	[ -z "$why" ] || skip_all "$why"
	terraform_find
	TF_MIRROR=$(terraform_find_mirror)
	export TERRAFORM TF_MIRROR
	terraform_write_cli_config "$HOME/terraform.rc" "$TF_MIRROR"
	export TF_CLI_CONFIG_FILE=$HOME/terraform.rc
}

moto_command() {
	if command -v moto_server >/dev/null; then
		echo moto_server
	elif python3 -c 'import moto.server' 2>/dev/null; then
		echo python3 -m moto.server
	else
		return 1
	fi
}

# The server prints the port that the kernel gave it.
moto_read_port() {
	MOTO_PORT=$(sed -n 's|.*Running on http://127\.0\.0\.1:\([0-9]*\).*|\1|p' "$1" | tail -n 1)
	[ -n "$MOTO_PORT" ] && [ "$MOTO_PORT" != 0 ]
}

moto_answers() {
	(exec 3<>"/dev/tcp/127.0.0.1/$MOTO_PORT") 2>/dev/null
}

moto_start() {
	local log=$HOME/moto.log command
	read -ra command <<<"$(moto_command)"
	# Its parent's death ends it too, should this script be killed.
	MOTO_IAM_LOAD_MANAGED_POLICIES=true PYTHONUNBUFFERED=1 \
		setpriv --pdeathsig TERM "${command[@]}" -H 127.0.0.1 -p 0 >"$log" 2>&1 </dev/null &
	MOTO_PID=$!
	at_exit 'kill "$MOTO_PID" 2>/dev/null; wait "$MOTO_PID" 2>/dev/null'
	if ! wait_until moto_read_port "$log" || ! wait_until moto_answers; then
		sed 's/^/# /' "$log"
		return 1
	fi
	export MOTO_PORT MOTO_PID
}

# What a program needs to reach the emulator, and nothing else.
moto_environment() {
	export AWS_ENDPOINT_URL=http://127.0.0.1:$MOTO_PORT
	export AWS_ACCESS_KEY_ID=TRUEUPTESTKEYID AWS_SECRET_ACCESS_KEY=trueup-test-secret-key
	export AWS_EC2_METADATA_DISABLED=true
	unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy
}

need_moto() {
	moto_command >/dev/null ||
		skip_all "no AWS emulator: moto's server is not installed (pip install 'moto[server]')"
	moto_start || {
		echo "1..1"
		echo "not ok 1 - the AWS emulator starts"
		exit 1
	}
	moto_environment
}

moto_role_arn() {
	echo "arn:aws:iam::$1:role/trueup-test"
}

# moto_count ACTION ELEMENT [QUERY]: how often the XML element is in an EC2 answer, asked without
# an AWS library; e.g. `moto_count DescribeVpcs vpcId`.
moto_count() {
	curl -s "$AWS_ENDPOINT_URL/?Action=$1&Version=2016-11-15${3:+&$3}" -H \
		"Authorization: AWS4-HMAC-SHA256 Credential=$AWS_ACCESS_KEY_ID/20260101/${MOTO_REGION:-eu-west-1}/ec2/aws4_request" |
		grep -o "<$2>" | wc -l
}
