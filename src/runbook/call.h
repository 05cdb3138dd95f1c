/*
 * A script asks for another runbook. It runs shut in and cannot reach the repository, so it asks
 * its supervisor over a socket in its own folder:
 *
 *	TRUEUP_RUN_CALL    the folder of the socket `call`
 *	TRUEUP_RUN_TOKEN   what proves that the caller is this run; random, masked as a secret
 *
 * A connection is one call: one line of JSON from the script (struct call_request), then frames to
 * it: a byte for the kind, four for the length (big-endian), the bytes. The last is CALL_EXIT.
 * The supervisor hands the connection to `trueup internal-call DIR`, which runs outside; only that
 * process reads what the script sent, and it believes nothing of it but the token.
 */
#ifndef TRUEUP_RUNBOOK_CALL_H
#define TRUEUP_RUNBOOK_CALL_H

#include "base/macros.h"
#include "runbook/variables.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct str;

/* The hidden command that answers one call. */
#define CALL_COMMAND "internal-call"
/* Variables of the script. */
#define CALL_ENV_FOLDER "TRUEUP_RUN_CALL"
#define CALL_ENV_TOKEN  "TRUEUP_RUN_TOKEN"
/* Below the script's folder. */
#define CALL_FOLDER  ".trueup"
#define CALL_PROGRAM CALL_FOLDER "/bin/trueup"

enum { CALL_TOKEN_BYTES = 16, CALL_REQUEST_MAX = 4 * 1024 * 1024 };

enum call_mode { CALL_RUN, CALL_CHECK, CALL_DRY_RUN };

struct call_request {
	const char *token;
	const char *runbook;
	const char *role; /* NULL */
	struct given_vars vars;
	const char *const *environ; /* of the script; NULL-terminated */
	enum call_mode mode;
	int64_t timeout_ms; /* 0: as the runbook says */
	bool json; /* -o json */
	bool quiet;
	int verbose;
};

enum call_frame { CALL_OUT = 'O', CALL_ERR = 'E', CALL_EXIT = 'X' };

/* The script's side. *ret_code: exit code to end with. */
typedef void call_print(void *data, enum call_frame kind, const char *text, size_t len);
MUST_CHECK int call_send(const char *folder, const struct call_request *request, call_print *print,
	void *data, int *ret_code, struct err **err);

/* A request out of its text, as a script may have written it; texts in arena. ERR_INVALID. */
MUST_CHECK int call_parse(struct arena *arena, const char *text, size_t len,
	struct call_request *ret, struct err **err);
/* The other side: reads the request from fd; texts in arena. ERR_INVALID, ERR_TIMEOUT. */
MUST_CHECK int call_read(int fd, struct arena *arena, struct call_request *ret, struct err **err);
/* False: the script is gone. */
MUST_CHECK bool call_write(int fd, enum call_frame kind, const void *data, size_t len);

/* A listening socket `call` in folder, which is made; -1 with *err. */
MUST_CHECK int call_listen(const char *folder, struct err **err);

#endif
