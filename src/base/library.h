/*
 * Shared libraries that are loaded when they are first used. libsystemd, libcurl and libmicrohttpd
 * bring some thirty others (TLS twice, LDAP, Kerberos, RTMP, compression); linked in, each command
 * would load them all, which costs more than most commands take (docs/decisions/0015).
 *
 * A user names the functions once, in an X-macro, and gets a struct of pointers that have the
 * types of the library's header:
 *
 *	#define FUNCTIONS(X) X(curl_easy_init) X(curl_easy_cleanup)
 *	static struct { FUNCTIONS(LIBRARY_POINTER) } curl;
 *	#define SYMBOL(name) LIBRARY_SYMBOL(curl, name),
 *	static const struct library_symbol symbols[] = {FUNCTIONS(SYMBOL)};
 */
#ifndef TRUEUP_BASE_LIBRARY_H
#define TRUEUP_BASE_LIBRARY_H

#include "base/macros.h"

#include <stddef.h>

struct err;

struct library_symbol {
	const char *name;
	size_t offset; /* of the pointer in the struct */
};

#define LIBRARY_POINTER(name) __typeof__(name) *name;
#define LIBRARY_SYMBOL(table, name)                                                                \
	{                                                                                          \
#name, offsetof(__typeof__(table), name)                                           \
	}

/*
 * Loads the library file (a soname such as "libcurl.so.4", looked for where the linker looks) and
 * fills the pointers of table. It stays loaded until the process ends. ERR_UNAVAILABLE when it or
 * a function is missing; the message names the Debian package to install.
 */
MUST_CHECK int library_load(const char *soname, const char *package,
	const struct library_symbol *symbols, size_t count, void *table, struct err **err);

#endif
