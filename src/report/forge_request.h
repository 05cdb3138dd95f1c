/*
 * Where the requests of a forge go: the network, or what a test puts in its place.
 */
#ifndef TRUEUP_REPORT_FORGE_REQUEST_H
#define TRUEUP_REPORT_FORGE_REQUEST_H

#include "net/http.h"

#include <stdint.h>

/* perform() is as http_perform(); now() is the wall clock in milliseconds. */
struct forge_transport {
	int (*perform)(void *data, const struct http_request *request, struct http_response *ret,
		struct err **err);
	int64_t (*now)(void *data);
	void *data;
};

#endif
