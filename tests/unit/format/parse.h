/* Parsing a text in a test: everything that belongs to it in one struct. */
#ifndef TRUEUP_TESTS_FORMAT_PARSE_H
#define TRUEUP_TESTS_FORMAT_PARSE_H

#include "base/str.h"
#include "format/emit.h"
#include "format/yaml.h"

struct parsed {
	struct arena arena;
	struct diag_list diags;
	struct src src;
	struct node *root;
};

static inline void parsed_release(struct parsed *p)
{
	arena_release(&p->arena);
	diag_list_release(&p->diags);
}
#define AUTO_PARSED CLEANUP(parsed_release) struct parsed

/* text must outlive p. A path that ends in ".json" is parsed as JSON. */
static inline struct node *parse_bytes(
	struct parsed *p, const char *path, const char *text, size_t len)
{
	p->src = (struct src){path, text, len};
	p->root = doc_parse(&p->arena, &p->src, &p->diags);
	return p->root;
}

/* "LINE:COL: [RULE] message (hint)" and, if there is a second place, " <- LINE:COL message". */
static inline void diag_line(const struct diag *d, struct str *out)
{
	str_addf(out, "%u:%u: [%s] %s", d->line, d->col, d->rule, d->message);
	if (d->hint)
		str_addf(out, " (%s)", d->hint);
	if (d->related_path)
		str_addf(out, " <- %u:%u %s", d->related_line, d->related_col, d->related_message);
	str_addc(out, '\n');
}

#endif
