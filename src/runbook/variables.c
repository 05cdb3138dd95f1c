/* One grammar for both places, so that a line of a file can be tried on the command line. */
#include "runbook/variables.h"

#include "base/err.h"
#include "base/str.h"
#include "spec/execution.h"

#include <string.h>

static void put(struct arena *arena, struct run_variables *vars, struct run_variable variable)
{
	for (size_t i = 0; i < vars->count; i++)
		if (str_eq(vars->items[i].name, variable.name)) {
			vars->items[i] = variable;
			return;
		}
	vars->items =
		arena_grow(arena, vars->items, vars->count, &vars->cap, sizeof vars->items[0]);
	vars->items[vars->count++] = variable;
}

/* Why the text is no variable; NULL after adding it. */
static const char *add(
	struct arena *arena, const char *text, size_t len, struct run_variables *vars)
{
	const char *eq = memchr(text, '=', len);
	if (!eq)
		return "there is no '=' in it";
	const size_t name_len = (size_t)(eq - text), value_len = len - name_len - 1;
	if (!env_name_ok(text, name_len))
		return "the name may have letters, digits and '_' and must not start with a digit";
	if (value_len > RUN_MAX_VALUE)
		return "the value is longer than 128 KiB";
	if (memchr(eq, '\0', len - name_len))
		return "the value holds a NUL character";
	if (vars->count >= RUN_MAX_VARIABLES)
		return "there are more than 1000 variables";
	put(arena, vars,
		(struct run_variable){arena_memdup(arena, text, name_len),
			arena_memdup(arena, eq + 1, value_len)});
	return NULL;
}

int run_variables_add(
	struct arena *arena, const char *text, struct run_variables *vars, struct err **err)
{
	enum { SHOWN_MAX = 64 };
	const char *why = add(arena, text, strlen(text), vars);
	if (!why)
		return 0;
	if (!strchr(text, '='))
		return err_set(err, ERR_INVALID, "%s; write NAME=VALUE", why);
	/* The name alone: what follows it may be a secret. */
	return err_set(err, ERR_INVALID, "'%.*s=...': %s",
		(int)utf8_cut(text, strcspn(text, "="), SHOWN_MAX), text, why);
}

void run_variables_read(struct arena *arena, const struct src *src, struct run_variables *vars,
	struct diag_list *diags)
{
	const char *p = src->data, *end = p + src->len;
	/* A place whose text is not shown. */
	struct src *silent = arena_alloc(arena, sizeof *silent);
	*silent = (struct src){src->path, "", 0};
	for (uint32_t line = 1; p < end; line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = nl ? (size_t)(nl - p) : (size_t)(end - p);
		const char *next = nl ? nl + 1 : end;
		if (len && p[len - 1] == '\r')
			len--;
		const char *why = len && p[0] != '#' ? add(arena, p, len, vars) : NULL;
		if (why) {
			struct diag *d =
				diag_error(diags, "env-file", ((struct pos){silent, line, 1}),
					"the line is no variable: %s", why);
			diag_hint(diags, d, "write NAME=VALUE");
		}
		p = next;
	}
}

const char *run_variables_get(const struct run_variables *vars, const char *name)
{
	for (size_t i = 0; i < vars->count; i++)
		if (str_eq(vars->items[i].name, name))
			return vars->items[i].value;
	return NULL;
}
