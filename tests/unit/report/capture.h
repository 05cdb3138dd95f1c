/* A terminal whose output a test can look at. */
#ifndef TRUEUP_TESTS_CAPTURE_H
#define TRUEUP_TESTS_CAPTURE_H

#include "report/term.h"

#include <stdio.h>
#include <stdlib.h>

struct capture {
	struct term term;
	char *text;
	size_t len;
};

static inline void capture_begin(struct capture *c)
{
	*c = (struct capture){0};
	c->term.file = open_memstream(&c->text, &c->len);
}

/* What was printed; valid until capture_end(). */
static inline const char *captured(struct capture *c)
{
	(void)fflush(c->term.file);
	return c->text;
}

static inline void capture_end(struct capture *c)
{
	(void)fclose(c->term.file);
	free(c->text);
}
#define AUTO_CAPTURE __attribute__((cleanup(capture_end))) struct capture

#endif
