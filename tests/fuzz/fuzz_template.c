/*
 * Templates are written by people and, where a server allows it, come with a repository. The
 * first byte chooses the escaping, the rest is the template (or, with bit 3, a lone expression).
 * Beside not crashing: whatever the template, a value that holds "${" never starts an expression
 * in HCL.
 */
#include "base/mem.h"
#include "format/template.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MARK "{Qz7marker}"

static bool load(void *data, const char *name, const char **ret_text, size_t *ret_len)
{
	static const char text[] = "{% macro box(a, b=1) %}[ {{ a }}, {{ b }} ]{% endmacro %}\n"
				   "x = {{ name }}\n";
	(void)data;
	if (strcmp(name, "part") != 0)
		return false;
	*ret_text = text;
	*ret_len = sizeof text - 1;
	return true;
}

static struct node *make_context(struct arena *a)
{
	struct node *map = node_new_map(a);
	struct node *list = node_new_seq(a);
	static const char *const texts[] = {"$" MARK, "%" MARK, MARK, "$$" MARK, "plain",
		"a\"b'c\\\n`|<&>", "\xc3\x9f\xe2\x80\xa8"};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		node_seq_add(a, list, node_new_string(a, texts[i]));
	struct node *inner = node_new_map(a);
	node_map_set(a, inner, "k", node_new_string(a, "$" MARK));
	node_map_set(a, inner, "$" MARK, node_new_float(a, 1.5));
	node_map_set(a, map, "v", node_new_string(a, "$" MARK));
	node_map_set(a, map, "w", node_new_string(a, MARK));
	node_map_set(a, map, "d", node_new_string(a, "$"));
	node_map_set(a, map, "name", node_new_string(a, "web"));
	node_map_set(a, map, "n", node_new_int(a, 7));
	node_map_set(a, map, "f", node_new_float(a, -0.5));
	node_map_set(a, map, "t", node_new_bool(a, true));
	node_map_set(a, map, "z", node_new_null(a));
	node_map_set(a, map, "l", list);
	node_map_set(a, map, "m", inner);
	node_map_set(a, map, "r", node_new_ref(a, "aws_instance.web"));
	return map;
}

/* "${" or "%{" of a value must have a second such character in front. */
static void check_hcl(const struct str *out, const uint8_t *data, size_t size)
{
	if (memmem(data, size, "Qz7", 3))
		return; /* the template itself says so */
	const char *p = out->data, *end = out->data + out->len;
	while ((p = memmem(p, (size_t)(end - p), MARK, strlen(MARK)))) {
		const char c = p > out->data ? p[-1] : 0;
		if ((c == '$' || c == '%') && (p - out->data < 2 || p[-2] != c))
			abort();
		p++;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > 4096)
		return 0;
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	AUTO_STR out = STR_INIT;
	const struct node *context = make_context(&arena);
	AUTO_FREE char *text = xmalloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	const struct src src = {"fuzz", text, size - 1};
	const enum tmpl_escape escape = (enum tmpl_escape)((data[0] & 7) % 5);
	int r = -1;
	if (data[0] & 8) {
		struct tmpl_expr *e = tmpl_expr_compile(&src, &diags);
		r = e && tmpl_expr_eval(e, context, &arena, &diags) ? 0 : -1;
		tmpl_expr_free(e);
	} else {
		struct tmpl *t = tmpl_compile(&src, escape, load, NULL, &diags);
		r = t ? tmpl_render(t, context, &out, &diags) : -1;
		tmpl_free(t);
	}
	/* A failure is explained, a success is not. */
	if ((r < 0) != (diags.errors > 0))
		abort();
	if (escape == TMPL_ESCAPE_HCL)
		check_hcl(&out, data, size);
	return 0;
}
