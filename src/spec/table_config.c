/* The fields of Config and of metadata, and the rules between them. */
#include "spec/decode.h"
#include "spec/freeze.h"

#include "base/str.h"

#include <string.h>

#define AT(member)      offsetof(struct config, member)
#define SPEC_AT(member) offsetof(struct spec, member)

static const char *const apply_words[] = {"manual", "auto", NULL};

/* developer.hashicorp.com/terraform/language/backend; "remote" and "cloud" plan elsewhere. */
static const char *const backends[] = {
	"local", "s3", "gcs", "azurerm", "http", "consul", "pg", "kubernetes", "cos", "oss", NULL};

static const struct field terraform_fields[] = {
	{.key = "binary",
		.type = FIELD_TEXT,
		.offset = AT(terraform.binary),
		.grammar = &grammar_program,
		.default_doc = "terraform, or tofu where only that is there",
		.doc = "The program. A path cannot be given here: no push decides what is "
		       "executed.",
		.example = "tofu"},
	{.key = "providerVersion",
		.type = FIELD_TEXT,
		.offset = AT(terraform.provider_version),
		.grammar = &grammar_version,
		.fallback = "~> 5.100",
		.doc = "Version constraint of the AWS provider.",
		.example = "\"~> 5.100\""},
	{.key = "backend",
		.type = FIELD_FREE,
		.offset = AT(terraform.backend),
		.default_doc = "local, inside trueup's own state",
		.doc = "Where Terraform keeps its state: one backend type and its settings.",
		.example = "{s3: {bucket: shop-state, region: eu-west-1}}"},
	{.key = "timeout",
		.type = FIELD_DURATION,
		.offset = AT(terraform.timeout_ms),
		.fallback = "1h",
		.min = 60000,
		.max = 86400000,
		.doc = "The longest that one plan or apply may take.",
		.example = "1h"},
};

static void check_terraform(struct decoder *d, const struct node *map, void *obj)
{
	(void)obj;
	const struct node *backend = node_get(map, "backend");
	if (!backend || backend->type != NODE_MAP)
		return;
	if (backend->map.count != 1) {
		struct diag *e = diag_error(d->diags, "config-backend", backend->pos,
			"'backend' has one key, the type of the backend, not %zu",
			backend->map.count);
		diag_hint(d->diags, e,
			"as in `backend: {s3: {bucket: shop-state, region: eu-west-1}}`");
		return;
	}
	const struct node_pair *pair = &backend->map.pairs[0];
	bool known = false;
	for (size_t i = 0; backends[i]; i++)
		known = known || str_eq(backends[i], pair->key->text);
	if (!known) {
		struct diag *e = diag_error(d->diags, "config-backend", pair->key->pos,
			"'%.64s' is no backend that trueup can use", pair->key->text);
		const char *near = str_nearest(pair->key->text, backends);
		if (near)
			diag_hint(d->diags, e, "did you mean '%s'?", near);
		else
			diag_hint(d->diags, e,
				"one of local, s3, gcs, azurerm, http, consul, pg, kubernetes, "
				"cos, oss");
	}
	if (pair->value->type != NODE_MAP)
		(void)decode_wrong_type(d, pair->key->text, "a map of settings", pair->value);
}

static const struct field_table table_terraform = {.name = "terraform",
	.doc = "How Terraform is run.",
	.fields = terraform_fields,
	.count = ARRAY_LEN(terraform_fields),
	.check = check_terraform};

static const struct field engine_fields[] = {
	{.key = "terraform",
		.type = FIELD_TABLE,
		.table = &table_terraform,
		.doc = "How Terraform is run.",
		.example = "{timeout: 1h}"},
};
static const char *const later_engines[] = {"cloudformation", NULL};
static const struct field_table table_engines = {.name = "engines",
	.doc = "Settings of the engines.",
	.fields = engine_fields,
	.count = ARRAY_LEN(engine_fields),
	.later = later_engines};

static const struct field drift_fields[] = {
	{.key = "every",
		.type = FIELD_DURATION,
		.offset = AT(drift.every_ms),
		.min = 60000,
		.default_doc = "never",
		.doc = "How often a server looks whether resources differ.",
		.example = "6h"},
	{.key = "heal",
		.type = FIELD_BOOL,
		.offset = AT(drift.heal),
		.fallback = "false",
		.doc = "Whether canvases that do not say it themselves are made again what was "
		       "applied where they differ, through the same gates as a change.",
		.example = "false"},
};
static const struct field_table table_drift = {.name = "drift",
	.doc = "Looking for differences between resources and what was applied.",
	.fields = drift_fields,
	.count = ARRAY_LEN(drift_fields)};

static const struct field limit_fields[] = {
	{.key = "maxObjects",
		.type = FIELD_INT,
		.offset = AT(limits.max_objects),
		.min = 1,
		.max = 1000000,
		.default_doc = "no limit",
		.doc = "The most specs that the repository may hold.",
		.example = "500"},
	{.key = "maxNodes",
		.type = FIELD_INT,
		.offset = AT(limits.max_nodes),
		.min = 1,
		.max = SPEC_MAX_NODES,
		.default_doc = "2000",
		.doc = "The most nodes that one canvas may have.",
		.example = "100"},
};
static const struct field_table table_limits = {.name = "limits",
	.doc = "Limits on size.",
	.fields = limit_fields,
	.count = ARRAY_LEN(limit_fields)};

#define FREEZE(member) offsetof(struct spec_freeze, member)

static bool time_ok(const char *text, size_t len)
{
	int64_t ms;
	return len == strlen(text) && freeze_parse_time(text, &ms);
}
static const struct grammar grammar_time = {.what = "a time",
	.expect = "in UTC, as in \"2026-12-20T18:00:00Z\"",
	.rule = "config-freeze",
	.pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
	.ok = time_ok};

static const struct field freeze_fields[] = {
	{.key = "reason",
		.type = FIELD_TEXT,
		.offset = FREEZE(reason),
		.doc = "Why, for people who wait.",
		.example = "end of the year"},
	{.key = "from",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED,
		.group = 1,
		.offset = FREEZE(from_text),
		.grammar = &grammar_time,
		.doc = "When it begins, once.",
		.example = "\"2026-12-20T18:00:00Z\""},
	{.key = "until",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED,
		.group = 1,
		.offset = FREEZE(until_text),
		.grammar = &grammar_time,
		.doc = "When it ends.",
		.example = "\"2027-01-04T06:00:00Z\""},
	{.key = "cron",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED,
		.group = 2,
		.offset = FREEZE(cron),
		.doc = "When it begins, again and again.",
		.example = "\"0 16 * * fri\""},
	{.key = "duration",
		.type = FIELD_DURATION,
		.group = 2,
		.offset = FREEZE(duration_ms),
		.min = 60000,
		.max = 2678400000,
		.doc = "How long it then lasts.",
		.example = "62h"},
	{.key = "timezone",
		.type = FIELD_TEXT,
		.group = 2,
		.offset = FREEZE(timezone),
		.fallback = "UTC",
		.doc = "The time zone whose clock counts for cron.",
		.example = "Europe/Berlin"},
};

static const struct field_table table_freeze = {.name = "freeze",
	.doc = "A time in which nothing is applied: what would be waits until it is over.",
	.fields = freeze_fields,
	.count = ARRAY_LEN(freeze_fields),
	.item_size = sizeof(struct spec_freeze),
	.one_group = true,
	.check = freeze_check};

static const struct field policy_fields[] = {
	{.key = "freeze",
		.type = FIELD_TABLES,
		.offset = AT(freezes),
		.offset2 = AT(freeze_count),
		.table = &table_freeze,
		.max = 100,
		.doc = "Times in which nothing is applied.",
		.example = "[{cron: \"0 16 * * fri\", duration: 62h, timezone: Europe/Berlin}]"},
	{.key = "limits",
		.type = FIELD_TABLE,
		.table = &table_limits,
		.doc = "Limits on size.",
		.example = "{maxNodes: 100}"},
	{.key = "requiredTags",
		.type = FIELD_TEXTS,
		.offset = AT(required_tags),
		.grammar = &grammar_tag_key,
		.doc = "Labels that every canvas has to have in its metadata.",
		.example = "[team, cost-centre]"},
};

static const char *const later_policy[] = {"maxMonthlyIncrease", NULL};
static const struct field_table table_policy = {.name = "policy",
	.doc = "Rules that hold for the whole repository.",
	.fields = policy_fields,
	.count = ARRAY_LEN(policy_fields),
	.later = later_policy};

static const char *const history_words[] = {"commit", "branch", "off", NULL};
static const struct field history_fields[] = {
	{.key = "write",
		.type = FIELD_WORD,
		.offset = AT(history.write),
		.words = history_words,
		.fallback = "commit",
		.doc = "Where an entry goes: into the file by a commit to `branch`, into the file "
		       "on the branch trueup/history (for a branch that nobody may push to), or "
		       "nowhere. The record of runs is the store in any case.",
		.example = "branch"},
	{.key = "keep",
		.type = FIELD_INT,
		.offset = AT(history.keep),
		.min = 1,
		.max = 1000,
		.fallback = "50",
		.doc = "How many entries a file holds; the oldest go first.",
		.example = "20"},
	{.key = "bytes",
		.type = FIELD_INT,
		.offset = AT(history.bytes),
		.min = 256,
		.max = 65536,
		.fallback = "4096",
		.doc = "Bytes of each output stream in an entry: of more, head and tail.",
		.example = "2048"},
};
static const struct field_table table_history = {.name = "history",
	.doc = "Entries of runs in the files of runbooks.",
	.fields = history_fields,
	.count = ARRAY_LEN(history_fields)};

static const char *const killed_words[] = {"stop", "finish", NULL};
static const char *const isolation_words[] = {"best_effort", "required", NULL};
static const struct field runbook_fields[] = {
	{.key = "isolation",
		.type = FIELD_WORD,
		.flags = FIELD_AS_BOOL,
		.offset = AT(runbooks.isolation_required),
		.words = isolation_words,
		.fallback = "best_effort",
		.doc = "`required`: no script runs below full isolation, whatever its runbook "
		       "says.",
		.example = "required"},
	{.key = "whenKilled",
		.type = FIELD_WORD,
		.flags = FIELD_AS_BOOL,
		.offset = AT(runbooks.finish),
		.words = killed_words,
		.fallback = "stop",
		.doc = "What becomes of a script when the trueup that started it is killed: it is "
		       "ended at once, or finishes and is taken over by the next command.",
		.example = "finish"},
	{.key = "allowBash",
		.type = FIELD_BOOL,
		.offset = AT(runbooks.allow_bash),
		.fallback = "false",
		.doc = "Where zsh is not installed, run scripts with bash. Some mean something "
		       "else there.",
		.example = "true"},
};
static const struct field_table table_runbooks = {.name = "runbooks",
	.doc = "How scripts of runbooks are run.",
	.fields = runbook_fields,
	.count = ARRAY_LEN(runbook_fields)};

static const struct field known_fields[] = {
	{.key = "instanceTypes",
		.type = FIELD_TEXTS,
		.offset = AT(known.instance_types),
		.grammar = &grammar_known_value,
		.doc = "EC2 instance types.",
		.example = "[m9g.large]"},
	{.key = "instanceClasses",
		.type = FIELD_TEXTS,
		.offset = AT(known.instance_classes),
		.grammar = &grammar_known_value,
		.doc = "Instance classes of RDS.",
		.example = "[db.m9g.large]"},
	{.key = "nodeTypes",
		.type = FIELD_TEXTS,
		.offset = AT(known.node_types),
		.grammar = &grammar_known_value,
		.doc = "Node types of ElastiCache.",
		.example = "[cache.m9g.large]"},
	{.key = "eksVersions",
		.type = FIELD_TEXTS,
		.offset = AT(known.eks_versions),
		.grammar = &grammar_known_value,
		.doc = "Kubernetes versions of EKS.",
		.example = "[\"1.40\"]"},
	{.key = "lambdaRuntimes",
		.type = FIELD_TEXTS,
		.offset = AT(known.lambda_runtimes),
		.grammar = &grammar_known_value,
		.doc = "Runtimes of Lambda.",
		.example = "[python3.16]"},
	{.key = "s3Events",
		.type = FIELD_TEXTS,
		.offset = AT(known.s3_events),
		.grammar = &grammar_known_value,
		.doc = "Events of S3 buckets.",
		.example = "[\"s3:ObjectAcl:Put\"]"},
};
static const struct field_table table_known = {.name = "knownValues",
	.doc = "Values that AWS has and this version of trueup does not know: nodes may have them "
	       "beside those it knows.",
	.fields = known_fields,
	.count = ARRAY_LEN(known_fields)};

static const struct field config_fields[] = {
	{.key = "branch",
		.type = FIELD_TEXT,
		.offset = AT(branch),
		.grammar = &grammar_branch,
		.fallback = "main",
		.doc = "The branch whose commits are applied; others are planned only.",
		.example = "main"},
	{.key = "apply",
		.type = FIELD_WORD,
		.flags = FIELD_AS_BOOL,
		.offset = AT(apply_auto),
		.words = apply_words,
		.fallback = "manual",
		.doc = "Whether `reconcile` applies without asking. Neither goes past an approval.",
		.example = "manual"},
	{.key = "engines",
		.type = FIELD_TABLE,
		.table = &table_engines,
		.doc = "Settings of the engines.",
		.example = "{terraform: {timeout: 1h}}"},
	{.key = "parallel",
		.type = FIELD_INT,
		.offset = AT(parallel),
		.min = 1,
		.max = 64,
		.default_doc = "the number of processors",
		.doc = "How many canvases are planned or applied at once.",
		.example = "4"},
	{.key = "drift",
		.type = FIELD_TABLE,
		.table = &table_drift,
		.doc = "Looking for differences between resources and what was applied.",
		.example = "{every: 6h}"},
	{.key = "history",
		.type = FIELD_TABLE,
		.table = &table_history,
		.doc = "Entries of runs in the files of runbooks.",
		.example = "{write: branch, keep: 20}"},
	{.key = "runbooks",
		.type = FIELD_TABLE,
		.table = &table_runbooks,
		.doc = "How scripts of runbooks are run.",
		.example = "{isolation: required}"},
	{.key = "pullRequests",
		.type = FIELD_TABLE,
		.table = &table_pulls,
		.doc = "Pull requests: what is planned, shown and applied.",
		.example = "{apply: before}"},
	{.key = "policy",
		.type = FIELD_TABLE,
		.table = &table_policy,
		.doc = "Rules that hold for the whole repository.",
		.example = "{requiredTags: [team]}"},
	{.key = "knownValues",
		.type = FIELD_TABLE,
		.table = &table_known,
		.doc = "Values that AWS has and this version of trueup does not know.",
		.example = "{instanceTypes: [m9g.large]}"},
	{.key = "currency",
		.type = FIELD_TEXT,
		.flags = FIELD_INERT,
		.offset = AT(currency),
		.grammar = &grammar_currency,
		.fallback = "USD",
		.doc = "Currency in which costs are shown.",
		.example = "EUR"},
};

static void check_config(struct decoder *d, const struct node *map, void *obj)
{
	struct config *config = obj;
	(void)d;
	config->policy = node_get(map, "policy");
}

static const char *const later_config[] = {"notifications", "exchangeRates", NULL};
const struct field_table table_config = {.name = "Config",
	.doc = "Settings of the repository; at most one, usually trueup.yaml. Secrets and listen "
	       "addresses are not here but in the server's own file.",
	.fields = config_fields,
	.count = ARRAY_LEN(config_fields),
	.check = check_config,
	.later = later_config};

static const struct field metadata_fields[] = {
	{.key = "name",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED,
		.offset = SPEC_AT(name),
		.grammar = &grammar_name,
		.doc = "The name; unique among specs of one kind.",
		.example = "shop"},
	{.key = "labels",
		.type = FIELD_LABELS,
		.offset = SPEC_AT(labels),
		.offset2 = SPEC_AT(label_count),
		.doc = "Text by key, for people and for policy.",
		.example = "{team: web}"},
	{.key = "renamedFrom",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED,
		.offset = SPEC_AT(renamed_from),
		.grammar = &grammar_name,
		.doc = "The name this object had before: it goes on under the new one instead of "
		       "being "
		       "destroyed and made again.",
		.example = "old-shop"},
};
static const struct field optional_metadata_fields[] = {
	{.key = "name",
		.type = FIELD_TEXT,
		.offset = SPEC_AT(name),
		.grammar = &grammar_name,
		.default_doc = "config",
		.doc = "There is one Config, so a name is not needed.",
		.example = "config"},
	{.key = "labels",
		.type = FIELD_LABELS,
		.offset = SPEC_AT(labels),
		.offset2 = SPEC_AT(label_count),
		.doc = "Text by key, for people.",
		.example = "{team: platform}"},
};
const struct field_table table_metadata = {.name = "metadata",
	.doc = "What the spec is called.",
	.fields = metadata_fields,
	.count = ARRAY_LEN(metadata_fields)};
const struct field_table table_config_metadata = {.name = "metadata",
	.doc = "What the spec is called.",
	.fields = optional_metadata_fields,
	.count = ARRAY_LEN(optional_metadata_fields)};
