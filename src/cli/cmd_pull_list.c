/* trueup pull list, trueup pull show */
#include "base/arena.h"
#include "base/err.h"
#include "base/num.h"
#include "cli/pull_node.h"
#include "cli/session.h"
#include "report/json.h"
#include "store/pulls.h"

#include <string.h>

int pull_read_number(struct cli *cli, int64_t *ret, struct err **err)
{
	const char *text = operand(cli->opts, 0);
	if (*text == '#')
		text++;
	if (num_parse_i64(text, strlen(text), ret) && *ret > 0)
		return 0;
	return err_set(err, ERR_INVALID, "'%s' is not the number of a pull request, as in 12",
		operand(cli->opts, 0));
}

void pull_to_node(struct arena *a, struct node *map, const struct pull_row *row)
{
	node_map_set(a, map, "number", node_new_int(a, row->number));
	report_set_text(a, map, "title", row->title);
	report_set_text(a, map, "url", row->url);
	report_set_text(a, map, "author", row->author);
	report_set_text(a, map, "head", row->head_sha);
	report_set_text(a, map, "base", row->base_branch);
	report_set_text(a, map, "state", pull_state_name(row->state));
	report_set_text(a, map, "progress", pull_progress_name(row->progress));
	report_set_text(a, map, "reason", row->reason);
	node_map_set(a, map, "fork", node_new_bool(a, row->fork));
	report_set_text(a, map, "allowedBy", row->allowed_by);
	report_set_text(a, map, "mergeCommit", row->merge_sha);
}

static void print_locks(struct cli *cli, const struct object_locks *locks, int64_t number)
{
	for (size_t i = 0; i < locks->count; i++) {
		const struct object_lock *l = &locks->items[i];
		if (l->pull != number)
			continue;
		if (l->position == 0)
			term_printf(cli->out, STYLE_PLAIN, "    holds %s%s\n", l->key,
				l->applied ? ", which it applied" : "");
		else
			term_printf(cli->out, STYLE_YELLOW,
				"    waits for %s: #%lld holds it, place %lld\n", l->key,
				(long long)l->holder, (long long)l->position);
	}
}

static void print_pull(struct cli *cli, const struct pull_row *row)
{
	term_printf(cli->out, STYLE_BOLD, "  #%-5lld", (long long)row->number);
	term_printf(cli->out, STYLE_PLAIN, " %-9s %.10s -> %s  %s%s%s\n",
		row->state == PULL_OPEN ? pull_progress_name(row->progress)
					: pull_state_name(row->state),
		row->head_sha, row->base_branch, row->author, row->title ? "  " : "",
		row->title ? row->title : "");
	if (row->reason)
		term_printf(cli->out, STYLE_DIM, "    %s\n", row->reason);
}

static struct node *locks_node(struct arena *a, const struct object_locks *locks, int64_t number)
{
	struct node *list = node_new_seq(a);
	for (size_t i = 0; i < locks->count; i++) {
		const struct object_lock *l = &locks->items[i];
		if (l->pull != number)
			continue;
		struct node *map = node_new_map(a);
		report_set_text(a, map, "object", l->key);
		node_map_set(a, map, "position", node_new_int(a, l->position));
		node_map_set(a, map, "holder", node_new_int(a, l->holder));
		node_map_set(a, map, "applied", node_new_bool(a, l->applied));
		node_seq_add(a, list, map);
	}
	return list;
}

static void print_list(struct cli *cli, struct arena *a, const struct pull_rows *rows,
	const struct object_locks *locks)
{
	if (cli->format[0] == 'j') {
		struct node *doc = report_document(a, cli->command->name);
		struct node *list = node_new_seq(a);
		for (size_t i = 0; i < rows->count; i++) {
			struct node *map = node_new_map(a);
			pull_to_node(a, map, &rows->items[i]);
			node_map_set(a, map, "locks", locks_node(a, locks, rows->items[i].number));
			node_seq_add(a, list, map);
		}
		node_map_set(a, doc, "pulls", list);
		report_print_json(cli->out, doc);
		return;
	}
	for (size_t i = 0; i < rows->count; i++) {
		print_pull(cli, &rows->items[i]);
		print_locks(cli, locks, rows->items[i].number);
	}
	if (!rows->count)
		term_printf(cli->out, STYLE_PLAIN, "no pull request is known here\n");
}

static int run_list(struct cli *cli, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	AUTO_ARENA arena = {0};
	struct pull_rows rows = {0};
	struct object_locks locks = {0};
	const struct pull_filter filter = {.open = !opt_flag(cli->opts, "all")};
	if (cli_session(cli, operand(cli->opts, 0), SESSION_READ, &session, err) < 0)
		return -1;
	if (session.store && (store_begin_reading(session.store, err) < 0 ||
				     store_pulls(session.store, &filter, &arena, &rows, err) < 0 ||
				     store_locks(session.store, 0, &arena, &locks, err) < 0))
		return -1;
	print_list(cli, &arena, &rows, &locks);
	return CLI_DONE;
}

const struct command cmd_pull_list = {
	.name = "pull list",
	.summary = "list pull requests, what they hold and what they wait for",
	.operands = "[DIR]",
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.description = (const char *const[]){"Lists the open pull requests that are known, how far "
					     "each is, and its objects.",
		NULL},
	.options =
		(const struct option_spec[]){
			{.name = "all",
				.letter = 'a',
				.type = OPT_FLAG,
				.help = "also those that are merged or closed"},
			{0}},
	.run = run_list,
};

static void print_objects(struct cli *cli, const struct pull_objects *objects)
{
	for (size_t i = 0; i < objects->count; i++) {
		const struct pull_object *o = &objects->items[i];
		term_printf(
			cli->out, STYLE_PLAIN, "    %-24s %-8s %s", o->key, o->action, o->status);
		if (o->plan_id)
			term_printf(cli->out, STYLE_DIM, "  plan %s sha256:%.12s", o->plan_id,
				o->sha256);
		term_newline(cli->out);
	}
}

static struct node *objects_node(struct arena *a, const struct pull_objects *objects)
{
	struct node *list = node_new_seq(a);
	for (size_t i = 0; i < objects->count; i++) {
		const struct pull_object *o = &objects->items[i];
		struct node *map = node_new_map(a);
		report_set_text(a, map, "object", o->key);
		report_set_text(a, map, "action", o->action);
		report_set_text(a, map, "status", o->status);
		report_set_text(a, map, "plan", o->plan_id);
		report_set_text(a, map, "sha256", o->sha256);
		report_set_text(a, map, "identity", o->identity);
		node_seq_add(a, list, map);
	}
	return list;
}

static int run_show(struct cli *cli, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	AUTO_ARENA arena = {0};
	struct pull_row *row = NULL;
	struct pull_objects objects = {0};
	struct object_locks locks = {0};
	int64_t number;
	if (pull_read_number(cli, &number, err) < 0 ||
		cli_session(cli, NULL, SESSION_READ, &session, err) < 0)
		return -1;
	if (session.store && (store_begin_reading(session.store, err) < 0 ||
				     store_pull_get(session.store, number, &arena, &row, err) < 0 ||
				     store_pull_shown_objects(
					     session.store, number, &arena, &objects, err) < 0 ||
				     store_locks(session.store, number, &arena, &locks, err) < 0))
		return -1;
	if (!row)
		return err_set(err, ERR_NOT_FOUND, "pull request #%lld is not known here",
			(long long)number);
	if (cli->format[0] == 'j') {
		struct node *doc = report_document(&arena, cli->command->name);
		struct node *map = node_new_map(&arena);
		pull_to_node(&arena, map, row);
		node_map_set(&arena, map, "locks", locks_node(&arena, &locks, number));
		node_map_set(&arena, map, "objects", objects_node(&arena, &objects));
		node_map_set(&arena, doc, "pull", map);
		report_print_json(cli->out, doc);
		return CLI_DONE;
	}
	print_pull(cli, row);
	print_locks(cli, &locks, number);
	print_objects(cli, &objects);
	return CLI_DONE;
}

const struct command cmd_pull_show = {
	.name = "pull show",
	.summary = "show what is known of a pull request and what was shown of it",
	.operands = "NUMBER",
	.min_operands = 1,
	.max_operands = 1,
	.description =
		(const char *const[]){
			"Shows its objects with the plans that people were shown: id and SHA-256.",
			NULL},
	.run = run_show,
};
