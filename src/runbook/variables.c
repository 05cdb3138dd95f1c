/* One grammar for both places, so that a line of a file can be tried on the command line. */
#include "runbook/variables.h"

#include "base/err.h"
#include "base/str.h"
#include "spec/execution.h"

#include <string.h>

void given_vars_put(struct arena *arena, struct given_vars *vars, struct given_var var)
{
	for (size_t i = 0; i < vars->count; i++)
		if (str_eq(vars->items[i].name, var.name)) {
			vars->items[i] = var;
			return;
		}
	vars->items =
		arena_grow(arena, vars->items, vars->count, &vars->cap, sizeof vars->items[0]);
	vars->items[vars->count++] = var;
}

/* Is the value "{WORD: NAME}" with one of the known words? Then *var becomes the reference. */
static void read_reference(struct arena *arena, struct given_var *var)
{
	static const struct {
		const char *word;
		enum value_kind kind;
	} words[] = {
		{"{fromEnv:", VALUE_FROM_ENV},
		{"{fromFile:", VALUE_FROM_FILE},
		{"{credential:", VALUE_CREDENTIAL},
	};
	const size_t len = strlen(var->value);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!str_starts(var->value, words[i].word) || var->value[len - 1] != '}')
			continue;
		const char *from = var->value + strlen(words[i].word), *to = var->value + len - 1;
		while (from < to && *from == ' ')
			from++;
		while (to > from && to[-1] == ' ')
			to--;
		if (to == from || memchr(from, '\n', (size_t)(to - from)))
			return;
		var->value = arena_memdup(arena, from, (size_t)(to - from));
		var->kind = words[i].kind;
		return;
	}
}

/* Why the text is no variable; NULL after adding it. */
static const char *add(
	struct arena *arena, const char *text, size_t len, bool references, struct given_vars *vars)
{
	const char *eq = memchr(text, '=', len);
	if (!eq)
		return "there is no '=' in it";
	const size_t name_len = (size_t)(eq - text), value_len = len - name_len - 1;
	if (!env_name_ok(text, name_len))
		return "the name may have letters, digits and '_' and must not start with a digit";
	if (value_len > GIVEN_MAX_VALUE)
		return "the value is longer than 128 KiB";
	if (memchr(eq, '\0', len - name_len))
		return "the value holds a NUL character";
	if (vars->count >= GIVEN_MAX_VARS)
		return "there are more than 1000 variables";
	struct given_var var = {arena_memdup(arena, text, name_len),
		arena_memdup(arena, eq + 1, value_len), VALUE_PLAIN};
	if (references)
		read_reference(arena, &var);
	given_vars_put(arena, vars, var);
	return NULL;
}

int given_vars_add(struct arena *arena, const char *text, struct given_vars *vars, struct err **err)
{
	enum { SHOWN_MAX = 64 };
	const char *why = add(arena, text, strlen(text), true, vars);
	if (!why)
		return 0;
	if (!strchr(text, '='))
		return err_set(err, ERR_INVALID, "%s; write NAME=VALUE", why);
	/* The name alone: what follows it may be a secret. */
	return err_set(err, ERR_INVALID, "'%.*s=...': %s",
		(int)utf8_cut(text, strcspn(text, "="), SHOWN_MAX), text, why);
}

void given_vars_read(struct arena *arena, const struct src *src, struct given_vars *vars,
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
		const char *why = len && p[0] != '#' ? add(arena, p, len, false, vars) : NULL;
		if (why) {
			struct diag *d =
				diag_error(diags, "env-file", ((struct pos){silent, line, 1}),
					"the line is no variable: %s", why);
			diag_hint(diags, d, "write NAME=VALUE");
		}
		p = next;
	}
}

const struct given_var *given_vars_get(const struct given_vars *vars, const char *name)
{
	for (size_t i = 0; i < vars->count; i++)
		if (str_eq(vars->items[i].name, name))
			return &vars->items[i];
	return NULL;
}

bool given_var_name_is_secret(const char *name)
{
	static const char *const words[] = {
		"TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "KEY", "CREDENTIAL"};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}
