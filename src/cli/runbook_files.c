#include "cli/runbook_files.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "report/diag_print.h"
#include "runbook/validate.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "runbooks"

enum { ENV_FILE_MAX = 1024 * 1024 };

/* ---- names ---- */

static char *stem_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const size_t len = strlen(base);
	return arena_memdup(arena, base, str_ends(base, ".md") ? len - 3 : len);
}

static bool is_named(const struct cli *cli, struct arena *arena, const char *name)
{
	const size_t count = operand_count(cli->opts);
	for (size_t i = 0; i < count; i++)
		if (str_eq(stem_of(arena, operand(cli->opts, i)), name))
			return true;
	return count == 0;
}

static int not_found(const struct runbook_files *files, const char *name, struct err **err)
{
	AUTO_FREE const char **names = xcalloc(files->worktree.path_count + 1, sizeof *names);
	AUTO_ARENA scratch = {0};
	size_t count = 0;
	for (size_t i = 0; i < files->worktree.path_count; i++)
		if (spec_path_class(files->worktree.paths[i]) == SPEC_PATH_RUNBOOKS)
			names[count++] = stem_of(&scratch, files->worktree.paths[i]);
	const char *near = str_nearest(name, names);
	if (near)
		return err_set(err, ERR_NOT_FOUND, "Runbook not found: %s; did you mean '%s'?",
			name, near);
	return err_set(err, ERR_NOT_FOUND,
		"Runbook not found: %s; 'trueup runbook list' lists them", name);
}

static int check_names(const struct cli *cli, struct runbook_files *files, struct err **err)
{
	for (size_t i = 0; i < operand_count(cli->opts); i++) {
		const char *name = stem_of(&files->worktree.arena, operand(cli->opts, i));
		bool found = false;
		for (size_t k = 0; k < files->count; k++)
			found = found || str_eq(files->items[k].name, name);
		if (!found)
			return not_found(files, name, err);
	}
	return 0;
}

/* ---- reading ---- */

static int read_one(struct runbook_files *files, const char *path, struct err **err)
{
	struct worktree *w = &files->worktree;
	const struct src *src;
	files->items = arena_grow(
		&w->arena, files->items, files->count, &files->cap, sizeof files->items[0]);
	struct runbook_file *file = &files->items[files->count++];
	*file = (struct runbook_file){.path = path, .name = stem_of(&w->arena, path)};
	diag_list_release(&w->diags);
	if (worktree_read(w, path, &src, err) < 0)
		return -1;
	/* What the worktree says about a file that it did not hand over. */
	diag_append(&file->diags, &w->diags);
	if (src)
		file->runbook = runbook_parse(&w->arena, src, &file->diags);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct runbook_file *x = a, *y = b;
	return strcmp(x->name, y->name);
}

int runbook_files_open(const struct cli *cli, struct runbook_files *ret, struct err **err)
{
	*ret = (struct runbook_files){0};
	struct worktree *w = &ret->worktree;
	if (worktree_open(".", w, err) < 0)
		return -1;
	for (size_t i = 0; i < w->path_count; i++) {
		const char *path = w->paths[i];
		if (spec_path_class(path) == SPEC_PATH_RUNBOOKS &&
			is_named(cli, &w->arena, stem_of(&w->arena, path)) &&
			read_one(ret, path, err) < 0)
			return -1;
	}
	if (ret->count)
		qsort(ret->items, ret->count, sizeof ret->items[0], compare_names);
	return check_names(cli, ret, err);
}

void runbook_files_close(struct runbook_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		diag_list_release(&files->items[i].diags);
	worktree_close(&files->worktree);
}

/* ---- checking ---- */

struct world {
	int folder;
	const struct given_vars *vars;
};

static bool variable(void *data, const char *name)
{
	return runbook_variable_value(((const struct world *)data)->vars, name) != NULL;
}

static enum runbook_path path_on_disk(void *data, const char *path)
{
	return runbook_path_on_disk(&((struct world *)data)->folder, path);
}

bool runbook_file_validate(
	struct runbook_files *files, struct runbook_file *file, const struct given_vars *vars)
{
	if (!file->runbook)
		return false;
	AUTO_FREE char *folder = path_join(source_dir(files->worktree.source), FOLDER);
	AUTO_CLOSE fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct world data = {fd, vars};
	const struct runbook_world world = {
		.variable = vars ? variable : NULL,
		.path = fd >= 0 ? path_on_disk : NULL,
		.data = &data,
	};
	return runbook_validate(file->runbook, &world, &file->diags);
}

/* ---- variables ---- */

static int read_env_file(const struct cli *cli, struct arena *arena, const char *path,
	struct given_vars *ret, struct err **err)
{
	AUTO_STR text = STR_INIT;
	AUTO_DIAGS diags = {0};
	if (fs_read(path, ENV_FILE_MAX, &text, err) < 0)
		return err_wrap(err, "--env-file");
	struct src *src = arena_alloc(arena, sizeof *src);
	*src = (struct src){path, arena_memdup(arena, text.data, text.len), text.len};
	given_vars_read(arena, src, ret, &diags);
	if (!diags.errors)
		return 0;
	diag_print_text(cli->errout, &diags);
	return err_set(err, ERR_INVALID, "--env-file %s cannot be used", path);
}

int runbook_variables_given(
	const struct cli *cli, struct arena *arena, struct given_vars *ret, struct err **err)
{
	*ret = (struct given_vars){0};
	for (const char *const *p = opt_list(cli->opts, "env-file"); *p; p++)
		if (read_env_file(cli, arena, *p, ret, err) < 0)
			return -1;
	for (const char *const *p = opt_list(cli->opts, "env"); *p; p++)
		if (given_vars_add(arena, *p, ret, err) < 0)
			return err_wrap(err, "--env");
	return 0;
}

const char *runbook_variable_value(const struct given_vars *vars, const char *name)
{
	const struct given_var *given = given_vars_get(vars, name);
	return given ? given->value : getenv(name);
}

const char *runbook_claims_text(struct arena *arena, const struct runbook *rb)
{
	AUTO_STR text = STR_INIT;
	if (!rb->claim_count)
		return NULL;
	for (size_t i = 0; i < rb->claim_count; i++) {
		const struct runbook_claim *claim = &rb->claim[i];
		str_addf(&text, "%s%s: ", i ? "; " : "", claim->name.text);
		for (size_t k = 0; k < claim->values.count; k++)
			str_addf(&text, "%s%s", k ? ", " : "", claim->values.items[k].text);
	}
	return arena_strdup(arena, text.data);
}
