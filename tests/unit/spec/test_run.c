/*
 * Protects: what a Run may say and what it means, and each mistake in one with its place and the
 * way out of it.
 */
#include "check.h"

#include "base/str.h"
#include "base/strmap.h"
#include "format/yaml.h"
#include "spec/check.h"
#include "spec/field.h"
#include "spec/run.h"

struct fixture {
	struct arena arena;
	struct diag_list diags;
	struct src src;
	struct run_spec run;
};

static void fixture_release(struct fixture *f)
{
	diag_list_release(&f->diags);
	arena_release(&f->arena);
}
#define AUTO_FIXTURE CLEANUP(fixture_release) struct fixture

static void decode(struct fixture *f, const char *text)
{
	f->src = (struct src){"runs/x.yaml", text, strlen(text)};
	const struct node *n = yaml_parse(&f->arena, &f->src, &f->diags);
	assert_non_null(n);
	spec_run_decode(&f->arena, n, (struct pos){&f->src, 1, 1}, &f->run, &f->diags);
}

/* "2:3 spec-env message (hint)" for each diagnostic. */
static char *said(struct fixture *f)
{
	AUTO_STR out = STR_INIT;
	diag_sort(&f->diags);
	for (size_t i = 0; i < f->diags.count; i++) {
		const struct diag *d = &f->diags.items[i];
		str_addf(&out, "%s%u:%u+%u %s %s", i ? "\n" : "", d->line, d->col, d->width,
			d->rule, d->message);
		if (d->hint)
			str_addf(&out, " (%s)", d->hint);
	}
	return arena_strdup(&f->arena, out.data);
}

static void takes_all_that_a_run_says(void **state)
{
	(void)state;
	AUTO_FIXTURE f = {0};
	decode(&f, "runbook: runbook/PatchPrep\n"
		   "as: role/ops\n"
		   "env:\n"
		   "  HOST: web1\n"
		   "  TOKEN: {fromEnv: DEPLOY_TOKEN}\n"
		   "  KEY: {fromFile: keys/id.pub}\n"
		   "  PASSWORD: {credential: db}\n"
		   "  EMPTY_TOKEN: ''\n"
		   "targets: {provider: local}\n"
		   "rate: {maxConcurrency: 10, maxErrors: 2}\n"
		   "retries: 0\n"
		   "timeout: 15m\n"
		   "schedule:\n"
		   "  cron: '30 2 * * sun'\n"
		   "  timezone: UTC\n"
		   "  overlap: queue\n"
		   "  missed: skip\n"
		   "approval: {mode: manual, roles: [ops]}\n");
	assert_string_equal(said(&f), "");
	const struct run_spec *r = &f.run;
	assert_string_equal(r->runbook.text, "PatchPrep");
	assert_string_equal(r->as.text, "ops");
	assert_int_equal(r->env_count, 5);
	assert_string_equal(r->env[0].name.text, "HOST");
	assert_string_equal(r->env[0].text, "web1");
	assert_null(r->env[1].text);
	assert_int_equal(r->env[1].ref.kind, VALUE_FROM_ENV);
	assert_string_equal(r->env[1].ref.name, "DEPLOY_TOKEN");
	assert_int_equal(r->env[2].ref.kind, VALUE_FROM_FILE);
	assert_int_equal(r->env[3].ref.kind, VALUE_CREDENTIAL);
	assert_string_equal(r->env[4].text, "");
	assert_int_equal(r->rate.max_concurrency, 10);
	assert_int_equal(r->rate.max_errors, 2);
	assert_int_equal(r->retries, 0);
	assert_int_equal(r->timeout_ms, 900000);
	assert_int_equal(r->schedule.due.minutes, UINT64_C(1) << 30);
	assert_int_equal(r->schedule.overlap, OVERLAP_QUEUE);
	assert_int_equal(r->schedule.missed, MISSED_SKIP);
	assert_int_equal(r->approval.mode, APPROVAL_MANUAL);
}

static void has_defaults(void **state)
{
	(void)state;
	AUTO_FIXTURE f = {0};
	decode(&f, "runbook: PatchPrep\nschedule: {cron: '@daily'}\n");
	assert_string_equal(said(&f), "");
	const struct run_spec *r = &f.run;
	assert_string_equal(r->targets.provider, "local");
	assert_int_equal(r->rate.max_concurrency, 1);
	assert_int_equal(r->retries, -1);
	assert_int_equal(r->timeout_ms, 0);
	assert_string_equal(r->schedule.timezone.text, "UTC");
	assert_int_equal(r->schedule.overlap, OVERLAP_SKIP);
	assert_int_equal(r->schedule.missed, MISSED_RUN_ONCE);
	assert_int_equal(r->approval.mode, APPROVAL_AUTO);
	assert_null(r->as.text);
}

static void names_each_mistake(void **state)
{
	(void)state;
	enum { SEVERAL = 2 };
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"as: ops", "1:1+2 spec-required Run needs the field 'runbook' (as in `runbook: "
			    "PatchPrep`)"},
		{"runbook: runbooks/PatchPrep.md",
			"1:10+21 run-runbook 'runbooks/PatchPrep.md' as value of 'runbook' is not "
			"a "
			"runbook (a runbook: its file's name without .md, as in PatchPrep)"},
		{"runbook: R\nenv: {1A: x, A: [x], B: {x: z}, C: {fromEnv: 9}, D: 5}",
			"2:7+2 spec-env '1A' is no name of a variable (letters, digits and '_', "
			"not "
			"starting with a digit)\n"},
		{"runbook: R\nenv: {DB_PASSWORD: hunter2}",
			"2:20+7 secret-literal the value of 'DB_PASSWORD' looks like a secret, and "
			"is written in this file (say where it comes from: {fromEnv: NAME}, "
			"{fromFile: PATH} or {credential: NAME})"},
		{"runbook: R\nenv: {A: {from: canvas/core/vpc.id}}",
			"2:10+5 spec-unsupported 'A' takes the output of a canvas: this version of "
			"trueup cannot do that in a Run ({fromEnv: NAME}, {fromFile: PATH} and "
			"{credential: NAME})"},
		{"runbook: R\ntargets: {provider: ssm}",
			"2:21+3 spec-unsupported provider 'ssm' is not supported by this version "
			"of "
			"trueup (`provider: local` runs on the machine that reconciles)"},
		{"runbook: R\ntargets: {provider: lokal}",
			"2:21+5 run-targets there is no provider 'lokal' (this version of trueup "
			"has one: local)"},
		{"runbook: R\ntargets: {accounts: ['123456789012']}",
			"2:11+8 spec-unsupported 'accounts' of targets is not supported by this "
			"version of trueup (remove it: trueup refuses what it would have to "
			"ignore)"},
		{"runbook: R\nchange: {servicenow: x}",
			"2:1+6 spec-unsupported 'change' of Run is not supported by this version "
			"of trueup (remove it: trueup refuses what it would have to ignore)"},
		{"runbook: R\nschedule: {timezone: UTC}",
			"2:1+8 spec-required schedule needs the field 'cron' (as in `cron: \"30 2 "
			"* * sun\"`)"},
		{"runbook: R\nschedule: {cron: '0 25 * * *'}",
			"2:21+2 run-cron 25 is no hour (it goes from 0 to 23)"},
		{"runbook: R\nschedule:\n  cron: 0 0 30 feb *",
			"3:13+6 run-cron no month of the list has such a day: it is never due "
			"(February has at most 29 days; April, June, September and November 30)"},
		{"runbook: R\nenv: {DEBUG: yes}", "2:14+3 yaml-ambiguous"},
		{"runbook: R\nretries: 21", "2:10+2 spec-range"},
		{"runbook: R\ntimeout: 8d", "2:10+2 spec-range"},
		{"runbook: R\nrunbok: R",
			"2:1+6 spec-unknown-field unknown field 'runbok' in Run (did you mean "
			"'runbook'?)"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FIXTURE f = {0};
		decode(&f, rows[i].text);
		const char *text = said(&f);
		if (!str_starts(text, rows[i].says))
			fail_msg("%s\n\nsays\n%s", rows[i].text, text);
		if (i != SEVERAL)
			assert_int_equal(f.diags.count, 1);
	}
	AUTO_FIXTURE f = {0};
	decode(&f, rows[SEVERAL].text);
	assert_int_equal(f.diags.errors, 5);
	assert_int_equal(f.run.env_count, 0);
	AUTO_FIXTURE secret = {0};
	decode(&secret, rows[3].text);
	assert_null(secret.diags.items[0].source_line);
}

static void asks_the_zones_of_the_machine(void **state)
{
	(void)state;
	AUTO_FIXTURE f = {0};
	decode(&f, "runbook: R\nschedule: {cron: '@daily', timezone: Europe/Berln}");
	assert_int_equal(f.diags.errors, 1);
	assert_string_equal(f.diags.items[0].rule, "run-timezone");
	assert_int_equal(f.diags.items[0].col, 38);
}

static const struct spec *find(void *data, const char *key)
{
	return strmap_get(data, key);
}

static const char *const *keys(void *data, enum spec_kind kind)
{
	static const char *const runbooks[] = {"runbook/PatchPrep", NULL};
	static const char *const roles[] = {"role/ops", NULL};
	(void)data;
	return kind == KIND_RUNBOOK ? runbooks : roles;
}

static void looks_for_what_it_names(void **state)
{
	(void)state;
	AUTO_STRMAP known = {0};
	struct spec runbook = {.kind = KIND_RUNBOOK}, role = {.kind = KIND_ROLE};
	(void)strmap_put(&known, "runbook/PatchPrep", &runbook);
	(void)strmap_put(&known, "role/ops", &role);
	const struct spec_finder finder = {find, keys, &known, NULL};
	static const struct {
		const char *text, *says, *needs;
	} rows[] = {
		{"runbook: PatchPrep\nas: ops", "", "runbook/PatchPrep role/ops "},
		{"runbook: PatchPost",
			"1:10+9 run-runbook there is no runbook 'PatchPost' (did you mean "
			"'PatchPrep'?)",
			"runbook/PatchPost "},
		{"runbook: PatchPrep\nas: oops\napproval: {roles: [ups]}",
			"2:5+4 run-role there is no role 'oops' (did you mean 'ops'?)\n"
			"3:20+3 run-role there is no role 'ups'",
			"runbook/PatchPrep role/oops role/ups "},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FIXTURE f = {0};
		decode(&f, rows[i].text);
		const struct spec spec = {.kind = KIND_RUN,
			.name = "x",
			.key = "run/x",
			.path = "runs/x.yaml",
			.run = &f.run};
		const struct spec *specs[] = {&spec};
		spec_check(specs, 1, &finder, &f.diags);
		const char *text = said(&f);
		if (!str_starts(text, rows[i].says) || (!*rows[i].says && *text))
			fail_msg("%s\n\nsays\n%s", rows[i].text, text);
		AUTO_STR needs = STR_INIT;
		for (const char *const *k = spec_needs(&f.arena, &spec); *k; k++)
			str_addf(&needs, "%s ", *k);
		assert_string_equal(needs.data, rows[i].needs);
	}
}

static void is_loaded_as_a_spec(void **state)
{
	(void)state;
	AUTO_FIXTURE f = {0};
	const char *text = "apiVersion: trueup/v1\nkind: Run\nmetadata: {name: x}\n"
			   "spec: {runbook: R}\n";
	f.src = (struct src){"runs/x.yaml", text, strlen(text)};
	assert_true(spec_kind_supported(KIND_RUN));
	const struct spec *spec = spec_load(&f.arena, &f.src, &f.diags);
	assert_string_equal(said(&f), "");
	assert_non_null(spec);
	assert_string_equal(spec->key, "run/x");
	assert_string_equal(spec->run->runbook.text, "R");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_all_that_a_run_says),
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(names_each_mistake),
		cmocka_unit_test(asks_the_zones_of_the_machine),
		cmocka_unit_test(looks_for_what_it_names),
		cmocka_unit_test(is_loaded_as_a_spec),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
