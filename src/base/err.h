/*
 * Errors that end what was being done (I/O, a broken store, a failed child). Mistakes in what
 * people wrote are not errors of this kind but diagnostics: see base/diag.h.
 *
 * Convention: int f(..., struct err **err) returns 0, or -1 with *err set. *err is touched only
 * on failure and must be NULL before. Every function below that makes an error returns -1, so a
 * failure is one line: return err_set(err, ERR_INVALID, "...");
 * Wrap once at each layer border with what was being done there.
 */
#ifndef TRUEUP_BASE_ERR_H
#define TRUEUP_BASE_ERR_H

#include "base/macros.h"

struct str;

enum err_kind {
	ERR_INTERNAL = 1, /* a bug or a broken invariant */
	ERR_IO, /* the operating system said no */
	ERR_SYNTAX, /* text that does not parse */
	ERR_INVALID, /* parses, but is not allowed */
	ERR_NOT_FOUND,
	ERR_CONFLICT, /* somebody else changed or holds it */
	ERR_DENIED, /* not allowed for this actor */
	ERR_TIMEOUT,
	ERR_UNAVAILABLE, /* may work later */
	ERR_CANCELLED, /* the user or a signal stopped it */
	ERR_CORRUPT, /* stored data is damaged */
};

struct err {
	enum err_kind kind;
	int os_errno; /* 0 unless made by err_errno() */
	char *message;
	struct err *cause; /* owned; NULL at the innermost */
};

int err_set(struct err **err, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Kind by errno (ENOENT: NOT_FOUND, EACCES and EPERM: DENIED, otherwise IO), text ": strerror". */
int err_errno(struct err **err, int os_errno, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts context in front of what is already in *err; keeps its kind. */
int err_wrap(struct err **err, const char *fmt, ...) PRINTF_LIKE(2, 3);

void err_free(struct err **err); /* frees the chain, sets *err = NULL; for AUTO_ERR */
/* "outer: inner: innermost" */
void err_format(const struct err *err, struct str *out);
enum err_kind err_kind_of(const struct err *err);
const char *err_kind_name(enum err_kind kind); /* "io", "not-found", ... for JSON */

#define AUTO_ERR CLEANUP(err_free) struct err *

#endif
