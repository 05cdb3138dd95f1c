/*
 * The provider and the backend. A backend is written once in Config and used by every canvas, so
 * the setting that says where the state lies is a prefix: each canvas adds its name to it.
 */
#include "render/render_internal.h"

#include <string.h>

/* Which setting holds the place of the state, and how the canvas is added to it. */
static const struct backend {
	const char *type, *setting, *usual, *before, *after;
} backends[] = {
	{"s3", "key", "trueup", "/", ".tfstate"},
	{"azurerm", "key", "trueup", "/", ".tfstate"},
	{"gcs", "prefix", "trueup", "/", ""},
	{"consul", "path", "trueup", "/", ""},
	{"cos", "prefix", "trueup", "/", ""},
	{"oss", "prefix", "trueup", "/", ""},
	{"kubernetes", "secret_suffix", "trueup", "-", ""},
	{"pg", "schema_name", "trueup", "_", ""},
	{"local", "path", "trueup", "/", ".tfstate"},
};

static bool is_identifier(const char *text)
{
	if (!((*text >= 'a' && *text <= 'z') || *text == '_'))
		return false;
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static void add_setting(struct wiring *w, struct node *list, const char *name, struct node *value)
{
	struct node *s = node_new_map(w->arena);
	/* A reference, so that it is printed bare: it was checked to be an identifier. */
	node_map_set(w->arena, s, "name", node_new_ref(w->arena, "%s", name));
	node_map_set(w->arena, s, "value", value);
	node_seq_add(w->arena, list, s);
}

static const struct backend *find_backend(struct wiring *w, const struct node_pair *pair)
{
	AUTO_STR all = STR_INIT;
	for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
		if (str_eq(backends[i].type, pair->key->text))
			return &backends[i];
		str_addf(&all, "%s%s", i ? ", " : "", backends[i].type);
	}
	struct diag *d = diag_error(w->diags, "config-backend", pair->key->pos,
		"the backend '%s' cannot be shared by canvases", pair->key->text);
	diag_hint(w->diags, d, "one of: %s", all.data);
	return NULL;
}

static struct node *backend_settings(
	struct wiring *w, const struct backend *b, const struct node *given)
{
	struct node *list = node_new_seq(w->arena);
	const char *prefix = b->usual;
	MAP_FOREACH (given, pair) {
		if (!is_identifier(pair->key->text)) {
			diag_error(w->diags, "config-backend", pair->key->pos,
				"'%s' is no setting of a backend", pair->key->text);
			return NULL;
		}
		if (str_eq(pair->key->text, b->setting) && node_text(pair->value))
			prefix = node_text(pair->value);
		else
			add_setting(w, list, pair->key->text, pair->value);
	}
	add_setting(w, list, b->setting,
		wire_text(w, arena_printf(w->arena, "%s%s%s%s", prefix, b->before,
				     w->input->born ? w->input->born : w->input->name, b->after)));
	return list;
}

/* {type, settings}, the none value without one, NULL after an error. */
static struct node *backend_view(struct wiring *w)
{
	const struct config *c = w->input->config;
	const struct node *spec = c ? c->terraform.backend : NULL;
	if (!spec || spec->type != NODE_MAP || spec->map.count == 0)
		return w->none;
	const struct node_pair *pair = &spec->map.pairs[0];
	const struct backend *b = find_backend(w, pair);
	struct node *settings = b ? backend_settings(w, b, pair->value) : NULL;
	if (!settings)
		return NULL;
	struct node *v = node_new_map(w->arena);
	wire_set(w, v, "type", b->type);
	node_map_set(w->arena, v, "settings", settings);
	return v;
}

static struct node *assume_role_view(struct wiring *w)
{
	const struct role *role = w->input->role;
	if (!role || role->credentials.from != CREDENTIALS_ASSUME_ROLE ||
		!role->credentials.role_arn)
		return w->none;
	struct node *v = node_new_map(w->arena);
	wire_set(w, v, "role_arn", role->credentials.role_arn);
	wire_set(w, v, "external_id", role->credentials.external_id);
	wire_set(w, v, "session_name",
		role->credentials.session_name
			? role->credentials.session_name
			: arena_printf(w->arena, "trueup-%.56s", w->input->name));
	wire_set(w, v, "duration",
		role->credentials.duration_s > 0
			? arena_printf(w->arena, "%llds", (long long)role->credentials.duration_s)
			: NULL);
	return v;
}

struct node *render_provider_context(struct wiring *w)
{
	const struct config *c = w->input->config;
	struct node *context = node_new_map(w->arena), *tags = node_new_map(w->arena);
	struct node *backend = backend_view(w);
	if (!backend)
		return NULL;
	const char *version = c ? c->terraform.provider_version : NULL;
	wire_set(w, context, "version", version ? version : "~> 5.100");
	node_map_set(w->arena, context, "backend", backend);
	node_map_set(w->arena, context, "canvas", w->canvas);
	node_map_set(w->arena, context, "assume_role", assume_role_view(w));
	wire_set(w, context, "account", w->input->role ? w->input->role->account.text : NULL);
	wire_set(w, tags, "managed-by", "trueup");
	if (*w->scope.repository)
		wire_set(w, tags, "repository", w->scope.repository);
	wire_set(w, tags, "canvas", w->input->name);
	node_map_set(w->arena, context, "tags", tags);
	return context;
}
