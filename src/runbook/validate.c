/*
 * Two groups of checks that the format documents with their texts: of the file and its
 * surroundings, in a fixed order that callers rely on, and of the actor's claims.
 */
#include "runbook/validate.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "format/sections.h"

#include <string.h>

static void hint(struct diag_list *diags, struct diag *d, const struct runbook_part *part)
{
	if (part->hint)
		diag_hint(diags, d, "%s", part->hint);
}

static void check_section(const struct runbook_part *part, const char *name, bool may_be_empty,
	struct diag_list *diags)
{
	struct diag *d = NULL;
	if (part->state == RUNBOOK_NO_SECTION)
		d = diag_error(
			diags, "runbook-section", part->pos, "Missing required section: %s", name);
	else if (part->state == RUNBOOK_EMPTY_SECTION && !may_be_empty)
		d = diag_error(diags, "runbook-section", part->pos, "Section '%s' is empty", name);
	if (d && part->hint)
		hint(diags, d, part);
	else if (d && part->state == RUNBOOK_NO_SECTION)
		diag_hint(diags, d, "add a line `# %s`%s", name,
			may_be_empty ? " at the end of the file" : "");
}

static void check_environment(
	const struct runbook *rb, const struct runbook_world *world, struct diag_list *diags)
{
	const struct runbook_part *part = &rb->environment;
	if (part->state == RUNBOOK_NO_SECTION || part->state == RUNBOOK_EMPTY_SECTION) {
		diag_error(diags, "runbook-environment", part->pos,
			"Missing Environment Requirements section");
		return;
	}
	if (part->state != RUNBOOK_READ) {
		struct diag *d = diag_error(diags, "runbook-environment", part->pos,
			"Environment Requirements section must contain a YAML code block");
		hint(diags, d, part);
		return;
	}
	for (size_t i = 0; world && world->variable && i < rb->variable_count; i++) {
		const struct spec_text *name = &rb->variables[i].name;
		if (world->variable(world->data, name->text))
			continue;
		struct diag *d = diag_error(diags, "runbook-environment", name->pos,
			"Required environment variable not set: %s", name->text);
		if (rb->variables[i].description[0])
			diag_hint(diags, d, "%s", rb->variables[i].description);
	}
}

/* Does the text of a path alone show that it leads out of its folder? */
static bool leads_out(const char *path)
{
	int depth = 0;
	if (path[0] == '/')
		return true;
	while (*path) {
		const size_t len = strcspn(path, "/");
		if (len == 2 && path[0] == '.' && path[1] == '.')
			depth--;
		else if (len && !(len == 1 && path[0] == '.'))
			depth++;
		if (depth < 0)
			return true;
		path += len;
		path += *path == '/';
	}
	return false;
}

static enum runbook_path look_at(const struct runbook_world *world, const char *path)
{
	if (leads_out(path))
		return RUNBOOK_PATH_ESCAPES;
	return world && world->path ? world->path(world->data, path) : RUNBOOK_PATH_THERE;
}

static void check_files(
	const struct runbook *rb, const struct runbook_world *world, struct diag_list *diags)
{
	const struct runbook_part *part = &rb->files;
	if (part->state == RUNBOOK_NO_SECTION || part->state == RUNBOOK_EMPTY_SECTION) {
		diag_error(diags, "runbook-files", part->pos,
			"File System Requirements section must contain a YAML code block");
		return;
	}
	for (size_t i = 0; i < rb->inputs.count; i++) {
		const struct spec_text *input = &rb->inputs.items[i];
		const enum runbook_path found = look_at(world, input->text);
		if (found == RUNBOOK_PATH_MISSING)
			diag_error(diags, "runbook-files", input->pos,
				"Required input file does not exist: %s", input->text);
		else if (found == RUNBOOK_PATH_ESCAPES)
			diag_error(diags, "runbook-files", input->pos,
				"Input path escapes runbook directory: %s", input->text);
	}
}

/* "a/b/c" → "a/b", "c" → "."; the trailing slashes of a folder do not count. */
static void parent_of(const char *path, struct str *out)
{
	size_t len = strlen(path);
	while (len && path[len - 1] == '/')
		len--;
	while (len && path[len - 1] != '/')
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	str_addn(out, len ? path : ".", len ? len : 1);
}

/* Nothing reads Output any more: what is wrong with it does no harm. */
static void check_outputs(
	const struct runbook *rb, const struct runbook_world *world, struct diag_list *diags)
{
	for (size_t i = 0; i < rb->outputs.count; i++) {
		const struct spec_text *output = &rb->outputs.items[i];
		AUTO_STR parent = STR_INIT;
		parent_of(output->text, &parent);
		if (look_at(world, output->text) == RUNBOOK_PATH_MISSING &&
			look_at(world, parent.data) == RUNBOOK_PATH_MISSING)
			diag_warning(diags, "runbook-files", output->pos,
				"Output directory parent does not exist: %s", output->text);
	}
}

static void check_title(const struct runbook *rb, struct diag_list *diags)
{
	if (!rb->title.text) {
		struct diag *d = diag_error(diags, "runbook-title", ((struct pos){rb->src, 1, 1}),
			"Runbook must start with an H1 header containing the runbook name");
		if (rb->src->len >= 3 && memcmp(rb->src->data, "\xef\xbb\xbf", 3) == 0)
			diag_hint(diags, d,
				"the file begins with a byte order mark, which nobody "
				"sees: save it without");
		else
			diag_hint(diags, d, "make the first line `# %s`", rb->name);
		return;
	}
	if (!str_eq(rb->title.text, rb->name))
		diag_warning(diags, "runbook-name", rb->title.pos,
			"Runbook name '%s' does not match filename '%s'", rb->title.text, rb->name);
}

bool runbook_validate(
	const struct runbook *rb, const struct runbook_world *world, struct diag_list *diags)
{
	if (blank_prefix(rb->src->data, rb->src->len) == rb->src->len) {
		diag_error(diags, "runbook-empty", ((struct pos){rb->src, 0, 0}),
			"Runbook content is empty");
		return false;
	}
	check_section(&rb->environment, "Environment Requirements", false, diags);
	check_section(&rb->files, "File System Requirements", false, diags);
	check_section(&rb->script, "Script", false, diags);
	check_section(&rb->history, "History", true, diags);
	check_environment(rb, world, diags);
	check_files(rb, world, diags);
	check_outputs(rb, world, diags);
	if (rb->script.state != RUNBOOK_READ) {
		struct diag *d = diag_error(diags, "runbook-script", rb->script.pos,
			"Script section must contain a sh code block");
		hint(diags, d, &rb->script);
	}
	check_title(rb, diags);
	return diags->errors == 0;
}

enum runbook_path runbook_path_on_disk(void *data, const char *path)
{
	AUTO_ERR err = NULL;
	AUTO_CLOSE fd = fs_open_beneath(*(const int *)data, path, &err);
	if (fd >= 0)
		return RUNBOOK_PATH_THERE;
	/* Refused without the kernel's saying that something is not there or not allowed. */
	const bool leads_away = err->kind == ERR_DENIED && !err->os_errno;
	return leads_away ? RUNBOOK_PATH_ESCAPES : RUNBOOK_PATH_MISSING;
}

/* ---- claims ---- */

const char **runbook_claim_values(struct arena *arena, const char *text, size_t *ret_count)
{
	size_t count = 1;
	for (const char *p = text; *p; p++)
		count += *p == ',';
	const char **values = arena_array(arena, count + 1, sizeof values[0]);
	*ret_count = count;
	if (count == 1) {
		values[0] = arena_strdup(arena, text);
		return values;
	}
	for (size_t i = 0; i < count; i++) {
		const char *value = text;
		size_t len = strcspn(text, ",");
		text += len + 1;
		blank_trim(&value, &len);
		values[i] = arena_memdup(arena, value, len);
	}
	return values;
}

static const struct actor_claim *find_claim(
	const struct actor_claim *claims, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(claims[i].name, name))
			return &claims[i];
	return NULL;
}

static bool allowed(const struct runbook_claim *wanted, const struct actor_claim *had)
{
	for (size_t i = 0; i < had->count; i++)
		for (size_t k = 0; k < wanted->values.count; k++)
			if (str_eq(had->values[i], wanted->values.items[k].text))
				return true;
	return false;
}

static void add_item(
	const struct runbook_claim *wanted, const struct actor_claim *had, struct str *out)
{
	if (out->len)
		str_add(out, ", ");
	if (!had) {
		str_addf(out, "%s (not present)", wanted->name.text);
		return;
	}
	str_addf(out, "%s=", wanted->name.text);
	for (size_t i = 0; i < had->count; i++)
		str_addf(out, "%s%s", i ? ", " : "", had->values[i]);
	str_add(out, " (required: ");
	for (size_t i = 0; i < wanted->values.count; i++)
		str_addf(out, "%s%s", i ? ", " : "", wanted->values.items[i].text);
	str_addc(out, ')');
}

bool runbook_authorize(const struct runbook *rb, const struct actor_claim *claims, size_t count,
	const char *operation, struct str *why)
{
	const enum runbook_state state = rb->claims.state;
	if (state == RUNBOOK_NO_BLOCK || state == RUNBOOK_BAD_BLOCK) {
		str_addf(
			why, "RBAC check failed for %s. Required Claims cannot be read", operation);
		return false;
	}
	AUTO_STR items = STR_INIT;
	for (size_t i = 0; i < rb->claim_count; i++) {
		const struct runbook_claim *wanted = &rb->claim[i];
		const struct actor_claim *had = find_claim(claims, count, wanted->name.text);
		if (!had || !allowed(wanted, had))
			add_item(wanted, had, &items);
	}
	if (!items.len)
		return true;
	str_addf(why, "RBAC check failed for %s. Missing or invalid claims: %s", operation,
		items.data);
	return false;
}

void runbook_refusal(const char *user, const char *why, struct str *out)
{
	str_addf(out, "RBAC Failure: Access denied for user %s. %s", user, why);
}
