/*
 * Any bytes: the JSON parser ends, and either gives a tree or says why not. A tree, written as
 * JSON and parsed again, is the same tree; so it is by way of YAML.
 */
#include "base/str.h"
#include "format/emit.h"
#include "format/yaml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(
	struct arena *arena, const char *path, const struct str *text, const struct node *tree)
{
	const struct src src = {path, text->data, text->len};
	AUTO_DIAGS diags = {0};
	const struct node *again = doc_parse(arena, &src, &diags);
	if (!again || !node_equal(tree, again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_STR text = STR_INIT;
	str_addn(&text, data, size);
	const struct src src = {"fuzz.json", text.data, text.len};
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	const struct node *tree = json_parse(&arena, &src, &diags);
	if (!tree != (diags.errors > 0))
		abort();
	if (!tree)
		return 0;
	AUTO_STR written = STR_INIT;
	emit_json(tree, &written);
	check_same(&arena, "again.json", &written, tree);
	str_clear(&written);
	emit_canonical(tree, &written);
	check_same(&arena, "canonical.json", &written, tree);
	str_clear(&written);
	emit_yaml(tree, &written);
	if (written.len <= YAML_MAX_BYTES)
		check_same(&arena, "again.yaml", &written, tree);
	return 0;
}
