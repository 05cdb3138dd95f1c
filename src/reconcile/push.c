/* Reading what git tells the hooks. */
#include "reconcile/push.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "reconcile/config_now.h"
#include "reconcile/load.h"
#include "reconcile/recorded.h"
#include "runbook/object.h"

#include <ctype.h>
#include <string.h>

enum { MAX_OPTIONS = 1000 };

/* --- standard input ---------------------------------------------------------------------- */

static bool is_hex(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isxdigit((unsigned char)p[i]) || isupper((unsigned char)p[i]))
			return false;
	return len > 0;
}

/* NULL for an id of zeros. */
static const char *take_id(struct arena *arena, const char *p, size_t len)
{
	return strspn(p, "0") >= len ? NULL : arena_memdup(arena, p, len);
}

/* A name of a ref as git allows it, as far as it matters to whoever prints or looks it up. */
static bool is_ref(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)p[i] <= ' ' || p[i] == 0x7f || strchr("~^:?*[\\", p[i]))
			return false;
	return len > 5 && len < SOURCE_NAME_SIZE && memcmp(p, "refs/", 5) == 0 &&
	       p[len - 1] != '/' && !memmem(p, len, "..", 2);
}

static bool parse_line(const char *line, size_t len, struct arena *arena, struct push_ref *ret)
{
	const char *space = memchr(line, ' ', len);
	const size_t id = space ? (size_t)(space - line) : 0;
	if ((id != 40 && id != 64) || len < 2 * id + 2 || line[2 * id + 1] != ' ' ||
		!is_hex(line, id) || !is_hex(line + id + 1, id))
		return false;
	const char *name = line + 2 * id + 2;
	const size_t name_len = len - 2 * id - 2;
	if (!is_ref(name, name_len))
		return false;
	ret->old_id = take_id(arena, line, id);
	ret->new_id = take_id(arena, line + id + 1, id);
	ret->name = arena_memdup(arena, name, name_len);
	ret->branch =
		str_starts(ret->name, "refs/heads/") ? ret->name + strlen("refs/heads/") : NULL;
	return true;
}

int push_parse(
	const char *input, size_t len, struct arena *arena, struct push *ret, struct err **err)
{
	size_t cap = 0;
	const char *end = input + len;
	ret->refs = NULL;
	ret->count = 0;
	for (const char *p = input; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const size_t line = (size_t)((nl ? nl : end) - p);
		if (ret->count == PUSH_MAX_REFS)
			return err_set(err, ERR_INVALID,
				"the push moves more than %d refs: push them in parts",
				PUSH_MAX_REFS);
		ret->refs = arena_grow(arena, ret->refs, ret->count, &cap, sizeof *ret->refs);
		if (line && !parse_line(p, line, arena, &ret->refs[ret->count]))
			return err_set(err, ERR_SYNTAX,
				"standard input is not what git hands to a hook (OLD NEW REF): "
				"line %zu",
				ret->count + 1);
		ret->count += line > 0;
		p += line + (nl != NULL);
	}
	return 0;
}

/* --- the environment --------------------------------------------------------------------- */

static const char *find_variable(const char *const *environ, const char *name)
{
	const size_t len = strlen(name);
	for (; environ && *environ; environ++)
		if (strncmp(*environ, name, len) == 0 && (*environ)[len] == '=')
			return *environ + len + 1;
	return NULL;
}

static int take_option(const char *text, struct push *push, struct err **err)
{
	static const char *const known[] = {"trueup.skip", "trueup.allow-empty", NULL};
	if (!str_starts(text, "trueup."))
		return 0;
	if (str_eq(text, known[0])) {
		push->skip = true;
		return 0;
	}
	if (str_eq(text, known[1])) {
		push->allow_empty = true;
		return 0;
	}
	const char *near = str_nearest(text, known);
	return err_set(err, ERR_INVALID, "there is no push option '%.64s'; %s%s%s", text,
		near ? "did you mean '" : "trueup knows trueup.skip and trueup.allow-empty",
		near ? near : "", near ? "'?" : "");
}

int push_options(const char *const *environ, struct push *push, struct err **err)
{
	const char *text = find_variable(environ, "GIT_PUSH_OPTION_COUNT");
	int64_t count = 0;
	if (text &&
		(!num_parse_i64(text, strlen(text), &count) || count < 0 || count > MAX_OPTIONS))
		return err_set(err, ERR_SYNTAX, "GIT_PUSH_OPTION_COUNT is not a number");
	for (int64_t i = 0; i < count; i++) {
		AUTO_FREE char *name = xasprintf("GIT_PUSH_OPTION_%lld", (long long)i);
		const char *option = find_variable(environ, name);
		if (option && take_option(option, push, err) < 0)
			return -1;
	}
	return 0;
}

/* What can be a member of a Role: the rest would have to be changed to be shown, and a changed name
 * may be somebody else's. */
static bool is_actor_name(const char *text)
{
	const size_t len = strlen(text);
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("_.@+-[]", text[i]))
			return false;
	return len > 0 && len <= 128;
}

char *push_actor(const char *const *environ, const char *account)
{
	static const char *const names[] = {
		"GL_USER", "GL_USERNAME", "GITEA_PUSHER_NAME", "REMOTE_USER"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = find_variable(environ, names[i]);
		if (value && is_actor_name(value))
			return xasprintf("git:%s", value);
	}
	return xasprintf("git:%s", account);
}

/* --- Config's branch --------------------------------------------------------------------- */

/* The branch that Config in this commit names. A Config that cannot be read is somebody else's
 * error message. */
static const char *branch_in_commit(struct session *s, const char *commit, struct arena *arena)
{
	struct source_rev rev;
	AUTO_DIAGS ignored = {0};
	AUTO_ERR err = NULL;
	const struct config *config;
	if (source_resolve(s->source, commit, &rev, &err) < 0)
		return NULL;
	if (config_read(s->source, rev.tree, arena, &ignored, &config, &err) < 0 || !config)
		config = spec_config_default(arena);
	return config->branch;
}

int push_find_applied(struct session *session, const struct push *push, const struct push_ref **ret,
	struct err **err)
{
	AUTO_ARENA scratch = {0};
	const char *recorded;
	*ret = NULL;
	if (recorded_branch(session->store, &scratch, &recorded, err) < 0)
		return -1;
	for (size_t i = 0; i < push->count && !*ret; i++) {
		const struct push_ref *ref = &push->refs[i];
		if (!ref->branch)
			continue;
		const char *want = recorded      ? recorded
				   : ref->new_id ? branch_in_commit(session, ref->new_id, &scratch)
						 : NULL;
		if (str_eq(ref->branch, want))
			*ret = ref;
	}
	return 0;
}
