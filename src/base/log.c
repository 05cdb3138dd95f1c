#include "base/log.h"

#include "base/clock.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static enum log_level max_level = LOG_LEVEL_WARNING;
static enum log_format line_format = LOG_TEXT;

void log_setup(enum log_level level, enum log_format format)
{
	max_level = level;
	line_format = format;
}

static void add_json_text(struct str *out, const char *text)
{
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			str_addf(out, "\\%c", c);
		else if (c < 0x20)
			str_addf(out, "\\u%04x", c);
		else
			str_addc(out, *text);
	}
}

/* An event is a line, and what came from outside neither forges one nor steers a terminal. */
static void add_plain_text(struct str *out, const char *text)
{
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;
		if (c == '\n')
			str_add(out, "\\n");
		else if ((c < 0x20 && c != '\t') || c == 0x7f)
			str_addf(out, "\\x%02x", c);
		else
			str_addc(out, *text);
	}
}

void log_at(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	if (level > max_level)
		return;
	AUTO_STR text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_vaddf(&text, fmt, args);
	va_end(args);
	while (text.len && text.data[text.len - 1] == '\n')
		text.data[--text.len] = '\0';

	AUTO_STR line = STR_INIT;
	if (line_format == LOG_JSON) {
		char now[CLOCK_TEXT_SIZE];
		str_addf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"",
			clock_format(clock_now_ms(), now), names[level]);
		add_json_text(&line, text.data);
		str_add(&line, "\"}\n");
	} else {
		str_addf(&line, "trueup: %s: ", names[level]);
		add_plain_text(&line, text.data);
		str_addc(&line, '\n');
	}
	/* One write a line: lines of several processes do not mix. */
	if (write(STDERR_FILENO, line.data, line.len) < 0)
		return;
}
