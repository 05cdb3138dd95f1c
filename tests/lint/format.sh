#!/bin/bash
# Protects: one layout of the C sources (.clang-format, version 14) and of the shell scripts.
. "$(dirname "$0")/points.inc"

tool=
for candidate in clang-format-14 clang-format; do
	command -v $candidate >/dev/null && tool=$candidate && break
done
name='C sources are formatted: make fmt'
if [ -z "$tool" ]; then
	skip_point "$name" 'clang-format is not installed: make setup-test'
elif ! $tool --version | grep -q 'version 14\.'; then
	skip_point "$name" "clang-format 14 is the measure, here is $($tool --version)"
else
	point "$name" "$(tree_files 'src/*.[ch]' 'tests/*.[ch]' | while IFS= read -r file; do
		$tool "$file" | cmp -s - "$file" || echo "$file"
	done)"
fi

if need shellcheck 'shell scripts pass shellcheck'; then
	scripts=$({
		tree_files '*.sh' '*.inc'
		tree_files 'hooks/*' '.ci/*' | xargs -r grep -lE '^#!/bin/(ba)?sh'
	} | sort -u)
	point 'shell scripts pass shellcheck' "$(printf '%s\n' "$scripts" |
		xargs -P "$(nproc)" -n 8 shellcheck -x -S warning -f gcc 2>&1)"
fi

done_points
