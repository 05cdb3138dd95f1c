/* trueup version */
#include "base/str.h"
#include "cli/command.h"
#include "cli/version.h"
#include "report/json.h"

static int run(struct cli *cli, struct err **err)
{
	(void)err;
	if (str_eq(cli->format, "json")) {
		AUTO_ARENA arena = {0};
		struct node *document = report_document(&arena, "version");
		report_set_text(&arena, document, "trueup", TRUEUP_VERSION);
		report_print_json(cli->out, document);
		return CLI_DONE;
	}
	term_put(cli->out, STYLE_PLAIN, "trueup " TRUEUP_VERSION "\n");
	return CLI_DONE;
}

const struct command cmd_version = {
	.name = "version",
	.summary = "print the version",
	.description = (const char *const[]){"Prints the version of trueup. With -o json it stands "
					     "under \"trueup\"; \"version\" is that of the "
					     "document's shape, as in every document of trueup.",
		NULL},
	.examples = (const struct example_doc[]){{"trueup version", "For a bug report."}, {0}},
	.run = run,
};
