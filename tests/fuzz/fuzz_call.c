/*
 * The bytes are what a script sends to its supervisor's process. Whatever they are, the request is
 * refused or holds texts without NULs and variables with names that are some.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "runbook/call.h"
#include "spec/execution.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	struct call_request r;
	if (call_parse(&arena, (const char *)data, size, &r, &err) < 0) {
		require(err != NULL);
		return 0;
	}
	require(r.token && r.runbook && r.mode <= CALL_DRY_RUN && r.timeout_ms >= 0);
	require(r.vars.count <= GIVEN_MAX_VARS);
	for (size_t i = 0; i < r.vars.count; i++) {
		const struct given_var *var = &r.vars.items[i];
		require(env_name_ok(var->name, strlen(var->name)) && var->value);
		require(var->kind != VALUE_FROM && var->kind <= VALUE_CREDENTIAL);
	}
	for (size_t i = 0; r.environ[i]; i++)
		require(strlen(r.environ[i]) <= size);
	return 0;
}
