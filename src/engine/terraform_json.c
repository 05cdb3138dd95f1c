/*
 * Plans and states of large canvases are megabytes of JSON of which we want a part. This walks
 * the text by brackets and strings and hands out slices; each slice that is wanted is built on
 * its own, so memory stays small and the limits that documents of people have do not apply to
 * what terraform wrote.
 */
#include "engine/terraform_internal.h"

#include "base/diag.h"
#include "base/err.h"
#include "format/node.h"
#include "format/yaml.h"

#include <string.h>

static void skip_blanks(struct tf_slice *s)
{
	while (s->len && strchr(" \t\r\n", *s->at)) {
		s->at++;
		s->len--;
	}
}

static void advance(struct tf_slice *s, size_t n)
{
	s->at += n;
	s->len -= n;
}

/* Length of the string (with quotes) that s begins with; 0: not closed. */
static size_t string_length(struct tf_slice s)
{
	for (size_t i = 1; i < s.len; i++) {
		if (s.at[i] == '\\')
			i++;
		else if (s.at[i] == '"')
			return i + 1;
	}
	return 0;
}

/* Length of the value that s begins with; 0: there is none. */
static size_t value_length(struct tf_slice s)
{
	if (!s.len)
		return 0;
	if (*s.at == '"')
		return string_length(s);
	size_t depth = 0;
	for (size_t i = 0; i < s.len; i++) {
		const char c = s.at[i];
		if (c == '"') {
			const size_t n = string_length((struct tf_slice){s.at + i, s.len - i});
			if (!n)
				return 0;
			i += n - 1;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if (depth && (c == '}' || c == ']')) {
			if (--depth == 0)
				return i + 1;
		} else if (!depth && strchr(",]} \t\r\n", c)) {
			return i;
		}
	}
	return depth ? 0 : s.len;
}

int tf_json_next(struct tf_slice *rest, struct tf_slice *key, struct tf_slice *value)
{
	skip_blanks(rest);
	/* The opening bracket the first time, a comma afterwards. */
	if (!rest->len || !strchr("{[,}]", *rest->at))
		return -1;
	if (*rest->at == '}' || *rest->at == ']')
		return 0;
	advance(rest, 1);
	skip_blanks(rest);
	if (rest->len && (*rest->at == '}' || *rest->at == ']'))
		return 0;
	if (key) {
		const size_t n = rest->len && *rest->at == '"' ? string_length(*rest) : 0;
		if (!n)
			return -1;
		*key = (struct tf_slice){rest->at + 1, n - 2};
		advance(rest, n);
		skip_blanks(rest);
		if (!rest->len || *rest->at != ':')
			return -1;
		advance(rest, 1);
		skip_blanks(rest);
	}
	const size_t n = value_length(*rest);
	if (!n)
		return -1;
	*value = (struct tf_slice){rest->at, n};
	advance(rest, n);
	return 1;
}

bool tf_json_is_whole(struct tf_slice text)
{
	skip_blanks(&text);
	const bool object = text.len && *text.at == '{';
	advance(&text, value_length(text));
	skip_blanks(&text);
	return object && !text.len;
}

struct tf_slice tf_json_member(struct tf_slice object, const char *key)
{
	struct tf_slice name, value;
	const size_t len = strlen(key);
	skip_blanks(&object);
	if (!object.len || *object.at != '{')
		return (struct tf_slice){NULL, 0};
	while (tf_json_next(&object, &name, &value) > 0)
		if (name.len == len && memcmp(name.at, key, len) == 0)
			return value;
	return (struct tf_slice){NULL, 0};
}

struct node *tf_json_build(
	struct arena *arena, struct tf_slice text, const char *name, struct err **err)
{
	AUTO_DIAGS diags = {0};
	struct src *src = arena_alloc(arena, sizeof *src);
	src->path = name;
	src->data = arena_memdup(arena, text.at ? text.at : "", text.len);
	src->len = text.len;
	struct node *node = json_parse(arena, src, &diags);
	if (!node)
		(void)err_set(err, ERR_CORRUPT, "%s is not what terraform documents: %s", name,
			diags.count ? diags.items[0].message : "no JSON");
	return node;
}
