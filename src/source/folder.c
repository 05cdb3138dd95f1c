/*
 * A plain folder: names, sizes and times tell what may have changed, digests what did. A file that
 * changed within two seconds before the scan may change again without its times showing it (they
 * come from the kernel's coarse clock, and some file systems count in seconds), so its times are
 * not kept. The inode's change time counts too: unlike mtime nobody can set it back.
 */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "source/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NS_PER_MS = 1000000 };
static const int64_t racy_ns = INT64_C(2000) * NS_PER_MS;

struct scan {
	int root;
	const struct source_manifest *old; /* NULL: none */
	const struct source_filter *filter;
	struct ignore ignore;
	int64_t now_ns;
	struct arena *arena;
	struct source_manifest *result;
	size_t cap;
};

static int64_t ns_of(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static int path_order(const void *key, const void *file)
{
	const struct source_file *f = file;
	return strcmp(key, f->path);
}

static const struct source_file *find_old(const struct scan *scan, const char *path)
{
	if (!scan->old || !scan->old->count)
		return NULL;
	return bsearch(
		path, scan->old->files, scan->old->count, sizeof *scan->old->files, path_order);
}

/* "" in ret: it is gone, or no longer what it was. */
static int content_digest(struct scan *scan, const char *path, enum source_entry entry,
	char ret[DIGEST_HEX], struct err **err)
{
	ret[0] = '\0';
	if (entry == SOURCE_SYMLINK) {
		char target[PATH_MAX];
		const ssize_t n = readlinkat(scan->root, path, target, sizeof target);
		if (n >= 0)
			digest_hex(target, (size_t)n, ret);
		return 0;
	}
	AUTO_ERR why = NULL;
	AUTO_CLOSE fd = fs_open_beneath(scan->root, path, &why);
	if (fd < 0) {
		if (why->kind == ERR_NOT_FOUND)
			return 0;
		*err = steal_ptr(why);
		return -1;
	}
	struct stat st;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	return digest_fd(fd, path, ret, err);
}

static int add_file(struct scan *scan, const char *path, const struct stat *st, struct err **err)
{
	struct source_manifest *m = scan->result;
	if (m->count == SOURCE_MAX_FILES)
		return err_set(err, ERR_INVALID,
			"the folder holds more than %d files: hide some in %s", SOURCE_MAX_FILES,
			SOURCE_IGNORE_FILE);
	struct source_file f = {
		.size = st->st_size,
		.mtime_ns = ns_of(&st->st_mtim),
		.ctime_ns = ns_of(&st->st_ctim),
		.entry = S_ISLNK(st->st_mode) ? SOURCE_SYMLINK : SOURCE_FILE,
	};
	if (f.mtime_ns > scan->now_ns - racy_ns || f.ctime_ns > scan->now_ns - racy_ns)
		f.mtime_ns = 0;
	const struct source_file *old = find_old(scan, path);
	if (old && old->mtime_ns && old->size == f.size && old->mtime_ns == f.mtime_ns &&
		old->ctime_ns == f.ctime_ns && old->entry == f.entry) {
		f.digest = arena_strdup(scan->arena, old->digest);
	} else {
		char digest[DIGEST_HEX];
		if (content_digest(scan, path, f.entry, digest, err) < 0)
			return -1;
		if (!*digest)
			return 0;
		f.digest = arena_strdup(scan->arena, digest);
	}
	f.path = arena_strdup(scan->arena, path);
	m->files = arena_grow(scan->arena, m->files, m->count, &scan->cap, sizeof *m->files);
	m->files[m->count++] = f;
	return 0;
}

static int scan_dir(
	struct scan *scan, int dir_fd, struct str *path, size_t depth, struct err **err);

static int scan_entry(struct scan *scan, int dir_fd, const char *name, struct str *path,
	size_t depth, struct err **err)
{
	struct stat st;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "look at %s", path->data);
	const bool dir = S_ISDIR(st.st_mode), may_be_dir = dir || S_ISLNK(st.st_mode);
	if (ignore_matches(&scan->ignore, path->data, dir) ||
		!source_wants(scan->filter, path->data, may_be_dir))
		return 0;
	if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
		return add_file(scan, path->data, &st, err);
	if (!dir)
		return 0;
	if (depth == SOURCE_MAX_DEPTH)
		return err_set(err, ERR_INVALID, "%s: more than %d folders deep", path->data,
			SOURCE_MAX_DEPTH);
	const int below = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below < 0)
		return errno == ENOENT ? 0
				       : err_errno(err, errno, "open the folder %s", path->data);
	return scan_dir(scan, below, path, depth + 1, err);
}

/* Takes dir_fd. */
static int scan_dir(struct scan *scan, int dir_fd, struct str *path, size_t depth, struct err **err)
{
	DIR *dir = fdopendir(dir_fd);
	if (!dir) {
		const int failed = errno;
		(void)close(dir_fd);
		return err_errno(err, failed, "read the folder %s", path->data);
	}
	int rc = 0;
	const size_t before = path->len;
	for (struct dirent *e; rc == 0 && (e = readdir(dir));) {
		if (str_eq(e->d_name, ".") || str_eq(e->d_name, "..") ||
			source_is_private(e->d_name))
			continue;
		if (before)
			str_addc(path, '/');
		str_add(path, e->d_name);
		rc = scan_entry(scan, dirfd(dir), e->d_name, path, depth, err);
		str_truncate(path, before);
	}
	(void)closedir(dir);
	return rc;
}

static int by_path(const void *a, const void *b)
{
	const struct source_file *x = a, *y = b;
	return strcmp(x->path, y->path);
}

static void finish(struct source_manifest *m)
{
	if (m->count)
		qsort(m->files, m->count, sizeof *m->files, by_path);
	struct digest *d = digest_begin();
	for (size_t i = 0; i < m->count; i++) {
		digest_add_text(d, m->files[i].path);
		digest_add_text(d, m->files[i].digest);
		digest_add_text(d, m->files[i].entry == SOURCE_SYMLINK ? "link" : "file");
	}
	digest_end(d, m->digest);
}

static struct change_side side_at(const void *data, size_t i)
{
	const struct source_manifest *m = data;
	if (!m || i >= m->count)
		return (struct change_side){0};
	const struct source_file *f = &m->files[i];
	return (struct change_side){f->path, f->digest, f->entry, true};
}

int source_scan(struct source *s, const struct source_manifest *old, int64_t now_ms,
	const struct source_filter *filter, struct arena *arena, struct source_scan_result *ret,
	struct err **err)
{
	*ret = (struct source_scan_result){0};
	if (!s->dir)
		return err_set(err, ERR_INVALID,
			"%s is a bare repository: it has no files to look at", s->git_dir);
	struct scan scan = {
		.old = old,
		.filter = filter,
		.now_ns = now_ms * NS_PER_MS,
		.arena = arena,
		.result = &ret->manifest,
	};
	if (disk_ignore(s, arena, &scan.ignore, err) < 0)
		return -1;
	AUTO_CLOSE root = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int top = root < 0 ? -1 : fcntl(root, F_DUPFD_CLOEXEC, 0);
	if (top < 0)
		return err_errno(err, errno, "open the folder %s", s->dir);
	scan.root = root;
	AUTO_STR path = STR_INIT;
	if (scan_dir(&scan, top, &path, 0, err) < 0)
		return -1;
	finish(&ret->manifest);
	struct change_list list = {.arena = arena, .changes = &ret->changes};
	return change_compare(&list, side_at, old, &ret->manifest, err);
}
