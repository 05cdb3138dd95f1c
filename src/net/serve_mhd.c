#include "net/serve_mhd.h"

#include <stdbool.h>

const struct mhd *mhd_load(struct err **err)
{
	/* Libraries are loaded once for the process; nothing else is kept here. */
	static struct mhd mhd;
	static bool loaded;
#define SYMBOL(name) LIBRARY_SYMBOL(mhd, name),
	static const struct library_symbol symbols[] = {MHD_FUNCTIONS(SYMBOL)};
#undef SYMBOL
	if (!loaded && library_load("libmicrohttpd.so.12", "libmicrohttpd12", symbols,
			       ARRAY_LEN(symbols), &mhd, err) < 0)
		return NULL;
	loaded = true;
	return &mhd;
}
