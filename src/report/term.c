#include "report/term.h"

#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const style_codes[] = {
	[STYLE_PLAIN] = "",
	[STYLE_BOLD] = "\x1b[1m",
	[STYLE_DIM] = "\x1b[2m",
	[STYLE_RED] = "\x1b[31m",
	[STYLE_GREEN] = "\x1b[32m",
	[STYLE_YELLOW] = "\x1b[33m",
	[STYLE_BLUE] = "\x1b[34m",
	[STYLE_CYAN] = "\x1b[36m",
	[STYLE_BOLD_RED] = "\x1b[1;31m",
	[STYLE_BOLD_GREEN] = "\x1b[1;32m",
	[STYLE_BOLD_YELLOW] = "\x1b[1;33m",
};

enum { WIDTH_FALLBACK = 80, WIDTH_LEAST = 40 };

static unsigned width_of(int fd)
{
	struct winsize size;
	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return WIDTH_FALLBACK;
	return size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
}

void term_init(struct term *t, FILE *file, bool allow_color)
{
	*t = (struct term){.file = file};
	const int fd = fileno(file);
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");
	const bool dumb = !term || !*term || str_eq(term, "dumb");
	const bool terminal = fd >= 0 && isatty(fd);
	t->tty = terminal && !dumb;
	t->color = t->tty && allow_color && !(no_color && *no_color);
	t->width = terminal ? width_of(fd) : 0;
}

static void write_all(struct term *t, const void *data, size_t len)
{
	if (t->failure || !len)
		return;
	errno = 0;
	if (fwrite(data, 1, len, t->file) < len)
		t->failure = errno ? errno : EIO;
}

static void write_styled(struct term *t, enum term_style style, const char *text, size_t len)
{
	AUTO_STR safe = STR_INIT;
	text_harmless(text, len, &safe);
	const bool styled = t->color && style != STYLE_PLAIN && safe.len;
	term_progress_clear(t);
	if (styled)
		write_all(t, style_codes[style], strlen(style_codes[style]));
	write_all(t, safe.data, safe.len);
	if (styled)
		write_all(t, "\x1b[0m", 4);
}

void term_put(struct term *t, enum term_style style, const char *text)
{
	write_styled(t, style, text, strlen(text));
}

void term_printf(struct term *t, enum term_style style, const char *fmt, ...)
{
	AUTO_STR text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_vaddf(&text, fmt, args);
	va_end(args);
	write_styled(t, style, text.data, text.len);
}

void term_write(struct term *t, const void *data, size_t len)
{
	term_progress_clear(t);
	write_all(t, data, len);
}

void term_newline(struct term *t)
{
	term_write(t, "\n", 1);
}

void term_note(struct term *t, const char *fmt, ...)
{
	if (t->quiet)
		return;
	AUTO_STR text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_vaddf(&text, fmt, args);
	va_end(args);
	str_addc(&text, '\n');
	write_styled(t, STYLE_PLAIN, text.data, text.len);
}

void term_progress(struct term *t, const char *fmt, ...)
{
	if (!t->tty || t->quiet)
		return;
	AUTO_STR text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_vaddf(&text, fmt, args);
	va_end(args);

	AUTO_STR safe = STR_INIT;
	text_harmless(text.data, text.len, &safe);
	/* A line that wraps could not be taken away again. */
	str_truncate(&safe, text_fit(safe.data, t->width - 1));
	term_progress_clear(t);
	write_all(t, safe.data, safe.len);
	t->drawn = safe.len > 0;
	(void)fflush(t->file);
}

void term_progress_clear(struct term *t)
{
	if (!t->drawn)
		return;
	t->drawn = false;
	write_all(t, "\r\x1b[K", 4);
}

int term_failed(struct term *t)
{
	term_progress_clear(t);
	errno = 0;
	if (fflush(t->file) && !t->failure)
		t->failure = errno ? errno : EIO;
	return t->failure;
}
