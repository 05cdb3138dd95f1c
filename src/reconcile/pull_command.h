/*
 * Commands in the comments of a pull request:
 *
 *	trueup plan | apply | approve [NOTE] | reject [WHY] | unlock | run NAME | help
 *
 * The first word is Config's (pullRequests.command). A command stands at the start of a line, which
 * it has for itself; case does not matter. Text in fences, in quotes (">"), indented as code, or
 * hidden in an HTML comment is no command: it may be somebody else's, or not visible. Pure; the
 *text is hostile.
 */
#ifndef TRUEUP_RECONCILE_PULL_COMMAND_H
#define TRUEUP_RECONCILE_PULL_COMMAND_H

#include "base/arena.h"

enum pull_verb {
	PULL_VERB_PLAN,
	PULL_VERB_APPLY,
	PULL_VERB_APPROVE,
	PULL_VERB_REJECT,
	PULL_VERB_UNLOCK,
	PULL_VERB_RUN,
	PULL_VERB_HELP,
	PULL_VERB_UNKNOWN, /* problem says what is wrong */
};

const char *pull_verb_name(enum pull_verb verb); /* "plan"; "" for an unknown one */

struct pull_command {
	enum pull_verb verb;
	const char *text; /* the line as it was written, without blanks around it */
	const char *argument; /* of run: the name; of approve and reject: the rest; NULL: none */
	const char *problem; /* of an unknown one: plain text, one sentence */
};

struct pull_commands {
	struct pull_command *items;
	size_t count;
	bool more; /* there were more than PULL_COMMANDS_MAX; the rest is left out */
};

enum { PULL_COMMANDS_MAX = 10, PULL_COMMAND_LINE_MAX = 1000 };

/* In order. A command that is there twice is one. body is valid until the result is not needed. */
void pull_commands_parse(
	const char *body, const char *word, struct arena *arena, struct pull_commands *ret);

/* The answer to help, and to what is not understood: Markdown, appended. */
struct str;
void pull_commands_help(const char *word, bool apply_before, struct str *out);

#endif
