/* Lookup in the table that src/render/embed.sh generates at build time. */
#include "render/builtin.h"

#include <string.h>

const struct builtin *builtin_file(const char *name)
{
	size_t lo = 0, hi = 0;
	while (builtin_files[hi].name)
		hi++;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(name, builtin_files[mid].name);
		if (order == 0)
			return &builtin_files[mid];
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}
