/*
 * Reading the server's file and the secrets that it points to. The envelope is that of specs, so
 * that an editor and a reader know at once what the file is.
 */
#include "spec/server.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/yaml.h"
#include "spec/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_MAX = 64 * 1024 };

static bool check_word(struct decoder *d, const struct node *doc, const char *key, const char *want,
	struct pos start)
{
	const struct node *n = node_get(doc, key);
	if (n && str_eq(node_text(n), want))
		return true;
	struct diag *e = n ? diag_error(d->diags, "server-file", n->pos,
				     "'%s' of the server's file is not %s", key, want)
			   : diag_error(d->diags, "server-file", start,
				     "the server's file has no '%s'", key);
	diag_hint(d->diags, e, "write `%s: %s`", key, want);
	return false;
}

static void check_keys(struct decoder *d, const struct node *doc)
{
	static const char *const keys[] = {"apiVersion", "kind", "metadata", "spec", NULL};
	MAP_FOREACH (doc, pair) {
		bool known = false;
		for (size_t i = 0; keys[i]; i++)
			known = known || str_eq(keys[i], pair->key->text);
		if (known)
			continue;
		struct diag *e = diag_error(d->diags, "spec-unknown-field", pair->key->pos,
			"unknown field '%.64s' beside apiVersion, kind, metadata and spec",
			pair->key->text);
		const char *near = str_nearest(pair->key->text, keys);
		if (near)
			diag_hint(d->diags, e, "did you mean '%s'?", near);
		else
			diag_hint(d->diags, e, "fields of the server stand below `spec:`");
	}
}

const struct server_config *server_load(
	struct arena *arena, const struct src *src, struct diag_list *diags)
{
	const size_t errors = diags->errors;
	const struct pos start = {src, 1, 1};
	if (spec_scan_secrets(src, diags))
		return NULL;
	const struct node *doc = doc_parse(arena, src, diags);
	if (!doc)
		return NULL;
	struct decoder d = {.arena = arena, .diags = diags};
	if (doc->type != NODE_MAP) {
		diag_error(diags, "server-file", start, "the server's file is not a map");
		return NULL;
	}
	const bool version = check_word(&d, doc, "apiVersion", SPEC_API_VERSION, start);
	if (!check_word(&d, doc, "kind", "Server", start) || !version)
		return NULL;
	check_keys(&d, doc);
	const struct node *body = node_get(doc, "spec");
	struct server_config *config = arena_alloc(arena, sizeof *config);
	if (body)
		decode_table(&d, &table_server, body, node_get_key(doc, "spec")->pos, config);
	else
		diag_error(diags, "spec-required", start, "Server needs the field 'spec'");
	return diags->errors > errors ? NULL : config;
}

const struct server_repository *server_repository(
	const struct server_config *config, const char *name)
{
	for (size_t i = 0; i < config->repository_count; i++)
		if (str_eq(config->repositories[i].name.text, name))
			return &config->repositories[i];
	return NULL;
}

bool server_secret_given(const struct server_secret *secret)
{
	return secret->from_file || secret->from_env || secret->credential;
}

/* A file that anybody may read is no place for a secret; systemd's own are 0400 or 0440. */
static int read_file(const char *path, struct str *out, struct err **err)
{
	AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "read the secret in %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(
			err, ERR_INVALID, "%s is not a file: no secret is read from it", path);
	if (st.st_mode & S_IRWXO)
		return err_set(err, ERR_INVALID,
			"%s may be read by everybody: `chmod o-rwx` it, then it can hold a secret",
			path);
	return fs_read_fd(fd, path, SECRET_MAX, out, err);
}

static int read_env(const char *name, struct str *out, struct err **err)
{
	const char *value = getenv(name);
	if (!value)
		return err_set(err, ERR_NOT_FOUND, "the variable %s is not set", name);
	str_add(out, value);
	return 0;
}

static int read_credential(const char *name, struct str *out, struct err **err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	if (!dir || dir[0] != '/')
		return err_set(err, ERR_NOT_FOUND,
			"there is no credential %s: systemd gave none (LoadCredential= of the "
			"unit)",
			name);
	AUTO_FREE char *path = path_join(dir, name);
	return read_file(path, out, err);
}

int server_secret_read(const struct server_secret *secret, struct str *out, struct err **err)
{
	const size_t from = out->len;
	int rc;
	if (secret->from_file)
		rc = read_file(secret->from_file, out, err);
	else if (secret->from_env)
		rc = read_env(secret->from_env, out, err);
	else if (secret->credential)
		rc = read_credential(secret->credential, out, err);
	else
		rc = err_set(err, ERR_NOT_FOUND, "no secret was given");
	if (rc < 0)
		return -1;
	while (out->len > from && strchr("\r\n", out->data[out->len - 1]))
		str_truncate(out, out->len - 1);
	if (out->len == from || strlen(out->data + from) != out->len - from)
		return err_set(err, ERR_INVALID, "the secret in %s is %s",
			secret->from_file  ? secret->from_file
			: secret->from_env ? secret->from_env
					   : secret->credential,
			out->len == from ? "empty" : "no text: there is a NUL in it");
	return 0;
}
