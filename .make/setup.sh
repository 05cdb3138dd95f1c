#!/bin/sh
# Installs the Debian packages that are missing, and says so. `setup.sh build` for what the build
# needs, `setup.sh build test` for what the tests need as well. This is the one list of packages.
set -eu

build_packages='gcc make pkg-config git libc6-dev libgit2-dev libyaml-dev libjansson-dev'
build_packages="$build_packages libsqlite3-dev libssl-dev uthash-dev libseccomp-dev"
build_packages="$build_packages libsystemd-dev libcurl4-openssl-dev libmicrohttpd-dev"
# Without these the tests that need them are skipped and say so.
test_packages='libcmocka-dev clang clang-format llvm shellcheck mandoc pmccabe valgrind'
test_packages="$test_packages python3 python3-jinja2 procps tzdata zsh curl openssl"
test_packages="$test_packages gitolite3"

missing=
for group in "$@"; do
	case $group in
	build) packages=$build_packages ;;
	test) packages=$test_packages ;;
	*)
		echo "setup: unknown group '$group': build or test" >&2
		exit 64
		;;
	esac
	for p in $packages; do
		state=$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null || true)
		[ "$state" = installed ] || missing="$missing $p"
	done
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "setup: this is no Debian system; install what these packages hold:$missing" >&2
	exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "setup: neither root nor sudo; as root: apt-get install$missing" >&2
		exit 1
	fi
	as_root=sudo
fi
echo "setup: installing$missing"
log=$(mktemp)
get() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" >>"$log" 2>&1
}
# shellcheck disable=SC2086 # words on purpose
if ! { get update && get -y install --no-install-recommends $missing; }; then
	tail -n 20 "$log" >&2
	rm -f "$log"
	for p in $missing; do
		case " $build_packages libcmocka-dev " in
		*" $p "*)
			echo "setup: could not install$missing" >&2
			exit 1
			;;
		esac
	done
	echo "setup: could not install$missing; tests that need them are skipped" >&2
	exit 0
fi
rm -f "$log"
