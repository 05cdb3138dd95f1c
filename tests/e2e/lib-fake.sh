# shellcheck shell=bash
# For tests of what trueup does around the engine: a stand-in for terraform that takes 100 ms, and
# canvases of topics, which need nothing else. Source it after lib.sh:
#
#	. "$(dirname "$0")/lib.sh"
#	. "$TOP/tests/e2e/lib-fake.sh"
#	fake_terraform "$TRASH"       # from here on it is the terraform on the PATH
#
# Sets FAKE, the folder of its controls and of what exists; see tests/e2e/fake-terraform.

fake_terraform() {
	mkdir -p "$1/bin/fake/cloud"
	cp "$TOP/tests/e2e/fake-terraform" "$1/bin/terraform"
	FAKE=$1/bin/fake
	PATH=$1/bin:$PATH
}

# How often the stand-in was called for COMMAND (plan, apply, ...) [CANVAS].
fake_runs() {
	grep -c "^$1 ${2-.*}\$" "$FAKE/runs" 2>/dev/null || :
}

# The lines that were added to FILE of the controls since the last call with it.
fake_new() {
	touch "$FAKE/$1" "$FAKE/$1.seen"
	tail -n "+$(($(wc -l <"$FAKE/$1.seen") + 1))" "$FAKE/$1"
	cp "$FAKE/$1" "$FAKE/$1.seen"
}

# topics_role DIR [YAML line for spec...]: a role `team` for them.
topics_role() {
	local dir=$1 line
	shift
	mkdir -p "$dir/roles"
	{
		printf '%s\n' 'apiVersion: trueup/v1' 'kind: Role' 'metadata: {name: team}' \
			'spec:' '  account: "123456789012"' '  region: eu-central-1' \
			'  permissions: {deploy: true}' \
			'  allowedServices: [SNS, SQS, KMS, DYNAMODB]'
		for line; do
			printf '  %s\n' "$line"
		done
	} >"$dir/roles/team.yaml"
}

# topics DIR NAME "NODE..." [YAML line for spec...]: a canvas with a topic for each node. A node is
# ID or ID=LABEL.
topics() {
	local dir=$1 name=$2 nodes=$3 node line
	shift 3
	mkdir -p "$dir/canvases"
	{
		printf '%s\n' 'apiVersion: trueup/v1' 'kind: Canvas' "metadata: {name: $name}" 'spec:' \
			'  role: team' '  network: none'
		for line; do
			printf '  %s\n' "$line"
		done
		echo '  nodes:'
		for node in $nodes; do
			printf '    - {id: %s, data: {resourceType: SNS, label: %s}}\n' "${node%%=*}" \
				"${node#*=}"
		done
	} >"$dir/canvases/$name.yaml"
}
