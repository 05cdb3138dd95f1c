/*
 * Resource types as read from type.yaml; inside render/ only. The format is in docs/templates.md.
 * A type is read when it is first asked for and lives as long as its table.
 */
#ifndef TRUEUP_RENDER_TYPES_H
#define TRUEUP_RENDER_TYPES_H

#include "base/diag.h"
#include "format/node.h"
#include "format/template.h"
#include "base/strmap.h"
#include "render/render.h"

enum key_type { KEY_STRING, KEY_INT, KEY_NUMBER, KEY_BOOL, KEY_LIST, KEY_MAP, KEY_VALUE };

struct pattern;

struct type_key {
	const char *name;
	struct node *key; /* the same as a node: the key of every config */
	enum key_type type;
	const struct node *fallback; /* the default; NULL: none */
	bool required, has_min, has_max;
	double min, max;
	const char *const *allowed; /* enum, NULL-terminated, or NULL */
	const char *values; /* name of a list under templates/data/, or NULL */
	struct pattern *pattern; /* NULL: any text */
	const char *unit, *doc;
};

/* A literal, an expression, or neither. */
struct type_value {
	const struct node *literal;
	struct tmpl_expr *expr;
};

struct type_check {
	struct tmpl_expr *when; /* NULL: always */
	struct tmpl_expr *assertion;
	const char *key; /* NULL: the whole config */
	struct tmpl *message;
};

enum edge_meaning {
	EDGE_ATTACH,
	EDGE_VOLUME,
	EDGE_TARGET,
	EDGE_CONNECT,
	EDGE_NAT,
	EDGE_ORIGIN,
	EDGE_ALIAS,
	EDGE_KEY,
	EDGE_SUBSCRIBE,
	EDGE_SOURCE,
	EDGE_NOTIFY,
};
const char *edge_meaning_name(enum edge_meaning meaning);

struct type_edge {
	const char *const *to; /* NULL-terminated */
	enum edge_meaning meaning;
	const char *as; /* NULL: not said */
	const char *doc;
};

struct type_resource {
	const char *name;
	bool primary;
	const char *const *replaces; /* NULL-terminated; NULL: none */
	const char *const *keeps; /* attributes that stay as they are when left out */
	const char *const *also; /* endings of further ones of this type; NULL: none */
	const char *const *updates; /* computed attributes that change with an update in place */
};

struct type_expr {
	const char *name;
	struct tmpl_expr *expr;
	bool sensitive;
	const char *doc;
};

struct render_type {
	const char *name, *folder; /* "RDS", "resources/rds" */
	const char *summary;
	bool loaded, broken;
	struct type_value interface, network, placement, port, instances;
	int64_t zones, name_limit;
	struct type_key *keys;
	size_t key_count;
	struct type_check *checks;
	size_t check_count;
	struct type_edge *edges;
	size_t edge_count;
	struct type_resource *resources;
	size_t resource_count;
	struct type_expr *provides, *outputs;
	size_t provide_count, output_count;
	struct tmpl *hcl; /* compiled when first rendered */
};

/* The values of a list, in its order and to be looked up. */
struct value_list {
	const char *const *items; /* NULL-terminated */
	struct strmap words;
};

struct render_types {
	struct arena arena;
	struct arena scratch; /* of one check */
	struct render_type *items; /* sorted by name */
	size_t count;
	/* Resources of templates/shared/resources.yaml: the network, security groups. */
	struct render_type shared;
	struct strmap lists; /* templates/data: name to struct value_list */
	struct strmap files; /* shared templates by name, compiled: struct tmpl */
};

/* NULL if there is no such type, or if it is broken (after adding errors to diags). */
struct render_type *types_find(
	struct render_types *types, const char *name, struct diag_list *diags);
/* The type's Terraform template; NULL after adding errors. */
const struct tmpl *types_template(
	struct render_types *types, struct render_type *type, struct diag_list *diags);
/* Another template by its name under templates/ ("shared/network.tf.j2"). */
const struct tmpl *types_shared_template(
	struct render_types *types, const char *name, struct diag_list *diags);
/* The values of templates/data/NAME.txt; NULL after adding an error. */
const struct value_list *types_list(
	struct render_types *types, const char *name, struct diag_list *diags);
/* Includes in templates find built-in files. */
tmpl_loader types_include;

const struct type_key *type_find_key(const struct render_type *type, const char *name);
/*
 * What is known of a Terraform resource type; NULL: nothing. Shared ones come first, so that the
 * answer does not depend on which types were read before.
 */
const struct type_resource *types_find_resource(struct render_types *types, const char *resource);

/* Reads type.yaml into type; false after adding errors. In types_read.c. */
bool type_read(struct render_type *type, struct arena *arena, struct diag_list *diags);
/* Reads the `resources` of templates/NAME into type, which needs no primary one. */
bool type_read_resources(
	struct render_type *type, const char *name, struct arena *arena, struct diag_list *diags);
void type_release(struct render_type *type);

#endif
