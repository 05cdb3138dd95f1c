/* Lists of a forge, page by page, into arrays of the caller's arena. */
#include "report/forge_internal.h"

#include <string.h>

enum { PAGE = 50 };

void *forge_taken_add(struct forge_taken *t, size_t size)
{
	t->items = arena_grow(t->arena, t->items, t->count, &t->cap, size);
	void *item = (char *)t->items + t->count++ * size;
	memset(item, 0, size);
	return item;
}

struct forge_pages forge_pages_of(struct forge_taken *t, const char *path, size_t max,
	bool (*take)(struct forge_taken *t, const struct node *item))
{
	return (struct forge_pages){.path = path, .max = max, .take = take, .taken = t};
}

/* One try with pages of this size. 1: an answer was too long, take smaller ones. */
static int list_by(struct forge *f, const struct forge_pages *pages, int size, struct arena *arena,
	struct err **err)
{
	size_t seen = 0;
	for (int page = 1; seen < pages->max; page++) {
		const char *path = arena_printf(arena, "%s%c%s=%d&page=%d", pages->path,
			strchr(pages->path, '?') ? '&' : '?',
			f->kind == FORGE_GITEA ? "limit" : "per_page", size, page);
		struct node *json;
		struct err *failed = NULL;
		if (forge_call(f, "GET", path, NULL, arena, &json, &failed) < 0) {
			if (f->too_long && size > 2) {
				err_free(&failed);
				return 1;
			}
			*err = failed;
			return -1;
		}
		if (!json || json->type != NODE_SEQ) {
			f->failure.fault = FORGE_NETWORK;
			return err_set(err, ERR_CORRUPT, "%s: GET %s: the answer is not a list",
				f->host, path);
		}
		SEQ_FOREACH (json, i, item)
			if (seen++ >= pages->max || !pages->take(pages->taken, item))
				return 0;
		if (pages->single || json->seq.count < (size_t)size)
			return 0;
	}
	return 0;
}

int forge_list(
	struct forge *f, const struct forge_pages *pages, struct arena *arena, struct err **err)
{
	for (int size = PAGE;; size /= 5) {
		const int rc = list_by(f, pages, size, arena, err);
		if (rc <= 0)
			return rc;
		pages->taken->count = 0;
	}
}
