#!/bin/sh
# Usage: coverage.sh BUILD_DIR: line and branch coverage of src/ after a run of the suite in
# MODE=coverage; details of each file in BUILD_DIR/coverage.html.
set -eu
if ! command -v gcovr >/dev/null; then
	echo 'coverage: gcovr is not installed: apt-get install gcovr' >&2
	exit 1
fi
cd "$(dirname "$0")/.."
gcovr --root . --filter 'src/' --object-directory "$1" --print-summary \
	--html-details "$1/coverage.html"
