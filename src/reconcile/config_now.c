/* Reads the one file where that is enough: nothing else of a commit has to be valid for it. */
#include "reconcile/config_now.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/recorded.h"
#include "runbook/object.h"
#include "source/source.h"
#include "spec/check.h"

/* *ret NULL: there is no such file, or nothing to look at in it. */
static int read_file(struct source *source, const char *tree, const char *path, struct arena *arena,
	struct diag_list *diags, const struct spec **ret, struct err **err)
{
	AUTO_STR text = STR_INIT;
	AUTO_ERR why = NULL;
	const size_t limit = spec_file_limit(path);
	const int rc = tree ? source_read_path(source, tree, path, limit, &text, &why)
			    : source_read_disk(source, path, limit, &text, &why);
	*ret = NULL;
	if (rc < 0 && why->kind == ERR_NOT_FOUND)
		return 0;
	if (rc < 0) {
		*err = steal_ptr(why);
		return err_wrap(err, "read %s", path);
	}
	struct src *src = arena_alloc(arena, sizeof *src);
	*src = (struct src){
		arena_strdup(arena, path), arena_memdup(arena, text.data, text.len), text.len};
	*ret = spec_load(arena, src, diags);
	return 0;
}

int config_read(struct source *source, const char *tree, struct arena *arena,
	struct diag_list *diags, const struct config **ret, struct err **err)
{
	static const char *const files[] = {"trueup.yaml", "trueup.yml", "trueup.json"};
	const struct spec *found = NULL;
	*ret = NULL;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		const struct spec *spec;
		if (read_file(source, tree, files[i], arena, diags, &spec, err) < 0)
			return -1;
		if (!spec || spec->kind != KIND_CONFIG)
			continue;
		if (found)
			spec_report_duplicate(found, spec, diags);
		else
			found = spec;
	}
	*ret = found ? found->config : NULL;
	return 0;
}

/* What the first reconcile would take. */
static int read_first(struct session *session, struct arena *arena, struct diag_list *diags,
	const struct config **ret, struct err **err)
{
	struct source_rev head;
	AUTO_ERR why = NULL;
	if (source_kind(session->source) == SOURCE_FOLDER)
		return config_read(session->source, NULL, arena, diags, ret, err);
	if (source_resolve(session->source, NULL, &head, &why) == 0)
		return config_read(session->source, head.tree, arena, diags, ret, err);
	if (why->kind != ERR_NOT_FOUND) {
		*err = steal_ptr(why);
		return -1;
	}
	return source_dir(session->source)
		       ? config_read(session->source, NULL, arena, diags, ret, err)
		       : 0;
}

int config_now(struct session *session, struct arena *arena, struct diag_list *diags,
	const struct config **ret, struct err **err)
{
	const char *branch;
	const struct config *config = NULL;
	if (recorded_branch(session->store, arena, &branch, err) < 0)
		return -1;
	if (branch)
		config = recorded_config(session->store, arena);
	else if (read_first(session, arena, diags, &config, err) < 0)
		return -1;
	*ret = config ? config : spec_config_default(arena);
	return 0;
}
