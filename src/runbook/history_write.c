/*
 * The bytes are those that the tools write which share these files, so that a file may go back
 * and forth between them and trueup. What differs is what would do harm: streams are cut, and what
 * is no text is replaced.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "format/text.h"
#include "runbook/history.h"

#include <inttypes.h>
#include <string.h>

/* ---- streams ---- */

/* The end of the last line that ends at or before max; max when there is none in its last half. */
static size_t head_length(const char *text, size_t len, size_t max)
{
	const char *nl = memrchr(text, '\n', max);
	if (nl && (size_t)(nl - text) >= max / 2)
		return (size_t)(nl - text) + 1;
	return utf8_cut(text, len, max);
}

/* Where the last max bytes start, moved to the start of a line or at least of a character. */
static size_t tail_start(const char *text, size_t len, size_t max)
{
	size_t start = len - max;
	const char *nl = memchr(text + start, '\n', max / 2);
	if (nl)
		return (size_t)(nl - text) + 1;
	while (start < len && ((unsigned char)text[start] & 0xc0) == 0x80)
		start++;
	return start;
}

/* Head and tail of a text that is longer than max, with a line between that says so. */
static void add_excerpt(const char *text, size_t max, struct str *out)
{
	const size_t len = strlen(text);
	if (len <= max) {
		str_addn(out, text, len);
		return;
	}
	const size_t head = head_length(text, len, max / 2);
	const size_t tail = tail_start(text, len, max / 2);
	str_addn(out, text, head);
	if (out->len && out->data[out->len - 1] != '\n')
		str_addc(out, '\n');
	str_addf(out, "[... %zu bytes left out ...]\n", tail - head);
	str_addn(out, text + tail, len - tail);
}

/* A file with one byte that is not UTF-8 could not be read any more. */
static void add_valid(const char *text, size_t len, struct str *out)
{
	while (len) {
		const size_t valid = utf8_valid(text, len);
		str_addn(out, text, valid);
		text += valid;
		len -= valid;
		if (len) {
			str_add(out, "\xef\xbf\xbd");
			text++;
			len--;
		}
	}
}

static void add_escaped(const char *text, struct str *out)
{
	static const char ticks[] = "```";
	for (const char *p; (p = strstr(text, ticks)); text = p + sizeof ticks - 1) {
		str_addn(out, text, (size_t)(p - text));
		str_add(out, "\\`\\`\\`");
	}
	str_add(out, text);
}

static void prepare(const char *text, const struct history_limits *limits, struct str *out)
{
	AUTO_STR excerpt = STR_INIT;
	add_excerpt(text, limits->stream, &excerpt);
	add_valid(excerpt.data, excerpt.len, out);
}

static void add_fenced(
	const char *name, const char *text, const struct history_limits *limits, struct str *out)
{
	AUTO_STR plain = STR_INIT;
	prepare(text, limits, &plain);
	str_addf(out, "**%s:**\n```\n", name);
	add_escaped(plain.data, out);
	str_add(out, "\n```\n");
}

static const char *time_text(int64_t ms, char buf[CLOCK_TEXT_SIZE])
{
	return clock_format(ms == HISTORY_NO_TIME ? 0 : ms, buf);
}

void history_write_markdown(
	const struct history_entry *e, const struct history_limits *limits, struct str *out)
{
	char time[CLOCK_TEXT_SIZE];
	str_addf(out, "\n### %s | Exit Code: %" PRId64 "\n\n", time_text(e->finish_ms, time),
		e->code);
	if (e->code == HISTORY_REFUSED && e->errors[0]) {
		add_fenced("Error", e->errors[0], limits, out);
		return;
	}
	if (e->out[0]) {
		add_fenced("Stdout", e->out, limits, out);
		str_addc(out, '\n');
	}
	if (e->err[0])
		add_fenced("Stderr", e->err, limits, out);
	if (!e->warnings[0])
		return;
	AUTO_STR lines = STR_INIT;
	for (size_t i = 0; e->warnings[i]; i++)
		str_addf(&lines, "%s%s", i ? "\n" : "", e->warnings[i]);
	if (e->err[0])
		str_addc(out, '\n');
	add_fenced("Notes", lines.data, limits, out);
}

/* ---- JSON ---- */

static void add_code_unit(uint32_t c, struct str *out)
{
	enum { SURROGATES = 0x10000, HIGH = 0xd800, LOW = 0xdc00, LOW_BITS = 10, LOW_MASK = 0x3ff };
	if (c < SURROGATES) {
		str_addf(out, "\\u%04x", (unsigned)c);
		return;
	}
	c -= SURROGATES;
	str_addf(out, "\\u%04x\\u%04x", (unsigned)(HIGH + (c >> LOW_BITS)),
		(unsigned)(LOW + (c & LOW_MASK)));
}

static void add_character(uint32_t c, struct str *out)
{
	static const char plain[] = "\"\\\b\f\n\r\t", escaped[] = "\"\\bfnrt";
	const char *special = c && c < 0x80 ? strchr(plain, (int)c) : NULL;
	if (special)
		str_addf(out, "\\%c", escaped[special - plain]);
	else if (c >= 0x20 && c < 0x80)
		str_addc(out, (char)c);
	else
		add_code_unit(c, out);
}

/* A JSON string of ASCII only. Bytes that are not UTF-8 become U+FFFD. */
static void add_string(const char *text, struct str *out)
{
	const size_t len = strlen(text);
	size_t width;
	str_addc(out, '"');
	for (size_t i = 0; i < len; i += width)
		add_character(text_code_point(text + i, len - i, &width), out);
	str_addc(out, '"');
}

static void add_key(const char *key, struct str *out)
{
	const char last = out->len ? out->data[out->len - 1] : '{';
	str_addf(out, "%s\"%s\":", last == '{' || last == '[' ? "" : ",", key);
}

static void add_pair(const char *key, const char *text, struct str *out)
{
	add_key(key, out);
	add_string(text, out);
}

static void add_list(const char *key, const char *const *texts, struct str *out)
{
	add_key(key, out);
	str_addc(out, '[');
	for (size_t i = 0; texts[i]; i++) {
		if (i)
			str_addc(out, ',');
		add_string(texts[i], out);
	}
	str_addc(out, ']');
}

/* "2026-01-23T14:33:02.123000+00:00" */
static void add_at_time(const struct history_entry *e, struct str *out)
{
	char time[CLOCK_TEXT_SIZE];
	AUTO_STR text = STR_INIT;
	if (e->by.at_time) {
		add_pair("at_time", e->by.at_time, out);
		return;
	}
	str_add(&text, time_text(e->start_ms, time));
	str_truncate(&text, text.len - 1); /* the Z */
	str_add(&text, "000+00:00");
	add_pair("at_time", text.data, out);
}

static void add_settings(const struct history_entry *e, struct str *out)
{
	add_key("config_items", out);
	str_addc(out, '[');
	for (size_t i = 0; i < e->setting_count; i++) {
		str_add(out, i ? ",{" : "{");
		add_pair("name", e->settings[i].name, out);
		add_pair("value", e->settings[i].value, out);
		add_pair("from", e->settings[i].from, out);
		str_addc(out, '}');
	}
	str_addc(out, ']');
}

static void add_stream(
	const char *key, const char *text, const struct history_limits *limits, struct str *out)
{
	AUTO_STR plain = STR_INIT;
	prepare(text, limits, &plain);
	add_pair(key, plain.data, out);
}

void history_write_json(
	const struct history_entry *e, const struct history_limits *limits, struct str *ret)
{
	char time[CLOCK_TEXT_SIZE];
	AUTO_STR out = STR_INIT;
	str_addc(&out, '{');
	add_pair("start_timestamp", time_text(e->start_ms, time), &out);
	add_pair("finish_timestamp", time_text(e->finish_ms, time), &out);
	add_key("return_code", &out);
	str_addf(&out, "%" PRId64, e->code);
	add_pair("operation", e->operation ? e->operation : "execute", &out);
	add_key("breadcrumb", &out);
	str_addc(&out, '{');
	add_at_time(e, &out);
	add_pair("by_user", e->by.user, &out);
	add_pair("from_ip", e->by.ip, &out);
	add_pair("correlation_id", e->by.correlation_id, &out);
	add_list("roles", e->by.roles, &out);
	str_addc(&out, '}');
	add_settings(e, &out);
	add_stream("stdout", e->out, limits, &out);
	add_stream("stderr", e->err, limits, &out);
	add_list("errors", e->errors, &out);
	add_list("warnings", e->warnings, &out);
	str_addc(&out, '}');
	str_addn(ret, out.data, out.len);
}

/* ---- the file ---- */

int history_append(struct arena *arena, const struct runbook *rb, const struct history_entry *e,
	const struct history_limits *limits, struct str *out, struct err **err)
{
	const struct src *src = rb->src;
	struct history old;
	if (rb->history.state != RUNBOOK_READ)
		return err_set(err, ERR_INVALID,
			"%s has no '# History' to append to; add that line at its end", rb->file);
	history_read(arena, rb, &old);
	size_t from = src->len, to = src->len;
	if (limits->keep && old.count >= limits->keep) {
		const size_t dropped = old.count + 1 - limits->keep;
		from = old.entries[0].offset;
		to = dropped < old.count ? old.entries[dropped].offset : src->len;
	}
	str_addn(out, src->data, from);
	str_addn(out, src->data + to, src->len - to);
	if (old.open && (from == src->len || to < src->len))
		str_add(out, "\n```\n");
	if (old.count && old.entries[old.count - 1].form == HISTORY_C) {
		str_addc(out, '\n');
		history_write_json(e, limits, out);
	} else {
		history_write_markdown(e, limits, out);
	}
	return 0;
}
