/*
 * Protects: a plain folder's changes are found whatever was done to the times, nothing outside it
 * is read, and what did not change is not read again.
 */
#include "source_test.h"

#include "base/clock.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct source_scan_result scan(
	struct fixture *f, const struct source_manifest *old, int64_t now_ms)
{
	struct source_scan_result r;
	ok(f, source_scan(f->source, old, now_ms, NULL, &f->arena, &r, &f->err));
	return r;
}

static void finds_changes(void **state)
{
	struct fixture *f = *state;
	sh(f, "mkdir -p d/canvases d/.git d/.trueup; cd d; echo a >canvases/a.yaml; echo b >b.yaml;"
	      "echo x >.git/x; echo y >.trueup/y; ln -s /etc/passwd out; mkfifo pipe;"
	      "echo '*.log' >.trueupignore; echo l >x.log");
	open_at(f, "d", NULL);
	assert_int_equal(source_kind(f->source), SOURCE_FOLDER);
	assert_null(source_git_dir(f->source));
	assert_true(str_ends(source_state_dir(f->source), "/d/.trueup"));
	const int64_t now = clock_now_ms();
	struct source_scan_result one = scan(f, NULL, now);
	assert_string_equal(
		shown(f, &one.changes), "+.trueupignore! +b.yaml! +canvases/a.yaml! +out@!");
	struct source_scan_result two = scan(f, &one.manifest, now);
	assert_int_equal(two.changes.count, 0);
	assert_string_equal(two.manifest.digest, one.manifest.digest);
	sh(f, "cd d; echo B >b.yaml; rm canvases/a.yaml; echo n >canvases/n.yaml");
	struct source_scan_result three = scan(f, &two.manifest, now);
	assert_string_equal(
		shown(f, &three.changes), "~b.yaml! -canvases/a.yaml +canvases/n.yaml!");
	assert_string_not_equal(three.manifest.digest, two.manifest.digest);
	AUTO_STR text = STR_INIT;
	ok(f, source_read_change(f->source, &three.changes.items[0], 10, &text, &f->err));
	assert_string_equal(text.data, "B\n");
}

/* Same size, old times put back: with the inode's own time, or while times prove nothing. */
static void times_that_lie(void **state)
{
	struct fixture *f = *state;
	sh(f, "mkdir d; cd d; echo aaaa >a.yaml; touch -d 2020-01-01 a.yaml");
	open_at(f, "d", NULL);
	const int64_t now = clock_now_ms();
	static const int64_t later[] = {0, 1000, 60000};
	for (size_t i = 0; i < ARRAY_LEN(later); i++) {
		struct source_scan_result one = scan(f, NULL, now + later[i]);
		AUTO_FREE char *script =
			xasprintf("cd d; echo bbb%zu >a.yaml; touch -d 2020-01-01 a.yaml", i);
		sh(f, script);
		struct source_scan_result two = scan(f, &one.manifest, now + later[i]);
		assert_string_equal(shown(f, &two.changes), "~a.yaml!");
	}
}

/* What is known by size and times is not read: a wrong digest in the manifest stays. */
static void unchanged_files_are_not_read(void **state)
{
	struct fixture *f = *state;
	sh(f, "mkdir d; echo a >d/a.yaml");
	open_at(f, "d", NULL);
	const int64_t later = clock_now_ms() + 60000;
	struct source_scan_result one = scan(f, NULL, later);
	assert_true(one.manifest.files[0].mtime_ns > 0);
	one.manifest.files[0].digest = "known";
	struct source_scan_result two = scan(f, &one.manifest, later);
	assert_string_equal(two.manifest.files[0].digest, "known");
	assert_int_equal(two.changes.count, 0);
	/* Touched: read again. */
	sh(f, "touch -d '1 hour ago' d/a.yaml");
	two = scan(f, &one.manifest, later);
	assert_string_equal(shown(f, &two.changes), "~a.yaml!");
}

static void stays_beneath_the_root(void **state)
{
	struct fixture *f = *state;
	sh(f, "mkdir -p d/in other; echo secret >other/s.yaml; echo i >d/in/i.yaml;"
	      "ln -s ../other d/link; ln -s ../other/s.yaml d/s.yaml; ln -s in d/inner");
	open_at(f, "d", NULL);
	struct source_scan_result r = scan(f, NULL, clock_now_ms());
	assert_string_equal(shown(f, &r.changes), "+in/i.yaml! +inner@! +link@! +s.yaml@!");
	AUTO_STR text = STR_INIT;
	fails(f, source_read_disk(f->source, "link/s.yaml", 100, &text, &f->err), ERR_DENIED,
		"leads out");
	fails(f, source_read_disk(f->source, "s.yaml", 100, &text, &f->err), ERR_DENIED,
		"leads out");
	fails(f, source_read_disk(f->source, "../other/s.yaml", 100, &text, &f->err), ERR_DENIED,
		"leads out");
	fails(f, source_read_disk(f->source, "in", 100, &text, &f->err), ERR_INVALID,
		"regular file");
	fails(f, source_read_change(f->source, &r.changes.items[3], 100, &text, &f->err),
		ERR_INVALID, "symbolic link");
	struct source_rev rev;
	assert_false(source_head_fast(f->source, &rev));
}

static void too_deep_is_refused(void **state)
{
	struct fixture *f = *state;
	AUTO_STR script = STR_INIT;
	str_add(&script, "mkdir -p d");
	for (int i = 0; i < SOURCE_MAX_DEPTH + 1; i++)
		str_add(&script, "/x");
	sh(f, script.data);
	open_at(f, "d", NULL);
	struct source_scan_result r;
	fails(f, source_scan(f->source, NULL, clock_now_ms(), NULL, &f->arena, &r, &f->err),
		ERR_INVALID, "folders deep");
	sh(f, "find d -depth -type d -delete");
}

/* Only root can make a repository of somebody else. */
static void another_users_repository(void **state)
{
	struct fixture *f = *state;
	if (geteuid() != 0)
		skip();
	sh(f, "git init -q r; cd r; echo a >a.yaml; git add .; git commit -qm one;"
	      "chown -R 65534:65534 .");
	open_at(f, "r", NULL);
	struct source_rev rev;
	assert_true(source_head_fast(f->source, &rev));
	fails(f, source_resolve(f->source, NULL, &rev, &f->err), ERR_DENIED,
		"git config --global --add safe.directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		source_test(finds_changes),
		source_test(times_that_lie),
		source_test(unchanged_files_are_not_read),
		source_test(stays_beneath_the_root),
		source_test(too_deep_is_refused),
		source_test(another_users_repository),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
