/*
 * Parsing of the command line by the option tables. Errors are sentences for the user that name
 * the option, the command and the nearest valid name; they are ERR_INVALID and end with exit 64.
 */
#ifndef TRUEUP_CLI_OPTIONS_H
#define TRUEUP_CLI_OPTIONS_H

#include "cli/command.h"

/* argv is borrowed until opts_free(). */
struct opts *opts_new(int argc, const char *const *argv);
void opts_free(struct opts **o); /* accepts NULL inside */
#define AUTO_OPTS CLEANUP(opts_free) struct opts *

/*
 * Reads global options up to the first word that is none and returns it, NULL when there is no
 * such word, in *ret_word.
 */
MUST_CHECK int opts_parse_globals(struct opts *o, const char **ret_word, struct err **err);
/*
 * The command that word names: for the first word of a family the next word is read too, and what
 * stands between as global options. *ret_command is NULL when only a family was named, to ask for
 * its help; *ret_family is that family, otherwise NULL.
 */
MUST_CHECK int opts_find_command(struct opts *o, const char *word,
	const struct command **ret_command, const struct command_family **ret_family,
	struct err **err);
/* Reads the rest for command, and checks the number of operands and the output format. */
MUST_CHECK int opts_parse_command(struct opts *o, const struct command *command, struct err **err);

/* The command's row for -o: its words, "text json" by default. */
const char *command_formats(const struct command *command);
/* Does the list of words hold this one? */
bool words_have(const char *words, const char *word);

#endif
