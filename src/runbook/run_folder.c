/*
 * The run's folder: filled with copies of the inputs, watched while the script runs, removed
 * after. Inputs are opened beneath the repository only, entry by entry, so that a symbolic link
 * inside an input folder cannot carry anything else in. The repository's own data is no input.
 */
#include "runbook/execute_internal.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 512, MAX_DEPTH = 64, MAX_ENTRIES = 200000 };

struct copying {
	int root;
	int files;
	int64_t bytes;
};

static int copy_path(struct copying *c, const char *from, int to_dir, const char *name, int depth,
	struct err **err);

static bool names_git(const char *path)
{
	for (const char *at = path; *at; at += strspn(at, "/")) {
		const size_t len = strcspn(at, "/");
		if (len == 4 && strncmp(at, ".git", len) == 0)
			return true;
		at += len;
	}
	return false;
}

static int copy_bytes(struct copying *c, int from, int to, const char *path, struct err **err)
{
	char buffer[1 << 16];
	for (;;) {
		const ssize_t n = read(from, buffer, sizeof buffer);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "read the input %s", path);
		if (n == 0)
			return 0;
		c->bytes += n;
		if (c->bytes > RUN_MAX_INPUT_BYTES)
			return err_set(err, ERR_INVALID,
				"the inputs are larger than 1 GiB together (at %s)", path);
		for (ssize_t at = 0; at < n;) {
			const ssize_t done = write(to, buffer + at, (size_t)(n - at));
			if (done < 0 && errno != EINTR)
				return err_errno(err, errno, "copy the input %s", path);
			at += done > 0 ? done : 0;
		}
	}
}

static int copy_file(struct copying *c, int from, mode_t mode, const char *path, int to_dir,
	const char *name, struct err **err)
{
	const mode_t to_mode = mode & 0100 ? 0700 : 0600;
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	AUTO_CLOSE to = openat(to_dir, name, flags, to_mode);
	if (to < 0)
		return err_errno(err, errno, "create the copy of the input %s", path);
	return copy_bytes(c, from, to, path, err);
}

/* Takes from. */
static int copy_entries(
	struct copying *c, int from, const char *path, int to, int depth, struct err **err)
{
	DIR *dir = fdopendir(from);
	if (!dir) {
		const int failed = errno;
		(void)close(from);
		return err_errno(err, failed, "read the input folder %s", path);
	}
	int failed = 0;
	for (struct dirent *e; !failed && (e = readdir(dir));) {
		if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
			continue;
		AUTO_FREE char *entry = path_join(path, e->d_name);
		failed = copy_path(c, entry, to, e->d_name, depth + 1, err);
	}
	(void)closedir(dir);
	return failed;
}

static int copy_folder(struct copying *c, int from, const char *path, int to_dir, const char *name,
	int depth, struct err **err)
{
	if (depth > RUN_MAX_INPUT_DEPTH)
		return err_set(err, ERR_INVALID,
			"the input %s lies more than %d folders deep; a link may lead in a circle",
			path, RUN_MAX_INPUT_DEPTH);
	if (mkdirat(to_dir, name, 0700) < 0 && errno != EEXIST)
		return err_errno(err, errno, "create the copy of the input %s", path);
	AUTO_CLOSE to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return err_errno(err, errno, "create the copy of the input %s", path);
	const int entries = fcntl(from, F_DUPFD_CLOEXEC, 0);
	if (entries < 0)
		return err_errno(err, errno, "read the input folder %s", path);
	return copy_entries(c, entries, path, to, depth, err);
}

static int copy_path(struct copying *c, const char *from, int to_dir, const char *name, int depth,
	struct err **err)
{
	struct stat st;
	if (names_git(from))
		return err_set(err, ERR_DENIED, "the input %s is the repository's own data", from);
	if (++c->files > RUN_MAX_INPUT_FILES)
		return err_set(err, ERR_INVALID, "the inputs are more than %d files (at %s)",
			RUN_MAX_INPUT_FILES, from);
	AUTO_CLOSE fd = fs_open_beneath(c->root, from, err);
	if (fd < 0)
		return err_wrap(err, "the input %s", from);
	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "the input %s", from);
	if (S_ISDIR(st.st_mode))
		return copy_folder(c, fd, from, to_dir, name, depth, err);
	if (!S_ISREG(st.st_mode))
		return err_set(
			err, ERR_INVALID, "the input %s is neither a file nor a folder", from);
	return copy_file(c, fd, st.st_mode, from, to_dir, name, err);
}

/* The last component; NULL if there is none that could be a name. */
static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	return *name && !str_eq(name, ".") && !str_eq(name, "..") ? name : NULL;
}

static int copy_input(
	struct copying *c, const char *base, const char *input, int work, struct err **err)
{
	AUTO_FREE char *path = xstrdup(input);
	for (size_t len = strlen(path); len > 1 && path[len - 1] == '/'; len--)
		path[len - 1] = '\0';
	const char *name = last_name(path);
	if (!name)
		return err_set(err, ERR_INVALID,
			"the input '%s' has no name; name the files or a folder", input);
	if (path[0] == '/')
		return err_set(err, ERR_INVALID,
			"the input %s is not in the repository: paths are relative to the runbook",
			input);
	if (str_eq(name, RUN_SCRIPT))
		return err_set(
			err, ERR_INVALID, "the input %s has the name of the script itself", input);
	AUTO_FREE char *from = path_join(base, path);
	return copy_path(c, from, work, name, 0, err);
}

int run_inputs_copy(const char *root, const char *base, const char *const *inputs, const char *work,
	struct err **err)
{
	struct copying c = {.files = 0};
	AUTO_CLOSE root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return err_errno(err, errno, "open the folder of the inputs %s", root);
	AUTO_CLOSE to = open(work, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return err_errno(err, errno, "open %s", work);
	c.root = root_fd;
	AUTO_STR problems = STR_INIT;
	for (size_t i = 0; inputs[i]; i++) {
		AUTO_ERR one = NULL;
		if (copy_input(&c, base, inputs[i], to, &one) == 0)
			continue;
		str_add(&problems, "\n  ");
		err_format(one, &problems);
	}
	if (problems.len)
		return err_set(err, ERR_INVALID, "copy input files:%s", problems.data);
	return 0;
}

/* A walk over everything in a folder: adds sizes up, or makes it removable. */
struct walk {
	int64_t bytes, limit;
	int entries;
	bool open_up;
};

static void walk_entries(struct walk *w, int fd, int depth)
{
	DIR *dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return;
	}
	for (struct dirent *e; (e = readdir(dir)) && w->bytes <= w->limit;) {
		struct stat st;
		if (str_eq(e->d_name, ".") || str_eq(e->d_name, "..") ||
			fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		w->bytes += st.st_blocks * BLOCK;
		/* Too many to count are too many to keep. */
		if (++w->entries > MAX_ENTRIES)
			w->bytes = w->limit + 1;
		if (!S_ISDIR(st.st_mode) || depth > MAX_DEPTH)
			continue;
		if (w->open_up && fchmodat(dirfd(dir), e->d_name, 0700, 0) < 0)
			continue;
		const int below = openat(
			dirfd(dir), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0)
			walk_entries(w, below, depth + 1);
	}
	(void)closedir(dir);
}

static int64_t walk_folder(const char *path, struct walk *w)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		walk_entries(w, fd, 0);
	return w->bytes;
}

int64_t run_folder_bytes(const char *path, int64_t limit)
{
	struct walk w = {.limit = limit};
	return walk_folder(path, &w);
}

int run_folder_remove(const char *path, struct err **err)
{
	/* Only after the last process of the script: nothing moves under us. */
	struct walk w = {.limit = INT64_MAX - 1, .open_up = true};
	if (chmod(path, 0700) < 0 && errno == ENOENT)
		return 0;
	(void)walk_folder(path, &w);
	return fs_remove_tree(path, err);
}
