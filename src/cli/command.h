/*
 * Commands and their options, as tables. One table per command gives parsing, --help, the man
 * page and the shell completions, so none of them can disagree with the others.
 *
 * A command is one file, src/cli/cmd_<name>.c, that defines `const struct command cmd_<name>`,
 * and one line in src/cli/commands.c. Its run function gets a struct cli and returns an exit
 * code, or -1 with *err set (main prints the chain and exits 1). It prints through cli->out
 * (report/term.h) and the functions of report/, never with printf.
 *
 * A command may be one of a family: "runbook list", in cmd_runbook_list. Its name holds the blank
 * in all texts; file names (man pages, keys of completion) have a '-' there: command_key(). A
 * family has a row in command_families.
 *
 * Options that every command has (command_globals): -C, --state, -o, -q, -v, --log-format,
 * --no-color, --help, --version. They may stand before or after the command's name. A command may
 * use the letter of a global one for itself (render's -o DIR): its own table is looked at first.
 */
#ifndef TRUEUP_CLI_COMMAND_H
#define TRUEUP_CLI_COMMAND_H

#include "base/macros.h"
#include "report/term.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct opts;

/* Exit codes of every command. */
enum cli_exit {
	CLI_DONE = 0, /* done, or nothing to do */
	CLI_FAILED = 1, /* also: run returned -1 */
	CLI_CHANGES = 2, /* changes are pending; with --detailed-exitcode only */
	CLI_SPECS = 3, /* the specs are invalid */
	CLI_WAITING = 4, /* waiting for, or refused by, a gate */
	CLI_USAGE = 64, /* wrong usage */
};

enum option_type {
	OPT_FLAG, /* opt_flag() */
	OPT_COUNT, /* a flag that counts: opt_int() */
	OPT_TEXT, /* opt_text() */
	OPT_LIST, /* text, may be given several times: opt_list() */
	OPT_CHOICE, /* one word of `choices`: opt_text() */
	OPT_INT, /* opt_int(), between min and max */
	OPT_DURATION, /* "90s", "15m": opt_duration() in milliseconds */
};

struct option_spec {
	const char *name; /* long name without dashes; NULL ends a table */
	char letter; /* 0: no short form */
	enum option_type type;
	const char *arg; /* name of its argument in texts: "DIR"; NULL for flags */
	const char *help; /* half a sentence, lower case, no full stop */
	const char *fallback; /* default, as the user would write it; NULL: none */
	const char *choices; /* OPT_CHOICE: words with blanks between; OPT_TEXT: NULL */
	const char *group; /* heading in the help; NULL: "Options" */
	int64_t min, max; /* OPT_INT: both 0 means 0..INT64_MAX */
	const char *excludes; /* another option of the table that it cannot stand beside */
};

struct exit_doc {
	int code;
	const char *meaning; /* NULL ends a table */
};

struct example_doc {
	const char *line; /* NULL ends a table */
	const char *what; /* one sentence */
};

/* What shell completion offers for an operand. */
enum operand_kind {
	OPERAND_TEXT, /* nothing */
	OPERAND_DIR,
	OPERAND_FILE,
	OPERAND_OBJECT, /* canvas/shop: as `trueup status` lists them */
	OPERAND_RUNBOOK, /* PatchPrep: the files in runbooks/ */
	OPERAND_COMMAND,
	OPERAND_SHELL, /* bash zsh fish */
};

/* What a run function is given. Everything is borrowed for the time of the call. */
struct cli {
	const struct command *command;
	const struct opts *opts;
	struct term *out; /* standard output */
	struct term *errout; /* standard error: diagnostics, progress, questions */
	const char *format; /* -o: "text", "json", "sarif" or "github" */
	const char *state_dir; /* --state; NULL: the default of the spec root */
	const char *executable; /* full path of this program, for jobs */
	bool quiet;
	int verbose; /* number of -v */
};

struct command {
	const char *name;
	const char *summary; /* half a sentence, lower case, no full stop */
	const char *operands; /* "[DIR]", "KIND/NAME..."; NULL: takes none */
	int min_operands, max_operands; /* max -1: any number */
	enum operand_kind operand_kind;
	const char *const *description; /* paragraphs of whole sentences; NULL ends */
	const struct option_spec *options; /* NULL: only the global ones */
	const struct exit_doc *exits; /* beside 0, 1 and 64; the same code replaces */
	const struct example_doc *examples; /* NULL: none */
	const char *formats; /* words for -o; NULL: "text json" */
	bool hidden; /* used by trueup itself or by the build */
	int (*run)(struct cli *cli, struct err **err);
};

struct command_family {
	const char *name; /* the first word of its commands; NULL ends a table */
	const char *summary; /* as of a command */
};

/* All commands in the order of the help, those of a family together; NULL ends. */
extern const struct command *const commands[];
extern const struct option_spec command_globals[];
extern const struct command_family command_families[];
/* NULL if there is none of that name, which for one of a family is both words. */
const struct command *command_find(const char *name);
const struct command_family *command_family_find(const char *name);
/* The family that the command belongs to; NULL if to none. */
const struct command_family *command_family_of(const struct command *command);
/* The second word of a command of a family; of any other its name. */
const char *command_word(const struct command *command);
/* The name with '-' for the blank; heap-owned. */
char *command_key(const struct command *command);
/* "unknown command 'pan'; did you mean 'plan'?" */
int command_unknown(const char *word, struct err **err);
/* "'runbook' needs a command: list, show, env, validate" */
int command_missing(const struct command_family *family, struct err **err);

/*
 * Values. The name must stand in the command's or the global table and the type must fit:
 * anything else is a programming error and aborts.
 */
bool opt_flag(const struct opts *o, const char *name);
/* What the user gave, otherwise the default, otherwise NULL. */
const char *opt_text(const struct opts *o, const char *name);
int64_t opt_int(const struct opts *o, const char *name); /* without a default: 0 */
int64_t opt_duration(const struct opts *o, const char *name); /* ms; without a default: 0 */
/* All values in order, NULL-terminated; never NULL. */
const char *const *opt_list(const struct opts *o, const char *name);
/* Did the user give it? */
bool opt_given(const struct opts *o, const char *name);

size_t operand_count(const struct opts *o);
/* NULL when there are not that many. */
const char *operand(const struct opts *o, size_t i);

#endif
