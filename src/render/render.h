/*
 * A canvas to Terraform files, and what a change to it would do. Pure functions: what is needed
 * from outside (recorded outputs of other canvases, the names of things) is handed in.
 *
 * Order of use: render_types_load() once; render_check_canvas() while specs are checked;
 * render_canvas() for what is planned; render_preview() over the recorded and the new rendering.
 * A rendering depends on the input alone, not on the order of nodes and edges.
 */
#ifndef TRUEUP_RENDER_RENDER_H
#define TRUEUP_RENDER_RENDER_H

#include "base/diag.h"
#include "base/str.h"
#include "render/hcl.h"
#include "spec/spec.h"

struct err;

/* --- resource types ---------------------------------------------------------------------- */

struct render_types;

/*
 * Reads the built-in resource types (docs/templates.md). Templates are compiled when they are
 * first used. NULL after adding errors to diags: the executable was built from broken types.
 * Owned by the caller: render_types_free(). Not to be shared between threads.
 */
struct render_types *render_types_load(struct diag_list *diags);
void render_types_free(struct render_types *types);
/*
 * Reads and compiles all of them now, for a process that has the time now and not later. A type
 * that is broken is reported when it is used.
 */
void render_types_read_all(struct render_types *types);

/* Name of the i-th type in alphabetical order ("ALB"); NULL after the last. */
const char *render_type_name(const struct render_types *types, size_t i);

/* --- a canvas ----------------------------------------------------------------------------- */

/*
 * The recorded value of another canvas's output, or NULL if there is none yet. key is
 * "NODE.OUTPUT". The node lives as long as the rendering. Sensitive outputs are not handed out:
 * *ret_sensitive says that there is one.
 */
typedef const struct node *render_output_fn(
	void *data, const char *canvas, const char *key, bool *ret_sensitive);

struct render_input {
	const char *name; /* of the canvas, without "canvas/" */
	/*
	 * The name that it was first applied under; NULL: name. Physical names and the key of a
	 * backend's state are made from it, so that a new name moves nothing.
	 */
	const char *born;
	const struct canvas *canvas;
	const struct role *role; /* NULL: it is unknown (an error elsewhere); placeholders */
	const struct config *config; /* NULL: defaults */
	const char *repository; /* how this repository is known: tag and digest of names */
	struct pos pos; /* of the canvas, for diagnostics without a better place */
	render_output_fn *output; /* NULL: nothing is recorded */
	void *output_data;
};

/*
 * Everything that can be said about a canvas without a cloud: unknown types, config keys,
 * values, checks of the types, edges without meaning, network needs, names that meet. Values of
 * other canvases that are not known yet are no mistakes.
 */
void render_check_canvas(
	struct render_types *types, const struct render_input *input, struct diag_list *diags);

struct render_file {
	const char *name; /* "node-web.tf"; no folders */
	const char *data;
	size_t len;
};

enum variable_source {
	VARIABLE_ENV, /* the environment variable named text */
	VARIABLE_FILE, /* the content of the file text, relative to the spec root */
	VARIABLE_CREDENTIAL, /* the stored credential named text */
};

/* A value that must not be in the files: the engine passes it as TF_VAR_name. */
struct render_variable {
	const char *name;
	enum variable_source source;
	const char *text;
	struct pos pos;
};

struct render_output {
	const char *name; /* of the output in Terraform: "db__endpoint" */
	const char *key; /* "db.endpoint": what {from: canvas/NAME/KEY} says */
	bool sensitive;
};

/* A value of another canvas that is not recorded yet. */
struct render_missing {
	const char *canvas, *key;
	struct pos pos;
};

struct rendering {
	struct render_file *files; /* sorted by name */
	size_t file_count;
	struct hcl_blocks blocks; /* of all files, in their order */
	struct render_variable *variables;
	size_t variable_count;
	struct render_output *outputs;
	size_t output_count;
	/* Not empty: the files hold `known_after_apply` and are for previews only. */
	struct render_missing *missing;
	size_t missing_count;
	char digest[65]; /* SHA-256 over names and bytes of the files */
};

/*
 * Renders into arena. 0, or -1 after adding at least one error to diags (everything that
 * render_check_canvas() finds as well).
 */
MUST_CHECK int render_canvas(struct render_types *types, const struct render_input *input,
	struct arena *arena, struct rendering *ret, struct diag_list *diags);

/*
 * A rendering from files that were recorded earlier: files and blocks only. The texts are
 * borrowed. ERR_SYNTAX if they are not what was once rendered.
 */
MUST_CHECK int rendering_from_files(const struct render_file *files, size_t count,
	struct arena *arena, struct rendering *ret, struct err **err);

/* --- preview ------------------------------------------------------------------------------ */

enum preview_action { PREVIEW_CREATE, PREVIEW_UPDATE, PREVIEW_REPLACE, PREVIEW_DESTROY };
const char *preview_action_name(enum preview_action action); /* "create", ... */

struct preview_attr {
	const char *path;
	const char *before,
		*after; /* HCL text; NULL: not there. after may be "(known after apply)" */
	bool forces_replacement;
};

struct preview_change {
	const char *address; /* "aws_db_instance.db" */
	const char *type; /* "aws_db_instance" */
	enum preview_action action;
	struct preview_attr *attrs; /* update and replace */
	size_t attr_count;
	const char *why; /* replace: "engine changes", "aws_vpc.main is replaced"; else NULL */
};

struct preview {
	struct preview_change *changes; /* sorted by address; nothing that stays as it is */
	size_t count;
	size_t create, update, replace, destroy;
};

/*
 * What turns before into after (either may be NULL: nothing), resource by resource. types says
 * which attributes force a replacement.
 */
void render_preview(struct render_types *types, const struct rendering *before,
	const struct rendering *after, struct arena *arena, struct preview *ret);

/*
 * A KMS key that goes although a resource that stays was encrypted with it: Terraform would
 * schedule its deletion, and what was written with it could never be read again. Addresses, NULL
 * when there is no such key.
 */
struct render_lost_key {
	const char *key, *user;
};
struct render_lost_key render_find_lost_key(
	const struct rendering *before, const struct rendering *after);

#endif
