/*
 * Entries are found by the first line of each form; inside a fence nothing is the start of an
 * entry, so output that looks like one stays output. Form A has no fences: there a stream ends at
 * the next line that starts something, which is all that its writer left to go by.
 */
#include "base/num.h"
#include "base/str.h"
#include "format/node.h"
#include "format/sections.h"
#include "format/yaml.h"
#include "runbook/history.h"

#include <string.h>
#include <time.h>

struct text {
	const char *data;
	size_t len;
};

struct scan {
	struct arena *arena;
	const struct src *src;
	size_t offset; /* of the line after the current one */
	uint32_t number;
	struct text line; /* without its end */
	size_t line_start;
	bool held; /* the current line is to be seen again */
	struct history *out;
};

static const char *const no_texts[] = {NULL};

struct history_entry history_entry_new(void)
{
	return (struct history_entry){
		.form = HISTORY_D,
		.start_ms = HISTORY_NO_TIME,
		.finish_ms = HISTORY_NO_TIME,
		.by = {.user = "", .ip = "", .correlation_id = "", .roles = no_texts},
		.out = "",
		.err = "",
		.errors = no_texts,
		.warnings = no_texts,
	};
}

static bool next_line(struct scan *s)
{
	if (s->held) {
		s->held = false;
		return true;
	}
	if (s->offset >= s->src->len)
		return false;
	const char *from = s->src->data + s->offset;
	const char *nl = memchr(from, '\n', s->src->len - s->offset);
	size_t len = nl ? (size_t)(nl - from) : s->src->len - s->offset;
	s->line_start = s->offset;
	s->offset += len + (nl ? 1 : 0);
	if (len && from[len - 1] == '\r')
		len--;
	s->line = (struct text){from, len};
	s->number++;
	return true;
}

static bool text_is(struct text t, const char *want)
{
	return t.len == strlen(want) && memcmp(t.data, want, t.len) == 0;
}

/* What follows prefix; false unless the text begins with it. */
static bool text_after(struct text t, const char *prefix, struct text *ret)
{
	const size_t len = strlen(prefix);
	if (t.len < len || memcmp(t.data, prefix, len) != 0)
		return false;
	*ret = (struct text){t.data + len, t.len - len};
	return true;
}

static const char *text_keep(struct scan *s, struct text t)
{
	blank_trim(&t.data, &t.len);
	return arena_memdup(s->arena, t.data, t.len);
}

/* ---- times ---- */

/* Two or four digits at *at, then the character behind; *at moves past both. 0: none expected. */
static bool digits(const char **at, int count, char behind, int *ret)
{
	*ret = 0;
	for (int i = 0; i < count; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		*ret = *ret * 10 + (**at - '0');
	}
	if (!behind)
		return true;
	return (**at | 0x20) == (behind | 0x20) && (*at)++;
}

static bool read_clock(const char **at, struct tm *tm)
{
	bool ok = digits(at, 4, '-', &tm->tm_year) && digits(at, 2, '-', &tm->tm_mon) &&
		  digits(at, 2, 'T', &tm->tm_mday) && digits(at, 2, ':', &tm->tm_hour) &&
		  digits(at, 2, ':', &tm->tm_min) && digits(at, 2, 0, &tm->tm_sec);
	ok = ok && tm->tm_mon >= 1 && tm->tm_mon <= 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31;
	ok = ok && tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec <= 60;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return ok;
}

bool history_time(const char *text, int64_t *ret_ms)
{
	enum { MILLI_DIGITS = 3, SECOND = 1000 };
	struct tm tm = {0};
	int milli = 0;
	if (!read_clock(&text, &tm))
		return false;
	if (*text == '.') {
		int count = 0;
		for (text++; *text >= '0' && *text <= '9'; text++)
			if (count++ < MILLI_DIGITS)
				milli = milli * 10 + (*text - '0');
		if (!count)
			return false;
		for (; count < MILLI_DIGITS; count++)
			milli *= 10;
	}
	if (!str_eq(text, "Z") && !str_eq(text, "+00:00"))
		return false;
	*ret_ms = (int64_t)timegm(&tm) * SECOND + milli;
	return true;
}

static int64_t time_or_none(const char *text)
{
	int64_t ms;
	return text && history_time(text, &ms) ? ms : HISTORY_NO_TIME;
}

/* ---- where entries start ---- */

/* A text that begins with a date and time, whatever follows. */
static bool has_clock(struct scan *s, struct text t)
{
	enum { CLOCK_LENGTH = 19 }; /* 2026-01-23T14:33:02 */
	struct tm tm = {0};
	if (t.len < CLOCK_LENGTH)
		return false;
	const char *at = arena_memdup(s->arena, t.data, CLOCK_LENGTH);
	return read_clock(&at, &tm);
}

/* "### TIME | Exit Code: N" */
static bool is_form_d(struct scan *s, struct text *ret_time, int64_t *ret_code)
{
	static const char mark[] = " | Exit Code: ";
	struct text t;
	if (!text_after(s->line, "### ", &t) || !has_clock(s, t))
		return false;
	blank_trim(&t.data, &t.len);
	const char *bar = memmem(t.data, t.len, mark, sizeof mark - 1);
	if (!bar)
		return false;
	const char *code = bar + sizeof mark - 1;
	*ret_time = (struct text){t.data, (size_t)(bar - t.data)};
	return num_parse_i64(code, t.len - (size_t)(code - t.data), ret_code);
}

/* "## TIME" */
static bool is_form_ab(struct scan *s, struct text *ret_time)
{
	return text_after(s->line, "## ", ret_time) && has_clock(s, *ret_time);
}

static bool is_form_c(const struct scan *s)
{
	struct text rest;
	return text_after(s->line, "{\"start_timestamp\"", &rest);
}

static bool starts_entry(struct scan *s)
{
	struct text time;
	int64_t code;
	return is_form_c(s) || is_form_d(s, &time, &code) || is_form_ab(s, &time);
}

/* ---- streams ---- */

/* The text in front of the next line of three backticks, without the last newline. */
static const char *read_fenced(struct scan *s)
{
	if (!next_line(s))
		return "";
	struct text t = s->line;
	blank_trim(&t.data, &t.len);
	if (!text_is(t, "```")) {
		s->held = true;
		return "";
	}
	const size_t start = s->offset;
	size_t end = s->src->len;
	s->out->open = true;
	while (s->out->open && next_line(s)) {
		t = s->line;
		blank_trim(&t.data, &t.len);
		if (!text_is(t, "```"))
			continue;
		end = s->line_start;
		s->out->open = false;
	}
	if (end > start && s->src->data[end - 1] == '\n')
		end--;
	return arena_memdup(s->arena, s->src->data + start, end - start);
}

/* Takes the backslashes back that stand before each of three backticks. */
static const char *unescape(struct scan *s, const char *text)
{
	static const char escaped[] = "\\`\\`\\`";
	AUTO_STR out = STR_INIT;
	for (const char *p; (p = strstr(text, escaped)); text = p + sizeof escaped - 1) {
		str_addn(&out, text, (size_t)(p - text));
		str_add(&out, "```");
	}
	str_add(&out, text);
	return arena_memdup(s->arena, out.data, out.len);
}

/* Form A: raw text up to a line that starts something else, blank lines at its ends dropped. */
static const char *read_raw(struct scan *s)
{
	const size_t start = s->offset;
	size_t end = s->src->len;
	while (next_line(s)) {
		if (starts_entry(s) || text_is(s->line, "### stderr")) {
			s->held = true;
			end = s->line_start;
			break;
		}
	}
	struct text t = {s->src->data + start, end - start};
	while (t.len && (t.data[t.len - 1] == '\n' || t.data[t.len - 1] == '\r'))
		t.len--;
	return arena_memdup(s->arena, t.data, t.len);
}

static const char **one_text(struct scan *s, const char *text)
{
	const char **list = arena_array(s->arena, 2, sizeof list[0]);
	list[0] = text;
	return list;
}

/* ---- entries ---- */

static struct history_entry *add_entry(struct scan *s, enum history_form form)
{
	struct history *h = s->out;
	h->entries = arena_grow(s->arena, h->entries, h->count, &h->cap, sizeof h->entries[0]);
	struct history_entry *e = &h->entries[h->count++];
	*e = history_entry_new();
	e->form = form;
	e->pos = (struct pos){s->src, s->number, 1};
	e->offset = s->line_start;
	return e;
}

static void read_d(struct scan *s, struct text time, int64_t code)
{
	struct history_entry *e = add_entry(s, HISTORY_D);
	e->finish = text_keep(s, time);
	e->finish_ms = time_or_none(e->finish);
	e->code = code;
	while (next_line(s)) {
		if (starts_entry(s)) {
			s->held = true;
			return;
		}
		if (text_is(s->line, "**Stdout:**"))
			e->out = unescape(s, read_fenced(s));
		else if (text_is(s->line, "**Stderr:**"))
			e->err = unescape(s, read_fenced(s));
		else if (text_is(s->line, "**Error:**"))
			e->errors = one_text(s, unescape(s, read_fenced(s)));
	}
}

/* Is a stream of forms A and B fenced? Looks one line ahead. */
static const char *read_stream(struct scan *s, enum history_form form)
{
	return form == HISTORY_B ? read_fenced(s) : read_raw(s);
}

static void read_ab(struct scan *s, struct text time)
{
	struct history_entry *e = add_entry(s, HISTORY_A);
	struct text t;
	e->start = text_keep(s, time);
	while (next_line(s)) {
		if (starts_entry(s)) {
			s->held = true;
			return;
		}
		if (text_after(s->line, "- ", &t))
			e->form = HISTORY_B;
		else
			t = s->line;
		if (text_after(t, "Completed: ", &t))
			e->finish = text_keep(s, t);
		else if (text_after(t, "Return Code: ", &t))
			(void)!num_parse_i64(t.data, t.len, &e->code);
		else if (text_is(s->line, "### stdout"))
			e->out = read_stream(s, e->form);
		else if (text_is(s->line, "### stderr"))
			e->err = read_stream(s, e->form);
	}
}

static const char *get_text(const struct node *map, const char *key)
{
	const char *text = node_text(node_get(map, key));
	return text ? text : "";
}

static const char *const *get_texts(struct scan *s, const struct node *list)
{
	if (!list || list->type != NODE_SEQ)
		return no_texts;
	const char **texts = arena_array(s->arena, list->seq.count + 1, sizeof texts[0]);
	size_t count = 0;
	SEQ_FOREACH (list, i, item)
		if (node_text(item))
			texts[count++] = item->text;
	return texts;
}

static void get_settings(struct scan *s, const struct node *list, struct history_entry *e)
{
	if (!list || list->type != NODE_SEQ)
		return;
	struct history_setting *settings =
		arena_array(s->arena, list->seq.count, sizeof settings[0]);
	SEQ_FOREACH (list, i, item)
		settings[i] = (struct history_setting){
			get_text(item, "name"), get_text(item, "value"), get_text(item, "from")};
	e->settings = settings;
	e->setting_count = list->seq.count;
}

static void read_c(struct scan *s)
{
	AUTO_DIAGS ignored = {0};
	struct src *line = arena_alloc(s->arena, sizeof *line);
	*line = (struct src){
		s->src->path, arena_memdup(s->arena, s->line.data, s->line.len), s->line.len};
	const struct node *doc = json_parse(s->arena, line, &ignored);
	const struct node *code = node_get(doc, "return_code");
	const char *start = node_text(node_get(doc, "start_timestamp"));
	if (!start || !code || code->type != NODE_INT) {
		s->out->unread++;
		return;
	}
	struct history_entry *e = add_entry(s, HISTORY_C);
	const struct node *by = node_get(doc, "breadcrumb");
	e->start = start;
	e->start_ms = time_or_none(start);
	e->finish = node_text(node_get(doc, "finish_timestamp"));
	e->finish_ms = time_or_none(e->finish);
	e->code = code->integer;
	e->operation = node_text(node_get(doc, "operation"));
	e->by.at_time = node_text(node_get(by, "at_time"));
	e->by.user = get_text(by, "by_user");
	e->by.ip = get_text(by, "from_ip");
	e->by.correlation_id = get_text(by, "correlation_id");
	e->by.roles = get_texts(s, node_get(by, "roles"));
	get_settings(s, node_get(doc, "config_items"), e);
	e->out = get_text(doc, "stdout");
	e->err = get_text(doc, "stderr");
	e->errors = get_texts(s, node_get(doc, "errors"));
	e->warnings = get_texts(s, node_get(doc, "warnings"));
}

void history_read(struct arena *arena, const struct runbook *rb, struct history *ret)
{
	*ret = (struct history){0};
	if (rb->history.state != RUNBOOK_READ)
		return;
	struct scan s = {.arena = arena,
		.src = rb->src,
		.offset = rb->history_start,
		.number = rb->history_line - 1,
		.out = ret};
	struct text time;
	int64_t code;
	while (ret->count < HISTORY_MAX_ENTRIES && next_line(&s)) {
		if (is_form_c(&s))
			read_c(&s);
		else if (is_form_d(&s, &time, &code))
			read_d(&s, time, code);
		else if (is_form_ab(&s, &time))
			read_ab(&s, time);
	}
}
