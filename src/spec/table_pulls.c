/* The fields of Config about pull requests. */
#include "spec/field.h"

#define AT(member) offsetof(struct config, member)

static const char *const fork_words[] = {"ask", "never", "always", NULL};
static const char *const when_words[] = {"after", "before", NULL};

static const struct field require_fields[] = {
	{.key = "approved",
		.type = FIELD_BOOL,
		.offset = AT(pulls.need_approved),
		.fallback = "true",
		.doc = "Somebody other than its author has approved it at the forge, and nobody "
		       "asks for changes; those who may write to the repository count.",
		.example = "true"},
	{.key = "mergeable",
		.type = FIELD_BOOL,
		.offset = AT(pulls.need_mergeable),
		.fallback = "true",
		.doc = "The forge says that it can be merged.",
		.example = "true"},
	{.key = "upToDate",
		.type = FIELD_BOOL,
		.offset = AT(pulls.need_up_to_date),
		.fallback = "true",
		.doc = "It holds everything that its base branch has.",
		.example = "true"},
};
static const struct field_table table_require = {.name = "require",
	.doc = "What a pull request needs before it is applied, beside all gates.",
	.fields = require_fields,
	.count = ARRAY_LEN(require_fields)};

static const struct field pull_fields[] = {
	{.key = "forks",
		.type = FIELD_WORD,
		.offset = AT(pulls.forks),
		.words = fork_words,
		.fallback = "ask",
		.doc = "Whether pull requests from forks are planned: once a member allows it, "
		       "never, or "
		       "always.",
		.example = "ask"},
	{.key = "comments",
		.type = FIELD_BOOL,
		.offset = AT(pulls.comments),
		.fallback = "true",
		.doc = "Whether the plan is shown in a comment; statuses are set in any case.",
		.example = "true"},
	{.key = "apply",
		.type = FIELD_WORD,
		.flags = FIELD_AS_BOOL,
		.offset = AT(pulls.apply_before),
		.words = when_words,
		.fallback = "after",
		.doc = "When what was planned is applied: by the base branch after the merge, or "
		       "before "
		       "it, when somebody asks for it in a comment.",
		.example = "before"},
	{.key = "require",
		.type = FIELD_TABLE,
		.table = &table_require,
		.doc = "What a pull request needs before it is applied, beside all gates.",
		.example = "{approved: true, mergeable: true, upToDate: true}"},
	{.key = "command",
		.type = FIELD_TEXT,
		.offset = AT(pulls.command),
		.grammar = &grammar_name,
		.fallback = "trueup",
		.doc = "The word that commands in comments start with.",
		.example = "trueup"},
};
const struct field_table table_pulls = {.name = "pullRequests",
	.doc = "Pull requests: what is planned, shown and applied.",
	.fields = pull_fields,
	.count = ARRAY_LEN(pull_fields)};
