/*
 * An order on its way from the daemon to a worker: texts that end with NUL, the repository, the
 * request, its claim, then what is added to the environment, and an empty one at the end.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/num.h"
#include "base/str.h"
#include "daemon/work.h"

#include <string.h>

void work_order_write(const struct work_order *order, struct str *out)
{
	str_addf(out, "%s%c%lld%c%lld%c", order->repository, 0, (long long)order->id, 0,
		(long long)order->claim, 0);
	for (const char *const *e = order->environ; e && *e; e++)
		str_addn(out, *e, strlen(*e) + 1);
	str_addn(out, "", 1);
}

/* The next text, or NULL when none ends. */
static const char *next(const char **at, const char *end)
{
	const char *text = *at;
	const char *nul = memchr(text, 0, (size_t)(end - text));
	if (!nul)
		return NULL;
	*at = nul + 1;
	return text;
}

static bool next_number(const char **at, const char *end, int64_t *ret)
{
	const char *text = next(at, end);
	return text && num_parse_i64(text, strlen(text), ret);
}

int work_order_read(const char *bytes, size_t len, struct arena *arena, struct work_order *ret,
	struct err **err)
{
	const char *at = arena_memdup(arena, bytes, len), *end = at + len;
	const char **list = NULL;
	size_t count = 0, cap = 0;
	*ret = (struct work_order){.repository = next(&at, end)};
	if (!ret->repository || !next_number(&at, end, &ret->id) ||
		!next_number(&at, end, &ret->claim))
		return err_set(err, ERR_INVALID, "the order cannot be read");
	for (;;) {
		const char *text = next(&at, end);
		if (!text)
			return err_set(err, ERR_INVALID, "the order is cut off");
		list = arena_grow(arena, list, count, &cap, sizeof *list);
		list[count++] = *text ? text : NULL;
		if (!*text)
			break;
	}
	ret->environ = list;
	return 0;
}
