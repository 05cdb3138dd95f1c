#!/bin/sh
# Usage: fuzz.sh SECONDS TARGET...
# Runs libFuzzer for each target. New inputs go to build/fuzz/corpus/TARGET, what crashes to
# build/fuzz/crash-TARGET-*; copy what should stay into tests/fuzz/corpus/TARGET.
set -eu
cd "$(dirname "$0")/../.."
seconds=$1
shift
rc=0
for target; do
	mkdir -p "build/fuzz/corpus/$target" "tests/fuzz/corpus/$target"
	echo "fuzz: $target, $seconds s"
	"build/fuzz/fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-max_len=65536 -print_final_stats=1 -verbosity=0 \
		-artifact_prefix="build/fuzz/crash-$target-" \
		"build/fuzz/corpus/$target" "tests/fuzz/corpus/$target" || rc=1
done
exit $rc
