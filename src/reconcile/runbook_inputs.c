/*
 * The inputs of a runbook at a commit: found in its tree, and written to a folder of the run's
 * own, from which they are copied as any other folder's files are. Symbolic links are written as
 * what they are: whether they lead out is judged by the copying, in one place for all.
 */
#include "reconcile/runbook_internal.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MAX_INPUT = 1 << 30, MAX_LINK = 4096 };

/* The path from the spec root, without "./" and the slashes at its end; NULL if it leads out. */
static const char *clean_path(struct arena *arena, const char *input)
{
	AUTO_STR path = STR_INIT;
	str_add(&path, RUNBOOK_FOLDER);
	if (input[0] == '/')
		return NULL;
	while (*input) {
		const size_t len = strcspn(input, "/");
		if (len == 2 && strncmp(input, "..", len) == 0)
			return NULL;
		if (len && !(len == 1 && input[0] == '.')) {
			str_addc(&path, '/');
			str_addn(&path, input, len);
		}
		input += len;
		input += strspn(input, "/");
	}
	return arena_strdup(arena, path.data);
}

/* Is inner the path outer, or below it? */
static bool is_within(const char *inner, const char *outer)
{
	const size_t len = strlen(outer);
	return strncmp(inner, outer, len) == 0 && (!inner[len] || inner[len] == '/');
}

static bool wants_input(void *ctx, const char *path, bool is_dir)
{
	const char *const *inputs = ctx;
	for (size_t i = 0; inputs[i]; i++)
		if (is_within(path, inputs[i]) || (is_dir && is_within(inputs[i], path)))
			return true;
	return false;
}

int runbook_inputs_find(struct session *session, struct runbook_run *run,
	struct runbook_inputs *ret, struct err **err)
{
	const struct spec_texts *inputs = &run->runbook->inputs;
	*ret = (struct runbook_inputs){0};
	if (run->on_disk || !inputs->count)
		return 0;
	const char **paths = arena_array(&run->arena, inputs->count + 1, sizeof *paths);
	size_t n = 0;
	for (size_t i = 0; i < inputs->count; i++) {
		const char *path = clean_path(&run->arena, inputs->items[i].text);
		if (path)
			paths[n++] = path;
	}
	const struct source_filter filter = {wants_input, paths};
	return source_diff(
		session->source, NULL, run->rev.tree, &filter, &run->arena, &ret->files, err);
}

enum runbook_path runbook_inputs_at(const struct runbook_inputs *inputs, const char *path)
{
	AUTO_ARENA scratch = {0};
	const char *clean = clean_path(&scratch, path);
	if (!clean)
		return RUNBOOK_PATH_ESCAPES;
	for (size_t i = 0; i < inputs->files.count; i++)
		if (is_within(inputs->files.items[i].path, clean))
			return RUNBOOK_PATH_THERE;
	return RUNBOOK_PATH_MISSING;
}

static int write_one(
	struct session *session, const struct source_change *file, const char *to, struct err **err)
{
	AUTO_STR data = STR_INIT;
	const bool link = file->entry == SOURCE_SYMLINK;
	if (file->entry == SOURCE_SUBMODULE)
		return err_set(err, ERR_INVALID,
			"the input %s is a submodule, whose files are not in this repository",
			file->path);
	if (source_read(session->source, file->new_id, link ? MAX_LINK : MAX_INPUT, &data, err) < 0)
		return err_wrap(err, "the input %s", file->path);
	if (!link)
		return run_file_write(to, data.data, data.len, file->executable ? 0700 : 0600, err);
	return symlink(data.data, to) == 0 ? 0 : err_errno(err, errno, "make the link %s", to);
}

int runbook_inputs_write(struct session *session, const struct runbook_inputs *inputs,
	const char *dir, struct err **err)
{
	for (size_t i = 0; i < inputs->files.count; i++) {
		const struct source_change *file = &inputs->files.items[i];
		AUTO_FREE char *to = path_join(dir, file->path);
		AUTO_FREE char *folder = xstrndup(to, (size_t)(strrchr(to, '/') - to));
		if (fs_mkdirs(folder, 0700, err) < 0 || write_one(session, file, to, err) < 0)
			return -1;
	}
	return 0;
}
