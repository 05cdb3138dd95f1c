/*
 * Protects: finding repositories and sub-folders, HEAD with and without libgit2, revisions, tree
 * diffs, uncommitted changes, and notes from two processes at once, against the real git.
 */
#include "source_test.h"

#define NEW_REPO                                                                                   \
	"git init -q -b main r; cd r; mkdir -p canvases infra/prod;"                               \
	"echo a >canvases/a.yaml; echo b >canvases/b.yaml; echo p >infra/prod/p.yaml;"             \
	"git add .; git commit -qm one;"

static void resolve(struct fixture *f, const char *rev, struct source_rev *ret)
{
	ok(f, source_resolve(f->source, rev, ret, &f->err));
}

/* The fast and the slow way must agree. */
static void check_head(struct fixture *f, const char *branch)
{
	struct source_rev fast, slow;
	assert_true(source_head_fast(f->source, &fast));
	resolve(f, NULL, &slow);
	assert_string_equal(fast.commit, slow.commit);
	assert_string_equal(fast.branch, branch);
	assert_string_equal(slow.branch, branch);
	assert_true(slow.committed_at > 0);
}

static void finds_repositories(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO "git clone -q --bare . ../bare.git; git worktree add -q ../wt -b topic");
	static const struct {
		const char *path, *root, *name, *subtree, *state, *branch;
	} cases[] = {
		{"r", NULL, "r", "", "r/.git/trueup", "main"},
		{"r/.git", NULL, "r", "", "r/.git/trueup", "main"},
		{"bare.git", NULL, "bare", "", "bare.git/trueup", "main"},
		{"wt", NULL, "wt", "", "r/.git/trueup", "topic"},
		{"r/infra/prod", NULL, "prod", "infra/prod", "r/.git/trueup/roots/", "main"},
		{"r", "./infra//prod/", "prod", "infra/prod", "r/.git/trueup/roots/", "main"},
		{"r/infra", "prod", "prod", "infra/prod", "r/.git/trueup/roots/", "main"},
		{"bare.git", "infra/prod", "prod", "infra/prod", "bare.git/trueup/roots/", "main"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		open_at(f, cases[i].path, cases[i].root);
		assert_int_equal(source_kind(f->source), SOURCE_GIT);
		assert_string_equal(source_name(f->source), cases[i].name);
		assert_string_equal(source_subtree(f->source), cases[i].subtree);
		AUTO_FREE char *prefix = path_join(f->dir, cases[i].state);
		assert_true(str_starts(source_state_dir(f->source), prefix));
		if (strncmp(cases[i].path, "bare", 4) == 0)
			assert_null(source_dir(f->source));
		else
			assert_true(str_starts(source_dir(f->source), f->dir));
		check_head(f, cases[i].branch);
		struct source_rev rev;
		resolve(f, NULL, &rev);
		struct source_changes all;
		ok(f, source_diff(f->source, NULL, rev.tree, NULL, &f->arena, &all, &f->err));
		assert_string_equal(shown(f, &all),
			*cases[i].subtree ? "+p.yaml"
					  : "+canvases/a.yaml +canvases/b.yaml +infra/prod/p.yaml");
	}
}

static void refuses_what_is_no_root(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO "echo x >file");
	AUTO_FREE char *repo = path_join(f->dir, "r");
	AUTO_FREE char *file = path_join(f->dir, "r/file");
	AUTO_FREE char *gone = path_join(f->dir, "gone");
	fails(f, source_open(gone, NULL, &f->source, &f->err), ERR_NOT_FOUND, "gone");
	fails(f, source_open(file, NULL, &f->source, &f->err), ERR_INVALID, "is not a folder");
	fails(f, source_open(repo, "a/../../b", &f->source, &f->err), ERR_INVALID, "leads out");
	open_at(f, "r", "nowhere");
	struct source_rev rev;
	fails(f, source_resolve(f->source, NULL, &rev, &f->err), ERR_NOT_FOUND,
		"has no folder 'nowhere'");
	open_at(f, "r", "canvases/a.yaml");
	fails(f, source_resolve(f->source, NULL, &rev, &f->err), ERR_NOT_FOUND,
		"has no folder 'canvases/a.yaml'");
}

static void heads_of_all_kinds(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO "git branch feature/x; git tag -a v1 -m v1; echo c >c.yaml; git add .;"
		       "git commit -qm two; git pack-refs --all");
	open_at(f, "r", NULL);
	check_head(f, "main"); /* packed */
	struct source_rev rev, tag, branch;
	resolve(f, "v1", &tag);
	resolve(f, "feature/x", &branch);
	resolve(f, "HEAD~1", &rev);
	assert_string_equal(tag.commit, rev.commit);
	assert_string_equal(branch.commit, rev.commit);
	assert_string_equal(tag.branch, "");
	assert_string_equal(branch.branch, "feature/x");
	sh(f, "cd r; git checkout -q feature/x");
	check_head(f, "feature/x");
	sh(f, "cd r; echo d >d; git add d; git commit -qm d"); /* loose over packed */
	check_head(f, "feature/x");
	sh(f, "cd r; git checkout -q --detach");
	check_head(f, "");
	fails(f, source_resolve(f->source, "nosuch", &rev, &f->err), ERR_NOT_FOUND,
		"no revision 'nosuch'");
	fails(f, source_resolve(f->source, "HEAD:c.yaml", &rev, &f->err), ERR_NOT_FOUND,
		"no revision");
	fails(f, source_resolve(f->source, "HEAD^{tree}", &rev, &f->err), ERR_INVALID,
		"not a commit");
}

/* Whatever is odd must be left to libgit2, not guessed. */
static void odd_heads_are_not_guessed(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO "git rev-parse HEAD >../id");
	open_at(f, "r", NULL);
	static const char *const scripts[] = {
		"cd r; mv .git/refs/heads/main .git/main; ln -s ../../main .git/refs/heads/main",
		"cd r; rm .git/refs/heads/main; mkdir .git/refs/heads/main; "
		"echo \"$(cat ../id) refs/heads/main\" >.git/packed-refs",
		"cd r; rmdir .git/refs/heads/main; echo 'ref: refs/heads/other' "
		">.git/refs/heads/main",
		"cd r; echo abc >.git/refs/heads/main",
		"cd r; printf 'ref: refs/heads/main' >.git/HEAD",
		"cd r; echo 'ref: refs/heads/../../x' >.git/HEAD",
		"cd r; echo 'ref: refs/heads/.invalid' >.git/HEAD",
		"cd r; echo garbage >.git/HEAD",
	};
	struct source_rev rev;
	assert_true(source_head_fast(f->source, &rev));
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		sh(f, scripts[i]);
		assert_false(source_head_fast(f->source, &rev));
	}
}

static void an_unborn_branch_says_so(void **state)
{
	struct fixture *f = *state;
	sh(f, "git init -q -b trunk r");
	open_at(f, "r", NULL);
	struct source_rev rev;
	assert_false(source_head_fast(f->source, &rev));
	fails(f, source_resolve(f->source, NULL, &rev, &f->err), ERR_NOT_FOUND,
		"branch 'trunk' has no commit yet");
	sh(f, "echo x >r/x.yaml");
	struct source_changes changes;
	ok(f, source_diff_worktree(f->source, NULL, NULL, &f->arena, &changes, &f->err));
	assert_string_equal(shown(f, &changes), "+x.yaml!");
}

static bool wants_yaml(void *ctx, const char *path, bool is_dir)
{
	(void)ctx;
	return is_dir ? !str_eq(path, "skip") : str_ends(path, ".yaml");
}

static void diffs_trees(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO "git -c protocol.file.allow=always submodule -q add ./ sub 2>/dev/null; git "
		       "rm -qf .gitmodules;"
		       "echo c >canvases/b.yaml; git rm -q canvases/a.yaml; ln -s canvases/b.yaml "
		       "link.yaml;"
		       "mkdir skip; echo s >skip/s.yaml; echo t >t.txt; chmod +x infra/prod/p.yaml;"
		       "mkdir a; echo 1 >a/z.yaml; echo 2 >a-b.yaml; echo 3 >a.yaml; git add -A;"
		       "git commit -qm two");
	open_at(f, "r", NULL);
	struct source_rev old, new;
	resolve(f, "HEAD~1", &old);
	resolve(f, NULL, &new);
	struct source_changes changes;
	const struct source_filter filter = {wants_yaml, NULL};
	ok(f, source_diff(f->source, old.tree, new.tree, &filter, &f->arena, &changes, &f->err));
	assert_string_equal(shown(f, &changes),
		"+a-b.yaml +a.yaml +a/z.yaml -canvases/a.yaml ~canvases/b.yaml +link.yaml@ +sub%");
	ok(f, source_diff(f->source, new.tree, old.tree, NULL, &f->arena, &changes, &f->err));
	assert_string_equal(shown(f, &changes),
		"-a-b.yaml -a.yaml -a/z.yaml +canvases/a.yaml ~canvases/b.yaml -link.yaml@ "
		"-skip/s.yaml -sub% -t.txt");
	ok(f, source_diff(f->source, new.tree, new.tree, NULL, &f->arena, &changes, &f->err));
	assert_int_equal(changes.count, 0);
	/* Content comes by id, within the limit. */
	ok(f, source_diff(f->source, old.tree, new.tree, NULL, &f->arena, &changes, &f->err));
	AUTO_STR text = STR_INIT;
	ok(f, source_read_change(f->source, &changes.items[4], 2, &text, &f->err));
	assert_string_equal(text.data, "c\n");
	fails(f, source_read(f->source, changes.items[4].new_id, 1, &text, &f->err), ERR_INVALID,
		"larger than 1 bytes");
	fails(f, source_read(f->source, new.tree, 100, &text, &f->err), ERR_INVALID,
		"is not a file");
	fails(f, source_read(f->source, "0123", 100, &text, &f->err), ERR_INVALID,
		"not a git object");
	fails(f,
		source_read(
			f->source, "00000000000000000000000000000000000000aa", 1, &text, &f->err),
		ERR_NOT_FOUND, "read object");
	fails(f, source_read_change(f->source, &changes.items[5], 9, &text, &f->err), ERR_INVALID,
		"symbolic link");
	fails(f, source_read_path(f->source, new.tree, "link.yaml", 9, &text, &f->err),
		ERR_NOT_FOUND, "no file");
	str_clear(&text);
	ok(f, source_read_path(f->source, new.tree, "a/z.yaml", 9, &text, &f->err));
	assert_string_equal(text.data, "1\n");
}

static void ignore_file_counts_on_both_sides(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO "echo /infra >.trueupignore; git add .; git commit -qm two;"
		       "echo canvases/a.yaml >.trueupignore; git add .; git commit -qm three");
	open_at(f, "r", NULL);
	struct source_rev one, two, three;
	resolve(f, "HEAD~2", &one);
	resolve(f, "HEAD~1", &two);
	resolve(f, "HEAD", &three);
	struct source_changes changes;
	ok(f, source_diff(f->source, one.tree, two.tree, NULL, &f->arena, &changes, &f->err));
	assert_string_equal(shown(f, &changes), "+.trueupignore -infra/prod/p.yaml");
	ok(f, source_diff(f->source, two.tree, three.tree, NULL, &f->arena, &changes, &f->err));
	assert_string_equal(
		shown(f, &changes), "~.trueupignore -canvases/a.yaml +infra/prod/p.yaml");
	ok(f, source_diff(f->source, NULL, three.tree, NULL, &f->arena, &changes, &f->err));
	assert_string_equal(
		shown(f, &changes), "+.trueupignore +canvases/b.yaml +infra/prod/p.yaml");
}

static void large_and_odd_trees(void **state)
{
	struct fixture *f = *state;
	sh(f, "git init -q -b main r; cd r; mkdir canvases;"
	      "seq 2000 | while read i; do echo $i >canvases/$i.yaml; done;"
	      "printf x >\"$(printf 'caf\\351.yaml')\"; git add .; git commit -qm one");
	open_at(f, "r", NULL);
	struct source_rev rev;
	resolve(f, NULL, &rev);
	struct source_changes changes;
	ok(f, source_diff(f->source, NULL, rev.tree, NULL, &f->arena, &changes, &f->err));
	assert_int_equal(changes.count, 2001);
	assert_string_equal(changes.items[0].path, "caf\xe9.yaml");
	for (size_t i = 1; i < changes.count; i++)
		assert_true(strcmp(changes.items[i - 1].path, changes.items[i].path) < 0);
	ok(f, source_diff_worktree(f->source, rev.tree, NULL, &f->arena, &changes, &f->err));
	assert_int_equal(changes.count, 0);
}

static void uncommitted_changes(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO "echo q >infra/prod/q.yaml; echo '*.log' >.gitignore; git add .;"
		       "git commit -qm two; echo x >infra/prod/p.yaml; rm infra/prod/q.yaml;"
		       "echo n >infra/prod/new.yaml; echo n >infra/prod/x.log;"
		       "echo i >infra/prod/staged.yaml; git add infra/prod/staged.yaml;"
		       "echo t >infra/prod/t.yaml; git add infra/prod/t.yaml; rm infra/prod/t.yaml;"
		       "ln -s p.yaml infra/prod/l.yaml; echo out >canvases/a.yaml");
	open_at(f, "r/infra/prod", NULL);
	struct source_changes changes;
	ok(f, source_dirty(f->source, NULL, &f->arena, &changes, &f->err));
	assert_string_equal(
		shown(f, &changes), "+l.yaml@! +new.yaml! ~p.yaml! -q.yaml +staged.yaml!");
	struct source_rev rev;
	resolve(f, NULL, &rev);
	ok(f, source_diff_worktree(f->source, rev.tree, NULL, &f->arena, &changes, &f->err));
	assert_string_equal(
		shown(f, &changes), "+l.yaml@! +new.yaml! ~p.yaml! -q.yaml +staged.yaml!");
	/* The id on disk is the one that the commit will have. */
	const char *id = changes.items[1].new_id;
	AUTO_STR text = STR_INIT;
	ok(f, source_read_change(f->source, &changes.items[1], 10, &text, &f->err));
	assert_string_equal(text.data, "n\n");
	sh(f, "cd r; git add .; git commit -qm three");
	resolve(f, NULL, &rev);
	str_clear(&text);
	ok(f, source_read(f->source, id, 10, &text, &f->err));
	assert_string_equal(text.data, "n\n");
	ok(f, source_dirty(f->source, NULL, &f->arena, &changes, &f->err));
	assert_int_equal(changes.count, 0);
}

struct adder {
	const char *line;
};

static int add_line(void *ctx, const char *old, struct str *out, struct err **err)
{
	(void)err;
	const struct adder *a = ctx;
	str_addf(out, "%s%s\n", old ? old : "", a->line);
	return 0;
}

static void notes_of_two_processes(void **state)
{
	enum { PROCESSES = 3, NOTES = 15 };
	struct fixture *f = *state;
	sh(f, NEW_REPO "true");
	open_at(f, "r", NULL);
	struct source_rev rev;
	resolve(f, NULL, &rev);
	AUTO_STR text = STR_INIT;
	bool found;
	ok(f, source_note_read(f->source, rev.commit, &text, &found, &f->err));
	assert_false(found);
	source_close(&f->source);
	AUTO_FREE char *repo = path_join(f->dir, "r");
	pid_t pids[PROCESSES];
	for (int p = 0; p < PROCESSES; p++) {
		pids[p] = fork();
		if (pids[p] != 0)
			continue;
		struct source *s = NULL;
		struct err *err = NULL;
		int rc = source_open(repo, NULL, &s, &err);
		for (int i = 0; rc == 0 && i < NOTES; i++) {
			char line[32];
			(void)snprintf(line, sizeof line, "p%d n%d", p, i);
			struct adder adder = {line};
			rc = source_note_write(s, rev.commit, add_line, &adder, &err);
		}
		source_close(&s);
		err_free(&err);
		_exit(rc ? 1 : 0);
	}
	for (int p = 0; p < PROCESSES; p++) {
		int status;
		assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
		assert_int_equal(status, 0);
	}
	open_at(f, "r", NULL);
	ok(f, source_note_read(f->source, rev.commit, &text, &found, &f->err));
	assert_true(found);
	size_t lines = 0;
	for (const char *p = text.data; (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, PROCESSES * NOTES);
	for (int p = 0; p < PROCESSES; p++)
		for (int i = 0; i < NOTES; i++) {
			char line[32];
			(void)snprintf(line, sizeof line, "p%d n%d\n", p, i);
			assert_non_null(strstr(text.data, line));
		}
	/* git sees the same, and its own note is kept. */
	sh(f, "cd r; git notes --ref=trueup show | grep -q 'p0 n0';"
	      "git notes --ref=trueup append -m 'by git'");
	struct adder adder = {"last"};
	ok(f, source_note_write(f->source, rev.commit, add_line, &adder, &f->err));
	sh(f, "cd r; git notes --ref=trueup show | grep -q 'by git'; git fsck --strict");
}

/* What a process left that was killed while it moved the ref does not stop the next one. */
static void dead_lock_of_the_ref(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO
		"mkdir -p .git/refs/notes; touch -d '1 minute ago' .git/refs/notes/trueup.lock");
	open_at(f, "r", NULL);
	struct source_rev rev;
	resolve(f, NULL, &rev);
	struct adder adder = {"written"};
	ok(f, source_note_write(f->source, rev.commit, add_line, &adder, &f->err));
	sh(f, "cd r; git notes --ref=trueup show | grep -q written; test ! -e "
	      ".git/refs/notes/*.lock");
}

/* Objects that a push brought wait elsewhere until the hooks agree; git says where. */
static void objects_in_quarantine(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO
		"cp -r .git ../kept; echo q >q.yaml; git add .; git commit -qm two;"
		"git rev-parse HEAD >../new; cd ..; mv r/.git/objects waiting;"
		"mv kept/objects r/.git/objects; cp kept/refs/heads/main r/.git/refs/heads/main");
	AUTO_FREE char *id_file = path_join(f->dir, "new");
	AUTO_FREE char *waiting = path_join(f->dir, "waiting");
	AUTO_STR id = STR_INIT;
	ok(f, fs_read(id_file, 100, &id, &f->err));
	str_truncate(&id, id.len - 1);
	struct source_rev rev;
	open_at(f, "r", NULL);
	fails(f, source_resolve(f->source, id.data, &rev, &f->err), ERR_NOT_FOUND, "no revision");
	open_at(f, "r", NULL);
	assert_int_equal(setenv("GIT_OBJECT_DIRECTORY", waiting, 1), 0);
	const int rc = source_resolve(f->source, id.data, &rev, &f->err);
	assert_int_equal(unsetenv("GIT_OBJECT_DIRECTORY"), 0);
	ok(f, rc);
	AUTO_STR text = STR_INIT;
	ok(f, source_read_path(f->source, rev.tree, "q.yaml", 10, &text, &f->err));
	assert_string_equal(text.data, "q\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		source_test(finds_repositories),
		source_test(refuses_what_is_no_root),
		source_test(heads_of_all_kinds),
		source_test(odd_heads_are_not_guessed),
		source_test(an_unborn_branch_says_so),
		source_test(diffs_trees),
		source_test(ignore_file_counts_on_both_sides),
		source_test(large_and_odd_trees),
		source_test(uncommitted_changes),
		source_test(notes_of_two_processes),
		source_test(dead_lock_of_the_ref),
		source_test(objects_in_quarantine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
