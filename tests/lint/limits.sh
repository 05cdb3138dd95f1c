#!/bin/bash
# Protects: sizes that a reader can hold in mind. Functions have at most 100 lines
# and a complexity of 15, files at most 800 lines of at most 100 columns.
. "$(dirname "$0")/points.inc"

if need pmccabe 'functions have at most 100 lines'; then
	measured=$(tree_files 'src/*.c' | xargs pmccabe)
	point 'functions have at most 100 lines' "$(printf '%s\n' "$measured" |
		awk '$5 > 100 {print $6, $7 ": " $5 " lines"}')"
	point 'complexity is at most 15' "$(printf '%s\n' "$measured" |
		awk '$1 > 15 {print $6, $7 ": " $1}')"
	printf '%s\n' "$measured" | awk '
		$5 > 60 {print "# longer than wanted (60 lines): " $6, $7 ": " $5}'
fi

point 'files have at most 800 lines' "$(tree_files '*.c' '*.h' '*.sh' | xargs wc -l |
	awk '$2 != "total" && $1 > 800 {print $2 ": " $1}')"

wide=$(tree_files 'src/*.[ch]' 'tests/*.[ch]' '*.sh' Makefile | while IFS= read -r file; do
	expand -t 8 "$file" | awk -v file="$file" '
		length($0) > 100 && !/"[^"]*"/ {print file ":" NR ": " length($0) " columns"}'
done)
point 'lines have at most 100 columns' "$wide"

blanks=$(tree_files 'src/*' 'tests/*.[ch]' 'tests/*.sh' '*.md' Makefile |
	grep -vE '/corpus/|^tests/data/' | xargs grep -nE '[[:blank:]]+$' | head -n 20)
point 'no blanks at the end of a line' "$blanks"

done_points
