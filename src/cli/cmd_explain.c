/* trueup explain [KIND[.FIELD...] | TYPE[.KEY]] */
#include "base/err.h"
#include "base/str.h"
#include "cli/command.h"
#include "render/explain.h"
#include "report/json.h"
#include "spec/explain.h"

#include <string.h>
#include <strings.h>

static void add_kinds(struct arena *a, struct node *document)
{
	struct node *kinds = node_new_seq(a);
	for (enum spec_kind k = 0; k < KIND_COUNT; k++)
		if (spec_kind_supported(k))
			node_seq_add(a, kinds, node_new_string(a, spec_kind_name(k)));
	node_map_set(a, document, "kinds", kinds);
}

static void print_kinds(struct cli *cli)
{
	term_put(cli->out, STYLE_PLAIN, "kinds of specs:");
	for (enum spec_kind k = 0; k < KIND_COUNT; k++)
		if (spec_kind_supported(k))
			term_printf(cli->out, STYLE_PLAIN, " %s", spec_kind_name(k));
	term_newline(cli->out);
	term_put(cli->out, STYLE_PLAIN, "the file of `trueup serve`: server\n");
	term_put(cli->out, STYLE_PLAIN, "resource types of a canvas:");
	for (const char *const *type = spec_services; *type; type++)
		term_printf(cli->out, STYLE_PLAIN, " %s", *type);
	term_newline(cli->out);
}

static bool is_resource_type(const char *path)
{
	const size_t len = strcspn(path, ".");
	for (const char *const *type = spec_services; *type; type++)
		if (strlen(*type) == len && strncasecmp(*type, path, len) == 0)
			return true;
	return false;
}

static struct node *explain_type(struct arena *a, const char *path, struct err **err)
{
	AUTO_DIAGS diags = {0};
	struct render_types *types = render_types_load(&diags);
	if (!types) {
		(void)err_set(err, ERR_INTERNAL, "the built-in resource types cannot be read");
		return NULL;
	}
	struct node *explained = render_type_explain(types, path, a, err);
	render_types_free(types);
	return explained;
}

/* What else a resource type has, behind its keys. */
static void print_more(struct cli *cli, const struct node *explained)
{
	SEQ_FOREACH (node_get(explained, "outputs"), i, output)
		term_printf(cli->out, STYLE_PLAIN, "%s  output %s  %s\n", i ? "" : "\n",
			node_text(node_get(output, "name")),
			node_text(node_get(output, "doc")) ? node_text(node_get(output, "doc"))
							   : "");
	SEQ_FOREACH (node_get(explained, "edges"), i, edge) {
		term_put(cli->out, STYLE_PLAIN, i ? "  edge to" : "\n  edge to");
		SEQ_FOREACH (node_get(edge, "to"), k, to)
			term_printf(cli->out, STYLE_PLAIN, "%s %s", k ? "," : "", node_text(to));
		if (node_text(node_get(edge, "doc")))
			term_printf(
				cli->out, STYLE_PLAIN, ": %s", node_text(node_get(edge, "doc")));
		term_newline(cli->out);
	}
}

static int run(struct cli *cli, struct err **err)
{
	AUTO_ARENA arena = {0};
	AUTO_STR text = STR_INIT;
	const bool json = str_eq(cli->format, "json");
	const char *path = operand(cli->opts, 0);
	struct node *document = report_document(&arena, "explain");
	if (!path) {
		add_kinds(&arena, document);
		if (json)
			report_print_json(cli->out, document);
		else
			print_kinds(cli);
		return CLI_DONE;
	}
	struct node *explained = is_resource_type(path) ? explain_type(&arena, path, err)
							: spec_explain(&arena, path, err);
	if (!explained)
		return -1;
	if (json) {
		node_map_set(&arena, document, "field", explained);
		report_print_json(cli->out, document);
		return CLI_DONE;
	}
	spec_explain_text(explained, cli->out->width, &text);
	term_put(cli->out, STYLE_PLAIN, text.data);
	print_more(cli, explained);
	return CLI_DONE;
}

const struct command cmd_explain = {
	.name = "explain",
	.summary = "say what a field of a spec means",
	.operands = "[KIND[.FIELD...] | TYPE[.KEY]]",
	.max_operands = 1,
	.operand_kind = OPERAND_TEXT,
	.description = (const char
			*const[]){"Prints what a kind of spec or one of its fields is: form, "
				  "default, example and "
				  "the fields below it; or a resource type, its config keys, "
				  "outputs and edges. "
				  "Without an operand: the kinds and types there are.",
		"The texts come from the tables that decode specs. docs/specs.md and the JSON "
		"Schemas in schemas/ are made from the same ones.",
		NULL},
	.examples =
		(const struct example_doc[]){{"trueup explain canvas", "All fields of a Canvas."},
			{"trueup explain role.credentials.assumeRole", "The fields of one map."},
			{"trueup explain EC2", "What a node of type EC2 can be told."}, {0}},
	.run = run,
};
