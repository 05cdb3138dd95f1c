/*
 * What the YAML blocks of a runbook say. The files were written for a reader that made text of
 * every value, so values are taken as text here too; only where that reader let a mistake open a
 * runbook or lose its inputs is the mistake refused.
 */
#include "runbook/parse_internal.h"

#include "base/str.h"
#include "format/emit.h"
#include "runbook/validate.h"

#include <inttypes.h>
#include <string.h>

/* A block in which another one seems to open was not closed itself. */
static const char *hint_for_swallowed(struct reader *r, const struct fence *fence)
{
	const char *text = fence_text(r->arena, &r->sections, fence);
	uint32_t line = fence->line;
	for (const char *p = text; p; line++) {
		if (str_starts(p, "```"))
			return arena_printf(r->arena,
				"another block opens in line %u: close this one above it", line);
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	return NULL;
}

/*
 * The map in a section's YAML block; NULL unless the part is RUNBOOK_READ. A block of nothing is
 * an empty map.
 */
static const struct node *read_map(
	struct reader *r, enum runbook_section which, const char *rule, struct runbook_part *part)
{
	static const struct node none = {.type = NODE_MAP};
	const struct fence *fence = read_fence(r, which, "yaml", part);
	if (!fence)
		return NULL;
	const struct node *map = fence_yaml(r->arena, &r->sections, fence, r->diags);
	if (map && map->type == NODE_NULL)
		return &none;
	if (map && map->type == NODE_MAP && map->map.count <= SPEC_MAX_ITEMS)
		return map;
	part->state = RUNBOOK_BAD_BLOCK;
	part->hint = hint_for_swallowed(r, fence);
	if (!map)
		return NULL;
	if (map->type == NODE_MAP) {
		diag_error(r->diags, rule, map->pos, "'%s' has more than %d keys",
			runbook_sections[which], SPEC_MAX_ITEMS);
		return NULL;
	}
	struct diag *d =
		diag_error(r->diags, rule, map->pos, "the block of '%s' must be a map, not a %s",
			runbook_sections[which], node_type_name((enum node_type)map->type));
	diag_hint(r->diags, d, "write lines of the form `name: value`");
	return NULL;
}

/* Any value as text. */
static const char *text_of(struct reader *r, const struct node *n)
{
	if (n->type == NODE_NULL)
		return "";
	if (n->type != NODE_SEQ && n->type != NODE_MAP)
		return n->text;
	AUTO_STR text = STR_INIT;
	emit_json_line(n, &text);
	return arena_strdup(r->arena, text.data);
}

/* ---- environment ---- */

void read_environment(struct reader *r)
{
	struct runbook *rb = r->runbook;
	const struct node *map =
		read_map(r, SECTION_ENVIRONMENT, "runbook-environment", &rb->environment);
	if (!map)
		return;
	rb->variables = arena_array(r->arena, map->map.count, sizeof rb->variables[0]);
	MAP_FOREACH (map, pair) {
		if (!env_name_ok(pair->key->text, pair->key->len)) {
			struct diag *d = diag_error(r->diags, "runbook-environment", pair->key->pos,
				"Invalid environment variable name: %.64s", pair->key->text);
			diag_hint(
				r->diags, d, "letters, digits and '_', not starting with a digit");
			continue;
		}
		rb->variables[rb->variable_count++] = (struct runbook_variable){
			{pair->key->text, pair->key->pos}, text_of(r, pair->value)};
	}
}

/* ---- files ---- */

static void add_path(
	struct reader *r, const char *key, const struct node *n, struct spec_texts *ret)
{
	if (n->type == NODE_NULL)
		return;
	const bool text = n->type != NODE_SEQ && n->type != NODE_MAP;
	if (text && n->len && strlen(n->text) == n->len) {
		ret->items[ret->count++] = (struct spec_text){n->text, n->pos};
		return;
	}
	struct diag *d = diag_error(r->diags, "runbook-files", n->pos,
		text ? "a path below '%s' is empty" : "a path below '%s' must be text, not a %s",
		key, node_type_name((enum node_type)n->type));
	diag_hint(r->diags, d, "as in `%s: [PatchPrep.conf]`", key);
}

static void read_paths(
	struct reader *r, const struct node *map, const char *key, struct spec_texts *ret)
{
	const struct node *n = node_get(map, key);
	if (!n)
		return;
	const size_t count = n->type == NODE_SEQ ? n->seq.count : 1;
	if (count > SPEC_MAX_ITEMS) {
		diag_error(r->diags, "runbook-files", n->pos, "'%s' lists more than %d paths", key,
			SPEC_MAX_ITEMS);
		return;
	}
	ret->items = arena_array(r->arena, count, sizeof ret->items[0]);
	if (n->type != NODE_SEQ)
		add_path(r, key, n, ret);
	for (size_t i = 0; n->type == NODE_SEQ && i < count; i++)
		add_path(r, key, n->seq.items[i], ret);
}

void read_files(struct reader *r)
{
	static const char *const known[] = {"Input", "Output", NULL};
	struct runbook *rb = r->runbook;
	const struct node *map = read_map(r, SECTION_FILES, "runbook-files", &rb->files);
	if (!map)
		return;
	read_paths(r, map, known[0], &rb->inputs);
	read_paths(r, map, known[1], &rb->outputs);
	MAP_FOREACH (map, pair) {
		if (str_eq(pair->key->text, known[0]) || str_eq(pair->key->text, known[1]))
			continue;
		struct diag *d = diag_warning(r->diags, "runbook-files", pair->key->pos,
			"'%.64s' has no effect here", pair->key->text);
		diag_hint(r->diags, d, "the keys are Input and Output, spelt so");
	}
}

/* ---- claims ---- */

/* The text that the value is compared as; NULL after an error. */
static const char *claim_text(struct reader *r, const char *key, const struct node *n)
{
	char buf[NODE_FLOAT_SIZE];
	if (n->type == NODE_SEQ || n->type == NODE_MAP || n->type == NODE_NULL) {
		struct diag *d = diag_error(r->diags, "runbook-claims", n->pos,
			n->type == NODE_NULL ? "the claim '%.64s' allows no value"
					     : "the values of '%.64s' must be a text, not a %s",
			key, node_type_name((enum node_type)n->type));
		diag_hint(r->diags, d, "separate values by commas, as in `roles: sre, api`");
		return NULL;
	}
	if (n->flags & NODE_AMBIGUOUS) {
		struct diag *d = diag_error(r->diags, "runbook-claims", n->pos,
			"'%.64s' as value of '%.64s' is read differently by different YAML readers",
			n->text, key);
		diag_hint(r->diags, d, "write it in quotes: \"%.64s\"", n->text);
		return NULL;
	}
	/* As the tools that wrote these files print them. */
	if (n->type == NODE_BOOL)
		return n->boolean ? "True" : "False";
	if (n->type == NODE_INT)
		return arena_printf(r->arena, "%" PRId64, n->integer);
	if (n->type == NODE_FLOAT)
		return arena_strdup(r->arena, node_format_float(n->real, buf));
	return n->text;
}

static bool read_claim(struct reader *r, const struct node_pair *pair, struct runbook_claim *ret)
{
	const char *text = claim_text(r, pair->key->text, pair->value);
	if (!text)
		return false;
	size_t count;
	const char **values = runbook_claim_values(r->arena, text, &count);
	ret->name = (struct spec_text){pair->key->text, pair->key->pos};
	ret->values.items = arena_array(r->arena, count, sizeof ret->values.items[0]);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(values[i]);
		blank_trim(&values[i], &len);
		if (len)
			ret->values.items[ret->values.count++] = (struct spec_text){
				arena_memdup(r->arena, values[i], len), pair->value->pos};
	}
	if (ret->values.count)
		return true;
	struct diag *d = diag_error(r->diags, "runbook-claims", pair->value->pos,
		"the claim '%.64s' allows no value", pair->key->text);
	diag_hint(r->diags, d, "name at least one, as in `roles: sre, api`");
	return false;
}

static void open_to_all(struct reader *r)
{
	struct diag *d = diag_warning(r->diags, "runbook-claims", r->runbook->claims.pos,
		"no claim is asked for, so everybody who may run runbooks may run this one");
	diag_hint(r->diags, d, "name claims, as in `roles: sre`, or remove the section");
}

void read_claims(struct reader *r)
{
	struct runbook *rb = r->runbook;
	const struct node *map = read_map(r, SECTION_CLAIMS, "runbook-claims", &rb->claims);
	if (rb->claims.state == RUNBOOK_NO_BLOCK) {
		struct diag *d = diag_error(r->diags, "runbook-claims", rb->claims.pos,
			"'Required Claims' has text but no YAML block, so nobody may run this");
		diag_hint(r->diags, d, "%s", rb->claims.hint);
	} else if (rb->claims.state == RUNBOOK_BAD_BLOCK) {
		struct diag *d = diag_error(r->diags, "runbook-claims", rb->claims.pos,
			"'Required Claims' cannot be read, so nobody may run this");
		diag_hint(r->diags, d, "write a map, as in `roles: sre, api`");
	} else if (rb->claims.state == RUNBOOK_EMPTY_SECTION || (map && !map->map.count)) {
		open_to_all(r);
	}
	if (!map)
		return;
	rb->claim = arena_array(r->arena, map->map.count, sizeof rb->claim[0]);
	MAP_FOREACH (map, pair) {
		if (read_claim(r, pair, &rb->claim[rb->claim_count]))
			rb->claim_count++;
		else
			rb->claims.state = RUNBOOK_BAD_BLOCK;
	}
}

/* ---- execution ---- */

void read_execution(struct reader *r)
{
	struct runbook *rb = r->runbook;
	struct runbook_part *part = &rb->execution_part;
	const struct node *map = read_map(r, SECTION_EXECUTION, "runbook-execution", part);
	spec_execution_decode(r->arena, map, part->pos, &rb->execution, r->diags);
	if (part->state == RUNBOOK_NO_BLOCK) {
		struct diag *d = diag_error(r->diags, "runbook-execution", part->pos,
			"'Execution' has text but no YAML block");
		diag_hint(r->diags, d, "%s", part->hint);
	} else if (part->state == RUNBOOK_EMPTY_SECTION) {
		diag_warning(r->diags, "runbook-execution", part->pos, "'Execution' is empty");
	}
}
