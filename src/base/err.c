#include "base/err.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int make(struct err **err, enum err_kind kind, char *message)
{
	struct err *e = xcalloc(1, sizeof *e);
	e->kind = kind;
	e->message = message;
	e->cause = *err;
	*err = e;
	return -1;
}

int err_set(struct err **err, enum err_kind kind, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *message = xvasprintf(fmt, args);
	va_end(args);
	err_free(err);
	return make(err, kind, message);
}

static enum err_kind kind_of_errno(int os_errno)
{
	switch (os_errno) {
	case ENOENT:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_DENIED;
	case ETIMEDOUT:
		return ERR_TIMEOUT;
	case EAGAIN:
	case EMFILE:
	case ENFILE:
		return ERR_UNAVAILABLE;
	default:
		return ERR_IO;
	}
}

int err_errno(struct err **err, int os_errno, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *what = xvasprintf(fmt, args);
	va_end(args);
	err_free(err);
	(void)make(err, kind_of_errno(os_errno), xasprintf("%s: %s", what, strerror(os_errno)));
	(*err)->os_errno = os_errno;
	return -1;
}

int err_wrap(struct err **err, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *message = xvasprintf(fmt, args);
	va_end(args);
	const enum err_kind kind = err_kind_of(*err);
	const int os_errno = *err ? (*err)->os_errno : 0;
	(void)make(err, kind, message);
	(*err)->os_errno = os_errno;
	return -1;
}

void err_free(struct err **err)
{
	while (*err) {
		struct err *cause = (*err)->cause;
		free((*err)->message);
		free(*err);
		*err = cause;
	}
}

void err_format(const struct err *err, struct str *out)
{
	for (; err; err = err->cause) {
		str_add(out, err->message);
		if (err->cause)
			str_add(out, ": ");
	}
}

enum err_kind err_kind_of(const struct err *err)
{
	return err ? err->kind : ERR_INTERNAL;
}

const char *err_kind_name(enum err_kind kind)
{
	static const char *const names[] = {
		[ERR_INTERNAL] = "internal",
		[ERR_IO] = "io",
		[ERR_SYNTAX] = "syntax",
		[ERR_INVALID] = "invalid",
		[ERR_NOT_FOUND] = "not-found",
		[ERR_CONFLICT] = "conflict",
		[ERR_DENIED] = "denied",
		[ERR_TIMEOUT] = "timeout",
		[ERR_UNAVAILABLE] = "unavailable",
		[ERR_CANCELLED] = "cancelled",
		[ERR_CORRUPT] = "corrupt",
	};
	return (size_t)kind < ARRAY_LEN(names) && names[kind] ? names[kind] : "internal";
}
