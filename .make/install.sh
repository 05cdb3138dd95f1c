#!/bin/sh
# Installs trueup, its man pages, completions and examples below DESTDIR/PREFIX.
#
#	install.sh DESTDIR PREFIX
#	install.sh --from EXECUTABLE MAN_DIR COMPLETIONS_DIR DESTDIR PREFIX
#	install.sh --remove DESTDIR PREFIX
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
mode=install
binary=$top/build/release/trueup
man=$top/build/man
completions=$top/build/completions
case ${1-} in
--remove)
	mode=remove
	shift
	;;
--from)
	binary=$2
	man=$3
	completions=$4
	shift 4
	;;
esac
[ $# = 2 ] || {
	echo 'usage: install.sh [--remove | --from EXECUTABLE MAN COMPLETIONS] DESTDIR PREFIX' >&2
	exit 64
}
to=$1$2
share=$to/share/trueup

if [ $mode = remove ]; then
	rm -f "$to/bin/trueup" "$to"/share/man/man1/trueup.1 "$to"/share/man/man1/trueup-*.1 \
		"$to/share/bash-completion/completions/trueup" \
		"$to/share/zsh/site-functions/_trueup" \
		"$to/share/fish/vendor_completions.d/trueup.fish"
	rm -f "$to/lib/systemd/system/trueup.service"
	rm -rf "$share" "$to/share/doc/trueup"
	exit 0
fi

# put MODE FILE FOLDER
put() {
	install -D -m "$1" "$2" "$3/$(basename "$2")"
}

put 755 "$binary" "$to/bin"
for page in "$man"/*.1; do
	put 644 "$page" "$to/share/man/man1"
done
put 644 "$completions/trueup" "$to/share/bash-completion/completions"
put 644 "$completions/_trueup" "$to/share/zsh/site-functions"
put 644 "$completions/trueup.fish" "$to/share/fish/vendor_completions.d"
cd "$top"
install -d "$to/lib/systemd/system"
sed "s|@bindir@|$2/bin|" systemd/trueup.service >"$to/lib/systemd/system/trueup.service"
chmod 644 "$to/lib/systemd/system/trueup.service"
for folder in schemas examples; do
	[ -d "$folder" ] || continue
	find "$folder" -type f | while IFS= read -r file; do
		put 644 "$file" "$share/$(dirname "$file")"
	done
done
for file in README.md LICENSE docs/*.md; do
	[ ! -f "$file" ] || put 644 "$file" "$to/share/doc/trueup"
done
