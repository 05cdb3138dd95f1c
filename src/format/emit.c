/* JSON in its three spellings: they differ in order, blanks and numbers, so one walk does all. */
#include "format/emit.h"

#include "base/mem.h"
#include "base/num.h"
#include "format/text.h"

#include <stdlib.h>
#include <string.h>

struct json_style {
	bool canonical; /* sorted keys, 1.0 as 1, control characters only as \u00XX */
	bool indent;
};

static void put_control(unsigned char c, bool canonical, struct str *out)
{
	static const char letters[] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	if (!canonical && c < sizeof letters && letters[c])
		str_addf(out, "\\%c", letters[c]);
	else
		str_addf(out, "\\u%04x", c);
}

/* Is there a byte among the eight that is not printed as it stands: control, quote, UTF-8? */
static bool needs_look(uint64_t w)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
	const uint64_t quote = w ^ ones * '"', backslash = w ^ ones * '\\';
	return (((w - ones * 0x20) | (quote - ones) | (backslash - ones) | w) & highs) != 0;
}

/* Past what is printed as it stands, eight bytes at a time where there are as many. */
static size_t skip_plain(const char *text, size_t i, size_t len)
{
	for (; len - i >= 8; i += 8) {
		uint64_t w;
		memcpy(&w, text + i, 8);
		if (needs_look(w))
			break;
	}
	for (; i < len; i++) {
		const unsigned char c = (unsigned char)text[i];
		if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
			break;
	}
	return i;
}

static void put_string(const char *text, size_t len, bool canonical, struct str *out)
{
	size_t i = skip_plain(text, 0, len);
	if (i == len) {
		if (out->cap - out->len < len + 3)
			str_reserve(out, len + 2);
		char *to = out->data + out->len;
		*to = '"';
		memcpy(to + 1, text, len);
		memcpy(to + 1 + len, "\"", 2);
		out->len += len + 2;
		return;
	}
	str_addc(out, '"');
	size_t done = 0;
	for (; i < len; i = skip_plain(text, i, len)) {
		const unsigned char c = (unsigned char)text[i];
		size_t width = 1;
		if (c >= 0x80 &&
			(text_code_point(text + i, len - i, &width) != 0xfffd || width > 1)) {
			i += width;
			continue;
		}
		str_addn(out, text + done, i - done);
		if (c >= 0x80)
			str_add(out, "\xef\xbf\xbd");
		else if (c < 0x20)
			put_control(c, canonical, out);
		else
			str_addf(out, "\\%c", c);
		done = ++i;
	}
	str_addn(out, text + done, len - done);
	str_addc(out, '"');
}

void emit_json_string(const char *text, size_t len, struct str *out)
{
	put_string(text, len, false, out);
}

static void put_float(double value, bool canonical, struct str *out)
{
	int64_t whole = 0;
	if (canonical && node_float_as_int(value, &whole)) {
		str_addi(out, whole);
		return;
	}
	char text[NODE_FLOAT_SIZE];
	node_format_float(value, text);
	const bool finite = value - value == 0;
	if (!finite)
		put_string(text, strlen(text), canonical, out);
	else if (canonical)
		str_add(out, num_format_double(value, text));
	else
		str_add(out, text);
}

static void break_line(struct json_style style, int depth, struct str *out)
{
	if (style.indent)
		str_addf(out, "\n%*s", 2 * depth, "");
}

static void put_json(const struct node *node, struct json_style style, int depth, struct str *out);

static void put_json_seq(
	const struct node *node, struct json_style style, int depth, struct str *out)
{
	str_addc(out, '[');
	for (size_t i = 0; i < node->seq.count; i++) {
		if (i)
			str_addc(out, ',');
		break_line(style, depth + 1, out);
		put_json(node->seq.items[i], style, depth + 1, out);
	}
	if (node->seq.count)
		break_line(style, depth, out);
	str_addc(out, ']');
}

static void put_json_map(
	const struct node *node, struct json_style style, int depth, struct str *out)
{
	enum { FEW = 24 };
	const struct node_pair *few[FEW];
	const size_t count = node->map.count;
	AUTO_FREE const struct node_pair **many =
		style.canonical && count > FEW ? xcalloc(count, sizeof *many) : NULL;
	const struct node_pair **sorted = many ? many : few;
	if (style.canonical)
		node_sort_pairs(node, sorted);
	str_addc(out, '{');
	for (size_t i = 0; i < count; i++) {
		const struct node_pair *pair = style.canonical ? sorted[i] : &node->map.pairs[i];
		if (i)
			str_addc(out, ',');
		break_line(style, depth + 1, out);
		put_string(pair->key->text, pair->key->len, style.canonical, out);
		str_addc(out, ':');
		if (style.indent)
			str_addc(out, ' ');
		put_json(pair->value, style, depth + 1, out);
	}
	if (count)
		break_line(style, depth, out);
	str_addc(out, '}');
}

static void put_json(const struct node *node, struct json_style style, int depth, struct str *out)
{
	if (depth > NODE_MAX_DEPTH)
		abort();
	switch ((enum node_type)node->type) {
	case NODE_NULL:
		str_add(out, "null");
		break;
	case NODE_BOOL:
		str_add(out, node->boolean ? "true" : "false");
		break;
	case NODE_INT:
		str_addi(out, node->integer);
		break;
	case NODE_FLOAT:
		put_float(node->real, style.canonical, out);
		break;
	case NODE_STRING:
		put_string(node->text, node->len, style.canonical, out);
		break;
	case NODE_REF:
		str_add(out, style.indent ? "{\"$ref\": " : "{\"$ref\":");
		put_string(node->text, node->len, style.canonical, out);
		str_addc(out, '}');
		break;
	case NODE_SEQ:
		put_json_seq(node, style, depth, out);
		break;
	case NODE_MAP:
		put_json_map(node, style, depth, out);
		break;
	}
}

void emit_canonical(const struct node *node, struct str *out)
{
	put_json(node, (struct json_style){.canonical = true}, 0, out);
}

void emit_json_line(const struct node *node, struct str *out)
{
	put_json(node, (struct json_style){0}, 0, out);
}

void emit_json(const struct node *node, struct str *out)
{
	put_json(node, (struct json_style){.indent = true}, 0, out);
	str_addc(out, '\n');
}
