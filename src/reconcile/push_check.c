/* Judging a push, ref by ref: what it brings is looked at for secrets, Config's branch for the
 * rest. */
#include "reconcile/push.h"

#include "base/err.h"
#include "base/str.h"
#include "reconcile/load.h"
#include "source/quarantine.h"

#include <ctype.h>
#include <string.h>

enum {
	/* It is read as a whole. A text of this size can be pushed some other way; see push.md. */
	SCAN_MAX_BYTES = 64 * 1024 * 1024,
	BINARY_LOOK = 8000, /* as git decides: a NUL among the first bytes */
};

static const char notes_ref[] = "refs/notes/trueup";

struct judge {
	struct session *session;
	const struct push *push;
	const struct push_ref *applied;
	struct render_types *types;
	struct push_check *check;
};

static void refuse(struct push_verdict *v, const char *why, const char *hint)
{
	v->refused = true;
	v->why = why;
	v->hint = hint;
}

/* --- secrets ----------------------------------------------------------------------------- */

/*
 * Documentation is full of the keys that AWS made up for it, all of which end in EXAMPLE. Outside
 * of specs they are let pass.
 */
static bool is_example(const struct src *src, const struct diag *d)
{
	const char *p = src->data, *end = src->data + src->len;
	for (uint32_t line = 1; line < d->line && p < end; line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		p = nl ? nl + 1 : end;
	}
	const size_t at = d->col - 1;
	AUTO_STR value = STR_INIT;
	for (const char *c = p + at; c < end && (isalnum((unsigned char)*c) || strchr("/+", *c));
		c++)
		str_addc(&value, *c);
	return str_ends(value.data, "EXAMPLE") || str_ends(value.data, "EXAMPLEKEY");
}

/* Takes over what the scan of one file found. */
static void take_findings(struct push_verdict *v, const struct src *src,
	const struct source_new_file *file, const struct diag_list *found)
{
	const bool is_spec = spec_path_class(file->path) != SPEC_PATH_IGNORED;
	for (size_t i = 0; i < found->count; i++) {
		const struct diag *d = &found->items[i];
		if (!is_spec && is_example(src, d))
			continue;
		struct diag *mine = diag_error(
			&v->diags, d->rule, ((struct pos){src, d->line, d->col}), "%s", d->message);
		mine->source_line = NULL;
		if (file->commit)
			diag_hint(&v->diags, mine,
				"commit %.7s brings it: revoke it and rewrite that commit; a later "
				"one that removes it leaves it in the history",
				file->commit);
		else
			diag_hint(
				&v->diags, mine, "no commit has it, the push brings it: revoke it");
	}
}

/* What was not looked at is not let in. */
static void refuse_unread(struct judge *j, struct push_verdict *v,
	const struct source_new_file *file, const struct err *why)
{
	AUTO_STR text = STR_INIT;
	err_format(why, &text);
	refuse(v,
		arena_printf(&j->check->arena, "%s cannot be searched for secrets: %s", file->path,
			text.data),
		"nothing was accepted; `.trueupignore` hides files that are not to be searched");
}

static int scan_file(struct judge *j, struct push_verdict *v, const struct source_new_file *file,
	struct err **err)
{
	AUTO_STR text = STR_INIT;
	AUTO_DIAGS found = {0};
	if (source_read(j->session->source, file->id, SCAN_MAX_BYTES, &text, err) < 0) {
		if (err_kind_of(*err) != ERR_INVALID)
			return err_wrap(err, "read %s", file->path);
		refuse_unread(j, v, file, *err);
		err_free(err);
		return 0;
	}
	if (memchr(text.data, 0, text.len < BINARY_LOOK ? text.len : BINARY_LOOK))
		return 0;
	const struct src src = {file->path, text.data, text.len};
	if (spec_scan_secrets(&src, &found))
		take_findings(v, &src, file, &found);
	return 0;
}

static int look_for_secrets(struct judge *j, struct push_verdict *v, struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct source_new_files files;
	if (source_new_files(j->session->source, v->ref->new_id, NULL, &scratch, &files, err) < 0)
		return -1;
	for (size_t i = 0; i < files.count; i++)
		if (scan_file(j, v, &files.items[i], err) < 0)
			return -1;
	if (v->diags.errors)
		refuse(v, "it would bring a literal secret",
			"nothing was accepted; `.trueupignore` hides files that only look so");
	return 0;
}

/* --- Config's branch --------------------------------------------------------------------- */

/* What the load says, without the secrets that were reported with the commit that brings them. */
static void take_diags(struct push_verdict *v, const struct diag_list *diags)
{
	if (!v->diags.errors) {
		diag_append(&v->diags, diags);
		return;
	}
	AUTO_DIAGS rest = {0};
	diag_append(&rest, diags);
	size_t kept = 0;
	rest.errors = 0;
	for (size_t i = 0; i < rest.count; i++) {
		if (str_eq(rest.items[i].rule, "secret-literal"))
			continue;
		rest.errors += rest.items[i].severity == SEVERITY_ERROR;
		rest.items[kept++] = rest.items[i];
	}
	rest.count = kept;
	diag_append(&v->diags, &rest);
}

static int judge_specs(struct judge *j, struct push_verdict *v, struct err **err)
{
	AUTO_LOAD load = {0};
	if (!j->types) {
		AUTO_DIAGS broken = {0};
		j->types = render_types_load(&broken);
		if (!j->types)
			return err_set(err, ERR_INTERNAL, "the built-in resource types are broken");
	}
	if (load_open(j->session, j->types, v->ref->new_id, 0, &load, err) < 0)
		return -1;
	const bool invalid = load.diags.errors > 0;
	take_diags(v, &load.diags);
	if (invalid && !v->refused)
		refuse(v, "its specs are invalid",
			"nothing was accepted; `trueup validate` shows the same before a push");
	if (invalid || j->push->allow_empty)
		return 0;
	size_t lost;
	if (load_lost_canvases(&load, &lost, err) < 0)
		return -1;
	if (lost && !v->refused)
		refuse(v,
			arena_printf(&j->check->arena,
				"it has no canvas at all, and %zu recorded one%s would be "
				"destroyed",
				lost, lost == 1 ? "" : "s"),
			"if that is meant, push with -o trueup.allow-empty");
	return 0;
}

static int judge_applied(struct judge *j, struct push_verdict *v, struct err **err)
{
	const struct push_ref *ref = v->ref;
	if (!ref->new_id) {
		refuse(v, "it is the branch of Config, whose commits are applied",
			"name another `branch` in trueup.yaml and push that first");
		return 0;
	}
	bool forward = true;
	if (judge_specs(j, v, err) < 0 ||
		(ref->old_id && source_is_before(j->session->source, ref->old_id, ref->new_id,
					&forward, err) < 0))
		return -1;
	if (!forward && !v->refused)
		v->why = arena_printf(&j->check->arena,
			"its history is replaced: %.7s is no longer part of it", ref->old_id);
	return 0;
}

static int judge_ref(struct judge *j, struct push_verdict *v, struct err **err)
{
	const struct push_ref *ref = v->ref;
	/* Also while it is not there: forged notes would be read as trueup's own. */
	if (str_eq(ref->name, notes_ref)) {
		refuse(v, "trueup writes there what it did, and nobody else",
			"fetch it with `git fetch origin refs/notes/trueup`");
		return 0;
	}
	/* By whatever ref: a commit that one has brought is not new to the next. */
	if (ref->new_id && look_for_secrets(j, v, err) < 0)
		return -1;
	if (ref == j->applied && judge_applied(j, v, err) < 0)
		return -1;
	diag_sort(&v->diags);
	return 0;
}

int push_check(
	struct session *session, const struct push *push, struct push_check *ret, struct err **err)
{
	*ret = (struct push_check){0};
	struct judge j = {.session = session, .push = push, .check = ret};
	if (push_find_applied(session, push, &j.applied, err) < 0)
		return -1;
	ret->verdicts = arena_array(&ret->arena, push->count, sizeof *ret->verdicts);
	int rc = 0;
	while (rc == 0 && ret->count < push->count) {
		struct push_verdict *v = &ret->verdicts[ret->count];
		*v = (struct push_verdict){.ref = &push->refs[ret->count]};
		ret->count++;
		rc = judge_ref(&j, v, err);
		ret->refused += v->refused;
		if (rc < 0)
			(void)err_wrap(err, "look at %s", v->ref->name);
	}
	render_types_free(j.types);
	if (rc < 0)
		push_check_release(ret);
	return rc;
}

void push_check_release(struct push_check *check)
{
	for (size_t i = 0; i < check->count; i++)
		diag_list_release(&check->verdicts[i].diags);
	arena_release(&check->arena);
	*check = (struct push_check){0};
}
