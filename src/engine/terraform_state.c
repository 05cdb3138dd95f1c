/*
 * The state file, version 4, read directly: with the local backend it lies in the workspace, from
 * any other `state pull` prints the same text. `show -json` would say no more about addresses, ids
 * and outputs and has to start the provider (over a second) to say it. Any other version of the
 * format is refused.
 */
#include "engine/terraform_internal.h"

#include "base/child.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "format/emit.h"
#include "format/node.h"

#include <string.h>

enum { STATE_VERSION = 4, STATE_LIMIT = 256 << 20, PULL_TIMEOUT_MS = 120000 };

static const char what[] = "the state file";

int tf_state_load(const struct tf *tf, struct str *ret, struct err **err)
{
	if (tf->local) {
		AUTO_FREE char *path = path_join(tf->dir, "terraform.tfstate");
		return fs_exists(path) ? fs_read(path, STATE_LIMIT, ret, err) : 0;
	}
	const char *const argv[] = {tf->binary, "state", "pull", NULL};
	const struct child_spec spec = tf_child_spec(tf, argv);
	AUTO_STR errors = STR_INIT;
	struct child_exit e;
	if (child_run(&spec, NULL, STATE_LIMIT, PULL_TIMEOUT_MS, ret, &errors, &e, err) < 0)
		return err_wrap(err, "read the state of %s", tf->t->name);
	if (e.code != 0)
		return err_set(err, ERR_UNAVAILABLE, "read the state of %s: %s state pull: %.500s",
			tf->t->name, tf->product, errors.data);
	return 0;
}

/* type.name, module.x.type.name, type.name[0], type.name["key"] */
static const char *address_of(
	struct arena *arena, const struct node *resource, const struct node *instance)
{
	const char *module = node_text(node_get(resource, "module"));
	const struct node *key = node_get(instance, "index_key");
	const char *base = arena_printf(arena, "%s%s%s.%s", module ? module : "", module ? "." : "",
		node_text(node_get(resource, "type")), node_text(node_get(resource, "name")));
	if (!key || key->type == NODE_NULL)
		return base;
	AUTO_STR text = STR_INIT;
	emit_canonical(key, &text);
	return arena_printf(arena, "%s[%s]", base, text.data);
}

static int add_resource(struct tf_slice text, struct arena *arena, size_t *cap,
	struct engine_state *ret, struct err **err)
{
	AUTO_ARENA scratch = {0};
	const struct node *r = tf_json_build(&scratch, text, what, err);
	if (!r)
		return -1;
	const char *type = node_text(node_get(r, "type"));
	if (!type || !node_text(node_get(r, "name")))
		return err_set(err, ERR_CORRUPT, "%s holds a resource without type or name", what);
	if (!str_eq(node_text(node_get(r, "mode")), "managed"))
		return 0;
	SEQ_FOREACH (node_get(r, "instances"), i, instance) {
		ret->resources = arena_grow(
			arena, ret->resources, ret->resource_count, cap, sizeof *ret->resources);
		const char *id = node_text(node_get(node_get(instance, "attributes"), "id"));
		ret->resources[ret->resource_count++] = (struct engine_resource){
			.address = address_of(arena, r, instance),
			.type = arena_strdup(arena, type),
			.id = arena_strdup(arena, id ? id : ""),
		};
	}
	return 0;
}

static int add_output(struct tf_slice name, struct tf_slice text, const struct masker *masker,
	struct arena *arena, size_t *cap, struct engine_state *ret, struct err **err)
{
	AUTO_ARENA scratch = {0};
	const struct node *o = tf_json_build(&scratch, text, what, err);
	if (!o)
		return -1;
	const struct node *sensitive = node_get(o, "sensitive");
	const struct node *value = node_get(o, "value");
	ret->outputs =
		arena_grow(arena, ret->outputs, ret->output_count, cap, sizeof *ret->outputs);
	struct engine_output *out = &ret->outputs[ret->output_count++];
	*out = (struct engine_output){.name = arena_memdup(arena, name.at, name.len)};
	out->sensitive = sensitive && sensitive->type == NODE_BOOL && sensitive->boolean;
	if (out->sensitive || !value)
		return 0;
	AUTO_STR json = STR_INIT;
	AUTO_STR masked = STR_INIT;
	emit_canonical(value, &json);
	if (masker)
		masker_apply(masker, json.data, json.len, &masked);
	const struct str *kept = masker ? &masked : &json;
	out->json = arena_memdup(arena, kept->data, kept->len);
	return 0;
}

static int read_head(
	struct tf_slice whole, struct arena *arena, struct engine_state *ret, struct err **err)
{
	AUTO_ARENA scratch = {0};
	const struct node *version =
		tf_json_build(&scratch, tf_json_member(whole, "version"), what, err);
	const struct node *serial =
		version ? tf_json_build(&scratch, tf_json_member(whole, "serial"), what, err)
			: NULL;
	const struct node *lineage =
		serial ? tf_json_build(&scratch, tf_json_member(whole, "lineage"), what, err)
		       : NULL;
	if (!lineage)
		return -1;
	if (version->type != NODE_INT || version->integer != STATE_VERSION)
		return err_set(err, ERR_UNAVAILABLE,
			"%s has a format other than version %d; this trueup cannot read it", what,
			STATE_VERSION);
	if (serial->type != NODE_INT || !node_text(lineage))
		return err_set(err, ERR_CORRUPT, "%s has no serial or no lineage", what);
	ret->serial = serial->integer;
	ret->lineage = arena_strdup(arena, node_text(lineage));
	return 0;
}

int tf_state_head(const char *text, size_t len, struct arena *arena, struct engine_state *ret,
	struct err **err)
{
	*ret = (struct engine_state){.lineage = ""};
	/* No state yet, or a backend that answers with nothing. */
	if (strspn(text, " \t\r\n") == len)
		return 0;
	if (!tf_json_is_whole((struct tf_slice){text, len}))
		return err_set(err, ERR_CORRUPT, "%s is not a whole JSON object", what);
	return read_head((struct tf_slice){text, len}, arena, ret, err);
}

int tf_state_parse(const char *text, size_t len, const struct masker *masker, struct arena *arena,
	struct engine_state *ret, struct err **err)
{
	const struct tf_slice whole = {text, len};
	if (tf_state_head(text, len, arena, ret, err) < 0)
		return -1;
	if (!*ret->lineage)
		return 0;
	size_t resources = 0, outputs = 0;
	struct tf_slice key, value;
	struct tf_slice list = tf_json_member(whole, "resources");
	int more = 0;
	while (list.at && (more = tf_json_next(&list, NULL, &value)) > 0)
		if (add_resource(value, arena, &resources, ret, err) < 0)
			return -1;
	if (more < 0)
		return err_set(err, ERR_CORRUPT, "%s: 'resources' is damaged", what);
	struct tf_slice map = tf_json_member(whole, "outputs");
	while (map.at && (more = tf_json_next(&map, &key, &value)) > 0)
		if (add_output(key, value, masker, arena, &outputs, ret, err) < 0)
			return -1;
	if (more < 0)
		return err_set(err, ERR_CORRUPT, "%s: 'outputs' is damaged", what);
	return 0;
}
