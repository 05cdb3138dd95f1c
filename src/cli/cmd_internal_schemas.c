/* trueup internal-schemas DIR and internal-reference: what is generated from the field tables. */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "format/emit.h"
#include "spec/explain.h"

static int write_schema(
	const char *dir, const char *name, const struct node *schema, struct err **err)
{
	AUTO_STR text = STR_INIT;
	AUTO_FREE char *file = xasprintf("%s.json", name);
	AUTO_FREE char *path = path_join(dir, file);
	emit_json(schema, &text);
	return fs_write_if_changed(path, text.data, text.len, 0644, NULL, err);
}

static int run_schemas(struct cli *cli, struct err **err)
{
	AUTO_ARENA arena = {0};
	const char *dir = operand(cli->opts, 0);
	for (enum spec_kind k = 0; k < KIND_COUNT; k++)
		if (spec_kind_supported(k) &&
			write_schema(dir, spec_kind_name(k), spec_schema(&arena, k), err) < 0)
			return -1;
	if (write_schema(dir, "server", spec_schema_server(&arena), err) < 0)
		return -1;
	return write_schema(dir, "trueup", spec_schema_all(&arena), err) < 0 ? -1 : CLI_DONE;
}

static int run_reference(struct cli *cli, struct err **err)
{
	(void)err;
	AUTO_STR text = STR_INIT;
	spec_docs(&text);
	term_write(cli->out, text.data, text.len);
	return CLI_DONE;
}

const struct command cmd_internal_schemas = {
	.name = "internal-schemas",
	.summary = "write the JSON Schemas of the kinds",
	.operands = "DIR",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.formats = "text",
	.hidden = true,
	.run = run_schemas,
};

const struct command cmd_internal_reference = {
	.name = "internal-reference",
	.summary = "print docs/specs.md",
	.formats = "text",
	.hidden = true,
	.run = run_reference,
};
