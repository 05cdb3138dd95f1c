/*
 * The bytes are the history of a file, and again the output of a script. Any history is read; what
 * is appended to it is read back as the newest entry and as nothing else, the runbook above stays
 * as it was, and another reader's view of its sections does too.
 */
#include "base/err.h"
#include "base/str.h"
#include "runbook/history.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD "# Fuzz\n# Script\n```sh\ntrue\n```\n# History\n"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static struct runbook *read_file(struct arena *arena, struct src *src, const struct str *text)
{
	AUTO_DIAGS diags = {0};
	*src = (struct src){"runbooks/Fuzz.md", text->data, text->len};
	return runbook_parse(arena, src, &diags);
}

static void check_entry(const struct history_entry *got, const struct history_entry *want)
{
	require(got->code == want->code && got->finish_ms == want->finish_ms);
	/* What was escaped by the script itself cannot be told from what was escaped here. */
	if (got->form == HISTORY_D && strstr(want->out, "\\`\\`\\`"))
		return;
	require(str_eq(got->out, want->out) && got->err[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { OUTPUT_MAX = 100000 };
	const struct history_limits limits = {OUTPUT_MAX, 0};
	AUTO_ARENA arena = {0};
	AUTO_STR text = STR_INIT, output = STR_INIT, next = STR_INIT;
	AUTO_ERR err = NULL;
	struct src src, again_src;
	struct history before, after;
	if (size > OUTPUT_MAX)
		return 0;
	str_add(&text, HEAD);
	str_addn(&text, data, size);
	struct runbook *rb = read_file(&arena, &src, &text);
	if (!rb)
		return 0;
	history_read(&arena, rb, &before);

	struct history_entry e = history_entry_new();
	str_addn(&output, data, strnlen((const char *)data, size));
	e.start_ms = e.finish_ms = INT64_C(1769178782123);
	e.code = 3;
	e.out = output.data;
	require(history_append(&arena, rb, &e, &limits, &next, &err) == 0);
	require(next.len > text.len && memcmp(next.data, text.data, text.len) == 0);

	struct runbook *again = read_file(&arena, &again_src, &next);
	require(again != NULL && str_eq(again->digest, rb->digest));
	history_read(&arena, again, &after);
	require(after.count == before.count + 1 && !after.open);
	check_entry(&after.entries[after.count - 1], &e);
	return 0;
}
