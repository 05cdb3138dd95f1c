/*
 * The variables of a run: given ones, those that come from elsewhere, and those that the runbook
 * declares and the caller's environment has. Values are in memory only; what is recorded of them is
 * a digest under a key that never leaves the state folder, since a digest of a short secret alone
 * could be tried out.
 */
#include "reconcile/runbook_internal.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/emit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_BYTES = 32, MIN_MASKED = 4 };

/* What resolving needs to know. */
struct values {
	struct session *session;
	const struct runbook_request *request;
	struct runbook_run *run;
	struct run_var *items;
	size_t count;
};

static const char *environment_value(const char *const *environ, const char *name)
{
	const size_t len = strlen(name);
	for (; environ && *environ; environ++)
		if (strncmp(*environ, name, len) == 0 && (*environ)[len] == '=')
			return *environ + len + 1;
	return NULL;
}

static int invalid(struct runbook_run *run, const char *reason)
{
	run->fate = RUNBOOK_INVALID;
	run->reason = reason;
	return 0;
}

/* A text out of a file, without the newline at its end. NULL with *ret_why. */
static const char *text_value(struct arena *arena, const struct str *text, const char **ret_why)
{
	size_t len = text->len;
	if (memchr(text->data, '\0', len)) {
		*ret_why = "it holds a NUL character";
		return NULL;
	}
	if (len && text->data[len - 1] == '\n')
		len--;
	return arena_memdup(arena, text->data, len);
}

static const char *file_value(struct values *v, const char *path, const char **ret_why)
{
	AUTO_STR text = STR_INIT;
	AUTO_STR why = STR_INIT;
	AUTO_ERR err = NULL;
	if (runbook_read_file(v->session, v->run, path, GIVEN_MAX_VALUE, &text, &err) == 0)
		return text_value(&v->run->arena, &text, ret_why);
	err_format(err, &why);
	*ret_why = arena_strdup(&v->run->arena, why.data);
	return NULL;
}

/* As systemd hands them to a service (LoadCredential=, systemd.exec(5)). */
static const char *credential_value(struct values *v, const char *name, const char **ret_why)
{
	AUTO_STR text = STR_INIT;
	AUTO_STR why = STR_INIT;
	AUTO_ERR err = NULL;
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	if (!folder || strchr(name, '/') || name[0] == '.') {
		*ret_why = "no such credential was handed to this process (LoadCredential= of its "
			   "systemd unit, CREDENTIALS_DIRECTORY)";
		return NULL;
	}
	AUTO_FREE char *path = path_join(folder, name);
	if (fs_read(path, GIVEN_MAX_VALUE, &text, &err) == 0)
		return text_value(&v->run->arena, &text, ret_why);
	err_format(err, &why);
	*ret_why = arena_strdup(&v->run->arena, why.data);
	return NULL;
}

static const char *value_of(struct values *v, const struct given_var *given, const char **ret_why)
{
	const char *value = NULL;
	switch (given->kind) {
	case VALUE_FROM_ENV:
		value = environment_value(v->request->environ, given->value);
		*ret_why = "it is not set";
		return value;
	case VALUE_FROM_FILE:
		return file_value(v, given->value, ret_why);
	case VALUE_CREDENTIAL:
		return credential_value(v, given->value, ret_why);
	case VALUE_PLAIN:
		return given->value;
	case VALUE_FROM:
		break;
	}
	*ret_why = "outputs of a canvas cannot be had here";
	return NULL;
}

static bool is_secret(const struct runbook_run *run, const char *name, enum value_kind kind)
{
	const struct spec_texts *named = &run->runbook->execution.secrets;
	for (size_t i = 0; i < named->count; i++)
		if (str_eq(named->items[i].text, name))
			return true;
	return kind != VALUE_PLAIN || given_var_name_is_secret(name);
}

static void put(struct values *v, const char *name, const char *value, enum value_kind kind)
{
	const bool secret = is_secret(v->run, name, kind);
	for (size_t i = 0; i < v->count; i++)
		if (str_eq(v->items[i].name, name)) {
			v->items[i].value = arena_strdup(&v->run->arena, value);
			return;
		}
	if (secret && *value && strlen(value) < MIN_MASKED)
		diag_warning(&v->run->diags, "runbook-secret",
			((struct pos){v->run->runbook->src, 1, 1}),
			"the value of '%s' is shorter than 4 characters: it is not masked", name);
	/* A copy: it is wiped at the end. */
	v->items[v->count++] = (struct run_var){name, arena_strdup(&v->run->arena, value), secret};
}

/* Those that somebody gave; *ret_why: the first that is not to be had. */
static bool put_given(struct values *v, const char **ret_why)
{
	static const char *const kinds[] = {
		[VALUE_FROM_ENV] = "the environment variable ",
		[VALUE_FROM_FILE] = "the file ",
		[VALUE_CREDENTIAL] = "the credential ",
		[VALUE_PLAIN] = "",
		[VALUE_FROM] = "",
	};
	for (size_t i = 0; i < v->request->var_count; i++) {
		const struct given_var *given = &v->request->vars[i];
		const char *why = run_var_refused(given->name);
		if (why) {
			*ret_why = arena_printf(&v->run->arena,
				"Invalid environment variable name: %s: %s", given->name, why);
			return false;
		}
		const char *value = value_of(v, given, &why);
		if (!value) {
			*ret_why = arena_printf(&v->run->arena, "no value for '%s' from %s%s: %s",
				given->name, kinds[given->kind], given->value, why);
			return false;
		}
		put(v, given->name, value, given->kind);
	}
	return true;
}

/* Those that the runbook declares, that nobody gave and that the caller has. */
static void put_declared(struct values *v)
{
	const struct runbook *rb = v->run->runbook;
	for (size_t i = 0; i < rb->variable_count; i++) {
		const char *name = rb->variables[i].name.text;
		const char *value = environment_value(v->request->environ, name);
		bool given = false;
		for (size_t k = 0; k < v->count; k++)
			given = given || str_eq(v->items[k].name, name);
		if (value && !given && !run_var_refused(name))
			put(v, name, value, VALUE_PLAIN);
	}
}

static int compare_vars(const void *a, const void *b)
{
	return strcmp(((const struct run_var *)a)->name, ((const struct run_var *)b)->name);
}

/* ---- digests ---- */

/* Made once; of two processes that make it the first one's stays. */
static int make_key(const char *state_dir, const char *path, struct err **err)
{
	char key[2 * KEY_BYTES + 1];
	AUTO_FREE char *fresh = xasprintf("%s/run-key.%ld", state_dir, (long)getpid());
	random_hex(KEY_BYTES, key);
	if (fs_write_atomic(fresh, key, strlen(key), 0600, err) < 0)
		return -1;
	const int failed = link(fresh, path) < 0 && errno != EEXIST ? errno : 0;
	(void)unlink(fresh);
	return failed ? err_errno(err, failed, "make %s", path) : 0;
}

static int read_key(const struct session *session, struct str *key, struct err **err)
{
	AUTO_FREE char *path = path_join(session->state_dir, "run-key");
	if (!fs_exists(path) && make_key(session->state_dir, path, err) < 0)
		return -1;
	return fs_read(path, 2 * KEY_BYTES, key, err);
}

static int take_digests(struct session *session, struct runbook_run *run, struct err **err)
{
	AUTO_STR key = STR_INIT;
	/* Nothing was recorded yet and nothing is to be: there is nothing to compare with. */
	if (!session->store)
		return 0;
	if (read_key(session, &key, err) < 0)
		return -1;
	struct digest *d = digest_begin();
	digest_add_text(d, key.data);
	for (size_t i = 0; i < run->var_count; i++) {
		digest_add_text(d, run->vars[i].name);
		digest_add_text(d, run->vars[i].value);
	}
	digest_end(d, run->env_digest);
	d = digest_begin();
	digest_add_text(d, run->path);
	digest_add_text(d, run->runbook->digest);
	digest_add_text(d, run->env_names_json);
	digest_add_text(d, run->env_digest);
	digest_end(d, run->identity);
	return 0;
}

static const char *names_json(struct runbook_run *run)
{
	AUTO_STR json = STR_INIT;
	str_addc(&json, '[');
	for (size_t i = 0; i < run->var_count; i++) {
		if (i)
			str_addc(&json, ',');
		emit_json_string(run->vars[i].name, strlen(run->vars[i].name), &json);
	}
	str_addc(&json, ']');
	return arena_strdup(&run->arena, json.data);
}

int runbook_values_resolve(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err)
{
	struct values v = {.session = session, .request = request, .run = run};
	const size_t most = request->var_count + run->runbook->variable_count + 1;
	const char *why = NULL;
	v.items = arena_array(&run->arena, most, sizeof *v.items);
	const bool complete = put_given(&v, &why);
	put_declared(&v);
	if (request->mode == RUN_MODE_CHECK)
		put(&v, "DRY_RUN", "1", VALUE_PLAIN);
	if (v.count)
		qsort(v.items, v.count, sizeof *v.items, compare_vars);
	run->vars = v.items;
	run->var_count = v.count;
	run->env_names_json = names_json(run);
	if (take_digests(session, run, err) < 0)
		return -1;
	return complete ? 0 : invalid(run, why);
}
