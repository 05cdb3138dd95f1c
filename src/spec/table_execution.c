/* The fields of a runbook's `# Execution` block, and the rules between them. */
#include "spec/decode.h"
#include "spec/execution.h"

#include "base/str.h"

#define AT(member) offsetof(struct spec_execution, member)

static const char *const backoffs[] = {"constant", "exponential", NULL};
static const char *const policies[] = {"delay", "cancel", "queue_one", NULL};
static const char *const networks[] = {"host", "none", NULL};
static const char *const isolations[] = {"best_effort", "required", "none", NULL};
static const char *const shells[] = {"zsh", "bash", "sh", NULL};
static const char *const reasons[] = {"failure", "timeout", "signal", NULL};

static const struct grammar grammar_reason = {"a reason to try again", "failure, timeout or signal",
	"spec-enum", NULL, NULL, reasons, NULL};

static const struct grammar grammar_env_name = {"a name of an environment variable",
	"letters, digits and '_', not starting with a digit, as in DB_PASSWORD", "spec-env",
	"^[A-Za-z_][A-Za-z0-9_]{0,254}$", env_name_ok, NULL, NULL};

bool env_name_ok(const char *text, size_t len)
{
	enum { ENV_NAME_MAX = 255 };
	if (len < 1 || len > ENV_NAME_MAX || (text[0] >= '0' && text[0] <= '9'))
		return false;
	for (size_t i = 0; i < len; i++) {
		const char c = text[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			c != '_')
			return false;
	}
	return true;
}

static const struct field retry_fields[] = {
	{.key = "attempts",
		.type = FIELD_INT,
		.offset = AT(retry.attempts),
		.min = 1,
		.max = 20,
		.fallback = "1",
		.doc = "How often the script is tried in all.",
		.example = "3"},
	{.key = "delay",
		.type = FIELD_DURATION,
		.offset = AT(retry.delay_ms),
		.max = 86400000,
		.fallback = "10s",
		.doc = "How long to wait before the second attempt.",
		.example = "30s"},
	{.key = "backoff",
		.type = FIELD_WORD,
		.offset = AT(retry.backoff),
		.words = backoffs,
		.fallback = "constant",
		.doc = "Whether the delay stays or doubles with each attempt.",
		.example = "exponential"},
	{.key = "maxDelay",
		.type = FIELD_DURATION,
		.offset = AT(retry.max_delay_ms),
		.max = 86400000,
		.fallback = "5m",
		.doc = "The longest delay that doubling leads to.",
		.example = "10m"},
	{.key = "on",
		.type = FIELD_TEXTS,
		.offset = AT(retry.on_words),
		.grammar = &grammar_reason,
		.default_doc = "failure and timeout",
		.doc = "What is tried again: an exit code other than 0, a timeout, death by a "
		       "signal.",
		.example = "[failure, timeout]"},
};

static void check_retry(struct decoder *d, const struct node *map, void *obj)
{
	struct spec_execution *e = obj;
	if (!e->retry.on_words.count)
		return;
	(void)d;
	(void)map;
	e->retry.on = 0;
	for (size_t i = 0; i < e->retry.on_words.count; i++)
		for (unsigned k = 0; reasons[k]; k++)
			if (str_eq(e->retry.on_words.items[i].text, reasons[k]))
				e->retry.on |= 1u << k;
}

static const struct field_table table_retry = {.name = "retry",
	.doc = "Whether and when a script that failed is tried again.",
	.fields = retry_fields,
	.count = ARRAY_LEN(retry_fields),
	.check = check_retry};

static const struct field concurrency_fields[] = {
	{.key = "group",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED,
		.offset = AT(concurrency.group),
		.grammar = &grammar_name,
		.default_doc = "a group of the runbook's own",
		.doc = "Runs of all runbooks that name the same group count together.",
		.example = "web-servers"},
	{.key = "limit",
		.type = FIELD_INT,
		.offset = AT(concurrency.limit),
		.min = 1,
		.max = 1000,
		.fallback = "1",
		.doc = "How many runs of the group go on at once.",
		.example = "1"},
	{.key = "policy",
		.type = FIELD_WORD,
		.offset = AT(concurrency.policy),
		.words = policies,
		.fallback = "delay",
		.doc = "What becomes of one run more: it waits, it is refused, or it waits in the "
		       "place of the one that waited.",
		.example = "queue_one"},
};

static void check_concurrency(struct decoder *d, const struct node *map, void *obj)
{
	(void)d;
	(void)map;
	((struct spec_execution *)obj)->concurrency.written = true;
}

static const struct field_table table_concurrency = {.name = "concurrency",
	.doc = "How many runs go on at once.",
	.fields = concurrency_fields,
	.count = ARRAY_LEN(concurrency_fields),
	.check = check_concurrency};

static const struct field execution_fields[] = {
	{.key = "timeout",
		.type = FIELD_DURATION,
		.offset = AT(timeout_ms),
		.min = 1000,
		.max = 604800000,
		.fallback = "10m",
		.doc = "How long one attempt may take; then every process of it is ended.",
		.example = "15m"},
	{.key = "retry",
		.type = FIELD_TABLE,
		.table = &table_retry,
		.doc = "Whether and when a script that failed is tried again.",
		.example = "{attempts: 3, delay: 30s}"},
	{.key = "concurrency",
		.type = FIELD_TABLE,
		.table = &table_concurrency,
		.doc = "How many runs go on at once.",
		.example = "{group: web-servers, limit: 1}"},
	{.key = "approval",
		.type = FIELD_TABLE,
		.table = &table_approval,
		.offset = AT(approval),
		.doc = "Whether somebody has to look before the script runs.",
		.example = "{mode: manual}"},
	{.key = "secrets",
		.type = FIELD_TEXTS,
		.offset = AT(secrets),
		.grammar = &grammar_env_name,
		.doc = "Variables whose values are masked wherever they would be shown or stored.",
		.example = "[DB_PASSWORD]"},
	{.key = "network",
		.type = FIELD_WORD,
		.offset = AT(network),
		.words = networks,
		.fallback = "host",
		.doc = "Whether the script reaches the network.",
		.example = "none"},
	{.key = "isolation",
		.type = FIELD_WORD,
		.offset = AT(isolation),
		.words = isolations,
		.fallback = "best_effort",
		.doc = "Whether the script may run where the machine offers no namespaces.",
		.example = "required"},
	{.key = "shell",
		.type = FIELD_WORD,
		.flags = FIELD_AS_TEXT,
		.offset = AT(shell),
		.words = shells,
		.default_doc = "zsh",
		.doc = "The shell that runs the script, whatever its first line says.",
		.example = "bash"},
};

static void check_execution(struct decoder *d, const struct node *map, void *obj)
{
	struct spec_execution *e = obj;
	(void)d;
	const struct node *shell = node_get(map, "shell");
	if (shell)
		e->shell_pos = shell->pos;
}

const struct field_table table_execution = {.name = "Execution",
	.doc = "How a runbook's script is run.",
	.fields = execution_fields,
	.count = ARRAY_LEN(execution_fields),
	.check = check_execution};

void spec_execution_decode(struct arena *arena, const struct node *n, struct pos where,
	struct spec_execution *ret, struct diag_list *diags)
{
	static const struct node none = {.type = NODE_MAP};
	struct decoder d = {.arena = arena, .diags = diags};
	*ret = (struct spec_execution){.retry.on = RETRY_ON_FAILURE | RETRY_ON_TIMEOUT};
	decode_table(&d, &table_execution, n ? n : &none, where, ret);
}
