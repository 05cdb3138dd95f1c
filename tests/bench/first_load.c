/*
 * Usage: first_load DIR : loads all specs of the repository DIR as the first reconcile does: reads,
 * parses, checks, cross-checks and records them, everything left of the preview. With --applied
 * each object is then recorded as applied, as it is after a reconcile whose canvases were all
 * built: rows that measure a run with nothing to do start from there.
 */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/load.h"

#include <stdio.h>
#include <string.h>

struct job {
	struct session session;
	struct render_types *types;
	struct load load;
	struct load_seen *seen;
	size_t count;
	struct arena arena;
};

/* The digests of the objects, as the pipeline works them out. */
static void digest_all(struct job *j)
{
	struct load *l = &j->load;
	j->seen = arena_array(&j->arena, l->changed_count, sizeof *j->seen);
	for (size_t i = 0; i < l->changed_count; i++) {
		const struct spec *spec = load_spec(l, l->changed[i]);
		char *digest = arena_alloc(&j->arena, DIGEST_HEX);
		if (spec->kind == KIND_CANVAS) {
			const struct spec *role = load_role_of(l, spec);
			const struct spec_digest_input input = {
				.spec = spec,
				.role = role ? role->role : NULL,
				.config = l->config,
				.outputs = node_new_map(&j->arena),
				.renderer = RENDER_VERSION,
			};
			spec_digest(&input, digest);
		} else {
			spec_digest_plain(spec, digest);
		}
		j->seen[j->count++] = (struct load_seen){spec->key, digest};
	}
}

static int mark_applied(struct job *j, int64_t revision, struct err **err)
{
	struct store *store = j->session.store;
	struct object_rows rows = {0};
	const struct object_filter all = {0};
	if (store_begin(store, err) < 0 ||
		store_objects(store, &all, OBJECT_FULL, &j->arena, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++) {
		const struct object_row row = {
			.key = rows.items[i].key,
			.applied_digest = rows.items[i].seen_digest,
			.applied_revision = rows.items[i].seen_revision,
			.applied_spec_json = rows.items[i].spec_json,
			.applied_renderer = RENDER_VERSION,
		};
		if (store_object_applied(store, &row, j->session.now_ms, err) < 0)
			return -1;
	}
	if (store_revision_status(store, revision, REVISION_DONE, err) < 0)
		return -1;
	return store_commit(store, err);
}

static int work(struct job *j, const char *dir, bool applied, struct err **err)
{
	const struct session_options options = {.dir = dir, .flags = SESSION_LOCK, .what = "bench"};
	AUTO_DIAGS diags = {0};
	int64_t revision = 0;
	if (session_open(&options, &j->session, err) < 0)
		return -1;
	j->types = render_types_load(&diags);
	if (!j->types || load_open(&j->session, j->types, NULL, 0, &j->load, err) < 0)
		return -1;
	if (j->load.diags.errors)
		return err_set(err, ERR_INVALID, "the specs are invalid");
	digest_all(j);
	if (load_record(&j->load, j->seen, j->count, &revision, err) < 0)
		return -1;
	return applied ? mark_applied(j, revision, err) : 0;
}

int main(int argc, char **argv)
{
	const bool applied = argc == 3 && strcmp(argv[1], "--applied") == 0;
	if (argc != 2 && !applied) {
		(void)fprintf(stderr, "usage: first_load [--applied] DIR\n");
		return 2;
	}
	struct job j = {.session = SESSION_NONE};
	AUTO_ERR err = NULL;
	const int result = work(&j, argv[argc - 1], applied, &err);
	if (result < 0) {
		AUTO_STR text = STR_INIT;
		err_format(err, &text);
		(void)fprintf(stderr, "first_load: %s\n", text.data);
	} else {
		(void)printf("%zu specs recorded\n", j.count);
	}
	load_close(&j.load);
	render_types_free(j.types);
	session_close(&j.session);
	arena_release(&j.arena);
	return result < 0;
}
