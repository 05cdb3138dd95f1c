/*
 * Entry point: reads the command line, sets up output and logging, runs one command and turns
 * its result into an exit code.
 */
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/version.h"
#include "report/json.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* "trueup: message" and, where more than one, the causes joined by colons. */
static int complain(struct term *t, const struct err *err, int code)
{
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	term_put(t, STYLE_BOLD, "trueup: ");
	term_printf(t, STYLE_PLAIN, "%s\n", text.data);
	return code;
}

static int parse(struct opts *o, const struct command **ret_command,
	const struct command_family **ret_family, struct err **err)
{
	const char *word;
	*ret_command = NULL;
	*ret_family = NULL;
	if (opts_parse_globals(o, &word, err))
		return -1;
	if (!word) {
		if (opt_flag(o, "help") || opt_flag(o, "version"))
			return 0;
		return err_set(err, ERR_INVALID, "a command is missing; 'trueup help' lists them");
	}
	const struct command *command;
	if (opts_find_command(o, word, &command, ret_family, err))
		return -1;
	if (command && opts_parse_command(o, command, err))
		return -1;
	*ret_command = command;
	return 0;
}

/* Full path of this program, for the jobs that it starts; NULL if the kernel does not tell. */
static char *own_path(void)
{
	char path[4096];
	const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	return n > 0 ? xstrndup(path, (size_t)n) : NULL;
}

/* Who asked for JSON gets JSON, also when nothing came of it. */
static void print_json_error(struct cli *cli, const struct err *err)
{
	AUTO_ARENA arena = {0};
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	struct node *error = node_new_map(&arena);
	report_set_text(&arena, error, "kind", err_kind_name(err_kind_of(err)));
	report_set_text(&arena, error, "message", text.data);
	struct node *document = report_document(&arena, cli->command->name);
	node_map_set(&arena, document, "error", error);
	report_print_json(cli->out, document);
}

static int run(
	const struct command *command, const struct opts *o, struct term *out, struct term *errout)
{
	AUTO_ERR err = NULL;
	const char *dir = opt_text(o, "directory");
	if (dir && chdir(dir) < 0) {
		(void)err_errno(&err, errno, "-C: cannot enter '%s'", dir);
		return complain(errout, err, CLI_FAILED);
	}
	AUTO_FREE char *executable = own_path();
	struct cli cli = {
		.command = command,
		.opts = o,
		.out = out,
		.errout = errout,
		.format = opt_text(o, "output"),
		.state_dir = opt_text(o, "state"),
		.executable = executable,
		.quiet = out->quiet,
		.verbose = (int)opt_int(o, "verbose"),
	};
	const int code = command->run(&cli, &err);
	term_progress_clear(errout);
	if (code >= 0)
		return code;
	if (str_eq(cli.format, "json"))
		print_json_error(&cli, err);
	return complain(errout, err, CLI_FAILED);
}

static void set_up(const struct opts *o, struct term *out, struct term *errout)
{
	const bool color = !opt_flag(o, "no-color");
	term_init(out, stdout, color);
	term_init(errout, stderr, color);
	out->quiet = errout->quiet = opt_flag(o, "quiet");
	const int64_t verbose = opt_int(o, "verbose");
	log_setup(verbose > 1 ? LOG_LEVEL_DEBUG
		  : verbose   ? LOG_LEVEL_INFO
			      : LOG_LEVEL_WARNING,
		str_eq(opt_text(o, "log-format"), "json") ? LOG_JSON : LOG_TEXT);
}

/* Descriptors 0 to 2 are open, so that no file or lock of ours can become standard output. */
static bool standard_files_open(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	if (!standard_files_open())
		return CLI_FAILED;
	/* A reader that goes away must not end an apply; the write's error is enough. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)setlocale(LC_CTYPE, "C.UTF-8");

	AUTO_OPTS o = opts_new(argc, (const char *const *)argv);
	AUTO_ERR err = NULL;
	const struct command *command;
	const struct command_family *family;
	const int parsed = parse(o, &command, &family, &err);
	struct term out, errout;
	set_up(o, &out, &errout);

	int code = CLI_DONE;
	if (parsed < 0)
		code = complain(&errout, err, CLI_USAGE);
	else if (opt_flag(o, "version"))
		term_put(&out, STYLE_PLAIN, "trueup " TRUEUP_VERSION "\n");
	else if (family)
		help_print_family(&out, family);
	else if (!command)
		help_print_overview(&out);
	else if (opt_flag(o, "help"))
		help_print_command(&out, command);
	else
		code = run(command, o, &out, &errout);

	const int failure = term_failed(&out);
	if (failure && failure != EPIPE && code == CLI_DONE) {
		(void)err_errno(&err, failure, "cannot write to standard output");
		code = complain(&errout, err, CLI_FAILED);
	}
	(void)term_failed(&errout);
	return code;
}
