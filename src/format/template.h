/*
 * The template language: the everyday part of Jinja2 with the same results on the same input,
 * except that what is printed is escaped for where it stands (docs/templates.md).
 *
 * A template is compiled once and rendered many times. Rendering is a pure function of template
 * and context, with limits on steps and output.
 */
#ifndef TRUEUP_FORMAT_TEMPLATE_H
#define TRUEUP_FORMAT_TEMPLATE_H

#include "base/diag.h"
#include "base/str.h"
#include "format/node.h"

/* What is printed by {{ }} outside and inside quotes; chosen by the file name. */
enum tmpl_escape {
	TMPL_ESCAPE_NONE, /* as Jinja2 without autoescape: for tests and plain text */
	TMPL_ESCAPE_HCL, /* .tf.j2: HCL literal | text in which ${ and %{ cannot start */
	TMPL_ESCAPE_JSON, /* .json.j2, .yaml.j2: JSON literal | JSON string content */
	TMPL_ESCAPE_MARKDOWN, /* .md.j2: Markdown and HTML escaped */
	TMPL_ESCAPE_SHELL, /* .sh.j2: one quoted word */
};
enum tmpl_escape tmpl_escape_of(const char *name);

struct tmpl;
struct tmpl_expr;

/* Finds an included template's text by name; false if there is none. */
typedef bool tmpl_loader(void *data, const char *name, const char **ret_text, size_t *ret_len);

/*
 * Compiles src. NULL after adding errors to diags (with line and column in the template).
 * Includes are compiled too, at most 8 deep. Owned by the caller: tmpl_free().
 */
struct tmpl *tmpl_compile(const struct src *src, enum tmpl_escape escape, tmpl_loader *loader,
	void *loader_data, struct diag_list *diags);
void tmpl_free(struct tmpl *t);

/*
 * Renders with context (a NODE_MAP) and appends to out. 0, or -1 after adding an error to diags:
 * undefined variable, wrong type, limit exceeded. Undefined names are errors, as with Jinja2's
 * StrictUndefined; `is defined` and `default` work on them.
 */
MUST_CHECK int tmpl_render(
	const struct tmpl *t, const struct node *context, struct str *out, struct diag_list *diags);

/* A lone expression ("config.min <= config.max"), for the checks in type.yaml. */
struct tmpl_expr *tmpl_expr_compile(const struct src *src, struct diag_list *diags);
void tmpl_expr_free(struct tmpl_expr *e);
/* Its value in arena, or NULL after adding an error. */
struct node *tmpl_expr_eval(const struct tmpl_expr *e, const struct node *context,
	struct arena *arena, struct diag_list *diags);
/* Jinja2's truth: false, none, 0, "", [] and {} are false. */
bool node_truthy(const struct node *node);

#endif
