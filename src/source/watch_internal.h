/* What the files of watch share. Not for others. */
#ifndef TRUEUP_SOURCE_WATCH_INTERNAL_H
#define TRUEUP_SOURCE_WATCH_INTERNAL_H

#include "source/ignore.h"
#include "source/watch.h"

/* What is looked at. */
struct watch_area {
	const char *dir;
	struct source_filter filter;
	struct ignore ignore; /* the top's rules as they were at the last walk; in arena */
	struct arena arena;
};

/* Does the file count? Folders above it are taken to do. */
bool watch_wants_file(const struct watch_area *area, const char *path);

/* What is done with what a walk finds. */
struct watch_visit {
	/* Before a folder is read; path "" is the top. 0, or an errno that ends the walk. */
	int (*folder)(void *ctx, int fd, const char *path);
	/* A file or link that counts; NULL: files are not looked at. */
	void (*file)(void *ctx, int dir_fd, const char *name, const char *path);
	void *ctx;
};

/*
 * Reads the top's rules and walks over the folders that are of interest. What disappears meanwhile,
 * or cannot be read, is left out. 0, or what folder() returned; ENOENT or ENOTDIR when the top is
 * not there.
 */
int watch_walk(struct watch_area *area, const struct watch_visit *visit);

/*
 * A number over names, sizes, times and inodes of all files that count: another one when one of
 * them changed. 0 or an errno, as watch_walk().
 */
int watch_fingerprint(struct watch_area *area, uint64_t *ret);

#endif
