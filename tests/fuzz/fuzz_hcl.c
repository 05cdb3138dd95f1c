/*
 * The layout pass on any text: what it accepts keeps its tokens, is stable when laid out again,
 * and what it refuses leaves nothing behind. Blocks are read from the same text.
 */
#include "base/err.h"
#include "base/str.h"
#include "render/hcl.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next token that is not layout, or NULL. */
static const struct hcl_token *next(const struct hcl_tokens *t, size_t *at)
{
	while (*at < t->count && t->items[*at].kind == HCL_NEWLINE)
		++*at;
	return *at < t->count ? &t->items[(*at)++] : NULL;
}

static void same_tokens(const struct hcl_tokens *a, const struct hcl_tokens *b)
{
	size_t i = 0, k = 0;
	for (;;) {
		const struct hcl_token *x = next(a, &i), *y = next(b, &k);
		if (!x && !y)
			return;
		if (!x || !y || x->kind != y->kind || x->len != y->len ||
			memcmp(x->text, y->text, x->len) != 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	AUTO_ERR ignored = NULL;
	AUTO_STR in = STR_INIT;
	AUTO_STR out = STR_INIT;
	AUTO_STR again = STR_INIT;
	struct hcl_tokens before, after;
	struct hcl_blocks blocks = {0};
	str_addn(&in, data, size);
	if (hcl_format(in.data, in.len, &out, &err) < 0) {
		if (out.len != 0)
			abort();
		return 0;
	}
	if (hcl_tokenise(in.data, in.len, &arena, &before, &err) < 0 ||
		hcl_tokenise(out.data, out.len, &arena, &after, &err) < 0)
		abort();
	same_tokens(&before, &after);
	if (hcl_format(out.data, out.len, &again, &err) < 0 || !str_eq(out.data, again.data))
		abort();
	if (hcl_parse_blocks(out.data, out.len, &arena, &blocks, &ignored) < 0 && !ignored)
		abort();
	return 0;
}
