/*
 * Values to output. Data can never become anything but one value of the target language: texts
 * are quoted or escaped for their place, structures are written as literals, and only references,
 * which specs cannot make, are written as they are.
 *
 * Formats: HCL native syntax specification (quoted templates, escapes), RFC 8259 for JSON,
 * CommonMark 0.30 with GitHub's tables and autolinks, POSIX shell quoting.
 */
#include "format/template_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool not_here(struct eval *ev, struct pos pos, const struct node *v, const char *where)
{
	(void)eval_error(
		ev, pos, "template-type", "a %s cannot be printed %s", value_kind(v), where);
	return false;
}

static void add_escape(struct str *out, uint32_t c)
{
	str_addf(out, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
}

/*
 * The content of a quoted HCL template. "${" and "%{" are written with a doubled first character;
 * where one more such character stands before, as an escape, since "$$${" could be read in two
 * ways. hold: where out ended with a single $ or %, whatever is printed next may begin with "{".
 */
/* One character; the "$" or "%" of "${" and "%{" is not for this. */
static void hcl_char(struct str *out, uint32_t c)
{
	if (c == '"' || c == '\\')
		str_addf(out, "\\%c", (char)c);
	else if (c == '\n' || c == '\r' || c == '\t')
		str_addf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
	else if (utf8_printable(c))
		utf8_add(out, c);
	else
		add_escape(out, c);
}

static bool is_opener(char c)
{
	return c == '$' || c == '%';
}

/* How many characters there are at the beginning of text that mean themselves in any company. */
static size_t hcl_plain(const char *text, size_t len)
{
	size_t i = 0;
	for (; i < len; i++) {
		const char c = text[i];
		if (c < ' ' || c == '"' || c == '\\' || c == 0x7f || is_opener(c))
			break;
	}
	return i;
}

static void hcl_content(struct str *out, const char *text, size_t len, size_t *hold)
{
	const bool held = hold && *hold == out->len;
	if (held && len && text[0] == '{') {
		const char last = out->data[out->len - 1];
		str_truncate(out, out->len - 1);
		add_escape(out, (uint32_t)last);
	}
	for (size_t i = 0; i < len;) {
		const size_t plain = hcl_plain(text + i, len - i);
		str_addn(out, text + i, plain);
		i += plain;
		if (i == len)
			break;
		size_t n = 1;
		const uint32_t c = utf8_at(text + i, len - i, &n);
		if (!is_opener(text[i]) || i + 1 == len || text[i + 1] != '{')
			hcl_char(out, c);
		else if (i ? text[i - 1] == text[i] : held)
			add_escape(out, c);
		else
			str_addf(out, "%c%c", (char)c, (char)c);
		i += n;
	}
	if (hold && len && is_opener(text[len - 1]))
		*hold = out->len;
}

void hcl_quoted(struct str *out, const char *text, size_t len, size_t *hold)
{
	(void)hold;
	str_addc(out, '"');
	hcl_content(out, text, len, NULL);
	str_addc(out, '"');
}

static bool valid_text(struct eval *ev, struct pos pos, const struct node *v)
{
	if (utf8_valid(v->text, v->len) == v->len)
		return true;
	(void)eval_error(
		ev, pos, "template-type", "a text that is not valid UTF-8 cannot be printed");
	return false;
}

/* The content of a quoted template, which most texts are as they stand. */
static bool hcl_text(struct eval *ev, struct pos pos, const struct node *v, size_t *hold)
{
	if ((!hold || *hold != ev->out->len) && hcl_plain(v->text, v->len) == v->len) {
		str_addn(ev->out, v->text, v->len);
		return true;
	}
	if (!valid_text(ev, pos, v))
		return false;
	hcl_content(ev->out, v->text, v->len, hold);
	return true;
}

static bool enter(struct eval *ev, struct pos pos)
{
	if (ev->depth >= TMPL_MAX_DEPTH) {
		(void)eval_error(ev, pos, "template-limit",
			"a value is nested deeper than %d levels", TMPL_MAX_DEPTH);
		return false;
	}
	ev->depth++;
	return eval_step(ev, pos, 1);
}

static bool finite_float(struct eval *ev, struct pos pos, const struct node *v)
{
	if (!isfinite(v->real))
		return not_here(ev, pos, v, "that is infinite or no number");
	text_float(v->real, ev->out);
	return true;
}

static bool hcl_seq(struct eval *ev, struct pos pos, const struct node *v)
{
	str_addc(ev->out, '[');
	for (size_t i = 0; i < v->seq.count; i++) {
		if (i)
			str_add(ev->out, ", ");
		if (!print_hcl(ev, pos, v->seq.items[i]))
			return false;
	}
	str_addc(ev->out, ']');
	return true;
}

static bool hcl_map(struct eval *ev, struct pos pos, const struct node *v)
{
	if (!v->map.count) {
		str_add(ev->out, "{}");
		return true;
	}
	for (size_t i = 0; i < v->map.count; i++) {
		const struct node_pair *pair = &v->map.pairs[i];
		str_add(ev->out, i ? ", " : "{ ");
		if (!valid_text(ev, pos, pair->key))
			return false;
		hcl_quoted(ev->out, pair->key->text, pair->key->len, NULL);
		str_add(ev->out, " = ");
		if (!print_hcl(ev, pos, pair->value))
			return false;
	}
	str_add(ev->out, " }");
	return true;
}

bool print_hcl(struct eval *ev, struct pos pos, const struct node *v)
{
	if (!enter(ev, pos))
		return false;
	bool ok = true;
	switch (v->type) {
	case NODE_NULL:
		str_add(ev->out, "null");
		break;
	case NODE_BOOL:
		str_add(ev->out, v->boolean ? "true" : "false");
		break;
	case NODE_INT:
		str_addi(ev->out, v->integer);
		break;
	case NODE_FLOAT:
		ok = finite_float(ev, pos, v);
		break;
	case NODE_STRING:
		str_addc(ev->out, '"');
		ok = hcl_text(ev, pos, v, NULL);
		str_addc(ev->out, '"');
		break;
	case NODE_SEQ:
		ok = hcl_seq(ev, pos, v);
		break;
	case NODE_MAP:
		ok = hcl_map(ev, pos, v);
		break;
	case NODE_REF:
		str_addn(ev->out, v->text, v->len);
		break;
	default:
		ok = not_here(ev, pos, v, "");
	}
	ev->depth--;
	return ok;
}

/* html: as Jinja2's tojson, safe inside a script element too. */
static void json_char(struct str *out, uint32_t c, bool html)
{
	static const char short_escapes[] = "btn?fr";
	if (c == '"' || c == '\\')
		str_addf(out, "\\%c", (char)c);
	else if (c >= 8 && c <= 13 && c != 11)
		str_addf(out, "\\%c", short_escapes[c - 8]);
	else if (c < 0x20 || (html && c < 0x80 && strchr("<>&'\x7f", (int)c)))
		str_addf(out, "\\u%04x", c);
	else if (c < 0x80 || (!html && (c >= 0x10000 || utf8_printable(c))))
		utf8_add(out, c);
	else if (c < 0x10000)
		str_addf(out, "\\u%04x", c);
	else
		str_addf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
			0xdc00 + ((c - 0x10000) & 0x3ff));
}

static void json_content(struct str *out, const char *text, size_t len, bool html)
{
	for (size_t i = 0; i < len;) {
		size_t n = 1;
		json_char(out, utf8_at(text + i, len - i, &n), html);
		i += n;
	}
}

static void json_text(struct str *out, const struct node *v, bool html)
{
	str_addc(out, '"');
	json_content(out, v->text, v->len, html);
	str_addc(out, '"');
}

/* null, true, numbers: the same in every JSON. False if v is none of them, or after an error. */
static bool json_plain(struct eval *ev, struct pos pos, const struct node *v, struct str *out)
{
	switch (v->type) {
	case NODE_NULL:
		str_add(out, "null");
		return true;
	case NODE_BOOL:
		str_add(out, v->boolean ? "true" : "false");
		return true;
	case NODE_INT:
		str_addi(out, v->integer);
		return true;
	case NODE_FLOAT:
		if (!isfinite(v->real))
			break;
		text_float(v->real, out);
		return true;
	default:
		break;
	}
	return not_here(ev, pos, v, "as JSON");
}

static bool json_seq(struct eval *ev, struct pos pos, const struct node *v)
{
	str_addc(ev->out, '[');
	for (size_t i = 0; i < v->seq.count; i++) {
		if (i)
			str_add(ev->out, ", ");
		if (!print_json(ev, pos, v->seq.items[i]))
			return false;
	}
	str_addc(ev->out, ']');
	return true;
}

static bool json_map(struct eval *ev, struct pos pos, const struct node *v)
{
	str_addc(ev->out, '{');
	for (size_t i = 0; i < v->map.count; i++) {
		if (i)
			str_add(ev->out, ", ");
		if (!valid_text(ev, pos, v->map.pairs[i].key))
			return false;
		json_text(ev->out, v->map.pairs[i].key, false);
		str_add(ev->out, ": ");
		if (!print_json(ev, pos, v->map.pairs[i].value))
			return false;
	}
	str_addc(ev->out, '}');
	return true;
}

bool print_json(struct eval *ev, struct pos pos, const struct node *v)
{
	if (!enter(ev, pos))
		return false;
	bool ok;
	if (v->type == NODE_SEQ) {
		ok = json_seq(ev, pos, v);
	} else if (v->type == NODE_MAP) {
		ok = json_map(ev, pos, v);
	} else if (v->type == NODE_STRING) {
		ok = valid_text(ev, pos, v);
		if (ok)
			json_text(ev->out, v, false);
	} else {
		ok = json_plain(ev, pos, v, ev->out);
	}
	ev->depth--;
	return ok;
}

/* ---- tojson: json.dumps(value, sort_keys=True) ---- */

struct dumper {
	struct eval *ev;
	struct pos pos;
	int64_t indent; /* negative: on one line */
	unsigned level;
};

static bool dump(struct dumper *d, const struct node *v);

static void dump_break(const struct dumper *d, bool comma)
{
	struct str *out = &d->ev->scratch;
	if (comma)
		str_addc(out, ',');
	if (d->indent < 0) {
		if (comma)
			str_addc(out, ' ');
		return;
	}
	str_addf(out, "\n%*s", (int)(d->indent * d->level), "");
}

static int compare_pairs(const void *a, const void *b)
{
	const struct node *x = (*(const struct node_pair *const *)a)->key;
	const struct node *y = (*(const struct node_pair *const *)b)->key;
	int order = 0;
	(void)value_compare(x, y, &order);
	return order;
}

static bool dump_map(struct dumper *d, const struct node *v)
{
	struct str *out = &d->ev->scratch;
	const struct node_pair **pairs =
		arena_array(d->ev->arena, v->map.count + 1, sizeof pairs[0]);
	for (size_t i = 0; i < v->map.count; i++)
		pairs[i] = &v->map.pairs[i];
	qsort(pairs, v->map.count, sizeof pairs[0], compare_pairs);
	str_addc(out, '{');
	d->level++;
	for (size_t i = 0; i < v->map.count; i++) {
		dump_break(d, i > 0);
		json_text(out, pairs[i]->key, true);
		str_add(out, ": ");
		if (!dump(d, pairs[i]->value))
			return false;
	}
	d->level--;
	if (v->map.count)
		dump_break(d, false);
	str_addc(out, '}');
	return true;
}

static bool dump_seq(struct dumper *d, const struct node *v)
{
	struct str *out = &d->ev->scratch;
	str_addc(out, '[');
	d->level++;
	for (size_t i = 0; i < v->seq.count; i++) {
		dump_break(d, i > 0);
		if (!dump(d, v->seq.items[i]))
			return false;
	}
	d->level--;
	if (v->seq.count)
		dump_break(d, false);
	str_addc(out, ']');
	return true;
}

static bool dump(struct dumper *d, const struct node *v)
{
	struct eval *ev = d->ev;
	if (!enter(ev, d->pos))
		return false;
	bool ok = eval_charge(ev, d->pos, v->type == NODE_STRING ? v->len : 16);
	if (!ok)
		return false;
	if (v->type == NODE_MAP)
		ok = dump_map(d, v);
	else if (v->type == NODE_SEQ)
		ok = dump_seq(d, v);
	else if (v->type == NODE_STRING)
		json_text(&ev->scratch, v, true);
	else
		ok = json_plain(ev, d->pos, v, &ev->scratch);
	ev->depth--;
	return ok;
}

bool json_dumps(struct eval *ev, struct pos pos, const struct node *value, int64_t indent)
{
	struct dumper d = {.ev = ev, .pos = pos, .indent = indent};
	return dump(&d, value);
}

/* ---- Markdown ---- */

/*
 * Text in which nothing is markup. It stays in its line: a newline could begin a heading, a list
 * or a fence. What is markup only at the start of a line is escaped where the value may start one.
 */
/* The entity for a character of HTML, NULL for any other. */
static const char *html_entity(uint32_t c)
{
	return c == '<'   ? "&lt;"
	       : c == '>' ? "&gt;"
	       : c == '&' ? "&amp;"
	       : c == '"' ? "&quot;"
			  : NULL;
}

/* Would the character at i make a link of an address? */
static bool makes_link(const char *text, size_t len, size_t i)
{
	return (text[i] == ':' && i + 1 < len && text[i + 1] == '/') ||
	       (text[i] == '.' && i >= 3 && !strncasecmp(text + i - 3, "www", 3));
}

static bool is_one_of(const char *set, uint32_t c)
{
	return c && c < 0x80 && strchr(set, (int)c);
}

static void markdown_text(struct str *out, const char *text, size_t len)
{
	bool start = true;
	for (size_t i = 0; i < len;) {
		size_t n = 1;
		const uint32_t c = utf8_at(text + i, len - i, &n);
		const bool blank = is_one_of(" \n\r\t", c);
		const char *entity = html_entity(c);
		if (entity)
			str_add(out, entity);
		else if (is_one_of("\\`*_{}[]()|~!$", c) || (start && is_one_of("#+-=.", c)) ||
			 makes_link(text, len, i))
			str_addf(out, "\\%c", (char)c);
		else if (blank)
			str_addc(out, ' ');
		else
			utf8_add(out, utf8_printable(c) ? c : 0xfffd);
		start = start && (blank || is_one_of("0123456789", c));
		i += n;
	}
}

/* Inside code nothing is escaped, so what would end it is replaced by what looks alike. */
static void markdown_code(struct str *out, const char *text, size_t len, bool fence)
{
	for (size_t i = 0; i < len;) {
		size_t n = 1;
		const uint32_t c = utf8_at(text + i, len - i, &n);
		if (c == '`' && (!fence || (i + 1 < len && text[i + 1] == '`') ||
					(i && text[i - 1] == '`')))
			utf8_add(out, 0x2cb);
		else if (c == '|' && !fence)
			str_add(out, "\\|");
		else if (c == '\n' || c == '\t')
			str_addc(out, fence ? (char)c : ' ');
		else if (utf8_printable(c))
			str_addn(out, text + i, n);
		else
			utf8_add(out, 0xfffd);
		i += n;
	}
}

/* ---- shell ---- */

static bool shell_word(struct eval *ev, struct pos pos, const char *text, size_t len)
{
	if (memchr(text, 0, len)) {
		(void)eval_error(ev, pos, "template-type",
			"a text with a NUL character cannot be a word of a shell command");
		return false;
	}
	str_add_shell(ev->out, text);
	return true;
}

/* ---- by place ---- */

/* Scalars as they read in HCL, JSON, Markdown and shell; lists and maps have no text there. */
static bool scalar_text(struct eval *ev, struct pos pos, const struct node *v, struct str *text)
{
	switch (v->type) {
	case NODE_BOOL:
		str_add(text, v->boolean ? "true" : "false");
		return true;
	case NODE_INT:
	case NODE_FLOAT:
	case NODE_STRING:
		if (v->type == NODE_STRING && !valid_text(ev, pos, v))
			return false;
		return value_text(v, text);
	default:
		return not_here(ev, pos, v, "inside a text");
	}
}

static bool print_quoted(struct eval *ev, struct pos pos, const struct node *v)
{
	if (v->type == NODE_REF && ev->escape == TMPL_ESCAPE_HCL) {
		str_addf(ev->out, "${%.*s}", (int)v->len, v->text);
		return true;
	}
	if (v->type == NODE_STRING) {
		if (v->flags & TMPL_SAFE)
			return not_here(
				ev, pos, v, "inside quotes when a macro made it: it is code");
		if (ev->escape == TMPL_ESCAPE_HCL)
			return hcl_text(ev, pos, v, &ev->hold);
		if (!valid_text(ev, pos, v))
			return false;
		json_content(ev->out, v->text, v->len, false);
		return true;
	}
	return scalar_text(ev, pos, v, ev->out);
}

static bool print_markdown(struct eval *ev, const struct ast *output, const struct node *v)
{
	const size_t start = ev->scratch.len;
	bool ok = true;
	if (v->type == NODE_SEQ || v->type == NODE_MAP)
		ok = value_repr(v, &ev->scratch) || not_here(ev, output->pos, v, "here");
	else
		ok = scalar_text(ev, output->pos, v, &ev->scratch);
	if (ok && output->place == PLACE_LITERAL)
		markdown_text(ev->out, ev->scratch.data + start, ev->scratch.len - start);
	else if (ok)
		markdown_code(ev->out, ev->scratch.data + start, ev->scratch.len - start,
			output->place == PLACE_FENCE);
	str_truncate(&ev->scratch, start);
	return ok;
}

static bool print_shell(struct eval *ev, struct pos pos, const struct node *v)
{
	if (v->type == NODE_STRING)
		return valid_text(ev, pos, v) && shell_word(ev, pos, v->text, v->len);
	const size_t start = ev->scratch.len;
	const bool ok = scalar_text(ev, pos, v, &ev->scratch) &&
			shell_word(ev, pos, ev->scratch.data + start, ev->scratch.len - start);
	str_truncate(&ev->scratch, start);
	return ok;
}

static bool print_plain(struct eval *ev, struct pos pos, const struct node *v)
{
	if (v->type == NODE_REF) {
		str_addn(ev->out, v->text, v->len);
		return true;
	}
	return value_text(v, ev->out) || not_here(ev, pos, v, "");
}

bool eval_print(struct eval *ev, const struct ast *output, const struct node *v)
{
	const struct pos pos = output->pos;
	if (v->flags & TMPL_SAFE && v->type == NODE_STRING && output->place == PLACE_LITERAL) {
		str_addn(ev->out, v->text, v->len);
		return true;
	}
	switch (ev->escape) {
	case TMPL_ESCAPE_HCL:
		return output->place == PLACE_QUOTED ? print_quoted(ev, pos, v)
						     : print_hcl(ev, pos, v);
	case TMPL_ESCAPE_JSON:
		return output->place == PLACE_QUOTED ? print_quoted(ev, pos, v)
						     : print_json(ev, pos, v);
	case TMPL_ESCAPE_MARKDOWN:
		return print_markdown(ev, output, v);
	case TMPL_ESCAPE_SHELL:
		return print_shell(ev, pos, v);
	case TMPL_ESCAPE_NONE:
		break;
	}
	return print_plain(ev, pos, v);
}
