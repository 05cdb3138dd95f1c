/*
 * The value of an HTTP header as a date, as Retry-After and as base64. A date that is read lies in
 * the years that it can name, a retry never before now, and base64 encodes to what it was.
 */
#include "base/mem.h"
#include "base/str.h"
#include "net/base64.h"
#include "net/http_date.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	const int64_t now = 1700000000000;
	int64_t ms = 0;
	if (http_date_parse(text, now, &ms) && (ms < -62200000000000 || ms > 253410000000000))
		abort();
	if (http_retry_after_parse(text, now, &ms) && ms < now)
		abort();
	for (int i = 0; i < 2; i++) {
		AUTO_STR bytes = STR_INIT, again = STR_INIT;
		const bool ok = i ? base64url_decode((const char *)data, size, &bytes)
				  : base64_decode((const char *)data, size, &bytes);
		if (!ok && bytes.len)
			abort();
		if (i)
			base64url_encode(bytes.data, bytes.len, &again);
		else
			base64_encode(bytes.data, bytes.len, &again);
		if (ok && (again.len != size || memcmp(again.data, data, size) != 0))
			abort();
	}
	return 0;
}
