/*
 * The whole check behind `trueup doctor`. It only looks: a store that is damaged is worth more as
 * it is than repaired by guesswork.
 */
#include "base/arena.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strmap.h"
#include "store/audit.h"
#include "store/internal.h"
#include "store/plans.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>

enum { MAX_PROBLEMS = 100 };

struct check {
	struct arena *arena;
	struct store_check *result;
	size_t cap;
};

static void PRINTF_LIKE(3, 4) found(struct check *c, const char *where, const char *fmt, ...)
{
	struct store_check *r = c->result;
	if (r->count == MAX_PROBLEMS)
		return;
	AUTO_STR text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_vaddf(&text, fmt, args);
	va_end(args);
	r->problems = arena_grow(c->arena, r->problems, r->count, &c->cap, sizeof *r->problems);
	r->problems[r->count++] = (struct store_problem){where, arena_strdup(c->arena, text.data)};
}

static void found_err(struct check *c, const char *where, const struct err *err)
{
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	found(c, where, "%s", text.data);
}

static int check_integrity(struct store *store, struct check *c, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_CHECK_INTEGRITY, &q, err) < 0)
		return -1;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		const char *text = sql_get_text(&q, c->arena);
		if (!str_eq(text, "ok"))
			found(c, "database", "%s", text ? text : "unknown damage");
	}
	return rc;
}

static int check_references(struct store *store, struct check *c, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_CHECK_REFERENCES, &q, err) < 0)
		return -1;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		const char *table = sql_get_text(&q, c->arena);
		const int64_t row = sql_get_int(&q);
		const char *parent = sql_get_text(&q, c->arena);
		found(c, "database", "row %lld of table %s refers to a row of %s that is not there",
			(long long)row, table ? table : "?", parent ? parent : "?");
	}
	return rc;
}

static int check_audit(struct store *store, struct check *c, struct err **err)
{
	struct audit_verdict verdict;
	if (store_audit_verify(store, &verdict, err) < 0)
		return -1;
	c->result->audit_entries = verdict.entries;
	if (verdict.bad_seq)
		found(c, "audit log", "entry %lld: %s", (long long)verdict.bad_seq, verdict.reason);
	return 0;
}

static void check_plan_file(struct store *store, const struct plan_row *plan, struct check *c)
{
	AUTO_FREE char *path = path_join(store->dir, plan->path);
	char digest[DIGEST_HEX];
	AUTO_ERR err = NULL;
	if (digest_file(path, digest, &err) < 0)
		found(c, "plan file", "plan %s of %s: %s", plan->id, plan->object_key,
			err->message);
	else if (!str_eq(digest, plan->sha256))
		found(c, "plan file", "%s differs from what plan %s of %s recorded", path, plan->id,
			plan->object_key);
}

/* Files under plans/ that no plan row names. */
static void check_strays(struct store *store, const struct strmap *known, struct check *c)
{
	AUTO_FREE char *dir_path = path_join(store->dir, "plans");
	DIR *dir = opendir(dir_path);
	if (!dir) {
		if (errno != ENOENT)
			found(c, "plan file", "%s cannot be listed", dir_path);
		return;
	}
	for (struct dirent *e; (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		AUTO_FREE char *path = path_join("plans", e->d_name);
		if (!strmap_has(known, path))
			found(c, "plan file", "%s/%s belongs to no plan: it can be removed",
				dir_path, e->d_name);
	}
	(void)closedir(dir);
}

static int check_plans(struct store *store, struct check *c, struct err **err)
{
	struct plan_rows plans;
	if (store_plans_with_files(store, c->arena, &plans, err) < 0)
		return -1;
	AUTO_STRMAP known = {0};
	for (size_t i = 0; i < plans.count; i++) {
		(void)strmap_put(&known, plans.items[i].path, &plans.items[i]);
		/* A file that is not needed any more may be gone already. */
		const enum plan_status status = plans.items[i].status;
		if (status == PLAN_WAITING || status == PLAN_APPROVED)
			check_plan_file(store, &plans.items[i], c);
	}
	check_strays(store, &known, c);
	return 0;
}

int store_check(struct store *store, struct arena *arena, struct store_check *ret, struct err **err)
{
	*ret = (struct store_check){0};
	struct check c = {.arena = arena, .result = ret};
	AUTO_FREE char *path = path_join(store->dir, "trueup.db");
	struct stat st;
	if (stat(path, &st) < 0)
		return err_errno(err, errno, "look at %s", path);
	ret->size = st.st_size;
	static int (*const checks[])(struct store *, struct check *, struct err **) = {
		check_integrity,
		check_references,
		check_audit,
		check_plans,
	};
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		AUTO_ERR damage = NULL;
		/* Damage may stop one check; the others may still have something to say. */
		if (checks[i](store, &c, &damage) < 0)
			found_err(&c, "database", damage);
	}
	return 0;
}
