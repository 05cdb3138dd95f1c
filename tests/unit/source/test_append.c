/*
 * Protects: one commit for each run on a branch that others push to, working copies that stay
 * clean or are left alone, what a killed process leaves in one, and knowing our own commits.
 */
#include "source_test.h"

#include "base/diag.h"
#include "base/ulid.h"
#include "runbook/history.h"
#include "source/append.h"

#define RUNBOOK                                                                                    \
	"# R\n\n# Environment Requirements\n```yaml\n```\n\n# File System Requirements\n"          \
	"```yaml\n```\n\n# Script\n```sh\ntrue\n```\n\n# History\n"
#define NEW_REPO                                                                                   \
	"git init -q -b main r; cd r; mkdir runbooks;"                                             \
	"printf '%s' '" RUNBOOK "' >runbooks/R.md; echo a >a.txt; ln -s R.md runbooks/L.md;"       \
	"git add .; git commit -qm one;"

static const int64_t now = INT64_C(1795334462345);

/* Adds the line that ctx is. */
static int add_line(void *ctx, const char *old, size_t len, struct str *out, struct err **err)
{
	(void)err;
	str_addn(out, old, len);
	str_addf(out, "%s\n", (const char *)ctx);
	return 0;
}

static int change_nothing(void *ctx, const char *old, size_t len, struct str *out, struct err **err)
{
	(void)ctx;
	(void)err;
	str_addn(out, old, len);
	return 0;
}

static struct source_append append_of(struct fixture *f, const char *run)
{
	return (struct source_append){.branch = "main",
		.path = "runbooks/R.md",
		.edit = add_line,
		.ctx = arena_strdup(&f->arena, run),
		.message = "history: R, exit 0",
		.run_id = run,
		.since = now,
		.now = now};
}

static enum source_append_state append(
	struct fixture *f, const struct source_append *what, struct source_append_end *end)
{
	ok(f, source_append_commit(f->source, what, end, &f->err));
	return end->state;
}

static void commits_to_a_bare_repository(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO "chmod +x runbooks/R.md; git commit -qam x;"
		       "git clone -q --bare . ../bare.git");
	open_at(f, "bare.git", NULL);
	struct source_append_end end;
	const struct source_append first = append_of(f, "RUN1");
	assert_int_equal(append(f, &first, &end), SOURCE_APPENDED);
	assert_int_equal(strlen(end.commit), 40);
	sh(f, "cd bare.git; git fsck --strict; test $(git rev-list --count main) = 3;"
	      "test \"$(git show main:runbooks/R.md | tail -1)\" = RUN1;"
	      "test \"$(git log -1 --format='%(trailers:key=Trueup-Run,valueonly)' main |"
	      "    head -1)\" = RUN1;"
	      "test \"$(git log -1 --format='%an %cn <%ce> %s' main)\" ="
	      "    'trueup trueup <trueup@localhost> history: R, exit 0';"
	      "test \"$(git diff --name-status main~1 main)\" = 'M\trunbooks/R.md';"
	      "git ls-tree main runbooks/R.md | grep -q ^100755");
	/* Asked again, it is there; what changes nothing is no commit. */
	char commit[SOURCE_ID_SIZE];
	memcpy(commit, end.commit, sizeof commit);
	const struct source_append second = append_of(f, "RUN2");
	assert_int_equal(append(f, &second, &end), SOURCE_APPENDED);
	assert_int_equal(append(f, &first, &end), SOURCE_APPENDED_BEFORE);
	assert_string_equal(end.commit, commit);
	struct source_append same = append_of(f, "RUN3");
	same.edit = change_nothing;
	assert_int_equal(append(f, &same, &end), SOURCE_APPEND_SAME);
	assert_string_equal(end.commit, "");
	sh(f, "cd bare.git; test $(git rev-list --count main) = 4");
}

/* Origin is the other side of the mirror; real pushes and fetches between the two. */
struct other_side {
	struct fixture *f;
	unsigned pushes, fetches;
	bool die; /* as a process that ends when the other side has the commit */
};

static int push(
	void *data, const char *commit, const char *branch, bool *ret_moved, struct err **err)
{
	struct other_side *o = data;
	AUTO_FREE char *script =
		xasprintf("if git -C mirror push -q ../origin %s:refs/heads/%s 2>said; then echo 0;"
			  "else echo 1; fi >code",
			commit, branch);
	AUTO_STR code = STR_INIT;
	AUTO_FREE char *path = path_join(o->f->dir, "code");
	o->pushes++;
	sh(o->f, script);
	if (fs_read(path, 10, &code, err) < 0)
		return -1;
	*ret_moved = !str_eq(code.data, "0\n");
	return o->die ? err_set(err, ERR_UNAVAILABLE, "gone") : 0;
}

static int fetch(void *data, const char *branch, struct err **err)
{
	struct other_side *o = data;
	AUTO_FREE char *script = xasprintf(
		"git -C mirror fetch -q ../origin +refs/heads/%s:refs/heads/%s", branch, branch);
	(void)err;
	o->fetches++;
	sh(o->f, script);
	return 0;
}

/* A commit counts when the other side has it; whoever was faster there is followed. */
static void sends_what_it_commits_in_a_mirror(void **state)
{
	struct fixture *f = *state;
	struct source_append_end end;
	struct other_side other = {.f = f};
	const struct source_upstream up = {push, fetch, &other};
	sh(f, NEW_REPO "cd ..; git clone -q --bare r origin; git clone -q --mirror origin mirror;"
		       "git -C mirror config " SOURCE_MIRROR_KEY " true");
	open_at(f, "mirror", NULL);
	struct source_append what = append_of(f, "RUN1");
	assert_int_equal(append(f, &what, &end), SOURCE_APPEND_WAITS);
	assert_non_null(strstr(end.reason, "mirror"));
	source_set_upstream(f->source, &up);
	assert_int_equal(append(f, &what, &end), SOURCE_APPENDED);
	sh(f, "test \"$(git -C origin rev-parse main)\" = \"$(git -C mirror rev-parse main)\"");
	/* Somebody was faster. */
	sh(f, "cd r; git pull -q ../origin main; echo x >x; git add x; git commit -qm x;"
	      "git push -q ../origin main");
	what = append_of(f, "RUN2");
	assert_int_equal(append(f, &what, &end), SOURCE_APPENDED);
	assert_int_equal(other.pushes, 3);
	assert_int_equal(other.fetches, 1);
	sh(f, "test \"$(git -C origin rev-parse main)\" = \"$(git -C mirror rev-parse main)\";"
	      "git -C origin show main:runbooks/R.md | tail -n 2 | tr '\n' ' ' | grep 'RUN1 RUN2';"
	      "git -C origin cat-file -e main:x");
	/* It is there, and we died before we knew. */
	other.die = true;
	what = append_of(f, "RUN3");
	fails(f, source_append_commit(f->source, &what, &end, &f->err), ERR_UNAVAILABLE, "gone");
	other.die = false;
	what.now += 1000; /* later, and so another commit */
	assert_int_equal(append(f, &what, &end), SOURCE_APPENDED_BEFORE);
	assert_int_equal(other.fetches, 2);
	/* A branch that only the other side will have. */
	what = append_of(f, "RUN4");
	what.base = "main";
	what.branch = "trueup/history";
	assert_int_equal(append(f, &what, &end), SOURCE_APPENDED);
	sh(f, "test $(git -C origin rev-list --count main..trueup/history) = 1;"
	      "git -C origin log --format=%B | grep -c Trueup-Run: | grep -x 3");
}

static void refuses_what_cannot_be(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO);
	open_at(f, "r", NULL);
	struct source_append_end end;
	struct source_append a = append_of(f, "RUN1");
	a.branch = "nowhere";
	fails(f, source_append_commit(f->source, &a, &end, &f->err), ERR_NOT_FOUND,
		"no branch 'nowhere'");
	a.branch = "a..b";
	fails(f, source_append_commit(f->source, &a, &end, &f->err), ERR_INVALID,
		"no name of a branch");
	a = append_of(f, "RUN1");
	a.path = "runbooks/Gone.md";
	fails(f, source_append_commit(f->source, &a, &end, &f->err), ERR_NOT_FOUND,
		"no runbooks/Gone.md");
	a.path = "runbooks/L.md";
	fails(f, source_append_commit(f->source, &a, &end, &f->err), ERR_INVALID,
		"no regular file");
	a.path = "runbooks";
	fails(f, source_append_commit(f->source, &a, &end, &f->err), ERR_INVALID,
		"no regular file");
	a = append_of(f, "RUN1\nTrueup-Run: RUN2");
	fails(f, source_append_commit(f->source, &a, &end, &f->err), ERR_INTERNAL, "no id");
	sh(f, "cd r; git status --porcelain | cmp - /dev/null; test ! -e .git/index.lock");
}

static void keeps_history_on_its_own_branch(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO);
	open_at(f, "r", NULL);
	struct source_append_end end;
	struct source_append a = append_of(f, "RUN1");
	a.branch = "trueup/history";
	a.base = "main";
	assert_int_equal(append(f, &a, &end), SOURCE_APPENDED);
	sh(f, "cd r; cp runbooks/R.md runbooks/New.md; git add .; git commit -qm new");
	a.run_id = "RUN2";
	a.ctx = arena_strdup(&f->arena, "RUN2");
	assert_int_equal(append(f, &a, &end), SOURCE_APPENDED);
	a.run_id = "RUN3";
	a.ctx = arena_strdup(&f->arena, "RUN3");
	a.path = "runbooks/New.md";
	assert_int_equal(append(f, &a, &end), SOURCE_APPENDED);
	sh(f, "cd r; git status --porcelain | cmp - /dev/null; git fsck --strict;"
	      "test $(git rev-list --count main) = 2;"
	      "test $(git rev-list --count trueup/history) = 4;"
	      "test $(git rev-list --merges --count trueup/history) = 0;"
	      "git show trueup/history:runbooks/R.md | tail -2 | tr '\\n' ' ' |"
	      "    grep -q 'RUN1 RUN2 ';"
	      "test \"$(git show trueup/history:runbooks/New.md | tail -1)\" = RUN3");
}

static void updates_a_clean_working_copy(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO "echo '*.md text eol=crlf' >.gitattributes; rm runbooks/R.md;"
		       "git add .gitattributes; git commit -qm attributes;"
		       "git checkout -q -- runbooks/R.md; chmod 640 runbooks/R.md;"
		       "git status --porcelain | cmp - /dev/null;"
		       "echo mine >untracked; git branch topic");
	open_at(f, "r", NULL);
	struct source_append_end end;
	struct source_append a = append_of(f, "RUN1");
	assert_int_equal(append(f, &a, &end), SOURCE_APPENDED);
	sh(f, "cd r; test \"$(git status --porcelain)\" = '?? untracked';"
	      "git diff --cached --exit-code; git fsck --strict;"
	      "test \"$(tail -1 runbooks/R.md)\" = \"$(printf 'RUN1\\r')\";"
	      "test $(stat -c %a runbooks/R.md) = 640; test ! -e .git/index.lock;"
	      "test ! -e .git/trueup-index;"
	      /* What git thinks when it has to look at the content. */
	      "touch -d '2001-01-01' runbooks/R.md; git diff --exit-code");
	/* Another branch than the one that is checked out leaves the copy alone. */
	a = append_of(f, "RUN2");
	a.branch = "topic";
	sh(f, "cd r; echo edited >a.txt");
	assert_int_equal(append(f, &a, &end), SOURCE_APPENDED);
	sh(f, "cd r; git checkout -q a.txt; test \"$(git status --porcelain)\" = '?? untracked';"
	      "test \"$(git show topic:runbooks/R.md | tail -1)\" = RUN2");
}

/* What a script printed may look to git like a binary file. */
static void updates_a_working_copy_with_binary_data(void **state)
{
	struct fixture *f = *state;
	/* Beside it, what one that was killed while it wrote leaves. */
	sh(f, NEW_REPO "touch .git/trueup-index.lock .git/trueup-index .git/trueup-file");
	open_at(f, "r", NULL);
	struct source_append_end end;
	struct source_append a = append_of(f, "RUN1");
	char *bytes = arena_alloc(&f->arena, 5000);
	memset(bytes, 1, 4999);
	a.ctx = bytes;
	assert_int_equal(append(f, &a, &end), SOURCE_APPENDED);
	sh(f, "cd r; git status --porcelain | cmp - /dev/null; git diff HEAD --exit-code;"
	      "git show main:runbooks/R.md | cmp - runbooks/R.md;"
	      "test $(stat -c %s runbooks/R.md) -gt 5000");
}

static void waits_for_a_busy_working_copy(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *make_busy, *reason, *undo;
	} rows[] = {
		{"echo x >>a.txt", "uncommitted changes (a.txt)", "git checkout -q a.txt"},
		{"echo x >>runbooks/R.md", "uncommitted changes (runbooks/R.md)",
			"git checkout -q runbooks"},
		{"echo x >b.txt; git add b.txt", "uncommitted changes (b.txt)", "git rm -qf b.txt"},
		{"rm a.txt", "uncommitted changes (a.txt)", "git checkout -q a.txt"},
		{"touch .git/index.lock", "git is at work", "rm .git/index.lock"},
		{"cp .git/index .git/index.lock", "git is at work", "rm .git/index.lock"},
		{"git merge -q --no-commit --no-ff side >../log", "in the middle of a merge",
			"git merge --abort"},
		{"! git rebase -q side 2>/dev/null", "is being rebased", "git rebase --abort"},
	};
	sh(f, NEW_REPO "git checkout -qb side; echo s >s.txt; echo other >>a.txt; git add .;"
		       "git commit -qm side; git checkout -q main");
	open_at(f, "r", NULL);
	const struct source_append a = append_of(f, "RUN1");
	struct source_append_end end;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strstr(rows[i].make_busy, "rebase"))
			sh(f, "cd r; echo conflict >>a.txt; git commit -qam conflict");
		AUTO_FREE char *busy = xasprintf("cd r; %s", rows[i].make_busy);
		AUTO_FREE char *undo = xasprintf("cd r; %s; git status --porcelain |"
						 "cmp - /dev/null",
			rows[i].undo);
		sh(f, busy);
		assert_int_equal(append(f, &a, &end), SOURCE_APPEND_WAITS);
		if (!strstr(end.reason, rows[i].reason))
			fail_msg("%s: %s", rows[i].make_busy, end.reason);
		sh(f, undo);
	}
	sh(f, "cd r; test $(git rev-list --count main) = 2");
	assert_int_equal(setenv("GIT_QUARANTINE_PATH", "x", 1), 0);
	assert_int_equal(append(f, &a, &end), SOURCE_APPEND_WAITS);
	assert_int_equal(unsetenv("GIT_QUARANTINE_PATH"), 0);
	assert_int_equal(append(f, &a, &end), SOURCE_APPENDED);
}

static void finds_linked_working_copies(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO "git checkout -qb topic; git worktree add -q ../linked main;"
		       "git worktree add -q ../gone -b gone; rm -r ../gone");
	open_at(f, "r", NULL);
	struct source_append_end end;
	struct source_append a = append_of(f, "RUN1");
	assert_int_equal(append(f, &a, &end), SOURCE_APPENDED);
	a = append_of(f, "RUN2");
	sh(f, "cd linked; git status --porcelain | cmp - /dev/null;"
	      "test \"$(tail -1 runbooks/R.md)\" = RUN1; echo x >>a.txt");
	assert_int_equal(append(f, &a, &end), SOURCE_APPEND_WAITS);
	a.branch = "gone";
	assert_int_equal(append(f, &a, &end), SOURCE_APPENDED);
	/* From the linked copy, and in a folder of the repository. */
	sh(f, "cd linked; git checkout -q a.txt");
	open_at(f, "linked/runbooks", NULL);
	a = append_of(f, "RUN3");
	a.path = "R.md";
	assert_int_equal(append(f, &a, &end), SOURCE_APPENDED);
	sh(f, "cd linked; git status --porcelain | cmp - /dev/null;"
	      "test \"$(tail -1 runbooks/R.md)\" = RUN3; cd ../r;"
	      "git status --porcelain | cmp - /dev/null; git fsck --strict");
}

/* Killed after the branch was moved: lock, old index and old file are left. */
static void leave_half(struct fixture *f)
{
	sh(f, "rm -rf r bare.git; " NEW_REPO "git clone -q --bare . ../bare.git");
	open_at(f, "bare.git", NULL);
	struct source_append_end end;
	const struct source_append a = append_of(f, "RUN1");
	assert_int_equal(append(f, &a, &end), SOURCE_APPENDED);
	sh(f, "cd r; git fetch -q ../bare.git main; git update-ref refs/heads/main FETCH_HEAD;"
	      "test -n \"$(git status --porcelain)\"; echo trueup >.git/index.lock");
	open_at(f, "r", NULL);
}

static void finishes_what_was_killed(void **state)
{
	struct fixture *f = *state;
	struct source_append_end end;
	leave_half(f);
	ok(f, source_append_tidy(f->source, &f->err));
	sh(f, "cd r; git status --porcelain | cmp - /dev/null; test ! -e .git/index.lock;"
	      "test \"$(tail -1 runbooks/R.md)\" = RUN1; git fsck --strict");
	ok(f, source_append_tidy(f->source, &f->err));
	/* The file was written, the index not. */
	leave_half(f);
	sh(f, "cd r; git show HEAD:runbooks/R.md >runbooks/R.md");
	ok(f, source_append_tidy(f->source, &f->err));
	sh(f, "cd r; git status --porcelain | cmp - /dev/null; test ! -e .git/index.lock");
	/* The next commit finishes the one before. */
	leave_half(f);
	struct source_append a = append_of(f, "RUN2");
	assert_int_equal(append(f, &a, &end), SOURCE_APPENDED);
	sh(f, "cd r; git status --porcelain | cmp - /dev/null; test ! -e .git/index.lock;"
	      "test \"$(tail -2 runbooks/R.md | tr '\\n' ' ')\" = 'RUN1 RUN2 '");
	/* Killed before the branch was moved. */
	sh(f, "echo trueup >r/.git/index.lock");
	ok(f, source_append_tidy(f->source, &f->err));
	sh(f, "cd r; git status --porcelain | cmp - /dev/null; test ! -e .git/index.lock");
	/* Somebody's edit is not touched, nor is the lock of git. */
	leave_half(f);
	sh(f, "cd r; echo mine >>runbooks/R.md");
	ok(f, source_append_tidy(f->source, &f->err));
	sh(f, "cd r; test \"$(tail -1 runbooks/R.md)\" = mine; test ! -e .git/index.lock;"
	      "cp .git/index .git/index.lock");
	ok(f, source_append_tidy(f->source, &f->err));
	sh(f, "cd r; cmp .git/index .git/index.lock");
}

static void knows_its_own_commits(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO);
	open_at(f, "r", NULL);
	struct source_append_end end;
	const struct source_append a = append_of(f, "RUN1");
	assert_int_equal(append(f, &a, &end), SOURCE_APPENDED);
	struct source_own *own;
	ok(f, source_own_commit(f->source, end.commit, &f->arena, &own, &f->err));
	assert_non_null(own);
	assert_string_equal(own->run_id, "RUN1");
	assert_string_equal(own->path, "runbooks/R.md");
	AUTO_STR old = STR_INIT, new = STR_INIT;
	ok(f, source_read(f->source, own->old_id, 1 << 20, &old, &f->err));
	ok(f, source_read(f->source, own->new_id, 1 << 20, &new, &f->err));
	assert_string_equal(old.data, RUNBOOK);
	assert_string_equal(new.data, RUNBOOK "RUN1\n");

	static const char *const others[] = {
		/* another committer, two files, a new file, a mode, a merge */
		"echo x >>a.txt; git commit -qam x -m 'Trueup-Run: RUN9'",
		"echo x >>a.txt; echo x >>runbooks/R.md; $ours commit -qam x -m 'Trueup-Run: R'",
		"echo x >n.txt; git add n.txt; $ours commit -qm x -m 'Trueup-Run: RUN9'",
		"chmod +x a.txt; $ours commit -qam x -m 'Trueup-Run: RUN9'",
		"echo x >>a.txt; $ours commit -qam 'Trueup-Run: RUN9' -m 'no trailer'",
		"git checkout -qb side HEAD~1; echo x >>a.txt; git commit -qam x;"
		"git checkout -q main; $ours merge -q -m x -m 'Trueup-Run: RUN9' side",
	};
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		AUTO_FREE char *script = xasprintf(
			"cd r; ours='env GIT_COMMITTER_EMAIL=trueup@localhost git'; %s", others[i]);
		sh(f, script);
		struct source_rev head;
		ok(f, source_resolve(f->source, NULL, &head, &f->err));
		ok(f, source_own_commit(f->source, head.commit, &f->arena, &own, &f->err));
		if (own)
			fail_msg("taken for our own: %s", others[i]);
	}
}

/* A real entry: what an approval is bound to stays as it was. */
static int add_entry(void *ctx, const char *old, size_t len, struct str *out, struct err **err)
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	const struct src src = {"runbooks/R.md", old, len};
	const struct runbook *runbook = runbook_parse(&arena, &src, &diags);
	assert_non_null(runbook);
	struct history_entry entry = history_entry_new();
	entry.form = HISTORY_D;
	entry.start_ms = now;
	entry.finish_ms = now + 5;
	entry.operation = "execute";
	entry.out = ctx;
	const struct history_limits limits = HISTORY_LIMITS;
	return history_append(&arena, runbook, &entry, &limits, out, err);
}

static void digest_at(struct fixture *f, const char *tree, char ret[DIGEST_HEX])
{
	AUTO_STR text = STR_INIT;
	AUTO_DIAGS diags = {0};
	ok(f, source_read_path(f->source, tree, "runbooks/R.md", 1 << 20, &text, &f->err));
	const struct src src = {"runbooks/R.md", text.data, text.len};
	const struct runbook *runbook = runbook_parse(&f->arena, &src, &diags);
	assert_non_null(runbook);
	memcpy(ret, runbook->digest, DIGEST_HEX);
}

static void keeps_what_an_approval_is_bound_to(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO);
	open_at(f, "r", NULL);
	struct source_rev before, after;
	ok(f, source_resolve(f->source, NULL, &before, &f->err));
	struct source_append_end end;
	struct source_append a = append_of(f, "RUN1");
	a.edit = add_entry;
	a.ctx = arena_strdup(&f->arena, "# Script\n```sh\nrm -rf /\n```\n# History\n");
	assert_int_equal(append(f, &a, &end), SOURCE_APPENDED);
	ok(f, source_resolve(f->source, NULL, &after, &f->err));
	assert_string_not_equal(before.tree, after.tree);
	char old[DIGEST_HEX], new[DIGEST_HEX];
	digest_at(f, before.tree, old);
	digest_at(f, after.tree, new);
	assert_string_equal(old, new);
}

enum { WRITERS = 10, RUNS = 5 };

/* One of many processes that append at the same time. */
static pid_t start_writer(struct fixture *f, int writer)
{
	const pid_t pid = fork();
	if (pid)
		return pid;
	struct source *source = NULL;
	AUTO_FREE char *dir = path_join(f->dir, "bare.git");
	int rc = source_open(dir, NULL, &source, &f->err);
	for (int i = 0; rc == 0 && i < RUNS; i++) {
		char run[ULID_SIZE];
		struct source_append a = append_of(f, ulid_new(now, run));
		AUTO_FREE char *line = xasprintf("entry %d-%d", writer, i);
		a.ctx = line;
		struct source_append_end end;
		rc = source_append_commit(source, &a, &end, &f->err);
		if (rc == 0 && end.state != SOURCE_APPENDED)
			rc = -1;
	}
	source_close(&source);
	if (rc < 0 && f->err)
		print_error(
			"%s: %s\n", f->err->message, f->err->cause ? f->err->cause->message : "");
	_exit(rc < 0);
}

static void loses_nothing_when_many_write(void **state)
{
	struct fixture *f = *state;
	sh(f, NEW_REPO "git clone -q --bare . ../bare.git");
	pid_t pids[WRITERS];
	for (int i = 0; i < WRITERS; i++)
		pids[i] = start_writer(f, i);
	/* Meanwhile somebody pushes, and pulls when somebody was faster. */
	sh(f, "git clone -q bare.git pusher; cd pusher;"
	      "for i in $(seq 15); do echo $i >>a.txt; git commit -qam \"push $i\";"
	      "  until git push -q 2>/dev/null; do git pull -q --rebase; done;"
	      "done");
	for (int i = 0; i < WRITERS; i++) {
		int status;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	sh(f, "cd bare.git; git fsck --strict --full;"
	      "test $(git rev-list --count main) = 66;"
	      "test $(git rev-list --merges --count main) = 0;"
	      "git show main:runbooks/R.md | grep -c '^entry ' | grep -qx 50;"
	      "git show main:runbooks/R.md | grep '^entry ' | sort -u | wc -l | grep -qx 50;"
	      "test $(git log --format='%(trailers:key=Trueup-Run)' main |"
	      "    grep Trueup-Run | sort -u | wc -l) = 50;"
	      "test \"$(git show main:a.txt | tail -n +2)\" = \"$(seq 15)\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		source_test(commits_to_a_bare_repository),
		source_test(sends_what_it_commits_in_a_mirror),
		source_test(refuses_what_cannot_be),
		source_test(keeps_history_on_its_own_branch),
		source_test(updates_a_clean_working_copy),
		source_test(updates_a_working_copy_with_binary_data),
		source_test(waits_for_a_busy_working_copy),
		source_test(finds_linked_working_copies),
		source_test(finishes_what_was_killed),
		source_test(knows_its_own_commits),
		source_test(keeps_what_an_approval_is_bound_to),
		source_test(loses_nothing_when_many_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
