#include "plan/decide_table.h"

bool want_fits(enum want want, bool is)
{
	return want == ANY || (want == YES) == is;
}

bool set_fits(unsigned set, unsigned value)
{
	return !set || set & 1u << value;
}

const char *want_text(enum want want)
{
	static const char *const texts[] = {[ANY] = "any", [NO] = "no", [YES] = "yes"};
	return texts[want];
}

const char *last_text(unsigned set)
{
	return set == 0            ? "any"
	       : set == L(RUNNING) ? "running"
	       : set == WELL       ? "none, done"
				   : "failed, lost";
}

const char *stored_text(unsigned set)
{
	return set == 0             ? "any"
	       : set == S(NONE)     ? "none"
	       : set == S(WAITING)  ? "waiting"
	       : set == S(APPROVED) ? "approved"
	       : set == S(REJECTED) ? "rejected"
				    : "none, rejected";
}
