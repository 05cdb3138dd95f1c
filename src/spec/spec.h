/*
 * The kinds of specs as C structures: what people wrote, decoded and checked inside one file.
 *
 * Everything lives in the arena it was decoded into. Optional text that was not written is NULL,
 * optional lists have count 0. Places are kept where cross-file checks have to point.
 */
#ifndef TRUEUP_SPEC_SPEC_H
#define TRUEUP_SPEC_SPEC_H

#include "base/diag.h"
#include "format/node.h"

enum spec_kind {
	KIND_CONFIG,
	KIND_ROLE,
	KIND_CANVAS,
	/* Known names, decoded by later features: */
	KIND_RUNBOOK,
	KIND_RUN,
	KIND_REQUEST,
	KIND_TEMPLATE,
	KIND_COUNT
};

/* A text and where it was written. */
struct spec_text {
	const char *text; /* NULL: not written */
	struct pos pos;
};

struct spec_texts {
	struct spec_text *items;
	size_t count;
};

struct spec_label {
	const char *key, *value;
};

enum approval_mode { APPROVAL_AUTO, APPROVAL_MANUAL };

struct spec_approval {
	enum approval_mode mode;  /* default: auto */
	int64_t min;              /* default: 1 */
	struct spec_texts roles;  /* empty: anybody with deploy permission */
	bool not_self;            /* default: true */
	int64_t expires_ms;       /* default: 7 days */
};

struct role {
	const char *description;
	struct spec_text account;     /* 12 digits */
	const char *partition;        /* aws, aws-us-gov, aws-cn */
	struct spec_text region;
	struct spec_texts allowed_services;       /* resource types: EC2, RDS, ... */
	struct spec_texts allowed_regions;        /* empty: only region */
	struct spec_texts allowed_instance_types; /* globs; empty: all */
	struct {
		bool deploy, view_cost, manage_roles;
	} permissions;
	struct spec_texts members; /* actors: os:alice, github:alice, ... */
	struct {
		const char *monthly; /* decimal, NULL: no quota */
		const char *currency;
	} quota;
	struct {
		enum {
			CREDENTIALS_DEFAULT, /* the environment of trueup itself */
			CREDENTIALS_ASSUME_ROLE,
			CREDENTIALS_PROFILE,
			CREDENTIALS_ENVIRONMENT,
			CREDENTIALS_STORED,
		} from;
		const char *role_arn, *external_id, *session_name;
		int64_t duration_s;
		const char *name; /* profile, environment prefix or stored name */
	} credentials;
	bool active; /* default: true */
};

struct canvas_node {
	const char *id;
	struct pos pos; /* of the id */
	struct spec_text type; /* resourceType: EC2, RDS, ... */
	const char *label;     /* default: the id */
	struct node *config;   /* NODE_MAP or NULL; checked against type.yaml by render/ */
	struct pos config_pos;
};

struct canvas_edge {
	const char *id; /* NULL if not written */
	struct spec_text source, target;
};

enum network_mode { NETWORK_NEW, NETWORK_EXISTING, NETWORK_FROM, NETWORK_NONE };
enum deletion_policy { DELETION_DESTROY, DELETION_RETAIN };
enum drift_policy { DRIFT_REPORT, DRIFT_HEAL, DRIFT_IGNORE };

struct canvas {
	struct spec_text role;
	const char *engine; /* "terraform" or "cloudformation" */
	struct pos engine_pos;
	const char *environment; /* default: "default" */
	struct spec_text region; /* default: the role's */
	struct {
		enum network_mode mode; /* default: NEW */
		struct pos pos;
		const char *cidr;         /* NEW; default "10.0.0.0/16" */
		int64_t zone_count;       /* NEW; default 2, when zones is empty */
		struct spec_texts zones;  /* NEW; names instead of a count */
		struct spec_text vpc_id;  /* EXISTING */
		struct spec_texts public_subnets, private_subnets; /* EXISTING */
		struct spec_text from;    /* FROM; the canvas name without "canvas/" */
	} network;
	struct spec_texts depends_on; /* canvas names without "canvas/" */
	struct spec_approval approval;
	enum deletion_policy deletion; /* default: destroy */
	bool protect;
	bool suspend;
	int64_t ttl_ms; /* 0: none */
	enum drift_policy drift;
	struct node *usage; /* NODE_MAP or NULL */
	struct canvas_node *nodes;
	size_t node_count;
	struct canvas_edge *edges;
	size_t edge_count;
};

struct config {
	const char *branch; /* default: "main" */
	bool apply_auto;    /* apply: auto | manual; default: manual */
	struct {
		const char *binary;           /* NULL: terraform, then tofu */
		const char *provider_version; /* default "~> 5.100" */
		struct node *backend;         /* {type: {settings}}; NULL: local */
		int64_t timeout_ms;           /* of one plan or apply; default 1 h */
	} terraform;
	int64_t parallel; /* default: number of processors */
	struct {
		int64_t every_ms; /* 0: never */
		bool heal;
	} drift;
	struct spec_texts required_tags; /* policy.requiredTags */
	struct {
		int64_t max_objects, max_nodes; /* policy.limits; 0: the built-in limits */
	} limits;
	const char *currency; /* default: USD */
	struct node *policy;  /* the whole policy map, for later gates; NULL */
};

/* One decoded spec. */
struct spec {
	enum spec_kind kind;
	const char *name;  /* metadata.name; "config" for Config */
	const char *key;   /* "canvas/shop": how people and the store name it */
	struct pos name_pos;
	const char *path;  /* relative to the spec root */
	struct spec_label *labels;
	size_t label_count;
	struct spec_text renamed_from; /* metadata.renamedFrom */
	const struct node *doc; /* canonical form: aliases resolved, layout kept */
	union {
		struct config *config;
		struct role *role;
		struct canvas *canvas;
	};
};

/* "canvas" for KIND_CANVAS; the prefix of keys. */
const char *spec_kind_name(enum spec_kind kind);
/* "Canvas" for KIND_CANVAS; as written in `kind:`. */
const char *spec_kind_title(enum spec_kind kind);

#endif
