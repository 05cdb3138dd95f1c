/* A runbook from its parts, for tests that vary one of them. */
#ifndef TRUEUP_TESTS_RUNBOOK_TEST_H
#define TRUEUP_TESTS_RUNBOOK_TEST_H

#include "check.h"

#include "base/str.h"
#include "runbook/parse.h"

#define RB_ENVIRONMENT "# Environment Requirements\n```yaml\nHOST: a host\n```\n"
#define RB_FILES       "# File System Requirements\n```yaml\nInput:\n```\n"
#define RB_CLAIMS      "# Required Claims\n```yaml\nroles: sre, api\n```\n"
#define RB_SCRIPT      "# Script\n```sh\nuptime\n```\n"
#define RB_HISTORY     "# History\n"

struct sample {
	struct arena arena;
	struct diag_list diags;
	struct src src;
	struct runbook *runbook;
};

/* text has to outlive the sample. */
static inline void sample_read(struct sample *s, const char *text)
{
	*s = (struct sample){.src = {"runbooks/Sample.md", text, strlen(text)}};
	s->runbook = runbook_parse(&s->arena, &s->src, &s->diags);
	assert_non_null(s->runbook);
}

static inline void sample_release(struct sample *s)
{
	diag_list_release(&s->diags);
	arena_release(&s->arena);
}
#define AUTO_SAMPLE CLEANUP(sample_release) struct sample

#endif
