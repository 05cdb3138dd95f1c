/*
 * Values from elsewhere: maps of one key that stand for a value inside a node's config.
 *
 *	{from: canvas/core/vpc.id}   a recorded output of another canvas
 *	{fromEnv: NAME}              an environment variable of the reconciling process
 *	{fromFile: PATH}             a file of the repository, beneath the spec root
 *	{credential: NAME}           a stored secret
 *
 * Text is never searched for references: a string is text and nothing else.
 */
#ifndef TRUEUP_SPEC_VALUE_H
#define TRUEUP_SPEC_VALUE_H

#include "spec/spec.h"

enum value_kind {
	VALUE_PLAIN, /* no reference: the value itself */
	VALUE_FROM,
	VALUE_FROM_ENV,
	VALUE_FROM_FILE,
	VALUE_CREDENTIAL,
};

struct value_ref {
	enum value_kind kind;
	const char *name; /* variable, path or credential; for FROM the whole text */
	struct pos pos; /* of the reference's text */
	/* FROM only. The node id is everything between "canvas/NAME/" and the last dot. */
	const char *canvas; /* without "canvas/" */
	const char *node;
	const char *output;
	/* Set by spec_canvas_refs(): whose config it was found in, and the top-level key there. */
	const struct canvas_node *owner;
	const char *config_key;
};

/*
 * Parses a config value. VALUE_PLAIN for anything that is no reference; strings of the result
 * are in arena. The shape was checked when the spec was decoded, so a value that would not parse
 * is VALUE_PLAIN here.
 */
struct value_ref spec_value_ref(struct arena *arena, const struct node *value);

/*
 * Is n a reference (a map with one of the keys above)? Its shape is checked and errors (rule
 * spec-value) are added; key names the value in messages. The kind is returned in any case. A map
 * with `from` and other keys is plain.
 */
enum value_kind spec_value_check(const struct node *n, const char *key, struct diag_list *diags);

/* All references in the configs of a canvas, in the order of its nodes; array in arena. */
struct value_ref *spec_canvas_refs(
	struct arena *arena, const struct canvas *canvas, size_t *ret_count);

#endif
