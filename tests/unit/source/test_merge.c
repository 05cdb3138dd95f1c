/*
 * Protects: a preview of what a branch would be after a merge: the changes of both sides, the
 * place where they parted, conflicts by name, and a repository in which nothing moved.
 */
#include "source_test.h"

#define REPO                                                                                       \
	"git init -qb main r; cd r; mkdir -p infra other; echo a >infra/a.yaml;"                   \
	"echo b >infra/b.yaml; echo o >other/o.yaml; git add .; git commit -qm one;"               \
	"git rev-parse HEAD >../parted; git switch -qc topic; echo aa >infra/a.yaml;"              \
	"echo new >infra/c.yaml; git add .; git commit -qm topic; git switch -q main;"             \
	"echo bb >infra/b.yaml; git commit -qam two; echo x >other/o.yaml; git commit -qam three;"

static const char *id_of(struct fixture *f, const char *rev)
{
	struct source_rev r;
	ok(f, source_resolve(f->source, rev, &r, &f->err));
	return arena_strdup(&f->arena, r.commit);
}

static const char *text_at(struct fixture *f, const char *tree, const char *path)
{
	AUTO_STR text = STR_INIT;
	ok(f, source_read_path(f->source, tree, path, 100, &text, &f->err));
	return arena_strdup(&f->arena, text.data);
}

static void merges_in_memory(void **state)
{
	struct fixture *f = *state;
	struct source_merge m;
	sh(f, REPO);
	open_at(f, "r", "infra");
	const char *main_id = id_of(f, "main"), *topic = id_of(f, "topic");
	ok(f, source_merge(f->source, main_id, topic, &f->arena, &m, &f->err));
	assert_int_equal(m.conflict_count, 0);
	assert_int_equal(m.behind, 2);
	assert_string_equal(m.base, id_of(f, "main~2"));
	assert_string_equal(text_at(f, m.tree, "a.yaml"), "aa\n");
	assert_string_equal(text_at(f, m.tree, "b.yaml"), "bb\n");
	assert_string_equal(text_at(f, m.tree, "c.yaml"), "new\n");
	assert_string_equal(id_of(f, "main"), main_id);
	sh(f, "cd r; test -z \"$(git status --porcelain)\"; git merge -q --no-edit topic");
	struct source_rev merged;
	ok(f, source_resolve(f->source, "main", &merged, &f->err));
	assert_string_equal(merged.tree, m.tree);
	bool before;
	ok(f, source_is_before(f->source, topic, merged.commit, &before, &f->err));
	assert_true(before);
	ok(f, source_is_before(f->source, merged.commit, topic, &before, &f->err));
	assert_false(before);
	ok(f, source_is_before(f->source, topic, topic, &before, &f->err));
	assert_true(before);
}

static void names_conflicts(void **state)
{
	struct fixture *f = *state;
	struct source_merge m;
	sh(f, REPO "echo mine >infra/a.yaml; git commit -qam four");
	open_at(f, "r", "infra");
	ok(f, source_merge(f->source, id_of(f, "main"), id_of(f, "topic"), &f->arena, &m, &f->err));
	assert_int_equal(m.conflict_count, 1);
	assert_string_equal(m.conflicts[0], "infra/a.yaml");
	assert_string_equal(m.tree, "");
}

static void histories_that_share_nothing(void **state)
{
	struct fixture *f = *state;
	struct source_merge m;
	sh(f, REPO
		"git switch -q --orphan odd; echo z >z.yaml; git add z.yaml; git commit -qm odd");
	open_at(f, "r", NULL);
	ok(f, source_merge(f->source, id_of(f, "main"), id_of(f, "odd"), &f->arena, &m, &f->err));
	assert_string_equal(m.base, "");
	assert_string_equal(text_at(f, m.tree, "z.yaml"), "z\n");
	fails(f,
		source_merge(f->source, id_of(f, "main"),
			"0123456789012345678901234567890123456789", &f->arena, &m, &f->err),
		ERR_NOT_FOUND, "read commit 0123456789");
}

/* What one side, then the other does to the same commit. */
static const struct {
	const char *ours, *theirs;
} both[] = {
	{"echo 1 >d/e/one", "echo 2 >d/e/two"}, /* the same folder, other files */
	{"echo 1 >d/e/one", "git rm -qr d/f"},
	{"git rm -q d/e/one", "git rm -q d/e/two"}, /* leaves an empty folder */
	{"git rm -q d/f/three", "git rm -qr d/e"}, /* and one above it */
	{"git rm -q d/e/one", "git rm -q d/e/one"},
	{"echo 1 >d/e/one", "echo 1 >d/e/one"},
	{"echo 1 >new/x", "echo 1 >new/y"},
	{"echo 1 >new/x", "echo 1 >new/x"},
	{"echo 1 >new/x", "echo 2 >new/x"},
	{"git mv long moved", "sed -i s/3/three/ long"},
	{"git mv long moved", "git rm -q long"},
	{"git mv long moved", "git mv long away"},
	{"git mv long moved", "git mv long moved"},
	{"git mv d/e d/g", "echo 1 >d/e/new"},
	{"sed -i s/3/three/ long", "sed -i s/17/seventeen/ long"},
	{"sed -i s/3/three/ long", "sed -i s/3/THREE/ long"},
	{"chmod +x long", "sed -i s/3/three/ long"},
	{"chmod +x long", "echo 1 >d/e/one"},
	{"git rm -q d/e/one; mkdir -p d/e/one; echo 1 >d/e/one/x", "echo 1 >d/e/two"},
	{"git rm -q d/e/one; mkdir -p d/e/one; echo 1 >d/e/one/x", "echo 1 >d/e/one"},
	{"git rm -qr d/e; echo 1 >d/e", "echo 1 >d/e/one"},
	{"git rm -qr d/e; echo 1 >d/e", "echo 1 >d/f/three"},
	{"git rm -qr d", "echo 1 >d.txt"}, /* sorts between a file and a folder of that name */
	{"git rm -qr .", "echo 1 >d/e/one"},
	{"ln -sf long d/e/one", "echo 1 >d/e/two"},
	{":", "echo 1 >d/e/one"},
	{"echo 1 >d/e/one", ":"},
};

static void agrees_with_git(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		struct source_merge m;
		char name[32];
		(void)snprintf(name, sizeof name, "both%zu", i);
		AUTO_FREE char *script = xasprintf(
			"git init -qb main %s; cd %s; mkdir -p d/e d/f; seq 30 >long;"
			"echo one >d/e/one; echo two >d/e/two; echo three >d/f/three;"
			"git add .; git commit -qm base; git switch -qc topic; mkdir -p new; { %s; "
			"};"
			"git add -A; git commit -qm theirs --allow-empty; git switch -q main;"
			"mkdir -p new; { %s; }; git add -A; git commit -qm ours --allow-empty;"
			/* A clean merge prints its tree, another one goes on with conflicts. */
			"if git -c merge.directoryRenames=false merge-tree --write-tree main topic "
			">got; then git tag clean \"$("
			"head -n 1 got)\"; else :; fi",
			name, name, both[i].theirs, both[i].ours);
		sh(f, script);
		open_at(f, name, NULL);
		ok(f, source_merge(f->source, id_of(f, "main"), id_of(f, "topic"), &f->arena, &m,
			      &f->err));
		AUTO_FREE char *check = xasprintf("cd %s; test \"$(git rev-parse -q --verify "
						  "clean)\" = '%s'",
			name, m.tree);
		sh(f, check);
		assert_int_equal(!*m.tree, m.conflict_count > 0);
		source_close(&f->source);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		source_test(merges_in_memory),
		source_test(names_conflicts),
		source_test(agrees_with_git),
		source_test(histories_that_share_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
