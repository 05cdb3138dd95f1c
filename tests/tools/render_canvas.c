/*
 * For tests of what is rendered: one canvas with one role, without a repository, store or engine.
 *
 *	render_canvas ROLE CANVAS DIR      writes the files into the folder DIR
 *	render_canvas -c ROLE CANVAS       checks only
 *	render_canvas -p ROLE OLD NEW      prints the preview, "replace aws_instance.web" a line;
 *	                                   "-" for OLD or NEW: no canvas
 *
 * Mistakes go to stderr, one a line without source lines; exit 1 if there are any.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "render/render.h"

#include <stdio.h>
#include <string.h>

enum { MAX_FILE = 8 * 1024 * 1024 };

struct tool {
	struct arena arena;
	struct diag_list diags;
	struct render_types *types;
};

static struct spec *load(struct tool *t, const char *path)
{
	AUTO_ERR err = NULL;
	AUTO_STR text = STR_INIT;
	if (fs_read(path, MAX_FILE, &text, &err) < 0) {
		AUTO_STR reason = STR_INIT;
		err_format(err, &reason);
		fprintf(stderr, "%s\n", reason.data);
		return NULL;
	}
	struct src *src = arena_alloc(&t->arena, sizeof(*src));
	*src = (struct src){arena_strdup(&t->arena, path),
		arena_memdup(&t->arena, text.data, text.len), text.len};
	return spec_load(&t->arena, src, &t->diags);
}

/* 0; -1 after adding to diags. "-" gives an empty rendering. */
static int render(struct tool *t, const struct spec *role, const char *path, bool check_only,
	struct rendering *ret)
{
	*ret = (struct rendering){0};
	if (strcmp(path, "-") == 0)
		return 0;
	const struct spec *spec = load(t, path);
	if (!spec || spec->kind != KIND_CANVAS || !role || role->kind != KIND_ROLE)
		return -1;
	const struct render_input input = {
		.name = spec->name,
		.canvas = spec->canvas,
		.role = role->role,
		.repository = "test",
		.pos = spec->name_pos,
	};
	if (!check_only)
		return render_canvas(t->types, &input, &t->arena, ret, &t->diags);
	render_check_canvas(t->types, &input, &t->diags);
	return t->diags.errors ? -1 : 0;
}

static int write_files(const struct rendering *r, const char *dir)
{
	AUTO_ERR err = NULL;
	for (size_t i = 0; i < r->file_count; i++) {
		AUTO_FREE char *path = path_join(dir, r->files[i].name);
		if (fs_write_atomic(path, r->files[i].data, r->files[i].len, 0644, &err) < 0) {
			AUTO_STR reason = STR_INIT;
			err_format(err, &reason);
			fprintf(stderr, "%s\n", reason.data);
			return -1;
		}
	}
	return 0;
}

static void print_preview(
	struct tool *t, const struct rendering *before, const struct rendering *after)
{
	struct preview p;
	render_preview(t->types, before, after, &t->arena, &p);
	for (size_t i = 0; i < p.count; i++)
		printf("%s %s\n", preview_action_name(p.changes[i].action), p.changes[i].address);
}

static int run(struct tool *t, char **args)
{
	const bool preview = strcmp(args[0], "-p") == 0, check = strcmp(args[0], "-c") == 0;
	if (preview || check)
		args++;
	const struct spec *role = load(t, args[0]);
	struct rendering first, second;
	if (render(t, role, args[1], check, &first) < 0)
		return -1;
	if (check)
		return 0;
	if (!preview)
		return write_files(&first, args[2]);
	if (render(t, role, args[2], false, &second) < 0)
		return -1;
	print_preview(t, strcmp(args[1], "-") == 0 ? NULL : &first,
		strcmp(args[2], "-") == 0 ? NULL : &second);
	return 0;
}

static void print_diags(const struct diag_list *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *d = &diags->items[i];
		fprintf(stderr, "%s:%u:%u: %s [%s]\n", d->path ? d->path : "-", d->line, d->col,
			d->message, d->rule);
		if (d->hint)
			fprintf(stderr, "   %s\n", d->hint);
	}
}

int main(int argc, char **argv)
{
	struct tool t = {0};
	if (argc < 4 || (strcmp(argv[1], "-p") == 0 && argc < 5)) {
		fprintf(stderr, "usage: render_canvas [-c | -p] ROLE CANVAS [DIR | NEW]\n");
		return 64;
	}
	t.types = render_types_load(&t.diags);
	int rc = t.types ? run(&t, argv + 1) : -1;
	diag_sort(&t.diags);
	print_diags(&t.diags);
	render_types_free(t.types);
	diag_list_release(&t.diags);
	arena_release(&t.arena);
	return rc < 0 || t.diags.errors ? 1 : 0;
}
