/*
 * The wired view of a canvas: what each node is, what it is connected to and what follows from
 * that, as the values that templates print (docs/templates.md). Inside render/ only.
 *
 * Built in three passes: nodes (config, names, needs), network, edges. Each pass reports what is
 * wrong with what people wrote and goes on, so that all mistakes are found in one run.
 */
#ifndef TRUEUP_RENDER_WIRE_H
#define TRUEUP_RENDER_WIRE_H

#include "base/strmap.h"
#include "render/names.h"
#include "render/render.h"
#include "render/types.h"

enum network_need { NEED_NONE, NEED_ZONE, NEED_NETWORK };

/* The lists of a view that edges add to. */
enum view_list {
	LIST_SECURITY_GROUP_IDS,
	LIST_RULES,
	LIST_ATTACHMENTS,
	LIST_TARGET_GROUPS,
	LIST_LOAD_BALANCERS,
	LIST_ORIGINS,
	LIST_RECORDS,
	LIST_SUBSCRIPTIONS,
	LIST_EVENT_SOURCES,
	LIST_NOTIFICATIONS,
	LIST_PERMISSIONS,
	LIST_STATEMENTS,
	LIST_GRANTS,
	LIST_GATEWAYS,
	LIST_ROUTES,
	LIST_COUNT
};

struct wire_node {
	const struct canvas_node *spec;
	struct render_type *type;
	const char *name; /* Terraform name */
	const char *slug; /* physical name; the id when wiring for a check alone */
	struct node *config, *view, *self, *instances;
	struct node *lists[LIST_COUNT];
	bool interface, in_public;
	enum network_need need;
	int64_t instance_count;
	/* Holds a value that is only known later: checks that cannot be computed are passed over.
	 */
	bool open_values;
	const char *egress; /* internet, vpc, none */
	struct wire_node *key; /* the KMS node of a `key` edge */
	struct node *edges_out, *edges_in; /* for checks */
};

struct wire_edge {
	const struct canvas_edge *spec;
	struct wire_node *from, *to;
	const struct type_edge *def;
};

struct wire_net {
	enum network_mode mode;
	bool used; /* some node needs more than a zone */
	bool zone_used; /* some node needs zones */
	size_t zones;
	bool has_nat, has_igw;
	const char *public_cidrs[6], *private_cidrs[6]; /* mode new */
	struct node *view;
	struct node *vpc_id, *cidr, *azs, *public_subnets, *private_subnets;
};

enum { WIRE_MAX_ZONES = 6 };

/* As many keys as a view has, with what is added to it later. */
enum { VIEW_KEYS = 36 };

struct wiring {
	struct arena *arena;
	struct render_types *types;
	const struct render_input *input;
	struct diag_list *diags;
	/*
	 * Nothing will be printed: physical names, digests that no rule of a type asks for, are
	 * left out.
	 */
	bool check_only;
	struct node *view_keys[VIEW_KEYS]; /* the same for all nodes, in the order of a view */
	struct name_scope scope;
	struct node *canvas; /* the `canvas` of views */
	struct node *none, *no, *no_items; /* shared empty values */
	struct wire_node *nodes; /* sorted by id */
	size_t node_count;
	struct strmap by_id;
	struct wire_edge *edges; /* sorted by source, target */
	size_t edge_count;
	struct wire_net net;
	struct render_variable *variables;
	size_t variable_count, variable_cap;
	struct render_missing *missing;
	size_t missing_count, missing_cap;
};

/* Fills w (zeroed but for arena, types, input, diags, check_only). wiring_release() after it. */
void wire_canvas(struct wiring *w);
void wiring_release(struct wiring *w);

/* The passes, each in a file of its own. */
struct node *wire_config(struct wiring *w, struct wire_node *n);
/* A value that may be {from: ...} and so on: the value, a literal, or a reference. */
struct node *wire_value(struct wiring *w, struct wire_node *n, const char *key, struct node *value);
void wire_network(struct wiring *w);
/* Where the node stands: subnets, zones, instances. After wire_network(). */
void wire_placement(struct wiring *w, struct wire_node *n);
void wire_edges(struct wiring *w);
void wire_egress(struct wiring *w, struct wire_node *n);

/* What an expression of a type gives for a node; NULL after adding an error, or if unknown. */
struct node *wire_eval(struct wiring *w, const struct wire_node *n, const struct tmpl_expr *e);

/* --- small builders ---------------------------------------------------------------------- */

struct node *wire_text(const struct wiring *w, const char *text);
/* Adds an entry to one of n's lists and returns it: a map with room for a few keys. */
struct node *wire_list_add(struct wiring *w, struct wire_node *n, enum view_list list);
/* Sets a text in a map. */
void wire_set(const struct wiring *w, struct node *map, const char *key, const char *text);
/* The same where key is not in the map yet and lives as long as the wiring. */
void wire_add(const struct wiring *w, struct node *map, const char *key, const char *text);
/* A reference made of texts, one behind the other. */
#define wire_ref(w, ...) node_ref_of((w)->arena, arena_concat((w)->arena, __VA_ARGS__, NULL))
/* A number in a name. */
const char *wire_number(const struct wiring *w, size_t number);
/* The physical name for id, within limit. */
const char *wire_slug(const struct wiring *w, const char *id, size_t limit);

struct wire_rule {
	const char *direction, *kind; /* as in the view */
	struct node *source;
	const char *protocol;
	int64_t from, to; /* -1: none */
	const char *suffix;
	const char *description;
	bool open;
};
void wire_rule_add(struct wiring *w, struct wire_node *n, const struct wire_rule *rule);

#endif
