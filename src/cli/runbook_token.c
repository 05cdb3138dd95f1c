#include "cli/runbook_token.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "net/jwt.h"
#include "reconcile/runbook_token.h"
#include "report/diag_print.h"
#include "spec/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20 };

static void free_keys(struct jwt_keys **keys)
{
	jwt_keys_free(*keys);
}

/* Is path below the folder that the command works in? Both are real paths. */
static bool is_in_spec_root(const char *path)
{
	AUTO_FREE char *root = realpath(".", NULL);
	const size_t len = root ? strlen(root) : 0;
	return len > 1 && strncmp(path, root, len) == 0 && path[len] == '/';
}

/* What decides about tokens must be out of reach of whoever could be let in by one. */
static int read_trusted(const char *given, struct str *out, struct err **err)
{
	struct stat st;
	AUTO_FREE char *path = realpath(given, NULL);
	AUTO_CLOSE fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "read %s", given);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "%s is not a file", given);
	if (is_in_spec_root(path))
		return err_set(err, ERR_DENIED,
			"%s lies in the repository: who may push to it must not say which tokens "
			"are believed",
			given);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, ERR_DENIED,
			"%s decides which tokens are believed and could be written by others: it "
			"has to belong to root or to you, with `chmod go-w`",
			given);
	return fs_read_fd(fd, given, FILE_MAX, out, err);
}

static int read_keys(const struct server_config *config, struct jwt_keys **ret, struct err **err)
{
	AUTO_STR text = STR_INIT;
	int rc;
	if (config->tokens.keys) {
		rc = read_trusted(config->tokens.keys, &text, err) < 0
			     ? -1
			     : jwt_keys_parse(text.data, text.len, config->tokens.keys, ret, err);
	} else {
		rc = server_secret_read(&config->tokens.secret, &text, err) < 0
			     ? -1
			     : jwt_keys_secret(text.data, text.len, ret, err);
	}
	secret_wipe(text.data, text.len);
	return rc;
}

static int read_token(const char *given, struct str *out, struct err **err)
{
	AUTO_FREE char *path = realpath(given, NULL);
	const struct server_secret token = {.from_file = path};
	if (!path)
		return err_errno(err, errno, "read the token in %s", given);
	return server_secret_read(&token, out, err);
}

static int load_server(struct cli *cli, const char *path, struct arena *arena, struct str *text,
	const struct server_config **ret, struct err **err)
{
	AUTO_DIAGS diags = {0};
	if (read_trusted(path, text, err) < 0)
		return -1;
	struct src *src = arena_alloc(arena, sizeof *src);
	*src = (struct src){path, text->data, text->len};
	*ret = server_load(arena, src, &diags);
	if (!*ret) {
		diag_print_text(cli->errout, &diags);
		return err_set(err, ERR_INVALID, "the server's file %s has mistakes", path);
	}
	if (!(*ret)->tokens.audience)
		return err_set(err, ERR_INVALID,
			"%s says nothing of tokens: `tokens:` below `spec:` names the issuer, the "
			"audience and the keys (trueup explain server.tokens)",
			path);
	return 0;
}

int runbook_token_read(struct cli *cli, const char *token_file, const char *server_file,
	struct arena *arena, struct runbook_request *ret, struct err **err)
{
	AUTO_STR text = STR_INIT;
	AUTO_STR token = STR_INIT;
	CLEANUP(free_keys) struct jwt_keys *keys = NULL;
	const struct server_config *config;
	if (load_server(cli, server_file, arena, &text, &config, err) < 0 ||
		read_keys(config, &keys, err) < 0)
		return err_wrap(err, "decide about a token");
	if (read_token(token_file, &token, err) < 0)
		return -1;
	const struct token_trust trust = {
		.keys = keys,
		.issuer = config->tokens.issuer,
		.audience = config->tokens.audience,
		.actor_claim = arena_strdup(arena, config->tokens.actor),
		.leeway_ms = config->tokens.leeway_ms,
	};
	runbook_token_apply(&trust, token.data, clock_now_ms(), arena, ret);
	secret_wipe(token.data, token.len);
	return 0;
}
