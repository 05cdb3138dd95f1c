/*
 * The script's environment is built, never inherited: a few names of ours and the variables of
 * the order. Names that a loader or a shell obeys before the script's first line are refused.
 */
#include "runbook/execute_internal.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>
#include <sys/stat.h>

enum { MAX_VARS = 512, MAX_VALUE = 100 * 1024 };

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Which way a script calls us is not for its caller to say. */
static const char own_prefix[] = "TRUEUP_";
static const char *const loader_prefixes[] = {"LD_", "DYLD_", "MALLOC_", "GLIBC_", "BASH_FUNC_"};
static const char *const loader_names[] = {"GCONV_PATH", "LOCPATH", "NLSPATH", "HOSTALIASES",
	"RES_OPTIONS", "LOCALDOMAIN", "GETCONF_DIR"};
static const char *const shell_names[] = {"BASH_ENV", "ENV", "ZDOTDIR", "FPATH", "IFS", "PS4",
	"SHELLOPTS", "BASHOPTS", "PROMPT_COMMAND", "BASH_XTRACEFD", "CDPATH", "GLOBIGNORE",
	"MODULE_PATH", "NULLCMD", "READNULLCMD"};
static const char *const own_names[] = {
	"PATH", "HOME", "TMPDIR", "PWD", "OLDPWD", "SHELL", "USER", "LOGNAME"};

static bool among(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool is_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	static const char rest[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
	return *name && strspn(name, letters) > 0 && !name[strspn(name, rest)];
}

const char *run_var_refused(const char *name)
{
	if (!is_name(name))
		return "a name is made of letters, digits and '_' and does not begin with a digit";
	for (size_t i = 0; i < ARRAY_LEN(loader_prefixes); i++)
		if (str_starts(name, loader_prefixes[i]))
			return "it changes what programs load before they start";
	if (among(name, loader_names, ARRAY_LEN(loader_names)))
		return "it changes what programs load before they start";
	if (among(name, shell_names, ARRAY_LEN(shell_names)))
		return "a shell obeys it before the script's first line";
	if (str_starts(name, own_prefix) || among(name, own_names, ARRAY_LEN(own_names)))
		return "trueup sets it itself";
	return NULL;
}

static int check_var(const struct run_var *var, struct err **err)
{
	const char *why = run_var_refused(var->name);
	if (why)
		return err_set(
			err, ERR_INVALID, "the variable '%s' is refused: %s", var->name, why);
	if (strlen(var->value) > MAX_VALUE)
		return err_set(err, ERR_INVALID,
			"the value of '%s' is longer than %d KiB; pass it as an input file",
			var->name, MAX_VALUE / 1024);
	return 0;
}

/* "prefix NAME=value" without control characters but newline, tab and carriage return. */
static const char *pack(struct arena *arena, const struct run_var *var)
{
	AUTO_STR text = STR_INIT;
	str_addf(&text, "%s%s=", var->secret ? RUN_ENV_SECRET : RUN_ENV_VALUE, var->name);
	for (const char *at = var->value; *at; at++)
		if ((unsigned char)*at >= ' ' || strchr("\n\t\r", *at))
			str_addc(&text, *at);
	return arena_strdup(arena, text.data);
}

int run_env_pack(struct arena *arena, const struct run_var *vars, size_t n_vars,
	const char *const **ret_envp, struct err **err)
{
	if (n_vars > MAX_VARS)
		return err_set(err, ERR_INVALID,
			"%zu variables are more than the %d that a run "
			"may have",
			n_vars, MAX_VARS);
	const char **envp = arena_array(arena, n_vars + 1, sizeof *envp);
	for (size_t i = 0; i < n_vars; i++) {
		if (check_var(&vars[i], err) < 0)
			return -1;
		envp[i] = pack(arena, &vars[i]);
	}
	*ret_envp = envp;
	return 0;
}

/* The packed variable without its prefix; NULL if it is none. */
static const char *unpacked(const char *entry)
{
	static const char *const prefixes[] = {RUN_ENV_VALUE, RUN_ENV_SECRET};
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts(entry, prefixes[i]))
			return entry + strlen(prefixes[i]);
	return NULL;
}

static bool is_set(const char *const *envp, size_t count, const char *entry)
{
	const size_t len = strcspn(entry, "=") + 1;
	for (size_t i = 0; i < count; i++)
		if (strncmp(envp[i], entry, len) == 0)
			return true;
	return false;
}

const char *const *run_env_unpack(
	struct arena *arena, const char *const *environment, const char *work, const char *id)
{
	const char *const ours[] = {
		"PATH=" PATH_DEFAULT,
		"TMPDIR=/tmp",
		"LC_ALL=C.UTF-8",
		"TERM=dumb",
		arena_printf(arena, "HOME=%s", work),
		/* For here documents of zsh: /tmp is not writable at every level. */
		arena_printf(arena, "TMPPREFIX=%s/.zsh", work),
		arena_printf(arena, "RUNBOOK_EXEC_DIR_HOST=%s", work),
		arena_printf(arena, "TRUEUP_RUN_ID=%s", id),
	};
	size_t count = 0;
	while (environment[count])
		count++;
	const char **envp = arena_array(arena, count + ARRAY_LEN(ours) + 1, sizeof *envp);
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		const char *entry = unpacked(environment[i]);
		if (entry)
			envp[n++] = entry;
	}
	/* Some of ours are defaults only. */
	for (size_t i = 0, given = n; i < ARRAY_LEN(ours); i++)
		if (!is_set(envp, given, ours[i]))
			envp[n++] = ours[i];
	return envp;
}

struct shell {
	const char *name;
	const char *paths[2];
	const char *flags[2];
};

static const struct shell shells[] = {
	{"zsh", {"/bin/zsh", "/usr/bin/zsh"}, {"-f", NULL}},
	{"bash", {"/bin/bash", "/usr/bin/bash"}, {"--noprofile", "--norc"}},
	{"sh", {"/bin/sh", "/usr/bin/sh"}, {NULL, NULL}},
};

static const char *const *argv_of(struct arena *arena, const struct shell *shell)
{
	for (size_t p = 0; p < ARRAY_LEN(shell->paths); p++) {
		struct stat st;
		if (stat(shell->paths[p], &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
			continue;
		const char **argv = arena_array(arena, 5, sizeof *argv);
		size_t n = 0;
		argv[n++] = shell->paths[p];
		for (size_t i = 0; i < ARRAY_LEN(shell->flags) && shell->flags[i]; i++)
			argv[n++] = shell->flags[i];
		argv[n] = RUN_SCRIPT;
		return argv;
	}
	return NULL;
}

int run_interpreter(struct arena *arena, const char *shell, bool allow_bash,
	const char *const **ret_argv, struct err **err)
{
	const struct shell *wanted = NULL;
	for (size_t i = 0; i < ARRAY_LEN(shells); i++)
		if (str_eq(shells[i].name, shell ? shell : "zsh"))
			wanted = &shells[i];
	if (!wanted)
		return err_set(
			err, ERR_INVALID, "no shell '%s': zsh, bash or sh can run scripts", shell);
	*ret_argv = argv_of(arena, wanted);
	if (!*ret_argv && wanted == &shells[0] && allow_bash)
		*ret_argv = argv_of(arena, &shells[1]);
	if (*ret_argv)
		return 0;
	return err_set(err, ERR_NOT_FOUND,
		"%s is not installed, and scripts mean something else in another shell: install "
		"it%s",
		wanted->name,
		wanted == &shells[0] ? ", name one under '# Execution' (shell: bash), or let the "
				       "configuration allow bash"
				     : "");
}
