/*
 * trueup doctor [DIR]: looks at everything that trueup needs and keeps, and says what to do about
 * what is not right. Changes nothing.
 */
#include "base/arena.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/session.h"
#include "engine/engine.h"
#include "reconcile/session.h"
#include "report/json.h"
#include "report/table.h"
#include "runbook/isolate.h"
#include "store/outbox.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum finding {
	FINDING_OK,
	FINDING_NOTE, /* good to know */
	FINDING_MISSING, /* something will wait until it is there */
	FINDING_PROBLEM, /* something is broken */
};

struct check {
	const char *name;
	enum finding finding;
	const char *text;
	const char *fix; /* NULL: nothing to do */
};

struct checks {
	struct arena arena;
	struct check *items;
	size_t count, cap;
};

static const char *finding_name(enum finding finding)
{
	static const char *const names[] = {"ok", "note", "missing", "problem"};
	return names[finding];
}

static void add(
	struct checks *c, const char *name, enum finding finding, const char *text, const char *fix)
{
	c->items = arena_grow(&c->arena, c->items, c->count, &c->cap, sizeof *c->items);
	c->items[c->count++] = (struct check){
		.name = arena_strdup(&c->arena, name),
		.finding = finding,
		.text = arena_strdup(&c->arena, text),
		.fix = fix ? arena_strdup(&c->arena, fix) : NULL,
	};
}

static void add_error(struct checks *c, const char *name, const struct err *err, const char *fix)
{
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	add(c, name, FINDING_PROBLEM, text.data, fix);
}

enum { GIT_LIMIT = 4096, GIT_TIMEOUT_MS = 10000 };

static void check_git(struct checks *c)
{
	AUTO_FREE char *path = fs_find_program("git");
	if (!path) {
		add(c, "git", FINDING_MISSING, "not installed: nothing can be fetched or pushed",
			"apt-get install git");
		return;
	}
	const char *const argv[] = {path, "--version", NULL};
	const char *const envp[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
	const struct child_spec spec = {
		.argv = argv,
		.envp = envp,
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = -1,
		.die_with_parent = true,
	};
	AUTO_STR out = STR_INIT;
	AUTO_ERR err = NULL;
	struct child_exit end;
	if (child_run(&spec, NULL, GIT_LIMIT, GIT_TIMEOUT_MS, &out, NULL, &end, &err) < 0) {
		add_error(c, "git", err, NULL);
		return;
	}
	while (out.len && out.data[out.len - 1] == '\n')
		str_truncate(&out, out.len - 1);
	add(c, "git", end.code == 0 ? FINDING_OK : FINDING_PROBLEM,
		str_starts(out.data, "git version ") ? out.data + strlen("git version ") : out.data,
		NULL);
}

static void check_terraform(struct checks *c, const char *state_dir)
{
	const struct engine_target target = {
		.state_dir = state_dir,
		.name = "doctor",
		.environ = (const char *const *)environ,
	};
	AUTO_ERR err = NULL;
	const char *version = NULL;
	if (engine_terraform()->version(&target, &c->arena, &version, &err) == 0) {
		add(c, "terraform", FINDING_OK, version, NULL);
		return;
	}
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	add(c, "terraform", FINDING_MISSING, text.data,
		"canvases are rendered and wait until terraform or tofu is on the PATH: "
		"https://developer.hashicorp.com/terraform/install");
}

/* Does folder/HOST/hashicorp/aws exist for one of the two registries? */
static bool is_mirror(const char *folder)
{
	static const char *const hosts[] = {"registry.terraform.io", "registry.opentofu.org"};
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		AUTO_FREE char *path = xasprintf("%s/%s/hashicorp/aws", folder, hosts[i]);
		if (fs_is_dir(path))
			return true;
	}
	return false;
}

/* Where terraform takes the AWS provider from; it asks nobody, so this only looks. */
static void check_provider(struct checks *c)
{
	const char *config = NULL, *home = NULL;
	for (char **e = environ; *e; e++) {
		if (str_starts(*e, "TF_CLI_CONFIG_FILE="))
			config = strchr(*e, '=') + 1;
		else if (str_starts(*e, "HOME="))
			home = strchr(*e, '=') + 1;
	}
	AUTO_FREE char *own = xasprintf("%s/.terraformrc", home ? home : "");
	if (config || fs_exists(own)) {
		AUTO_FREE char *text = xasprintf("as %s says", config ? config : own);
		const bool there = fs_exists(config ? config : own);
		add(c, "aws provider", there ? FINDING_OK : FINDING_PROBLEM,
			there ? text : "TF_CLI_CONFIG_FILE names a file that is not there", NULL);
		return;
	}
	AUTO_FREE char *local = xasprintf("%s/.local/share/terraform/plugins", home ? home : "");
	AUTO_FREE char *old = xasprintf("%s/.terraform.d/plugins", home ? home : "");
	const char *const folders[] = {
		old, local, "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"};
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		if (is_mirror(folders[i])) {
			add(c, "aws provider", FINDING_OK, folders[i], NULL);
			return;
		}
	}
	add(c, "aws provider", FINDING_NOTE,
		"in no local mirror: terraform downloads it at the first plan",
		"without a way to registry.terraform.io: name a filesystem_mirror in "
		"~/.terraformrc");
}

/* How far scripts of runbooks can be shut in. */
static void check_isolation(struct checks *c)
{
	enum isolation_level level;
	AUTO_FREE char *missing = NULL;
	AUTO_ERR err = NULL;
	AUTO_STR text = STR_INIT;
	if (isolate_probe(&level, &missing, &err) < 0) {
		add_error(c, "isolation", err, "docs/isolation.md says what each measure needs");
		return;
	}
	str_add(&text, isolation_level_name(level));
	if (missing)
		str_addf(&text, ", without %s", missing);
	add(c, "isolation", level == LEVEL_FULL ? FINDING_OK : FINDING_NOTE, text.data,
		level == LEVEL_FULL ? NULL : "docs/isolation.md says what each measure needs");
}

static void check_folder(struct checks *c, const struct session *s)
{
	struct stat st;
	if (stat(s->state_dir, &st) < 0)
		return;
	if (st.st_mode & 077) {
		AUTO_FREE char *fix = xasprintf("chmod 700 '%s'", s->state_dir);
		add(c, "state folder", FINDING_PROBLEM, "others may read it", fix);
	} else {
		add(c, "state folder", FINDING_OK, s->state_dir, NULL);
	}
}

static void check_lock(struct checks *c, const struct session *s)
{
	AUTO_FREE char *path = path_join(s->state_dir, "lock");
	AUTO_ERR err = NULL;
	bool held = false;
	if (lock_is_held(path, &held, &err) < 0) {
		add_error(c, "lock", err, NULL);
	} else if (held) {
		AUTO_FREE char *owner = lock_owner(path);
		add(c, "lock", FINDING_NOTE, owner, NULL);
	} else {
		add(c, "lock", FINDING_OK, "free", NULL);
	}
}

/* What was to be said to forges: what waits is told, what was given up is a problem. */
static void check_outbox(struct checks *c, const struct session *s)
{
	AUTO_ERR err = NULL;
	struct outbox_counts counts;
	struct outbox_rows dead;
	if (store_outbox_counts(s->store, NULL, &counts, &err) < 0 ||
		store_outbox_list(s->store, OUTBOX_DEAD, 5, &c->arena, &dead, &err) < 0) {
		add_error(c, "outbox", err, NULL);
		return;
	}
	for (size_t i = 0; i < dead.count; i++) {
		const struct outbox_row *row = &dead.items[i];
		AUTO_FREE char *text = xasprintf("%s for %s was given up: %s", row->key,
			row->target, row->error ? row->error : "no reason is recorded");
		add(c, "outbox", FINDING_PROBLEM, text,
			"mend the cause; what is said about it next takes its place");
	}
	if (counts.dead > (int64_t)dead.count) {
		AUTO_FREE char *text = xasprintf(
			"%lld more were given up", (long long)(counts.dead - (int64_t)dead.count));
		add(c, "outbox", FINDING_PROBLEM, text, NULL);
	}
	if (!counts.due)
		return;
	char time[CLOCK_TEXT_SIZE];
	AUTO_FREE char *text = xasprintf("%lld to be delivered, the oldest since %s",
		(long long)counts.due, clock_format(counts.oldest_due_at, time));
	add(c, "outbox", FINDING_NOTE, text, NULL);
}

static void check_store(struct checks *c, const struct session *s)
{
	if (!s->store) {
		add(c, "state", FINDING_NOTE, "nothing was recorded yet", NULL);
		return;
	}
	check_folder(c, s);
	check_lock(c, s);
	check_outbox(c, s);
	AUTO_ERR err = NULL;
	struct store_check found;
	if (store_check(s->store, &c->arena, &found, &err) < 0) {
		add_error(c, "state", err, NULL);
		return;
	}
	for (size_t i = 0; i < found.count; i++)
		add(c, found.problems[i].where, FINDING_PROBLEM, found.problems[i].what,
			"keep a copy of the state folder before anything else is done");
	if (found.count)
		return;
	AUTO_FREE char *text = xasprintf("sound: %lld KiB, %lld audit entries verified",
		(long long)(found.size / 1024), (long long)found.audit_entries);
	add(c, "state", FINDING_OK, text, NULL);
}

static void check_repository(struct checks *c, struct cli *cli)
{
	AUTO_SESSION s = SESSION_NONE;
	AUTO_ERR err = NULL;
	if (cli_session(cli, operand(cli->opts, 0), SESSION_READ, &s, &err) < 0) {
		/* Only damage is mended so: what cannot be read may be as it should be. */
		add_error(c, "repository", err,
			err_kind_of(err) == ERR_CORRUPT
				? "nothing is repaired by itself: restore the state folder from a "
				  "copy, or move it away to begin anew (a local Terraform state "
				  "lies in its terraform/)"
				: NULL);
		check_terraform(c, "/nonexistent");
	} else {
		add(c, "repository", FINDING_OK,
			source_kind(s.source) == SOURCE_GIT ? "a git repository" : "a plain folder",
			NULL);
		check_store(c, &s);
		check_terraform(c, s.state_dir);
	}
	check_provider(c);
	check_isolation(c);
}

static void print_json(struct cli *cli, const struct checks *c, bool sound)
{
	AUTO_ARENA arena = {0};
	struct node *document = report_document(&arena, "doctor");
	node_map_set(&arena, document, "sound", node_new_bool(&arena, sound));
	struct node *list = node_new_seq(&arena);
	for (size_t i = 0; i < c->count; i++) {
		struct node *map = node_new_map(&arena);
		report_set_text(&arena, map, "name", c->items[i].name);
		report_set_text(&arena, map, "finding", finding_name(c->items[i].finding));
		report_set_text(&arena, map, "text", c->items[i].text);
		report_set_text(&arena, map, "fix", c->items[i].fix);
		node_seq_add(&arena, list, map);
	}
	node_map_set(&arena, document, "checks", list);
	report_print_json(cli->out, document);
}

static void print_text(struct cli *cli, const struct checks *c)
{
	static const enum term_style styles[] = {
		STYLE_GREEN, STYLE_PLAIN, STYLE_YELLOW, STYLE_BOLD_RED};
	AUTO_TABLE table = table_new(3);
	for (size_t i = 0; i < c->count; i++) {
		const struct check *check = &c->items[i];
		table_cell(table, styles[check->finding], finding_name(check->finding));
		table_cell(table, STYLE_PLAIN, check->name);
		table_cell(table, STYLE_PLAIN, check->text);
		if (check->fix) {
			table_cell(table, STYLE_PLAIN, NULL);
			table_cell(table, STYLE_PLAIN, NULL);
			table_cell(table, STYLE_DIM, check->fix);
		}
	}
	table_print(table, cli->out, 0);
}

static int run(struct cli *cli, struct err **err)
{
	(void)err;
	struct checks c = {0};
	check_git(&c);
	check_repository(&c, cli);
	bool sound = true;
	for (size_t i = 0; i < c.count; i++)
		sound = sound && c.items[i].finding != FINDING_PROBLEM;
	if (str_eq(cli->format, "json"))
		print_json(cli, &c, sound);
	else
		print_text(cli, &c);
	arena_release(&c.arena);
	return sound ? CLI_DONE : CLI_FAILED;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "check the programs that trueup needs and the state that it keeps",
	.operands = "[DIR]",
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.description =
		(const char *const[]){"Looks for git, terraform or tofu and the AWS provider, "
				      "checks the recorded state "
				      "(SQLite's own integrity check, the chain of the audit log, "
				      "stored plans against "
				      "their digests) and says what to do about what is not right.",
			"What is missing is no failure: what needs it waits, everything else "
			"works. Nothing "
			"is changed, and damaged state is never repaired by itself.",
			NULL},
	.exits = (const struct exit_doc[]){{CLI_DONE, "nothing is broken"},
		{CLI_FAILED, "at least one problem was found"}, {0}},
	.examples =
		(const struct example_doc[]){
			{"trueup doctor", "Check the repository in the current folder."},
			{"trueup doctor -o json infra", "The same for another one, for a monitor."},
			{0}},
	.run = run,
};
