/*
 * Any bytes as a runbook file: reading and validation end; whatever is refused has an error, and
 * a runbook whose claims cannot be read lets nobody in; every place lies in the file; the script is
 * a piece of the text above the history.
 */
#include "base/str.h"
#include "runbook/parse.h"
#include "runbook/validate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_place(const struct runbook *rb, struct pos pos)
{
	const char *p = rb->src->data, *end = p + rb->src->len;
	uint32_t lines = 1;
	while ((p = memchr(p, '\n', (size_t)(end - p)))) {
		lines++;
		p++;
	}
	require(pos.line <= lines);
}

static void check_runbook(const struct runbook *rb)
{
	require(rb->content_len <= rb->src->len && rb->history_start <= rb->src->len);
	require(rb->content_len <= rb->history_start);
	check_place(rb, rb->script.pos);
	check_place(rb, rb->claims.pos);
	for (size_t i = 0; i < rb->variable_count; i++)
		check_place(rb, rb->variables[i].name.pos);
	for (size_t i = 0; i < rb->claim_count; i++)
		require(rb->claim[i].values.count > 0);
	require((rb->script.state == RUNBOOK_READ) == (rb->script_text.text != NULL));
	if (!rb->script_text.text)
		return;
	check_place(rb, rb->script_text.pos);
	const size_t len = strlen(rb->script_text.text);
	require(len > 0 && len <= rb->content_len);
	if (!memchr(rb->src->data, '\r', rb->content_len))
		require(memmem(rb->src->data, rb->content_len, rb->script_text.text, len));
}

static void check_access(const struct runbook *rb, const struct diag_list *diags)
{
	AUTO_STR why = STR_INIT;
	const bool passed = runbook_authorize(rb, NULL, 0, "execute", &why);
	require(passed == !why.len);
	const enum runbook_state state = rb->claims.state;
	const bool unreadable = state == RUNBOOK_NO_BLOCK || state == RUNBOOK_BAD_BLOCK;
	require(!unreadable || (!passed && diags->errors > 0));
	require(!rb->claim_count || !passed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_STR text = STR_INIT;
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	str_addn(&text, data, size);
	const struct src src = {"runbooks/Fuzz.md", text.data, text.len};
	const struct runbook *rb = runbook_parse(&arena, &src, &diags);
	if (!rb) {
		require(diags.errors > 0);
		return 0;
	}
	check_runbook(rb);
	check_access(rb, &diags);
	const bool valid = runbook_validate(rb, NULL, &diags);
	require(valid == (diags.errors == 0));
	if (valid)
		require(rb->script_text.text && rb->title.text &&
			rb->history.state == RUNBOOK_READ);
	return 0;
}
