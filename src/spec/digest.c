/*
 * The object digest: SHA-256 over one canonical JSON document, so that no two inputs run together
 * and the rule can be read off the document's keys.
 */
#include "spec/check.h"

#include "base/str.h"
#include "format/emit.h"

#include <string.h>

static void set_text(struct arena *a, struct node *map, const char *key, const char *text)
{
	if (text)
		node_map_set(a, map, key, node_new_string(a, text));
}

/* What a canvas uses of its role: where it is built and as whom; not who may, and not what may. */
static struct node *role_part(struct arena *a, const struct spec *spec, const struct role *role)
{
	static const char *const sources[] = {
		"default", "assumeRole", "profile", "environment", "stored"};
	struct node *map = node_new_map(a);
	const bool own_region = spec->kind == KIND_CANVAS && spec->canvas->region.text;
	set_text(a, map, "account", role->account.text);
	set_text(a, map, "partition", role->partition);
	set_text(a, map, "region", own_region ? spec->canvas->region.text : role->region.text);
	set_text(a, map, "credentials", sources[role->credentials.from]);
	set_text(a, map, "name", role->credentials.name);
	if (role->credentials.from == CREDENTIALS_ASSUME_ROLE) {
		set_text(a, map, "roleArn", role->credentials.role_arn);
		set_text(a, map, "externalId", role->credentials.external_id);
		set_text(a, map, "sessionName", role->credentials.session_name);
		node_map_set(a, map, "duration", node_new_int(a, role->credentials.duration_s));
	}
	return map;
}

/* What changes the result of Terraform; how long it may take does not. */
static struct node *config_part(struct arena *a, const struct config *config)
{
	struct node *map = node_new_map(a);
	set_text(a, map, "binary", config->terraform.binary);
	set_text(a, map, "providerVersion", config->terraform.provider_version);
	if (config->terraform.backend)
		node_map_set(a, map, "backend", config->terraform.backend);
	return map;
}

static struct node *files_part(struct arena *a, const char *const *files)
{
	struct node *map = node_new_map(a);
	for (; files && files[0] && files[1]; files += 2)
		node_map_set(a, map, files[0], node_new_string(a, files[1]));
	return map;
}

/*
 * The digest is over one document whose last key, in canonical order, is "spec": what stands in
 * front of it is made here, and the text of the spec itself is taken as it was kept.
 */
void spec_digest(const struct spec_digest_input *input, char ret[DIGEST_HEX])
{
	AUTO_ARENA arena = {0};
	struct arena *a = &arena;
	struct node *map = node_new_map(a);
	if (input->role)
		node_map_set(a, map, "role", role_part(a, input->spec, input->role));
	node_map_set(a, map, "config",
		config_part(a, input->config ? input->config : spec_config_default(a)));
	if (input->outputs)
		node_map_set(a, map, "outputs", (struct node *)input->outputs);
	node_map_set(a, map, "files", files_part(a, input->file_digests));
	set_text(a, map, "renderer", input->renderer);
	AUTO_STR text = STR_INIT;
	emit_canonical(map, &text);
	str_truncate(&text, text.len - 1);
	str_add(&text, ",\"spec\":");
	str_add(&text, spec_json(a, input->spec, SPEC_CANONICAL_DIGEST));
	str_addc(&text, '}');
	digest_hex(text.data, text.len, ret);
}

void spec_digest_plain(const struct spec *spec, char ret[DIGEST_HEX])
{
	AUTO_ARENA arena = {0};
	const char *text = spec_json(&arena, spec, SPEC_CANONICAL_DIGEST);
	digest_hex(text, strlen(text), ret);
}
