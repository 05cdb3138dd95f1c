/* trueup pull: pull requests at a terminal, without a daemon; also for CI. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/signals.h"
#include "cli/pull_node.h"
#include "cli/session.h"
#include "reconcile/pull.h"
#include "report/diag_print.h"
#include "report/json.h"
#include "report/plan_print.h"

extern char **environ;

/* --- what they share ---------------------------------------------------------------------------
 */

struct front {
	struct cli *cli;
	struct plan_listener printer;
	struct arena arena;
	struct node *document; /* with -o json */
	int exit_code;
	bool loaded; /* the overview was printed */
};

static void on_event(void *data, const struct run_event *event)
{
	struct front *f = data;
	/* Both steps of a refresh begin with the same overview. */
	const bool again = event->kind == RUN_LOADED && f->loaded;
	f->loaded = f->loaded || event->kind == RUN_LOADED;
	if (!f->document && !again)
		plan_listen(&f->printer, event);
}

static void on_found(void *data, const struct run_outcome *outcome)
{
	struct front *f = data;
	f->exit_code = outcome->exit_code;
	if (f->document) {
		f->document = report_document(&f->arena, f->cli->command->name);
		plan_to_node(&f->arena, f->document, outcome);
	} else if (outcome->diags && outcome->diags->count) {
		diag_print(f->cli->errout, "text", outcome->command, outcome->diags);
	}
}

static void front_init(struct front *f, struct cli *cli)
{
	*f = (struct front){.cli = cli,
		.printer = {.out = cli->out, .progress = cli->errout, .verbose = cli->verbose > 0}};
	if (cli->format[0] == 'j')
		f->document = report_document(&f->arena, cli->command->name);
}

static struct pull_work make_work(struct front *f)
{
	return (struct pull_work){
		.dir = ".",
		.state_dir = f->cli->state_dir,
		.lock_wait_ms = opt_duration(f->cli->opts, "lock-timeout"),
		.environ = (const char *const *)environ,
		.interrupts = signals_catch(false),
		.listener = on_event,
		.found = on_found,
		.data = f,
	};
}

static void numbers_to_node(
	struct arena *a, struct node *map, const char *key, const struct pull_numbers *numbers)
{
	struct node *list = node_new_seq(a);
	for (size_t i = 0; i < numbers->count; i++)
		node_seq_add(a, list, node_new_int(a, numbers->items[i]));
	node_map_set(a, map, key, list);
}

static void print_result(struct front *f, const struct pull_result *r)
{
	struct cli *cli = f->cli;
	struct arena *a = &f->arena;
	if (f->document) {
		struct node *pull = node_new_map(a);
		if (r->pull)
			pull_to_node(a, pull, r->pull);
		node_map_set(a, f->document, "pull", pull);
		report_set_text(a, f->document, "result", r->text);
		numbers_to_node(a, f->document, "refresh", &r->refresh);
		node_map_set(a, f->document, "reconcileDue", node_new_bool(a, r->reconcile_due));
		report_print_json(cli->out, f->document);
		return;
	}
	term_printf(cli->out, STYLE_BOLD, "#%s",
		operand(cli->opts, 0) + (*operand(cli->opts, 0) == '#'));
	term_printf(cli->out, STYLE_PLAIN, ": %s\n", r->text);
	for (size_t i = 0; i < r->refresh.count; i++) {
		AUTO_STR text = STR_INIT;
		str_addf(&text, "#%lld has its turn: trueup pull plan %lld",
			(long long)r->refresh.items[i], (long long)r->refresh.items[i]);
		term_note(cli->out, "%s", text.data);
	}
	if (r->reconcile_due)
		term_note(cli->out, "the base branch has to be reconciled: trueup reconcile");
}

static int code_of(const struct front *f, const struct pull_result *r)
{
	if (!r->pull)
		return f->exit_code;
	switch (r->pull->progress) {
	case PULL_IS_INVALID:
		return CLI_SPECS;
	case PULL_IS_FAILED:
		return CLI_FAILED;
	case PULL_IS_BLOCKED:
	case PULL_IS_PREVIEWED:
		return CLI_WAITING;
	case PULL_IS_NEW:
	case PULL_IS_PLANNED:
	case PULL_IS_APPLIED:
		break;
	}
	return r->busy ? CLI_WAITING : f->exit_code;
}

/* --- plan ----------------------------------------------------------------------------------------
 */

/* A branch that is not there is not noted: it would be the one that is known from then on. */
static int note_base(
	struct cli *cli, struct source *source, struct pull_row *facts, struct err **err)
{
	struct source_rev tip;
	AUTO_ERR why = NULL;
	const char *base = opt_text(cli->opts, "base");
	if (!base && facts->base_branch)
		return 0;
	facts->base_branch = base ? base : "main";
	if (pull_base_tip(source, facts->base_branch, &tip, &why) == 0)
		return 0;
	if (why->kind == ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND,
			"there is no branch '%s' here, which the pull request goes into: say which "
			"with --base",
			facts->base_branch);
	*err = steal_ptr(why);
	return -1;
}

/* The facts that the options state; what they leave out is as it is known. */
static int note_facts(struct cli *cli, const struct pull_work *work, int64_t number,
	struct arena *arena, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	struct pull_row *known = NULL;
	struct source_rev head;
	struct pull_result noted;
	bool changed;
	const char *rev = opt_text(cli->opts, "head");
	if (cli_session(cli, NULL, SESSION_WRITE, &session, err) < 0 ||
		store_pull_get(session.store, number, arena, &known, err) < 0)
		return -1;
	if (!known && !rev)
		return err_set(err, ERR_INVALID,
			"pull request #%lld is not known here: say what it is with --head and "
			"--base",
			(long long)number);
	struct pull_row facts = known ? *known : (struct pull_row){.number = number};
	if (rev && source_resolve(session.source, rev, &head, err) < 0)
		return -1;
	if (rev)
		facts.head_sha = head.commit;
	if (note_base(cli, session.source, &facts, err) < 0)
		return -1;
	if (!known || opt_given(cli->opts, "author"))
		facts.author = opt_given(cli->opts, "author") ? opt_text(cli->opts, "author")
							      : session.actor;
	facts.fork = facts.fork || opt_flag(cli->opts, "fork");
	return pull_note(work, &facts, &changed, arena, &noted, err);
}

/* With what others are at work on, as far as --lock-timeout lets us wait for them. */
static int refresh(struct front *f, const struct pull_work *work, int64_t number,
	struct pull_result *ret, struct err **err)
{
	const int64_t deadline = clock_monotonic_ms() + work->lock_wait_ms;
	for (;;) {
		bool is_free = false;
		if (pull_refresh(work, number, &f->arena, ret, err) < 0)
			return -1;
		const int64_t left = deadline - clock_monotonic_ms();
		if (!ret->busy || left <= 0)
			return 0;
		if (!f->document)
			term_note(f->cli->errout, "waits for another trueup (--lock-timeout)");
		if (pull_wait(work, left, &is_free, err) < 0)
			return -1;
		if (!is_free)
			return 0;
	}
}

static int run_plan(struct cli *cli, struct err **err)
{
	struct front f;
	int64_t number;
	struct pull_result result = {0};
	if (pull_read_number(cli, &number, err) < 0)
		return -1;
	front_init(&f, cli);
	struct pull_work work = make_work(&f);
	int code = note_facts(cli, &work, number, &f.arena, err);
	if (code == 0)
		code = opt_flag(cli->opts, "spec-only")
			       ? pull_preview(&work, number, &f.arena, &result, err)
			       : refresh(&f, &work, number, &result, err);
	if (code == 0) {
		print_result(&f, &result);
		code = result.plan_due ? CLI_DONE : code_of(&f, &result);
	}
	arena_release(&f.arena);
	return code;
}

static const struct option_spec plan_options[] = {
	{.name = "head",
		.type = OPT_TEXT,
		.arg = "REV",
		.help = "its newest commit; left out: as it is known"},
	{.name = "base",
		.type = OPT_TEXT,
		.arg = "BRANCH",
		.help = "the branch that it goes into; left out: as it is known, at first main"},
	{.name = "author",
		.type = OPT_TEXT,
		.arg = "ACTOR",
		.help = "who wrote it, as in github:alice; left out: you"},
	{.name = "fork", .type = OPT_FLAG, .help = "its head is in another repository"},
	{.name = "spec-only", .type = OPT_FLAG, .help = "stop before any engine starts"},
	OPTION_LOCK_TIMEOUT("10m"),
	{0},
};

const struct command cmd_pull_plan = {
	.name = "pull plan",
	.summary = "plan a pull request and keep the plans for its merge",
	.operands = "NUMBER",
	.min_operands = 1,
	.max_operands = 1,
	.description =
		(const char *const[]){
			"Looks at what the base branch would be after the merge of pull request "
			"NUMBER, and plans every canvas that it changes. The plans are kept: after "
			"the merge, `trueup reconcile` applies these very plans if what they were "
			"made from is still so.",
			"Config, the roles that gates ask, and policy are those of the base branch "
			"as last reconciled. A canvas that another pull request holds is planned "
			"when it is let go; one that another trueup is at work on is waited for.",
			"The number, head and base branch come from the forge or, as here, from "
			"whoever calls. `trueup serve` does all of this by itself.",
			NULL},
	.options = plan_options,
	.exits = (const struct exit_doc[]){{3, "its specs are invalid, or it conflicts"},
		{4, "it waits for another pull request or trueup, or is not planned"}, {0}},
	.examples =
		(const struct example_doc[]){{"trueup pull plan 12 --head origin/topic --base main",
						     "In CI, for pull request #12."},
			{0}},
	.run = run_plan,
};

/* --- apply, unlock, close ------------------------------------------------------------------------
 */

typedef int step_fn(const struct pull_work *work, int64_t number, struct arena *arena,
	struct pull_result *ret, struct err **err);

static int run_step(struct cli *cli, step_fn *step, struct pull_result *result, struct front *f,
	struct err **err)
{
	int64_t number;
	if (pull_read_number(cli, &number, err) < 0)
		return -1;
	front_init(f, cli);
	struct pull_work work = make_work(f);
	AUTO_SESSION who = SESSION_NONE;
	if (cli_session(cli, NULL, SESSION_READ, &who, err) < 0)
		return -1;
	work.actor = who.actor;
	if (step(&work, number, &f->arena, result, err) < 0)
		return -1;
	print_result(f, result);
	return 0;
}

static int run_apply(struct cli *cli, struct err **err)
{
	struct front f = {0};
	struct pull_result result = {0};
	int code = run_step(cli, pull_apply, &result, &f, err);
	if (code == 0)
		code = f.exit_code == CLI_FAILED ? CLI_FAILED
		       : result.applied          ? CLI_DONE
						 : CLI_WAITING;
	arena_release(&f.arena);
	return code;
}

const struct command cmd_pull_apply = {
	.name = "pull apply",
	.summary = "apply the plans of a pull request before its merge",
	.operands = "NUMBER",
	.min_operands = 1,
	.max_operands = 1,
	.description =
		(const char *const[]){
			"Applies exactly the plans that `trueup pull plan` showed, all of them or "
			"none, when Config says `pullRequests: {apply: before}`, what Config "
			"requires of pull requests is met, and no gate objects. A plan that is "
			"void "
			"by now is made again and shown instead.",
			"The base branch leaves what was applied alone until the pull request is "
			"merged; if it is closed, the branch's next reconcile plans the way back.",
			NULL},
	.options = (const struct option_spec[]){OPTION_LOCK_TIMEOUT("10m"), {0}},
	.exits = (const struct exit_doc[]){{1, "something failed"},
		{4, "nothing was applied: the answer says why"}, {0}},
	.run = run_apply,
};

static int run_unlock(struct cli *cli, struct err **err)
{
	struct front f = {0};
	struct pull_result result = {0};
	const int code = run_step(cli, pull_unlock, &result, &f, err);
	arena_release(&f.arena);
	return code;
}

const struct command cmd_pull_unlock = {
	.name = "pull unlock",
	.summary = "let go of what a pull request holds, and discard its plans",
	.operands = "NUMBER",
	.min_operands = 1,
	.max_operands = 1,
	.description =
		(const char *const[]){
			"Other pull requests that wait for the same objects have their turn then. "
			"What it applied before its merge stays held until it is merged or closed.",
			NULL},
	.options = (const struct option_spec[]){OPTION_LOCK_TIMEOUT("10s"), {0}},
	.run = run_unlock,
};

static int close_step(const struct pull_work *work, int64_t number, struct arena *arena,
	struct pull_result *ret, struct err **err)
{
	struct front *f = work->data;
	const struct opts *o = f->cli->opts;
	struct pull_row *known = NULL;
	struct source_rev merge;
	bool changed;
	AUTO_SESSION session = SESSION_NONE;
	if (cli_session(f->cli, NULL, SESSION_WRITE, &session, err) < 0 ||
		store_pull_get(session.store, number, arena, &known, err) < 0)
		return -1;
	if (!known)
		return err_set(err, ERR_NOT_FOUND, "pull request #%lld is not known here",
			(long long)number);
	struct pull_row facts = *known;
	const char *rev = opt_text(o, "merged");
	facts.state = rev ? PULL_MERGED : PULL_CLOSED;
	if (rev && source_resolve(session.source, rev, &merge, err) < 0)
		return -1;
	if (rev)
		facts.merge_sha = merge.commit;
	return pull_note(work, &facts, &changed, arena, ret, err);
}

static int run_close(struct cli *cli, struct err **err)
{
	struct front f = {0};
	struct pull_result result = {0};
	const int code = run_step(cli, close_step, &result, &f, err);
	arena_release(&f.arena);
	return code;
}

const struct command cmd_pull_close = {
	.name = "pull close",
	.summary = "say that a pull request was closed or merged",
	.operands = "NUMBER",
	.min_operands = 1,
	.max_operands = 1,
	.description =
		(const char *const[]){
			"Without --merged its plans are discarded, and what it applied is the base "
			"branch's to undo. With it the plans stay for the branch's next reconcile. "
			"`trueup serve` learns of it from the forge.",
			NULL},
	.options =
		(const struct option_spec[]){
			{.name = "merged",
				.type = OPT_TEXT,
				.arg = "REV",
				.help = "it was merged: the commit in the base branch"},
			OPTION_LOCK_TIMEOUT("10s"), {0}},
	.run = run_close,
};

static int run_settle(struct cli *cli, struct err **err)
{
	struct front f;
	struct pull_result result = {0};
	front_init(&f, cli);
	struct pull_work work = make_work(&f);
	const int code = pull_settle(&work, &f.arena, &result, err);
	if (code == 0 && f.document) {
		numbers_to_node(&f.arena, f.document, "refresh", &result.refresh);
		report_print_json(cli->out, f.document);
	} else if (code == 0) {
		for (size_t i = 0; i < result.refresh.count; i++)
			term_printf(cli->out, STYLE_PLAIN, "trueup pull plan %lld\n",
				(long long)result.refresh.items[i]);
	}
	arena_release(&f.arena);
	return code;
}

const struct command cmd_pull_settle = {
	.name = "pull settle",
	.summary = "after a reconcile: end what is merged, list what to plan again",
	.description =
		(const char *const[]){
			"Ends pull requests that the base branch has and whose plans came to an "
			"end. Prints the commands for those that have to be looked at again: the "
			"base branch moved, a plan of theirs is void, or it is their turn.",
			"`trueup serve` does this after each reconcile.", NULL},
	.options = (const struct option_spec[]){OPTION_LOCK_TIMEOUT("10s"), {0}},
	.run = run_settle,
};
