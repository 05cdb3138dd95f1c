/*
 * A comment of a pull request. What is found is within its limits, is written somewhere in the
 * text, and is found again when it stands alone.
 */
#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/pull_command.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_alone(const struct pull_command *c, struct arena *arena)
{
	struct pull_commands again;
	pull_commands_parse(c->text, "trueup", arena, &again);
	if (again.count != 1 || again.items[0].verb != c->verb ||
		!str_eq(again.items[0].argument, c->argument) ||
		!str_eq(again.items[0].problem, c->problem))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA arena = {0};
	AUTO_FREE char *body = xstrndup((const char *)data, size);
	struct pull_commands list;
	pull_commands_parse(body, "trueup", &arena, &list);
	if (list.count > PULL_COMMANDS_MAX)
		abort();
	for (size_t i = 0; i < list.count; i++) {
		const struct pull_command *c = &list.items[i];
		if (!strstr(body, c->text) ||
			(c->verb == PULL_VERB_UNKNOWN) != (c->problem != NULL))
			abort();
		if (*c->text)
			check_alone(c, &arena);
	}
	return 0;
}
