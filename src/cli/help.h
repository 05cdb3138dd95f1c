/* Texts made from the option tables: --help, man pages (mdoc), shell completion. */
#ifndef TRUEUP_CLI_HELP_H
#define TRUEUP_CLI_HELP_H

#include "cli/command.h"

struct str;

/* `trueup --help`: all commands and the global options. */
void help_print_overview(struct term *t);
/* `trueup runbook --help`: its commands. */
void help_print_family(struct term *t, const struct command_family *family);
/* `trueup plan --help`. */
void help_print_command(struct term *t, const struct command *command);

/* The man page of a command, or of trueup(1) itself when command is NULL. */
void man_page(const struct command *command, struct str *out);

/* The completion script for "bash", "zsh" or "fish". */
void completion_script(const char *shell, struct str *out);

/* "-o, --output FORMAT" */
char *option_usage(const struct option_spec *spec);
/* Exit codes of a command: its own ones and the common ones, in order; arena-free, static rows. */
enum { EXIT_ROWS_MAX = 12 };
size_t exit_rows(const struct command *command, struct exit_doc ret[EXIT_ROWS_MAX]);

#endif
