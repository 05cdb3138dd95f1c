#include "base/library.h"

#include "base/err.h"

#include <dlfcn.h>
#include <string.h>

int library_load(const char *soname, const char *package, const struct library_symbol *symbols,
	size_t count, void *table, struct err **err)
{
	/* All relocations now: an old library shows here and not in the middle of a request. */
	void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return err_set(err, ERR_UNAVAILABLE,
			"%s cannot be loaded: install the package %s (%s)", soname, package,
			dlerror());
	for (size_t i = 0; i < count; i++) {
		void *function = dlsym(library, symbols[i].name);
		if (!function)
			return err_set(err, ERR_UNAVAILABLE,
				"%s is too old, it has no %s: renew the package %s", soname,
				symbols[i].name, package);
		/* POSIX promises that a function's address fits; C has no cast that says so. */
		memcpy((char *)table + symbols[i].offset, &function, sizeof function);
	}
	return 0;
}
