/*
 * Protects: what every kind of runbook file is read as, to the byte: sections with their places,
 * script, claims, execution, every diagnostic in its order, who is let in.
 *
 * Each tests/data/runbooks/NAME.md has NAME.expected beside it. TRUEUP_REGEN=1 writes those anew:
 * look at the difference. Variables whose names begin with UNSET are not set, paths with
 * "missing" in them are not there.
 */
#include "check.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "report/diag_print.h"
#include "report/term.h"
#include "runbook/history.h"
#include "runbook/parse.h"
#include "runbook/validate.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>

#define FOLDER "tests/data/runbooks"

static bool variable_is_set(void *data, const char *name)
{
	(void)data;
	return !str_starts(name, "UNSET");
}

static enum runbook_path path_is_there(void *data, const char *path)
{
	(void)data;
	return strstr(path, "missing") ? RUNBOOK_PATH_MISSING : RUNBOOK_PATH_THERE;
}

static void add_part(struct str *out, const char *name, const struct runbook_part *part)
{
	static const char *const states[] = {[RUNBOOK_NO_SECTION] = "absent",
		[RUNBOOK_EMPTY_SECTION] = "empty",
		[RUNBOOK_NO_BLOCK] = "no block",
		[RUNBOOK_BAD_BLOCK] = "not usable",
		[RUNBOOK_READ] = "read"};
	str_addf(out, "%s: %s", name, states[part->state]);
	if (part->state != RUNBOOK_NO_SECTION)
		str_addf(out, " (%u:%u)", part->pos.line, part->pos.col);
	str_addc(out, '\n');
}

static void add_texts(struct str *out, const char *name, const struct spec_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		str_addf(out, "  %s: %s (%u:%u)\n", name, texts->items[i].text,
			texts->items[i].pos.line, texts->items[i].pos.col);
}

static void add_indented(struct str *out, const char *text)
{
	while (*text) {
		const size_t len = strcspn(text, "\n");
		str_add(out, "  | ");
		str_addn(out, text, len);
		str_addc(out, '\n');
		text += len + (text[len] == '\n');
	}
}

static void add_execution(struct str *out, const struct runbook *rb)
{
	const struct spec_execution *e = &rb->execution;
	add_part(out, "execution", &rb->execution_part);
	if (rb->execution_part.state != RUNBOOK_READ)
		return;
	str_addf(out, "  timeout %" PRId64 " ms, shell %s, network %d, isolation %d\n",
		e->timeout_ms, e->shell ? e->shell : "-", e->network, e->isolation);
	str_addf(out, "  attempts %" PRId64 ", delay %" PRId64 " ms to %" PRId64 " ms, %s, on %u\n",
		e->retry.attempts, e->retry.delay_ms, e->retry.max_delay_ms,
		e->retry.backoff ? "doubling" : "constant", e->retry.on);
	if (e->concurrency.written)
		str_addf(out, "  group %s, limit %" PRId64 ", policy %d\n",
			e->concurrency.group.text ? e->concurrency.group.text : "-",
			e->concurrency.limit, e->concurrency.policy);
	str_addf(out, "  approval %s by %" PRId64 "%s\n", e->approval.mode ? "manual" : "auto",
		e->approval.min, e->approval.not_self ? ", not by oneself" : "");
	add_texts(out, "approver", &e->approval.roles);
	add_texts(out, "secret", &e->secrets);
}

static void add_history(struct str *out, const struct runbook *rb)
{
	AUTO_ARENA arena = {0};
	struct history history;
	history_read(&arena, rb, &history);
	for (size_t i = 0; i < history.count; i++) {
		const struct history_entry *e = &history.entries[i];
		str_addf(out, "  entry %c (%u:%u): %s to %s, %" PRId64 ", %s by %s\n",
			"ABCD"[e->form], e -> pos.line, e->pos.col, e->start ? e->start : "-",
			e->finish ? e->finish : "-", e->code, e->operation ? e->operation : "-",
			e->by.user[0] ? e->by.user : "-");
		add_indented(out, e->out);
		add_indented(out, e->err);
		for (size_t k = 0; e->errors[k]; k++)
			str_addf(out, "  error: %s\n", e->errors[k]);
	}
}

static void add_runbook(struct str *out, const struct runbook *rb)
{
	str_addf(out, "title: %s\n", rb->title.text ? rb->title.text : "-");
	add_part(out, "environment", &rb->environment);
	for (size_t i = 0; i < rb->variable_count; i++)
		str_addf(out, "  %s: %s (%u:%u)\n", rb->variables[i].name.text,
			rb->variables[i].description, rb->variables[i].name.pos.line,
			rb->variables[i].name.pos.col);
	add_part(out, "files", &rb->files);
	add_texts(out, "input", &rb->inputs);
	add_texts(out, "output", &rb->outputs);
	add_part(out, "claims", &rb->claims);
	for (size_t i = 0; i < rb->claim_count; i++)
		add_texts(out, rb->claim[i].name.text, &rb->claim[i].values);
	add_execution(out, rb);
	add_part(out, "script", &rb->script);
	if (rb->script_text.text) {
		str_addf(out, "  from %u:%u\n", rb->script_text.pos.line, rb->script_text.pos.col);
		add_indented(out, rb->script_text.text);
	}
	add_part(out, "history", &rb->history);
	add_history(out, rb);
	str_addf(out, "content: %zu of %zu bytes\n", rb->content_len, rb->src->len);
}

static void add_access(struct str *out, const struct runbook *rb)
{
	static const char *const sre[] = {"sre"}, *const stage[] = {"prod"};
	const struct actor_claim none[] = {{"roles", NULL, 0}};
	const struct actor_claim some[] = {{"roles", sre, 1}, {"stage", stage, 1}};
	AUTO_STR why = STR_INIT;
	AUTO_STR why_not = STR_INIT;
	str_addf(out, "nobody may: %s\n",
		runbook_authorize(rb, none, 1, "execute", &why) ? "yes" : why.data);
	str_addf(out, "an sre of prod may: %s\n",
		runbook_authorize(rb, some, 2, "validate", &why_not) ? "yes" : why_not.data);
}

static void add_diagnostics(struct str *out, const struct diag_list *diags)
{
	char *printed = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&printed, &len);
	struct term term;
	assert_non_null(file);
	term_init(&term, file, false);
	diag_print_text(&term, diags);
	(void)fclose(file);
	str_addn(out, printed, len);
	free(printed);
}

static void describe(const char *name, const struct str *text, struct str *out)
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	AUTO_FREE char *path = path_join("runbooks", name);
	const struct src src = {path, text->data, text->len};
	const struct runbook_world world = {variable_is_set, path_is_there, NULL};
	const struct runbook *rb = runbook_parse(&arena, &src, &diags);
	if (rb) {
		const bool valid = runbook_validate(rb, &world, &diags);
		add_runbook(out, rb);
		add_access(out, rb);
		str_addf(out, "valid: %s\n", valid ? "yes" : "no");
		assert_int_equal(valid, diags.errors == 0);
	} else {
		assert_true(diags.errors > 0);
	}
	str_add(out, "---\n");
	add_diagnostics(out, &diags);
}

static int is_runbook(const struct dirent *e)
{
	return e->d_name[0] != '.' && str_ends(e->d_name, ".md");
}

static void read_file(const char *path, struct str *out)
{
	AUTO_ERR err = NULL;
	if (fs_read(path, 8 * 1024 * 1024, out, &err) < 0)
		fail_msg("%s", err->message);
}

static unsigned check_file(const char *name)
{
	AUTO_STR text = STR_INIT;
	AUTO_STR got = STR_INIT;
	AUTO_STR want = STR_INIT;
	AUTO_ERR err = NULL;
	AUTO_FREE char *path = path_join(FOLDER, name);
	AUTO_FREE char *expected =
		xasprintf("%.*s.expected", (int)(strlen(path) - strlen(".md")), path);
	read_file(path, &text);
	describe(name, &text, &got);
	if (getenv("TRUEUP_REGEN")) {
		assert_int_equal(fs_write_atomic(expected, got.data, got.len, 0644, &err), 0);
		return 0;
	}
	read_file(expected, &want);
	if (str_eq(got.data, want.data))
		return 0;
	print_error("%s: expected\n%s\ngot\n%s\n", path, want.data, got.data);
	return 1;
}

static void runbooks_are_read_as_expected(void **state)
{
	struct dirent **entries;
	const int count = scandir(FOLDER, &entries, is_runbook, alphasort);
	unsigned wrong = 0;
	(void)state;
	assert_true(count >= 60);
	for (int i = 0; i < count; i++) {
		wrong += check_file(entries[i]->d_name);
		free(entries[i]);
	}
	free((void *)entries);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runbooks_are_read_as_expected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
