/* What the decision tables of decide.c and decide_run.c have alike. Only they include it. */
#ifndef TRUEUP_PLAN_DECIDE_TABLE_H
#define TRUEUP_PLAN_DECIDE_TABLE_H

#include "plan/decide.h"

/* What a row asks of a fact. */
enum want { ANY, NO, YES };

/* Sets of enum plan_last and enum plan_stored; 0 is any. */
#define L(x)  (1u << LAST_##x)
#define S(x)  (1u << STORED_##x)
#define WELL  (L(NONE) | L(DONE))
#define BADLY (L(FAILED) | L(LOST))

bool want_fits(enum want want, bool is);
bool set_fits(unsigned set, unsigned value);

/* As they stand in docs/reconcile.md. */
const char *want_text(enum want want);
const char *last_text(unsigned set);
const char *stored_text(unsigned set);

#endif
