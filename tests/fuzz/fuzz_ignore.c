/*
 * First line: a path. The rest: the rules of a .trueupignore. Any text is read, and a path is
 * hidden by what hides it or a folder above it, the same each time it is asked.
 */
#include "base/mem.h"
#include "base/str.h"
#include "source/ignore.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA arena = {0};
	const char *text = (const char *)data;
	const char *nl = size ? memchr(text, '\n', size) : NULL;
	const size_t path_len = nl ? (size_t)(nl - text) : size;
	const size_t start = nl ? path_len + 1 : size;
	AUTO_FREE char *path = xstrndup(text, path_len);
	struct ignore ignore = {0};
	if (!*path) /* the root itself is never asked about */
		return 0;
	ignore_parse(text + start, size - start, &arena, &ignore);
	if (ignore.count > IGNORE_MAX_RULES)
		abort();
	for (int is_dir = 0; is_dir <= 1; is_dir++) {
		const bool hides = ignore_hides(&ignore, path, is_dir);
		if (hides != ignore_hides(&ignore, path, is_dir))
			abort();
		/* Rules that match hide, unless a folder above has been asked first. */
		if (ignore_matches(&ignore, path, is_dir) && !hides)
			abort();
		if (hides && !ignore.count)
			abort();
	}
	return 0;
}
