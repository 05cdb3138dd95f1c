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

int main(void)
{
	const struct CMUnitTest tests[] = {
		source_test(merges_in_memory),
		source_test(names_conflicts),
		source_test(histories_that_share_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
