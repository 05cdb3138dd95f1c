/*
 * The walk over a watched folder. A folder is opened and handed out before its entries are read, so
 * that whoever begins to watch it then hears of everything that the reading does not see.
 */
#include "source/watch_internal.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "source/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct walk {
	const struct watch_area *area;
	const struct watch_visit *visit;
};

bool watch_wants_file(const struct watch_area *area, const char *path)
{
	return str_eq(path, SOURCE_IGNORE_FILE) ||
	       (!ignore_matches(&area->ignore, path, false) &&
		       source_wants(&area->filter, path, false));
}

/* 1: a folder, 0: something else, -1: gone. */
static int is_folder(int dir_fd, const struct dirent *e)
{
	struct stat st;
	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	if (fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return S_ISDIR(st.st_mode);
}

static int walk_folder(const struct walk *w, int fd, struct str *path, size_t depth);

static int walk_entry(
	const struct walk *w, int dir_fd, const struct dirent *e, struct str *path, size_t depth)
{
	const int folder = is_folder(dir_fd, e);
	if (folder < 0)
		return 0;
	if (!folder) {
		if (w->visit->file && watch_wants_file(w->area, path->data))
			w->visit->file(w->visit->ctx, dir_fd, e->d_name, path->data);
		return 0;
	}
	if (depth >= SOURCE_MAX_DEPTH || ignore_matches(&w->area->ignore, path->data, true) ||
		!source_wants(&w->area->filter, path->data, true))
		return 0;
	const int fd = openat(
		dir_fd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	/* Gone, replaced or not ours to read: what cannot be read can hold no spec. */
	return fd < 0 ? 0 : walk_folder(w, fd, path, depth + 1);
}

/* Takes fd over. path is back to what it was at the end. */
static int walk_folder(const struct walk *w, int fd, struct str *path, size_t depth)
{
	int rc = w->visit->folder ? w->visit->folder(w->visit->ctx, fd, path->data) : 0;
	DIR *dir = rc ? NULL : fdopendir(fd);
	if (!dir) {
		close_fd(&fd);
		return rc;
	}
	const size_t len = path->len;
	const struct dirent *e;
	while (rc == 0 && (e = readdir(dir))) {
		if (str_eq(e->d_name, ".") || str_eq(e->d_name, "..") ||
			source_is_private(e->d_name))
			continue;
		if (len)
			str_addc(path, '/');
		str_add(path, e->d_name);
		rc = walk_entry(w, dirfd(dir), e, path, depth);
		str_truncate(path, len);
	}
	(void)closedir(dir);
	return rc;
}

static void read_rules(struct watch_area *area)
{
	AUTO_STR text = STR_INIT;
	AUTO_ERR none = NULL;
	AUTO_FREE char *path = path_join(area->dir, SOURCE_IGNORE_FILE);
	arena_release(&area->arena);
	area->ignore = (struct ignore){0};
	if (fs_read(path, IGNORE_MAX_BYTES, &text, &none) == 0)
		ignore_parse(text.data, text.len, &area->arena, &area->ignore);
}

int watch_walk(struct watch_area *area, const struct watch_visit *visit)
{
	AUTO_STR path = STR_INIT;
	const struct walk w = {area, visit};
	const int fd = open(area->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno;
	read_rules(area);
	return walk_folder(&w, fd, &path, 0);
}

/* --- the fingerprint --------------------------------------------------------------------- */

/* FNV-1a, 64 bits (draft-eastlake-fnv). Nobody gains anything by a collision here. */
static void mix(uint64_t *sum, const void *data, size_t len)
{
	const unsigned char *p = data;
	for (size_t i = 0; i < len; i++)
		*sum = (*sum ^ p[i]) * UINT64_C(1099511628211);
}

/* Entries of a folder come in any order, so that each is a number of its own and they are added. */
static void add_file(void *ctx, int dir_fd, const char *name, const char *path)
{
	uint64_t *sum = ctx, one = UINT64_C(14695981039346656037);
	struct stat st;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	const int64_t facts[] = {st.st_size, (int64_t)st.st_ino, st.st_mtim.tv_sec,
		st.st_mtim.tv_nsec, st.st_ctim.tv_sec, st.st_ctim.tv_nsec};
	mix(&one, path, strlen(path) + 1);
	mix(&one, facts, sizeof facts);
	*sum += one;
}

int watch_fingerprint(struct watch_area *area, uint64_t *ret)
{
	*ret = 1;
	const struct watch_visit visit = {.file = add_file, .ctx = ret};
	return watch_walk(area, &visit);
}
