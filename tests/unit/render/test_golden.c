/*
 * Protects: the bytes of rendered files. Every folder of tests/golden/render/ holds role.yaml,
 * canvas.yaml, optionally config.yaml, and what they render to. After a change that is meant,
 * TRUEUP_REGEN=1 writes the new files; look at the difference before committing it.
 */
#include "check.h"
#include "golden.h"

#include <dirent.h>

static void compare_file(const char *dir, const struct render_file *f, struct arena *arena)
{
	AUTO_ERR err = NULL;
	char *path = arena_printf(arena, "%s/expected/%s", dir, f->name);
	if (getenv("TRUEUP_REGEN")) {
		assert_int_equal(fs_mkdirs(arena_printf(arena, "%s/expected", dir), 0755, &err), 0);
		assert_int_equal(fs_write_atomic(path, f->data, f->len, 0644, &err), 0);
		return;
	}
	AUTO_STR text = STR_INIT;
	if (fs_read(path, 1 << 22, &text, &err) < 0)
		fail_msg("%s is rendered and not expected", path);
	if (!str_eq(text.data, f->data))
		fail_msg("%s differs; rendered:\n%s", path, f->data);
}

static void compare_folder(struct render_types *types, const char *dir)
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	AUTO_ERR err = NULL;
	const char *role_text = golden_read(&arena, dir, "role.yaml");
	const char *canvas_text = golden_read(&arena, dir, "canvas.yaml");
	const char *config_text = golden_read(&arena, dir, "config.yaml");
	const struct spec *role = golden_spec(&arena, "role.yaml", role_text, &diags);
	const struct spec *canvas = golden_spec(&arena, "canvas.yaml", canvas_text, &diags);
	const struct spec *config =
		config_text ? golden_spec(&arena, "config.yaml", config_text, &diags) : NULL;
	golden_print(&diags);
	assert_int_equal(diags.errors, 0);
	struct render_input input = {
		.name = canvas->name,
		.canvas = canvas->canvas,
		.role = role->role,
		.config = config ? config->config : NULL,
		.repository = "example/specs",
	};
	struct rendering r;
	int result = render_canvas(types, &input, &arena, &r, &diags);
	golden_print(&diags);
	assert_int_equal(result, 0);
	if (getenv("TRUEUP_REGEN"))
		assert_int_equal(fs_remove_tree(arena_printf(&arena, "%s/expected", dir), &err), 0);
	for (size_t i = 0; i < r.file_count; i++)
		compare_file(dir, &r.files[i], &arena);

	size_t expected = 0;
	DIR *d = opendir(arena_printf(&arena, "%s/expected", dir));
	assert_non_null(d);
	for (const struct dirent *e; (e = readdir(d));)
		expected += str_ends(e->d_name, ".tf");
	closedir(d);
	assert_int_equal(expected, r.file_count);
}

static void golden_folders(void **state)
{
	(void)state;
	AUTO_DIAGS diags = {0};
	struct render_types *types = render_types_load(&diags);
	assert_non_null(types);
	DIR *d = opendir(GOLDEN);
	assert_non_null(d);
	size_t folders = 0;
	for (const struct dirent *e; (e = readdir(d));) {
		char dir[512];
		snprintf(dir, sizeof(dir), GOLDEN "/%s", e->d_name);
		AUTO_STR canvas = STR_INIT;
		str_addf(&canvas, "%s/canvas.yaml", dir);
		if (e->d_name[0] == '.' || !fs_exists(canvas.data))
			continue;
		compare_folder(types, dir);
		folders++;
	}
	closedir(d);
	assert_true(folders > 0);
	render_types_free(types);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(golden_folders)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
