/* One canvas rendered from a revision, without a run: for `trueup render`. */
#ifndef TRUEUP_RECONCILE_RENDERED_H
#define TRUEUP_RECONCILE_RENDERED_H

#include "base/diag.h"
#include "reconcile/session.h"
#include "render/render.h"

struct err;

struct rendered_options {
	const char *key; /* "canvas/shop" */
	const char *rev; /* NULL: HEAD */
	bool worktree; /* the files on disk instead */
};

struct rendered {
	struct rendering rendering; /* valid when there are no errors in diags */
	struct diag_list diags;
	struct arena arena; /* owns what rendering points to */
};

/* ERR_NOT_FOUND: the revision has no such canvas. 0 also with invalid specs: see ret->diags. */
MUST_CHECK int rendered_open(struct session *session, const struct rendered_options *options,
	struct rendered *ret, struct err **err);
void rendered_close(struct rendered *r);
#define AUTO_RENDERED CLEANUP(rendered_close) struct rendered

#endif
