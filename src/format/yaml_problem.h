/* libyaml's problems in words that say what to do. Inside format/ only. */
#ifndef TRUEUP_FORMAT_YAML_PROBLEM_H
#define TRUEUP_FORMAT_YAML_PROBLEM_H

#include "base/diag.h"

#include <yaml.h>

/* Adds one error for the problem that parser stopped at. */
void yaml_problem_report(
	const yaml_parser_t *parser, const struct src *src, struct diag_list *diags);

#endif
