#include "base/systemd.h"

#include <stdbool.h>

const struct systemd *systemd_load(struct err **err)
{
	/* Libraries are loaded once for the process; nothing else is kept here. */
	static struct systemd systemd;
	static bool loaded;
#define SYMBOL(name) LIBRARY_SYMBOL(systemd, name),
	static const struct library_symbol symbols[] = {SYSTEMD_FUNCTIONS(SYMBOL)};
#undef SYMBOL
	if (!loaded && library_load("libsystemd.so.0", "libsystemd0", symbols, ARRAY_LEN(symbols),
			       &systemd, err) < 0)
		return NULL;
	loaded = true;
	return &systemd;
}
