#include "cli/runbook_report.h"

#include "base/clock.h"
#include "base/str.h"
#include "format/node.h"
#include "report/diag_print.h"
#include "report/json.h"

#include <inttypes.h>

enum term_style runbook_state_style(enum run_state state)
{
	if (state == RUN_DONE)
		return STYLE_GREEN;
	if (state == RUN_INTENDED || state == RUN_RUNNING)
		return STYLE_BLUE;
	return state == RUN_CANCELLED ? STYLE_YELLOW : STYLE_RED;
}

const char *runbook_code_text(struct arena *arena, const struct run_row *row)
{
	if (row->signal)
		return arena_printf(arena, "signal %" PRId64, row->signal);
	if (row->exit_code >= 0 && !run_is_open(row) && row->started_at)
		return arena_printf(arena, "exit code %" PRId64, row->exit_code);
	return "";
}

void runbook_print_end(struct term *t, const struct run_row *row)
{
	AUTO_ARENA arena = {0};
	char time[CLOCK_TEXT_SIZE];
	const char *code = runbook_code_text(&arena, row);
	term_printf(t, runbook_state_style(row->state), "%s %s", row->runbook,
		run_state_name(row->state));
	if (row->started_at)
		term_printf(t, STYLE_PLAIN, " in %s",
			clock_format_duration(row->ended_at - row->started_at, time));
	if (*code)
		term_printf(t, STYLE_PLAIN, ", %s", code);
	if (row->isolation)
		term_printf(t, STYLE_PLAIN, ", isolation %s", row->isolation);
	term_printf(t, STYLE_DIM, ", run %s\n", row->id);
	if (row->error)
		term_printf(t, STYLE_PLAIN, "  %s\n", row->error);
}

static void set_time(struct arena *a, struct node *map, const char *key, int64_t ms)
{
	char time[CLOCK_TEXT_SIZE];
	if (ms)
		report_set_text(a, map, key, clock_format(ms, time));
}

struct node *runbook_row_node(struct arena *a, const struct run_row *row)
{
	struct node *map = node_new_map(a);
	report_set_text(a, map, "id", row->id);
	report_set_text(a, map, "runbook", row->runbook);
	report_set_text(a, map, "path", row->path);
	report_set_text(a, map, "state", run_state_name(row->state));
	report_set_text(a, map, "mode", run_mode_name(row->mode));
	report_set_text(a, map, "cause", run_cause_name(row->cause));
	report_set_text(a, map, "object", row->object_key);
	report_set_text(a, map, "parent", row->parent_id);
	node_map_set(a, map, "attempt", node_new_int(a, row->attempt));
	report_set_text(a, map, "target", row->target);
	report_set_text(a, map, "actor", row->actor);
	report_set_text(a, map, "role", row->role);
	report_set_text(a, map, "commit", row->commit_id);
	report_set_text(a, map, "digest", row->content_digest[0] ? row->content_digest : NULL);
	set_time(a, map, "intendedAt", row->intended_at);
	set_time(a, map, "startedAt", row->started_at);
	set_time(a, map, "endedAt", row->ended_at);
	if (row->started_at && row->ended_at)
		node_map_set(
			a, map, "durationMs", node_new_int(a, row->ended_at - row->started_at));
	if (row->exit_code >= 0 && !run_is_open(row))
		node_map_set(a, map, "exitCode", node_new_int(a, row->exit_code));
	if (row->signal)
		node_map_set(a, map, "signal", node_new_int(a, row->signal));
	report_set_text(a, map, "isolation", row->isolation);
	report_set_text(a, map, "error", row->error);
	report_set_text(a, map, "history", run_history_name(row->history));
	report_set_text(a, map, "historyCommit", row->history_commit);
	report_set_text(a, map, "historyReason", row->history_reason);
	return map;
}

static void add_look(struct arena *a, struct node *document, const struct runbook_run *run)
{
	struct node *names = node_new_seq(a), *inputs = node_new_seq(a);
	for (size_t i = 0; i < run->var_count; i++) {
		struct node *var = node_new_map(a);
		report_set_text(a, var, "name", run->vars[i].name);
		node_map_set(a, var, "secret", node_new_bool(a, run->vars[i].secret));
		node_seq_add(a, names, var);
	}
	for (size_t i = 0; i < run->runbook->inputs.count; i++)
		node_seq_add(a, inputs, node_new_string(a, run->runbook->inputs.items[i].text));
	node_map_set(a, document, "variables", names);
	node_map_set(a, document, "inputs", inputs);
	report_set_text(a, document, "target", "local");
	report_set_text(a, document, "script", run->runbook->script_text.text);
	node_map_set(a, document, "approvalNeeded", node_new_bool(a, run->approval != NULL));
}

static void add_stream(
	struct arena *a, struct node *document, const char *key, const struct run_stream *stream)
{
	node_map_set(a, document, key, node_new_stringn(a, stream->text.data, stream->text.len));
}

void runbook_run_node(struct arena *a, struct node *document, const struct runbook_run *run)
{
	static const char *const fates[] = {
		[RUNBOOK_FINE] = "fine",
		[RUNBOOK_RAN] = "ran",
		[RUNBOOK_INVALID] = "invalid",
		[RUNBOOK_REFUSED] = "refused",
		[RUNBOOK_WAITS] = "waits",
	};
	report_set_text(a, document, "outcome", fates[run->fate]);
	report_set_text(a, document, "runbook", run->name);
	report_set_text(a, document, "reason", run->reason);
	report_set_text(a, document, "hint", run->hint);
	if (run->row.id)
		node_map_set(a, document, "run", runbook_row_node(a, &run->row));
	if (run->fate == RUNBOOK_FINE)
		add_look(a, document, run);
	if (run->plan && run->fate == RUNBOOK_WAITS) {
		report_set_text(a, document, "plan", run->plan->id);
		report_set_text(a, document, "digest", run->identity);
		node_map_set(a, document, "approvalsMissing", node_new_int(a, run->missing));
	}
	if (run->row.started_at) {
		add_stream(a, document, "stdout", &run->result.out);
		add_stream(a, document, "stderr", &run->result.errout);
		report_set_text(a, document, "measures", run->result.measures);
		report_set_text(a, document, "missing", run->result.missing);
		report_set_text(a, document, "interpreter", run->result.interpreter);
	}
	node_map_set(a, document, "diagnostics", diag_to_node(a, &run->diags));
}
