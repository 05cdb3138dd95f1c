/*
 * Protects: loading reads what changed and nothing else, checks what hangs on it, finds what went,
 * and refuses what is wrong with every place named. With a real git repository and a plain folder.
 */
#include "reconcile/load.h"
#include "reconcile/run_test.h"

/* Loads what a reconcile would load now; "" or "path:line rule" of each error. */
static const char *load(struct fixture *f, unsigned flags, struct load *l)
{
	AUTO_DIAGS none = {0};
	AUTO_STR text = STR_INIT;
	if (f->session.source)
		session_end(f);
	session_begin(f);
	struct render_types *types = render_types_load(&none);
	ok(f, load_open(&f->session, types, NULL, flags, l, &f->err));
	for (size_t i = 0; i < l->diags.count; i++) {
		const struct diag *d = &l->diags.items[i];
		str_addf(&text, "%s:%u %s\n", d->path, d->line, d->rule);
	}
	render_types_free(types);
	l->types = NULL;
	return arena_strdup(&f->arena, text.data);
}

static size_t read_count(const struct load *l)
{
	size_t n = 0;
	STRMAP_FOREACH (&l->specs, e)
		n += strmap_value(e) != NULL;
	return n;
}

static void only_what_changed_is_read(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 20; i++) {
		AUTO_FREE char *name = xasprintf("c%d", i);
		put_canvas(f, name, "");
	}
	commit(f);
	reconcile(f, 0);
	AUTO_LOAD same = {0};
	assert_string_equal(load(f, 0, &same), "");
	assert_true(same.same);
	assert_int_equal(same.changed_count, 0);
	assert_int_equal(read_count(&same), 0);
	put_bucket(f, "c7", "", "two");
	commit(f);
	AUTO_LOAD one = {0};
	assert_string_equal(load(f, 0, &one), "");
	assert_int_equal(one.changed_count, 1);
	assert_string_equal(one.changed[0], "canvas/c7");
	/* The canvas and the role that it names. */
	assert_int_equal(read_count(&one), 2);
	size_t counts[KIND_COUNT];
	ok(f, load_counts(&one, counts, &f->err));
	assert_int_equal(counts[KIND_CANVAS], 20);
}

/* More files than one process reads alone: all are there, and mistakes are told as ever. */
static void many_files_are_parsed_by_many(void **state)
{
	enum { MANY = 400 };
	struct fixture *f = *state;
	for (int i = 0; i < MANY; i++) {
		AUTO_FREE char *name = xasprintf("c%03d", i);
		put_canvas(f, name, "");
	}
	sh(f, "sed -i 's/^kind: Canvas/kind: Canvsa/' repo/canvases/c123.yaml");
	sh(f, "cp repo/canvases/c200.yaml repo/canvases/c201.yaml");
	commit(f);
	AUTO_LOAD l = {0};
	const char *errors = load(f, 0, &l);
	assert_true(l.ahead.count >= MANY);
	assert_non_null(strstr(errors, "canvases/c123.yaml:2 "));
	assert_non_null(strstr(errors, "canvases/c201.yaml:3 "));
	assert_int_equal(l.diags.errors, 2);
	/* All but the two, and the role. */
	assert_int_equal(l.changed_count, MANY - 2 + 1);
	for (size_t i = 0; i < l.changed_count; i++)
		assert_string_equal(load_spec(&l, l.changed[i])->key, l.changed[i]);
}

static void what_hangs_on_a_change_is_checked(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "a", "");
	put_canvas(f, "b", "");
	commit(f);
	reconcile(f, 0);
	sh(f, "sed -i 's/S3, EC2/EC2/' repo/roles/web.yaml");
	commit(f);
	AUTO_LOAD l = {0};
	assert_string_equal(
		load(f, 0, &l), "canvases/a.yaml:9 role-service\ncanvases/b.yaml:9 role-service\n");
	sh(f, "rm repo/roles/web.yaml");
	commit(f);
	AUTO_LOAD gone = {0};
	const char *errors = load(f, 0, &gone);
	assert_non_null(strstr(errors, "canvases/a.yaml:5 "));
	assert_non_null(strstr(errors, "canvases/b.yaml:5 "));
}

/* Rules over files that did not change: what validate refuses is not recorded either. */
static void what_a_change_makes_wrong_elsewhere_is_found(void **state)
{
	static const struct {
		const char *change, *errors;
	} cases[] = {
		{"sed 's/name: web/name: second/' repo/roles/web.yaml >repo/roles/second.yaml",
			"canvases/bare.yaml:3 canvas-role\n"},
		{"printf 'apiVersion: trueup/v1\\nkind: Config\\nspec:\\n  policy: {limits: "
		 "{maxNodes: "
		 "1}}\\n' >repo/trueup.yaml",
			"canvases/two.yaml:3 policy-limit\n"},
		{"sed 's/name: two.*}/name: old}/' repo/canvases/two.yaml >repo/canvases/old.yaml",
			"canvases/two.yaml:3 spec-renamed\n"},
		{"printf 'apiVersion: trueup/v1\\nkind: Config\\nspec:\\n  policy: {limits: "
		 "{maxObjects: "
		 "4}}\\n' >repo/trueup.yaml",
			""},
		{"sed 's/name: two.*}/name: four}/' repo/canvases/two.yaml "
		 ">repo/canvases/four.yaml",
			"trueup.yaml:1 policy-limit\n"},
	};
	struct fixture *f = *state;
	put_canvas(f, "two", "");
	sh(f, "sed -i 's/name: two/&, renamedFrom: old/; s/^  nodes:/&\\n    - {id: more, data: "
	      "{resourceType: S3}}/' repo/canvases/two.yaml");
	put_canvas(f, "bare", "");
	sh(f, "sed -i '/^  role:/d' repo/canvases/bare.yaml");
	commit(f);
	reconcile(f, 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		sh(f, cases[i].change);
		commit(f);
		AUTO_LOAD l = {0};
		assert_string_equal(load(f, 0, &l), cases[i].errors);
		if (*cases[i].errors)
			sh(f, "git -C repo reset -q --hard HEAD~1");
		else
			reconcile(f, 0);
	}
}

static void a_duplicate_of_an_unchanged_file(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "a", "");
	commit(f);
	reconcile(f, 0);
	sh(f, "mkdir repo/more && cp repo/canvases/a.yaml repo/more/a.yaml");
	commit(f);
	AUTO_LOAD l = {0};
	assert_non_null(strstr(load(f, 0, &l), "spec-duplicate"));
	const struct diag *d = &l.diags.items[0];
	assert_string_equal(d->path, "more/a.yaml");
	assert_string_equal(d->related_path, "canvases/a.yaml");
	/* Moving the file is none. */
	sh(f, "rm repo/canvases/a.yaml");
	commit(f);
	AUTO_LOAD moved = {0};
	assert_string_equal(load(f, 0, &moved), "");
	assert_int_equal(moved.gone_count, 0);
}

static void what_went_is_found(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "a", "");
	put_canvas(f, "b", "");
	commit(f);
	reconcile(f, 0);
	sh(f, "rm repo/canvases/a.yaml && sed -i 's/name: b/name: c/' repo/canvases/b.yaml");
	commit(f);
	AUTO_LOAD l = {0};
	assert_string_equal(load(f, 0, &l), "");
	assert_int_equal(l.gone_count, 2);
	assert_int_equal(l.changed_count, 1);
	assert_string_equal(l.changed[0], "canvas/c");
	assert_null(load_spec(&l, "canvas/a"));
}

static void another_decoder_reads_all(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "a", "");
	put_canvas(f, "b", "");
	commit(f);
	reconcile(f, 0);
	const struct revision_row old = {.commit_id = f->session.source ? "x" : NULL,
		.tree_id = "0000000000000000000000000000000000000000",
		.decoder = "older",
		.actor = "os:a",
		.status = REVISION_DONE};
	int64_t id;
	ok(f, store_revision_add(f->session.store, &old, &id, &f->err));
	AUTO_LOAD l = {0};
	assert_string_equal(load(f, 0, &l), "");
	assert_int_equal(l.changed_count, 3);
	/* And so does a recorded tree that is not there any more. */
	const struct revision_row lost = {.commit_id = "x",
		.tree_id = "1234567890123456789012345678901234567890",
		.decoder = READER_VERSION,
		.actor = "os:a",
		.status = REVISION_DONE};
	ok(f, store_revision_add(f->session.store, &lost, &id, &f->err));
	load_close(&l);
	assert_string_equal(load(f, 0, &l), "");
	assert_int_equal(l.changed_count, 3);
	assert_int_equal(l.gone_count, 0);
}

static void a_plain_folder(void **state)
{
	struct fixture *f = *state;
	sh(f, "rm -rf repo/.git");
	put_canvas(f, "a", "");
	put_canvas(f, "b", "");
	reconcile(f, 0);
	assert_true(is_settled(f));
	put_bucket(f, "a", "", "two");
	AUTO_LOAD l = {0};
	assert_string_equal(load(f, 0, &l), "");
	assert_int_equal(l.changed_count, 1);
	(void)engine_log(f);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan a\napply a\n");
	sh(f, "rm repo/canvases/a.yaml");
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan-destroy a\napply a\n");
}

static void a_default_size_needs_leave_too(void **state)
{
	struct fixture *f = *state;
	sh(f, "echo '  allowedInstanceTypes: [\"m7i.*\"]' >>repo/roles/web.yaml");
	put(f, "repo/canvases/a.yaml",
		"apiVersion: trueup/v1\n"
		"kind: Canvas\n"
		"metadata: {name: a}\n"
		"spec:\n"
		"  role: web\n"
		"  nodes:\n"
		"    - {id: web, data: {resourceType: EC2}}\n");
	commit(f);
	AUTO_LOAD l = {0};
	assert_string_equal(load(f, 0, &l), "canvases/a.yaml:7 role-size\n");
	sh(f, "sed -i 's/EC2}}/EC2, config: {instanceType: m7i.large}}}/' repo/canvases/a.yaml");
	commit(f);
	AUTO_LOAD allowed = {0};
	assert_string_equal(load(f, 0, &allowed), "");
}

static void uncommitted_edits_are_counted(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "a", "");
	commit(f);
	put_bucket(f, "a", "", "two");
	put(f, "repo/notes.txt", "no spec");
	AUTO_LOAD l = {0};
	assert_string_equal(load(f, LOAD_NOTICE, &l), "");
	assert_int_equal(l.uncommitted, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(only_what_changed_is_read),
		pipeline_test(many_files_are_parsed_by_many),
		pipeline_test(what_hangs_on_a_change_is_checked),
		pipeline_test(what_a_change_makes_wrong_elsewhere_is_found),
		pipeline_test(a_duplicate_of_an_unchanged_file),
		pipeline_test(what_went_is_found),
		pipeline_test(another_decoder_reads_all),
		pipeline_test(a_plain_folder),
		pipeline_test(a_default_size_needs_leave_too),
		pipeline_test(uncommitted_edits_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
