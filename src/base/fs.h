/* Files: read whole within a limit, write atomically, make and remove trees. */
#ifndef TRUEUP_BASE_FS_H
#define TRUEUP_BASE_FS_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;
struct str;

void close_fd(int *fd); /* for AUTO_CLOSE: closes unless negative, sets -1; errno is kept */
#define AUTO_CLOSE CLEANUP(close_fd) int

/* dir "/" name, as a heap string owned by the caller; "name" alone when dir is NULL or "". */
char *path_join(const char *dir, const char *name);

/* Appends the whole file to out. A file over limit bytes is ERR_INVALID and out is unchanged. */
MUST_CHECK int fs_read(const char *path, size_t limit, struct str *out, struct err **err);
/* The same from an open descriptor. */
MUST_CHECK int fs_read_fd(
	int fd, const char *name, size_t limit, struct str *out, struct err **err);

/*
 * Writes the file so that a reader and a crash see the old or the new content, nothing between:
 * temporary file beside it, fsync, rename, fsync of the folder.
 */
MUST_CHECK int fs_write_atomic(
	const char *path, const void *data, size_t len, mode_t mode, struct err **err);
/* As fs_write_atomic, but leaves the file alone when it holds just these bytes already. */
MUST_CHECK int fs_write_if_changed(const char *path, const void *data, size_t len, mode_t mode,
	bool *ret_changed, struct err **err);

/* mkdir -p; only folders that it makes get mode. */
MUST_CHECK int fs_mkdirs(const char *path, mode_t mode, struct err **err);
/* rm -r, not following symbolic links; a path that is not there is fine. */
MUST_CHECK int fs_remove_tree(const char *path, struct err **err);
bool fs_exists(const char *path);
bool fs_is_dir(const char *path);

/*
 * Opens path (relative) for reading beneath the folder dirfd: "..", absolute paths, symbolic links
 * that leave it and magic links are refused (openat2 with RESOLVE_BENEATH). Returns the descriptor
 * or -1 with *err.
 */
MUST_CHECK int fs_open_beneath(int dirfd, const char *path, struct err **err);

/* The program's full path by PATH (not the current folder), heap-owned; NULL if there is none. */
char *fs_find_program(const char *name);

#endif
