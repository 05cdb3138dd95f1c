/*
 * Times in HTTP headers. Pure functions.
 */
#ifndef TRUEUP_NET_HTTP_DATE_H
#define TRUEUP_NET_HTTP_DATE_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * HTTP-date (RFC 9110, 5.6.7) in any of its three forms to milliseconds since 1970:
 *	Sun, 06 Nov 1994 08:49:37 GMT	IMF-fixdate
 *	Sunday, 06-Nov-94 08:49:37 GMT	RFC 850; a year that would be more than 50 years after now
 *					is in the past
 *	Sun Nov  6 08:49:37 1994	asctime
 * The day of the week is not compared. False for anything else; *ret_ms is then untouched.
 */
MUST_CHECK bool http_date_parse(const char *text, int64_t now_ms, int64_t *ret_ms);

/*
 * Retry-After (RFC 9110, 10.2.3), seconds or an HTTP-date, as a time; a date in the past is now_ms.
 * False if it is neither.
 */
MUST_CHECK bool http_retry_after_parse(const char *text, int64_t now_ms, int64_t *ret_ms);

#endif
