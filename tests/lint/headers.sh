#!/bin/bash
# Protects: each header can be included first and alone, has a guard named after its path, and
# opens with a comment that says what it is.
. "$(dirname "$0")/points.inc"

alone=$(tree_files 'src/*.h' | while IFS= read -r header; do
	printf '#include "%s"\n' "${header#src/}" |
		gcc -std=gnu17 -D_GNU_SOURCE -Isrc -Wall -Wextra -Werror -fsyntax-only -x c - \
			2>&1 | head -n 3
done)
point 'headers compile alone' "$alone"

guards=$(tree_files 'src/*.h' | while IFS= read -r header; do
	name=${header#src/}
	guard=TRUEUP_$(printf '%s' "${name%.h}" | tr 'a-z/-' 'A-Z__')_H
	grep -q "^#ifndef $guard\$" "$header" && grep -q "^#define $guard\$" "$header" ||
		echo "$header: guard is not $guard"
done)
point 'guards are named after the path' "$guards"

manual=$(tree_files 'src/*.h' | while IFS= read -r header; do
	head -n 1 "$header" | grep -q '^/\*' || echo "$header does not begin with a comment"
done)
point 'headers say what they are' "$manual"

own=$(tree_files 'src/*.c' | while IFS= read -r file; do
	header=${file%.c}.h
	[ -f "$header" ] || continue
	first=$(sed -n 's/^#include "\(.*\)"/\1/p' "$file" | head -n 1)
	# The folder's inner header may stand before it: it includes the outer one.
	[ "src/$first" = "$header" ] || [[ $first = *_internal.h ]] || echo "$file includes $first before its own header"
done)
point 'a source includes its own header first' "$own"

done_points
