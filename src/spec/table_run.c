/* The fields of a Run, and the rules between them. */
#include "spec/decode.h"
#include "spec/execution.h"
#include "spec/run.h"

#include "base/err.h"
#include "base/str.h"
#include "base/zone.h"

#include <string.h>

#define AT(member) offsetof(struct run_spec, member)

enum { MAX_RUNBOOK_NAME = 128 };

static const char *const providers[] = {"local", NULL};
static const char *const later_providers[] = {
	"ssm", "aws", "aws-ssm", "ec2", "ssh", "azure", "gcp", NULL};
static const char *const overlaps[] = {"skip", "queue", "replace", NULL};
static const char *const misses[] = {"skip", "run_once", NULL};

static bool runbook_ok(const char *text, size_t len)
{
	const char *prefix = "runbook/";
	if (len > strlen(prefix) && str_starts(text, prefix)) {
		text += strlen(prefix);
		len -= strlen(prefix);
	}
	for (size_t i = 0; i < len; i++)
		if (text[i] == '/' || (unsigned char)text[i] < ' ')
			return false;
	return len > 0 && len <= MAX_RUNBOOK_NAME && !str_ends(text, ".md");
}

static const struct grammar grammar_runbook = {"a runbook",
	"its file's name without .md, as in PatchPrep", "run-runbook", NULL, runbook_ok, NULL,
	"runbook/"};

static bool provider_ok(const char *text, size_t len)
{
	(void)text;
	return len > 0;
}
static const struct grammar grammar_provider = {
	"a provider", "local", "run-targets", "^local$", provider_ok, NULL, NULL};

static const char *const later_targets[] = {
	"accounts", "regions", "instances", "csv", "tags", "ids", NULL};

static const struct field target_fields[] = {
	{.key = "provider",
		.type = FIELD_TEXT,
		.offset = AT(targets.provider),
		.grammar = &grammar_provider,
		.fallback = "local",
		.doc = "Where the script runs: local is the machine that reconciles.",
		.example = "local"},
};

/* A known provider that is not there yet deserves other words than a misspelt one. */
static void check_targets(struct decoder *d, const struct node *map, void *obj)
{
	const struct node *n = node_get(map, "provider");
	const char *text = node_text(n);
	(void)obj;
	if (!text || str_eq(text, providers[0]))
		return;
	for (size_t i = 0; later_providers[i]; i++) {
		if (!str_eq(later_providers[i], text))
			continue;
		struct diag *e = diag_error(d->diags, "spec-unsupported", n->pos,
			"provider '%s' is not supported by this version of trueup", text);
		diag_hint(d->diags, e, "`provider: local` runs on the machine that reconciles");
		return;
	}
	struct diag *e =
		diag_error(d->diags, "run-targets", n->pos, "there is no provider '%.64s'", text);
	diag_hint(d->diags, e, "this version of trueup has one: local");
}

static const struct field_table table_targets = {.name = "targets",
	.doc = "Where the script runs.",
	.fields = target_fields,
	.count = ARRAY_LEN(target_fields),
	.later = later_targets,
	.check = check_targets};

static const struct field rate_fields[] = {
	{.key = "maxConcurrency",
		.type = FIELD_INT,
		.offset = AT(rate.max_concurrency),
		.min = 1,
		.max = 1000,
		.fallback = "1",
		.doc = "On how many targets the script runs at once.",
		.example = "10"},
	{.key = "maxErrors",
		.type = FIELD_INT,
		.offset = AT(rate.max_errors),
		.min = 0,
		.max = 1000000,
		.fallback = "0",
		.doc = "On how many targets it may fail before no further one is started.",
		.example = "2"},
};
static const struct field_table table_rate = {.name = "rate",
	.doc = "How many targets at once, and when to stop.",
	.fields = rate_fields,
	.count = ARRAY_LEN(rate_fields)};

static const struct field schedule_fields[] = {
	{.key = "cron",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED | FIELD_PLACED,
		.offset = AT(schedule.cron),
		.doc = "When it is due: minute, hour, day of the month, month, weekday, or a "
		       "shorthand such as @daily. Times that a change of the clock skips are due "
		       "when it has been changed, times that come twice the first time.",
		.example = "\"30 2 * * sun\""},
	{.key = "timezone",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED,
		.offset = AT(schedule.timezone),
		.fallback = "UTC",
		.doc = "The time zone whose clock counts.",
		.example = "Europe/Berlin"},
	{.key = "overlap",
		.type = FIELD_WORD,
		.offset = AT(schedule.overlap),
		.words = overlaps,
		.fallback = "skip",
		.doc = "What becomes of a due time while the run before goes on: it is left out, "
		       "it waits, or it takes the other one's place.",
		.example = "queue"},
	{.key = "missed",
		.type = FIELD_WORD,
		.offset = AT(schedule.missed),
		.words = misses,
		.fallback = "run_once",
		.doc = "What becomes of times that were due while trueup was not there: nothing, "
		       "or one run for all of them.",
		.example = "skip"},
};

/* Points into the text, when it is written in one piece. */
static void report_cron(struct decoder *d, const struct node *n, const struct cron_problem *p)
{
	struct pos pos = n->pos;
	pos.col += (uint32_t)p->offset + !(n->flags & NODE_PLAIN);
	struct diag *e = diag_error(d->diags, "run-cron", pos, "%s", p->message);
	e->width = (uint32_t)p->width;
	if (*p->hint)
		diag_hint(d->diags, e, "%s", p->hint);
}

static void check_schedule(struct decoder *d, const struct node *map, void *obj)
{
	/* The fields of this map lie in the Run itself. */
	struct run_spec *run = obj;
	struct cron_problem problem;
	if (run->schedule.cron.text &&
		!cron_parse(run->schedule.cron.text, &run->schedule.due, &problem))
		report_cron(d, node_get(map, "cron"), &problem);
	AUTO_ZONE *zone = NULL;
	AUTO_ERR err = NULL;
	const struct node *name = node_get(map, "timezone");
	if (!run->schedule.timezone.text || !name ||
		zone_open(run->schedule.timezone.text, &zone, &err) == 0)
		return;
	diag_error(d->diags, "run-timezone", name->pos, "%s", err->message);
}

static const struct field_table table_schedule = {.name = "schedule",
	.doc = "When the runbook runs, again and again.",
	.fields = schedule_fields,
	.count = ARRAY_LEN(schedule_fields),
	.check = check_schedule};

static const struct field run_fields[] = {
	{.key = "runbook",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED | FIELD_PLACED | FIELD_STRIP,
		.offset = AT(runbook),
		.grammar = &grammar_runbook,
		.doc = "The runbook to run.",
		.example = "PatchPrep"},
	{.key = "as",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED | FIELD_STRIP,
		.offset = AT(as),
		.grammar = &grammar_role,
		.default_doc = "all roles of who reconciles",
		.doc = "The role whose claims count.",
		.example = "platform"},
	{.key = "env",
		.type = FIELD_FREE,
		.flags = FIELD_VALUES,
		.offset = AT(env_map),
		.doc = "Values of the runbook's variables: texts, or where a value comes from.",
		.example = "{HOST: web1, TOKEN: {fromEnv: DEPLOY_TOKEN}}"},
	{.key = "targets",
		.type = FIELD_TABLE,
		.table = &table_targets,
		.doc = "Where the script runs.",
		.example = "{provider: local}"},
	{.key = "rate",
		.type = FIELD_TABLE,
		.table = &table_rate,
		.doc = "How many targets at once, and when to stop.",
		.example = "{maxConcurrency: 10, maxErrors: 1}"},
	{.key = "retries",
		.type = FIELD_INT,
		.offset = AT(retries),
		.min = 0,
		.max = 20,
		.default_doc = "as the runbook says",
		.doc = "How often a script that failed is tried again.",
		.example = "2"},
	{.key = "timeout",
		.type = FIELD_DURATION,
		.offset = AT(timeout_ms),
		.min = 1000,
		.max = 604800000,
		.default_doc = "as the runbook says",
		.doc = "How long one attempt may take.",
		.example = "15m"},
	{.key = "schedule",
		.type = FIELD_TABLE,
		.table = &table_schedule,
		.default_doc = "once for each version of the Run",
		.doc = "When the runbook runs, again and again.",
		.example = "{cron: \"30 2 * * sun\", timezone: Europe/Berlin}"},
	{.key = "approval",
		.type = FIELD_TABLE,
		.table = &table_approval,
		.offset = AT(approval),
		.doc = "Whether somebody has to look before the script runs.",
		.example = "{mode: manual}"},
};

static const char *const later_run[] = {"change", NULL};

/* Is the value of a variable of this name likely to be a secret? */
static bool is_secret_name(const char *name)
{
	static const char *const words[] = {"SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE",
		"CREDENTIAL", "PRIVATE_KEY", "API_KEY", "APIKEY", "ACCESS_KEY"};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}

static void check_literal(struct decoder *d, const struct node_pair *pair)
{
	if (!pair->value->len || !is_secret_name(pair->key->text))
		return;
	struct diag *e = diag_error(d->diags, "secret-literal", pair->value->pos,
		"the value of '%.64s' looks like a secret, and is written in this file",
		pair->key->text);
	e->source_line = NULL;
	diag_hint(d->diags, e,
		"say where it comes from: {fromEnv: NAME}, {fromFile: PATH} or {credential: NAME}");
}

static bool read_value(
	struct decoder *d, const struct node_pair *pair, struct run_spec_variable *ret)
{
	const struct node *n = pair->value;
	/* An ambiguous one is reported as part of the free map. */
	if (n->flags & NODE_AMBIGUOUS)
		return false;
	if (n->type != NODE_MAP) {
		ret->text = decode_text(d, pair->key->text, NULL, n);
		if (ret->text)
			check_literal(d, pair);
		return ret->text != NULL;
	}
	ret->ref = spec_value_ref(d->arena, n);
	if (ret->ref.kind == VALUE_FROM) {
		struct diag *e = diag_error(d->diags, "spec-unsupported", n->pos,
			"'%.64s' takes the output of a canvas: this version of trueup cannot do "
			"that in a Run",
			pair->key->text);
		diag_hint(d->diags, e, "{fromEnv: NAME}, {fromFile: PATH} and {credential: NAME}");
		return false;
	}
	if (ret->ref.kind != VALUE_PLAIN)
		return true;
	/* A reference of a wrong shape is reported already. */
	if (!node_get(n, "fromEnv") && !node_get(n, "fromFile") && !node_get(n, "credential") &&
		!node_get(n, "from"))
		(void)decode_wrong_type(d, pair->key->text, "text", n);
	return false;
}

static void read_env(struct decoder *d, struct run_spec *run)
{
	if (!run->env_map)
		return;
	run->env = arena_array(d->arena, run->env_map->map.count, sizeof run->env[0]);
	MAP_FOREACH (run->env_map, pair) {
		struct run_spec_variable v = {.name = {pair->key->text, pair->key->pos}};
		if (!env_name_ok(pair->key->text, pair->key->len)) {
			struct diag *e = diag_error(d->diags, "spec-env", pair->key->pos,
				"'%.64s' is no name of a variable", pair->key->text);
			diag_hint(
				d->diags, e, "letters, digits and '_', not starting with a digit");
		} else if (read_value(d, pair, &v)) {
			run->env[run->env_count++] = v;
		}
	}
}

static void check_run(struct decoder *d, const struct node *map, void *obj)
{
	(void)map;
	read_env(d, obj);
}

const struct field_table table_run = {.name = "Run",
	.doc = "A wish to run a runbook: once for each version of the Run, or by a schedule.",
	.fields = run_fields,
	.count = ARRAY_LEN(run_fields),
	.later = later_run,
	.check = check_run};

void spec_run_decode(struct arena *arena, const struct node *n, struct pos where,
	struct run_spec *ret, struct diag_list *diags)
{
	struct decoder d = {.arena = arena, .diags = diags};
	*ret = (struct run_spec){.retries = -1};
	decode_table(&d, &table_run, n, where, ret);
}
