#!/bin/bash
# Protects: the order of folders and the one place of each foreign library, as the table in
# docs/architecture.md has them.
. "$(dirname "$0")/points.inc"

# The folders from the table, top first.
mapfile -t folders < <(sed -n 's/^| `\([a-z]*\)\/` |.*/\1/p' docs/architecture.md)

rank() {
	local i
	for i in "${!folders[@]}"; do
		[ "${folders[i]}" = "$1" ] && echo "$i" && return
	done
	echo none
}

unlisted=$(for dir in src/*/; do
	dir=${dir#src/}
	[ "$(rank "${dir%/}")" = none ] && echo "src/${dir%/} is not in the table"
done)
point 'every folder stands in the table' "$unlisted"

upward=$(tree_files 'src/*.[ch]' | while IFS= read -r file; do
	own=${file#src/}
	own=${own%%/*}
	mine=$(rank "$own")
	sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$file" | sort -u | while IFS= read -r used; do
		theirs=$(rank "$used")
		if [ "$theirs" = none ]; then
			echo "$file includes $used/, which is no folder"
		elif [ "$theirs" -gt "$mine" ]; then
			echo "$file includes $used/, which stands below $own/"
		fi
	done
done)
point 'a folder includes only folders above it' "$upward"

bare=$(tree_files 'src/*.[ch]' | xargs grep -nE '^#include "[^/"]+"')
point 'includes name the folder' "$bare"

# The libraries: a pattern of headers and the folders that may include them.
foreign=$(while read -r pattern home; do
	tree_files 'src/*.[ch]' | grep -vE "^src/($home)/" |
		xargs grep -nE "^#include <$pattern" | sed "s@\$@  belongs in src/$home/@"
done <<'EOF'
git2 source
yaml\.h format
jansson format
cmark format
sqlite3 store
openssl/ base|net
uthash base
utlist base
utarray base
sys/inotify source
curl/ net
microhttpd net
expat cloud
seccomp runbook
systemd/ base
EOF
)
point 'a foreign library is included in its folder only' "$foreign"

if command -v dpkg >/dev/null && dpkg -s libc6-dev >/dev/null 2>&1; then
	known='git2|yaml\.h|jansson|cmark|sqlite3|openssl/|uthash|utlist|utarray|curl/|microhttpd'
	known="$known|expat|seccomp|systemd/"
	unknown=$(tree_files 'src/*.[ch]' | xargs sed -n 's/^#include <\(.*\)>.*/\1/p' | sort -u |
		grep -vE "^($known)" | while IFS= read -r header; do
		for place in /usr/include /usr/include/"$(gcc -print-multiarch)"; do
			[ -e "$place/$header" ] && continue 2
		done
		# The compiler's own headers.
		[ -e "$(gcc -print-file-name=include)/$header" ] || echo "<$header>"
	done)
	point 'every other header is of the C library or the kernel' "$unknown"
else
	skip_point 'every other header is of the C library or the kernel' 'no Debian system'
fi

done_points
