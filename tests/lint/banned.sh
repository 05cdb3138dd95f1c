#!/bin/bash
# Protects: no call that overflows, hides errors, depends on the locale or keeps hidden state.
# Looked up in what was compiled, so that comments and names in texts do not count.
. "$(dirname "$0")/points.inc"

lib=${TRUEUP_BUILD:-build/release}/libtrueup.a
[ -f "$lib" ] || lib=build/release/libtrueup.a
if [ ! -f "$lib" ]; then
	point 'no banned calls' "$lib is not built: make"
	done_points
fi

calls=$(nm -uA "$lib" | sed 's/.*:\([^:]*\.o\): *U */\1 /; s/@.*//')

# The one place that may, each for a reason that stands there in a comment.
allowed='num\.o strtod|(fs|terraform_binary)\.o access|(child|tasks|workers)\.o fork'
allowed="^($allowed|(lock|ref|follow)\.o (nanosleep|usleep))\$"

# ban REASON NAME...: also the forms that the C library makes of a name.
ban() {
	local reason=$1 names
	shift
	names=$(printf '%s|' "$@")
	point "no $*: $reason" "$(printf '%s\n' "$calls" |
		grep -E " (__)?(isoc[0-9]*_)?(${names%|})(_chk)?\$" | grep -vE "$allowed")"
}

ban 'str.h has no limits to forget' strcpy strcat stpcpy sprintf vsprintf gets strncpy strncat
ban 'num.h says what is wrong' atoi atol atoll atof strtol strtoll strtoul strtoull strtod sscanf
ban 'hidden state' strtok asctime ctime gmtime localtime rand srand random tmpnam \
	setenv putenv
ban 'no shell' system popen
ban 'main decides how the process ends' exit quick_exit
ban 'races' mktemp tempnam access
ban 'tests and jobs wait for events' sleep usleep nanosleep
ban 'programs are started by base/child, our own work by tasks and workers' fork vfork

style=$(tree_files 'src/*.[ch]' | xargs grep -nE '\b(alloca|setjmp|longjmp)\(')
point 'no alloca and no longjmp' "$style"

sql=$(tree_files 'src/*.c' | grep -v '^src/store/' |
	xargs grep -nE '"(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE) ')
point 'SQL stands in src/store only' "$sql"

printing=$(tree_files 'src/*.c' | grep -vE '^src/(report/term|base/log|base/mem)\.c$' |
	xargs grep -nE '\b(printf|puts|putchar|perror)\(|\bf(printf|puts)\(.*std(out|err)')
point 'nothing prints past report/term' "$printing"

done_points
