/* A folder of its own for a test, removed with all that is in it. */
#ifndef TRUEUP_TESTS_BASE_TEMPDIR_H
#define TRUEUP_TESTS_BASE_TEMPDIR_H

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"

#include <stdlib.h>

/* Heap-owned path; ends the test if there is none. */
static inline char *tempdir_new(void)
{
	const char *base = getenv("TMPDIR");
	char *path = path_join(base ? base : "/tmp", "trueup-test-XXXXXX");
	assert_non_null(mkdtemp(path));
	return path;
}

static inline void tempdir_remove(char **path)
{
	AUTO_ERR err = NULL;
	if (*path)
		(void)!fs_remove_tree(*path, &err);
	free(*path);
	*path = NULL;
}
#define AUTO_TEMPDIR CLEANUP(tempdir_remove) char *

#endif
