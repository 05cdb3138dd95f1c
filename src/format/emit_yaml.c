/*
 * YAML that reads the same in every version: a text is bare only if neither YAML 1.1 nor 1.2 makes
 * anything else of it, a block literal only if no reader can stumble over its blanks, and
 * otherwise in double quotes with everything invisible escaped.
 */
#include "format/emit.h"

#include "format/scalar.h"
#include "format/text.h"

#include <stdlib.h>
#include <string.h>

/* libyaml takes at most 1024 characters for a key in the short form. */
enum { SHORT_KEY_MAX = 1000 };

/* Is every character visible or a blank (with lines: or a newline or tab)? */
static bool is_printable(const char *text, size_t len, bool lines)
{
	for (size_t i = 0, width = 0; i < len; i += width) {
		const uint32_t c = text_code_point(text + i, len - i, &width);
		if (text_unprintable(c) || (c == 0xfffd && width == 1))
			return false;
		if (!lines && (c == '\n' || c == '\t'))
			return false;
	}
	return true;
}

static bool can_be_plain(const char *text, size_t len)
{
	if (!len || strchr("-?:,[]{}#&*!|>'\"%@` ", text[0]) || str_starts(text, "..."))
		return false;
	if (text[len - 1] == ' ' || text[len - 1] == ':' || !is_printable(text, len, false))
		return false;
	if (strstr(text, ": ") || strstr(text, " #"))
		return false;
	struct node node = {.text = text, .len = len};
	scalar_resolve(&node);
	return node.type == NODE_STRING && !(node.flags & NODE_AMBIGUOUS);
}

static bool can_be_literal(const char *text, size_t len)
{
	if (!memchr(text, '\n', len) || !is_printable(text, len, true))
		return false;
	if (strchr(" \t\n", text[0]) || text[len - 1] == ' ' || text[len - 1] == '\t')
		return false;
	return !strstr(text, " \n") && !strstr(text, "\t\n") && !strstr(text, "\n\t");
}

static void put_quoted(const char *text, size_t len, struct str *out)
{
	str_addc(out, '"');
	for (size_t i = 0, width = 0; i < len; i += width) {
		const uint32_t c = text_code_point(text + i, len - i, &width);
		if (c == '"' || c == '\\')
			str_addf(out, "\\%c", (char)c);
		else if (c == '\n')
			str_add(out, "\\n");
		else if (c == '\t')
			str_add(out, "\\t");
		else if (c == 0xfffd && width == 1)
			str_add(out, "\xef\xbf\xbd");
		else if (!text_unprintable(c))
			str_addn(out, text + i, width);
		else if (c < 0x100)
			str_addf(out, "\\x%02x", (unsigned)c);
		else
			str_addf(out, "\\u%04x", (unsigned)c);
	}
	str_addc(out, '"');
}

static void put_literal(const char *text, size_t len, int indent, struct str *out)
{
	const bool newline = text[len - 1] == '\n';
	const bool more = newline && text[len - 2] == '\n';
	str_add(out, more ? "|+" : newline ? "|" : "|-");
	for (const char *p = text, *end = text + len; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const size_t line = (size_t)((nl ? nl : end) - p);
		str_addc(out, '\n');
		if (line)
			str_addf(out, "%*s", indent, "");
		str_addn(out, p, line);
		p += line + 1;
	}
}

static void put_text(const char *text, size_t len, int indent, struct str *out)
{
	if (can_be_plain(text, len))
		str_addn(out, text, len);
	else if (can_be_literal(text, len))
		put_literal(text, len, indent, out);
	else
		put_quoted(text, len, out);
}

/* A scalar or an empty list or map: what stands in the line of its key. */
static void put_inline(const struct node *node, int indent, struct str *out)
{
	char text[NODE_FLOAT_SIZE];
	switch ((enum node_type)node->type) {
	case NODE_NULL:
		str_add(out, "null");
		break;
	case NODE_BOOL:
		str_add(out, node->boolean ? "true" : "false");
		break;
	case NODE_INT:
		str_addf(out, "%lld", (long long)node->integer);
		break;
	case NODE_FLOAT:
		str_add(out, node_format_float(node->real, text));
		break;
	case NODE_STRING:
	case NODE_REF:
		put_text(node->text, node->len, indent, out);
		break;
	case NODE_SEQ:
		str_add(out, "[]");
		break;
	case NODE_MAP:
		str_add(out, "{}");
		break;
	}
}

static bool is_block(const struct node *node)
{
	return (node->type == NODE_SEQ && node->seq.count) ||
	       (node->type == NODE_MAP && node->map.count) || node->type == NODE_REF;
}

static void put_block(const struct node *node, int indent, struct str *out);

static void put_key(const char *text, size_t len, int indent, struct str *out)
{
	const size_t start = out->len;
	if (can_be_plain(text, len))
		str_addn(out, text, len);
	else
		put_quoted(text, len, out);
	if (out->len - start > SHORT_KEY_MAX) {
		str_truncate(out, start);
		str_add(out, "? ");
		put_quoted(text, len, out);
		str_addf(out, "\n%*s", indent, "");
	}
	str_addc(out, ':');
}

/* Each entry but the first starts with its indentation: the first stands behind a "- " or so. */
static void put_map(const struct node *node, int indent, struct str *out)
{
	for (size_t i = 0; i < node->map.count; i++) {
		const struct node_pair *pair = &node->map.pairs[i];
		if (i)
			str_addf(out, "%*s", indent, "");
		put_key(pair->key->text, pair->key->len, indent, out);
		if (is_block(pair->value)) {
			str_addf(out, "\n%*s", indent + 2, "");
			put_block(pair->value, indent + 2, out);
		} else {
			str_addc(out, ' ');
			put_inline(pair->value, indent + 2, out);
			str_addc(out, '\n');
		}
	}
}

static void put_seq(const struct node *node, int indent, struct str *out)
{
	for (size_t i = 0; i < node->seq.count; i++) {
		if (i)
			str_addf(out, "%*s", indent, "");
		str_add(out, "- ");
		if (is_block(node->seq.items[i])) {
			put_block(node->seq.items[i], indent + 2, out);
		} else {
			put_inline(node->seq.items[i], indent + 2, out);
			str_addc(out, '\n');
		}
	}
}

static void put_block(const struct node *node, int indent, struct str *out)
{
	if (indent > 2 * NODE_MAX_DEPTH)
		abort();
	if (node->type == NODE_SEQ) {
		put_seq(node, indent, out);
	} else if (node->type == NODE_MAP) {
		put_map(node, indent, out);
	} else {
		str_add(out, "$ref: ");
		put_inline(node, indent + 2, out);
		str_addc(out, '\n');
	}
}

void emit_yaml(const struct node *node, struct str *out)
{
	if (is_block(node)) {
		put_block(node, 0, out);
		return;
	}
	put_inline(node, 2, out);
	str_addc(out, '\n');
}
