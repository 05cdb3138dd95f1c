#include "plan/order.h"

#include "base/mem.h"

#include <stdlib.h>

bool plan_order(size_t count, const struct plan_need *needs, size_t need_count, size_t *ret_order,
	size_t *ret_done)
{
	/* A counting sort of the needs by whom: dependants of w are list[first[w]..first[w+1]). */
	AUTO_FREE size_t *first = xcalloc(count + 2, sizeof *first);
	AUTO_FREE size_t *list = xcalloc(need_count, sizeof *list);
	AUTO_FREE size_t *open = xcalloc(count, sizeof *open);
	for (size_t i = 0; i < need_count; i++) {
		first[needs[i].whom + 2]++;
		open[needs[i].who]++;
	}
	for (size_t i = 2; i < count + 2; i++)
		first[i] += first[i - 1];
	for (size_t i = 0; i < need_count; i++)
		list[first[needs[i].whom + 1]++] = needs[i].who;

	size_t done = 0, queued = 0;
	for (size_t i = 0; i < count; i++)
		if (!open[i])
			ret_order[queued++] = i;
	for (; done < queued; done++) {
		const size_t at = ret_order[done];
		for (size_t k = first[at]; k < first[at + 1]; k++)
			if (--open[list[k]] == 0)
				ret_order[queued++] = list[k];
	}
	*ret_done = done;
	return done == count;
}
