# shellcheck shell=bash
# For tests with repositories that people push to. Source it after lib.sh and lib-fake.sh.

# server NAME: a bare repository NAME.git with hooks, and a working copy NAME with a role and a
# canvas that belongs to it.
server() {
	git init -q --bare -b main "$1.git" && trueup hook install "$1.git" >/dev/null &&
		new_repo "$1" && git -C "$1" remote add origin "$TRASH/$1.git" &&
		topics_role "$1" && topics "$1" "${2-mail}" out
}

# config DIR SPEC: its Config, as in `config shop "{apply: auto}"`.
config() {
	printf '%s\n' 'apiVersion: trueup/v1' 'kind: Config' "spec: $2" >"$1/trueup.yaml"
}

# push DIR ARGUMENT...: pushes; what the pusher sees is in the file `said`; fails as git does.
push() {
	local dir=$1 rc=0
	shift
	git -C "$dir" push "$@" >said 2>&1 || rc=$?
	cat said
	return "$rc"
}

# tip NAME [BRANCH]: where the branch is on the server.
tip() {
	git -C "$1.git" rev-parse -q --verify "${2-main}" || echo none
}
