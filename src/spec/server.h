/*
 * The server's own file: what `trueup serve --config FILE` serves and where it listens. It is no
 * spec: no push can change it. Decoded by a field table as the kinds are, so that its mistakes are
 * diagnostics with places, and `trueup explain server` and schemas/server.json come from the same
 * lines.
 *
 * Secrets are never in it: a struct server_secret says where one is, and server_secret_read() reads
 * it when it is needed.
 */
#ifndef TRUEUP_SPEC_SERVER_H
#define TRUEUP_SPEC_SERVER_H

#include "spec/spec.h"

struct err;
struct str;

/* Where a secret is; all NULL: none was given. */
struct server_secret {
	const char *from_file; /* absolute; a newline at its end does not belong to it */
	const char *from_env;
	const char *credential; /* of systemd: the file of this name in $CREDENTIALS_DIRECTORY */
};

enum server_forge { SERVER_GITHUB, SERVER_GITLAB, SERVER_GITEA };

struct server_poll {
	int64_t every_ms; /* 0: never */
	int64_t jitter_ms; /* added at random, so that many do not ask at once */
};

struct server_repository {
	struct spec_text name;
	struct spec_text path; /* a repository or folder on this machine; absolute */
	struct spec_text url; /* or one to be fetched */
	const char *branch; /* of url */
	struct {
		const char *username;
		struct server_secret password;
		const char *ssh_key; /* path of a private key */
	} git;
	struct {
		enum server_forge kind;
		const char *base_url; /* NULL: the public one */
		const char *repository; /* "owner/name"; NULL: there is no forge */
		struct server_secret token;
		struct {
			const char *id; /* NULL: a token is used */
			int64_t installation; /* 0: asked for */
			struct server_secret key;
		} app;
		const char *ca_file, *proxy;
	} forge;
	struct server_secret webhook_secret, webhook_old_secret;
	struct server_poll poll;
	bool poll_written; /* otherwise poll is the server's */
	struct spec_texts environment; /* names passed on to its workers */
};

struct server_config {
	const char *data_dir;
	struct {
		struct spec_text webhooks; /* text NULL: none */
		struct spec_text status; /* NULL: health stands beside the webhooks */
	} listen;
	int64_t workers;
	struct {
		int64_t fetch_ms, job_ms, deliver_ms, stop_ms;
	} timeouts;
	bool log_json;
	int log_level; /* of base/log.h */
	struct server_poll poll;
	struct {
		int64_t body, connections;
		int64_t per_client; /* 0: as many as connections */
	} limits;
	struct {
		const char *issuer, *audience; /* audience NULL: no tokens are accepted */
		const char *keys; /* path of public keys; NULL: secret */
		struct server_secret secret;
		const char *actor; /* the claim that says who it is */
		int64_t leeway_ms;
	} tokens;
	struct spec_texts environment; /* names passed on to all workers */
	struct server_repository *repositories;
	size_t repository_count;
};

/*
 * Decodes and checks. NULL when something is wrong: diags says what and where. Everything lives in
 * arena and borrows from src.
 */
const struct server_config *server_load(
	struct arena *arena, const struct src *src, struct diag_list *diags);

/* The repository of that name; NULL. */
const struct server_repository *server_repository(
	const struct server_config *config, const char *name);
bool server_secret_given(const struct server_secret *secret);
/*
 * Appends the secret. ERR_NOT_FOUND or ERR_INVALID (empty, more than 64 KiB, a file that others may
 * read) with the place where it should be, never with its value.
 */
MUST_CHECK int server_secret_read(
	const struct server_secret *secret, struct str *out, struct err **err);

/* An address to listen at: "HOST:PORT", "[IPV6]:PORT" or "unix:/PATH". */
bool server_address_ok(const char *text, size_t len);

#endif
