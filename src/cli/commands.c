/* The list of commands, and the options that all of them have. */
#include "cli/command.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

extern const struct command cmd_doctor;
extern const struct command cmd_explain;
extern const struct command cmd_fmt;
extern const struct command cmd_help;
extern const struct command cmd_hook_install;
extern const struct command cmd_hook_remove;
extern const struct command cmd_hook_status;
extern const struct command cmd_init;
extern const struct command cmd_internal_call;
extern const struct command cmd_internal_commands;
extern const struct command cmd_internal_completion;
extern const struct command cmd_internal_job;
extern const struct command cmd_internal_man;
extern const struct command cmd_internal_post_receive;
extern const struct command cmd_internal_pre_commit;
extern const struct command cmd_internal_pre_receive;
extern const struct command cmd_internal_run;
extern const struct command cmd_internal_worker;
extern const struct command cmd_plan;
extern const struct command cmd_reconcile;
extern const struct command cmd_internal_reference;
extern const struct command cmd_internal_schemas;
extern const struct command cmd_validate;
extern const struct command cmd_approve;
extern const struct command cmd_destroy;
extern const struct command cmd_history;
extern const struct command cmd_log;
extern const struct command cmd_pull_apply;
extern const struct command cmd_pull_close;
extern const struct command cmd_pull_list;
extern const struct command cmd_pull_plan;
extern const struct command cmd_pull_settle;
extern const struct command cmd_pull_show;
extern const struct command cmd_pull_unlock;
extern const struct command cmd_reject;
extern const struct command cmd_resume;
extern const struct command cmd_serve;
extern const struct command cmd_status;
extern const struct command cmd_suspend;
extern const struct command cmd_unlock;
extern const struct command cmd_render;
extern const struct command cmd_run_approve;
extern const struct command cmd_run_cancel;
extern const struct command cmd_run_list;
extern const struct command cmd_run_reject;
extern const struct command cmd_run_rerun;
extern const struct command cmd_run_show;
extern const struct command cmd_runbook_env;
extern const struct command cmd_runbook_list;
extern const struct command cmd_runbook_history;
extern const struct command cmd_runbook_run;
extern const struct command cmd_runbook_show;
extern const struct command cmd_runbook_validate;
extern const struct command cmd_version;
extern const struct command cmd_watch;

const struct command *const commands[] = {
	&cmd_init,
	&cmd_validate,
	&cmd_fmt,
	&cmd_explain,
	&cmd_plan,
	&cmd_reconcile,
	&cmd_watch,
	&cmd_serve,
	&cmd_render,
	&cmd_status,
	&cmd_history,
	&cmd_log,
	&cmd_approve,
	&cmd_reject,
	&cmd_suspend,
	&cmd_resume,
	&cmd_unlock,
	&cmd_destroy,
	&cmd_pull_plan,
	&cmd_pull_apply,
	&cmd_pull_list,
	&cmd_pull_show,
	&cmd_pull_unlock,
	&cmd_pull_close,
	&cmd_pull_settle,
	&cmd_runbook_list,
	&cmd_runbook_show,
	&cmd_runbook_env,
	&cmd_runbook_validate,
	&cmd_runbook_run,
	&cmd_runbook_history,
	&cmd_run_list,
	&cmd_run_show,
	&cmd_run_approve,
	&cmd_run_reject,
	&cmd_run_cancel,
	&cmd_run_rerun,
	&cmd_hook_install,
	&cmd_hook_remove,
	&cmd_hook_status,
	&cmd_doctor,
	&cmd_help,
	&cmd_version,
	&cmd_internal_call,
	&cmd_internal_commands,
	&cmd_internal_completion,
	&cmd_internal_job,
	&cmd_internal_man,
	&cmd_internal_post_receive,
	&cmd_internal_pre_commit,
	&cmd_internal_pre_receive,
	&cmd_internal_reference,
	&cmd_internal_run,
	&cmd_internal_schemas,
	&cmd_internal_worker,
	NULL,
};

const struct command_family command_families[] = {
	{"hook", "check and reconcile what is pushed, and check what is committed"},
	{"pull", "plan pull requests, apply them, see what they hold"},
	{"runbook", "look at runbooks, check them, run them"},
	{"run", "look at Runs, decide about them, stop them, run them again"},
	{0},
};

const struct option_spec command_globals[] = {
	{.name = "directory",
		.letter = 'C',
		.type = OPT_TEXT,
		.arg = "DIR",
		.help = "work in DIR, as if started there"},
	{.name = "state",
		.type = OPT_TEXT,
		.arg = "DIR",
		.help = "keep the recorded state in DIR, not in the git directory"},
	{.name = "output",
		.letter = 'o',
		.type = OPT_CHOICE,
		.arg = "FORMAT",
		.help = "how to print the result",
		.fallback = "text",
		.choices = "text json sarif github"},
	{.name = "quiet", .letter = 'q', .type = OPT_FLAG, .help = "print results and errors only"},
	{.name = "verbose",
		.letter = 'v',
		.type = OPT_COUNT,
		.help = "say what is being done; twice: in detail"},
	{.name = "log-format",
		.type = OPT_CHOICE,
		.arg = "FORMAT",
		.help = "form of the log lines on standard error",
		.fallback = "text",
		.choices = "text json"},
	{.name = "no-color",
		.type = OPT_FLAG,
		.help = "no colour on a terminal; NO_COLOR in the environment does the same"},
	{.name = "help", .letter = 'h', .type = OPT_FLAG, .help = "print this help"},
	{.name = "version", .type = OPT_FLAG, .help = "print the version"},
	{0},
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (str_eq(commands[i]->name, name))
			return commands[i];
	return NULL;
}

const struct command_family *command_family_find(const char *name)
{
	for (const struct command_family *f = command_families; f->name; f++)
		if (str_eq(f->name, name))
			return f;
	return NULL;
}

const struct command_family *command_family_of(const struct command *command)
{
	const char *blank = strchr(command->name, ' ');
	AUTO_FREE char *first = xstrndup(command->name, strcspn(command->name, " "));
	return blank ? command_family_find(first) : NULL;
}

const char *command_word(const struct command *command)
{
	const char *blank = strchr(command->name, ' ');
	return blank ? blank + 1 : command->name;
}

char *command_key(const struct command *command)
{
	char *key = xstrdup(command->name);
	char *blank = strchr(key, ' ');
	if (blank)
		*blank = '-';
	return key;
}

int command_unknown(const char *word, struct err **err)
{
	const char *names[64] = {0};
	size_t n = 0;
	for (size_t i = 0; commands[i] && n + 1 < ARRAY_LEN(names); i++)
		if (!commands[i]->hidden)
			names[n++] = commands[i]->name;
	for (const struct command_family *f = command_families; f->name && n + 1 < ARRAY_LEN(names);
		f++)
		names[n++] = f->name;
	const char *near = str_nearest(word, names);
	if (near)
		return err_set(
			err, ERR_INVALID, "unknown command '%s'; did you mean '%s'?", word, near);
	return err_set(err, ERR_INVALID, "unknown command '%s'; 'trueup help' lists them", word);
}

int command_missing(const struct command_family *family, struct err **err)
{
	AUTO_STR words = STR_INIT;
	for (size_t i = 0; commands[i]; i++)
		if (command_family_of(commands[i]) == family)
			str_addf(&words, "%s%s", words.len ? ", " : "", command_word(commands[i]));
	return err_set(err, ERR_INVALID, "'%s' needs a command: %s", family->name, words.data);
}
