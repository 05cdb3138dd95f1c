/*
 * The kinds of specs as C structures: what people wrote, decoded and checked inside one file.
 *
 * Everything lives in the arena it was decoded into. Optional text that was not written is NULL,
 * optional lists have count 0. Places are kept where cross-file checks have to point.
 */
#ifndef TRUEUP_SPEC_SPEC_H
#define TRUEUP_SPEC_SPEC_H

#include "base/diag.h"
#include "format/cron.h"
#include "format/node.h"

/* What `apiVersion:` says. */
#define SPEC_API_VERSION "trueup/v1"

enum spec_kind {
	KIND_CONFIG,
	KIND_ROLE,
	KIND_CANVAS,
	KIND_RUNBOOK, /* a Markdown file: runbook/object.h */
	/* Known names, decoded by later features: */
	KIND_RUN,
	KIND_REQUEST,
	KIND_TEMPLATE,
	KIND_COUNT,
	KIND_UNKNOWN = KIND_COUNT,
};

struct runbook;
struct run_spec;

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

/* Limits on what one document may hold (those of the text itself are in format/yaml.h). */
enum {
	SPEC_MAX_TEXT = 64 * 1024, /* bytes of one text */
	SPEC_MAX_KEY = 256, /* bytes of one key of a free map */
	SPEC_MAX_NODES = 2000, /* of one canvas */
	SPEC_MAX_EDGES = 10000, /* of one canvas */
	SPEC_MAX_ITEMS = 1000, /* of any other list, and keys of a free map */
};

enum approval_mode { APPROVAL_AUTO, APPROVAL_MANUAL };

struct spec_approval {
	enum approval_mode mode; /* default: auto */
	int64_t min; /* default: 1 */
	struct spec_texts roles; /* names without "role/"; empty: anybody who may deploy */
	bool not_self; /* default: true */
	int64_t expires_ms; /* default: 7 days */
};

struct role {
	const char *description;
	struct spec_text account; /* 12 digits */
	const char *partition; /* aws, aws-us-gov, aws-cn */
	struct spec_text region;
	struct spec_texts allowed_services; /* resource types: EC2, RDS, ... */
	struct spec_texts allowed_regions; /* empty: only region */
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
	const char *label; /* default: the id */
	struct node *config; /* NODE_MAP or NULL; checked against type.yaml by render/ */
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
	struct spec_text role; /* text NULL: the only Role there is, see spec_role_of() */
	const char *engine; /* "terraform" (the default) or "cloudformation" */
	struct pos engine_pos;
	const char *environment; /* default: "default" */
	struct spec_text region; /* default: the role's */
	struct {
		enum network_mode mode; /* default: NEW */
		struct pos pos;
		const char *cidr; /* NEW; default "10.0.0.0/16" */
		int64_t zone_count; /* NEW; default 2, when zones is empty */
		struct spec_texts zones; /* NEW; names instead of a count */
		struct spec_text vpc_id; /* EXISTING */
		struct spec_texts public_subnets, private_subnets; /* EXISTING */
		struct spec_text from; /* FROM; the canvas name without "canvas/" */
		struct pos cidr_pos;
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

/* Where entries in the history of runbooks are written. */
enum history_place { HISTORY_COMMIT, HISTORY_BRANCH, HISTORY_OFF };

/* A time in which nothing is applied. */
struct spec_freeze {
	const char *reason; /* NULL: none was given */
	/* One time: wall-clock ms, until is the first moment after it. */
	struct spec_text from_text, until_text; /* text NULL: it comes again */
	int64_t from, until;
	/* Again and again: begins when cron says and lasts for duration_ms. */
	struct spec_text cron;
	struct cron due;
	const char *timezone;
	int64_t duration_ms;
};

/* pullRequests.forks: what is done with pull requests from forks. */
enum spec_forks { FORKS_ASK, FORKS_NEVER, FORKS_ALWAYS };

struct config {
	const char *branch; /* default: "main" */
	bool apply_auto; /* apply: auto | manual; default: manual */
	struct {
		const char *binary; /* NULL: terraform, then tofu */
		const char *provider_version; /* default "~> 5.100" */
		struct node *backend; /* {type: {settings}}; NULL: local */
		int64_t timeout_ms; /* of one plan or apply; default 1 h */
	} terraform;
	int64_t parallel; /* default: number of processors */
	struct {
		int64_t every_ms; /* 0: never */
		bool heal;
	} drift;
	struct {
		enum history_place write; /* default: COMMIT */
		int64_t keep; /* entries of a file; default 50 */
		int64_t bytes; /* of each stream of an entry; default 4096 */
	} history;
	struct {
		bool allow_bash; /* where zsh is missing and the runbook names no shell */
		bool finish; /* whenKilled: finish; otherwise the script is ended */
		bool isolation_required;
	} runbooks;
	struct {
		enum spec_forks forks;
		bool comments; /* default: true */
		bool apply_before; /* apply: after | before the merge; default: after */
		bool need_approved, need_mergeable, need_up_to_date; /* require; default: all */
		const char *command; /* the first word of commands; default: trueup */
	} pulls;
	struct spec_texts required_tags; /* policy.requiredTags */
	struct spec_freeze *freezes; /* policy.freeze */
	size_t freeze_count;
	struct {
		int64_t max_objects, max_nodes; /* policy.limits; 0: the built-in limits */
	} limits;
	/* Values of config keys beside those of templates/data. */
	struct {
		struct spec_texts instance_types, instance_classes, node_types;
		struct spec_texts eks_versions, lambda_runtimes, s3_events;
	} known;
	const char *currency; /* default: USD */
	struct node *policy; /* the whole policy map, for later gates; NULL */
};

/* One decoded spec. */
struct spec {
	enum spec_kind kind;
	const char *name; /* metadata.name; "config" for Config */
	const char *key; /* "canvas/shop": how people and the store name it */
	struct pos name_pos;
	const char *path; /* relative to the spec root */
	struct spec_label *labels;
	size_t label_count;
	struct spec_text renamed_from; /* metadata.renamedFrom: the old name, not a key */
	/*
	 * Canonical form: envelope added where the bare form left it out, known keys in the order
	 * of the tables, defaults not filled in, layout kept. Values keep their places.
	 */
	const struct node *doc;
	/* Its canonical JSON, plain and for the digest; NULL until spec_keep_json(). */
	const char *json, *digest_json;
	union {
		struct config *config;
		struct role *role;
		struct canvas *canvas;
		struct runbook *runbook;
		struct run_spec *run; /* spec/run.h */
	};
};

/* "canvas" for KIND_CANVAS; the prefix of keys. */
const char *spec_kind_name(enum spec_kind kind);
/* "Canvas" for KIND_CANVAS; as written in `kind:`. */
const char *spec_kind_title(enum spec_kind kind);
/* By name or title, in any case; KIND_UNKNOWN if there is none. */
enum spec_kind spec_kind_of(const char *name);
/* May this version of trueup read specs of this kind? */
bool spec_kind_supported(enum spec_kind kind);

/* The resource types a Role may allow and a canvas may use, sorted, ending with NULL. */
extern const char *const spec_services[];

/*
 * What a path below the spec root means. Folders count at the root of the spec tree only.
 * Inside a folder every .yaml, .yml and .json file has to be a valid spec.
 */
enum spec_path_class {
	SPEC_PATH_IGNORED, /* no file that could be a spec */
	SPEC_PATH_CONFIG, /* trueup.yaml, trueup.yml, trueup.json */
	SPEC_PATH_ROLES,
	SPEC_PATH_CANVASES,
	SPEC_PATH_RUNS,
	SPEC_PATH_REQUESTS,
	SPEC_PATH_RUNBOOKS, /* runbooks/NAME.md; what lies beside or below is input of runbooks */
	SPEC_PATH_ELSEWHERE, /* .yaml, .yml, .json: a spec only if spec_sniff() says so */
};
enum spec_path_class spec_path_class(const char *path);
/* What is said of a symbolic link or a submodule in the place of a file or a folder. */
#define SPEC_LINK_FILE   "is a symbolic link or a submodule; a spec must be a plain file"
#define SPEC_LINK_FOLDER "is a symbolic link or a submodule; specs must lie in a plain folder"
/* Is path one of those folders, or could it be a folder below one ("canvases/prod")? */
bool spec_path_is_folder(const char *path);

/*
 * Does this text outside the folders claim to be a spec: is there a top-level key apiVersion
 * whose value starts with "trueup/"? Looks at the bytes only, without parsing.
 */
bool spec_sniff(const char *data, size_t len);

/*
 * From the text of a file to a spec: secret-literal scan, parse, decode. src and its text have to
 * outlive the result. Not for runbooks: see spec_file_load(). NULL after errors that leave nothing
 * to look at (no parse, a secret, no kind or name); otherwise the spec, possibly with errors in
 * diags and the fields that were readable, so that cross-file checks do not report the same mistake
 * again.
 */
struct spec *spec_load(struct arena *arena, const struct src *src, struct diag_list *diags);

/* spec_load() without scan and parse: doc is what doc_parse() gave for src. */
struct spec *spec_decode(struct arena *arena, const struct src *src, const struct node *doc,
	struct diag_list *diags);

/*
 * Reports literal access keys, secret keys beside them and private keys in any text (rule
 * secret-literal) and returns how many there are. Values are not echoed: no source line, no text.
 */
size_t spec_scan_secrets(const struct src *src, struct diag_list *diags);

enum spec_canonical_flags {
	SPEC_CANONICAL_PLAIN = 0,
	/*
	 * For comparing and digests: no layout, no renamedFrom, and nodes sorted by id, edges by
	 * source, target and id.
	 */
	SPEC_CANONICAL_DIGEST = 1 << 0,
};
/* What holds in a repository without a Config. */
const struct config *spec_config_default(struct arena *arena);

/* The canonical tree of a spec; leaves are shared with spec->doc. */
struct node *spec_canonical(
	struct arena *arena, const struct spec *spec, enum spec_canonical_flags flags);

/*
 * The canonical JSON of a spec: what is recorded (PLAIN), and what its digest is taken over. Made
 * in the arena unless it was kept.
 */
const char *spec_json(
	struct arena *arena, const struct spec *spec, enum spec_canonical_flags flags);
/* Makes both and keeps them with the spec: for a process that has time to do so for another. */
void spec_keep_json(struct arena *arena, struct spec *spec);

/* Hint for a scalar that should have been text or was ambiguous: the forms that are clear. */
void spec_hint_scalar(struct diag_list *diags, struct diag *d, const struct node *scalar);

#endif
