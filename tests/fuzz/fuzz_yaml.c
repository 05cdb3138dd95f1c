/*
 * Any bytes: the YAML parser ends, and either gives a tree or says why not. A tree, written as
 * YAML and parsed again, is the same tree.
 */
#include "base/str.h"
#include "format/emit.h"
#include "format/yaml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_STR text = STR_INIT;
	str_addn(&text, data, size);
	const struct src src = {"fuzz.yaml", text.data, text.len};
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	const struct node *tree = yaml_parse(&arena, &src, &diags);
	if (!tree != (diags.errors > 0))
		abort();
	if (!tree)
		return 0;
	AUTO_STR written = STR_INIT;
	emit_yaml(tree, &written);
	if (written.len > YAML_MAX_BYTES)
		return 0; /* aliases are written out */
	const struct src again_src = {"again.yaml", written.data, written.len};
	const struct node *again = yaml_parse(&arena, &again_src, &diags);
	if (!again) {
		/* Only the limit on values that are written can stand in the way. */
		if (diags.count == 1 && str_eq(diags.items[0].rule, "yaml-limit"))
			return 0;
		abort();
	}
	AUTO_STR first = STR_INIT, second = STR_INIT;
	emit_canonical(tree, &first);
	emit_canonical(again, &second);
	if (!node_equal(tree, again) || !str_eq(first.data, second.data))
		abort();
	return 0;
}
