/* jansson's problems in words that say what to do. Inside format/ only. */
#ifndef TRUEUP_FORMAT_JSON_PROBLEM_H
#define TRUEUP_FORMAT_JSON_PROBLEM_H

#include "base/diag.h"

#include <jansson.h>

/* The end of the string whose opening quote is at p: behind its closing quote, or end. */
const char *json_skip_string(const char *p, const char *end);

/* Adds one error for what jansson found in src from byte start on. */
void json_problem_report(
	const struct src *src, size_t start, const json_error_t *error, struct diag_list *diags);

#endif
