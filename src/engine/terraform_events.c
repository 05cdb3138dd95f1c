/*
 * The machine-readable output of terraform ("Machine-Readable UI" in its documentation): one JSON
 * object a line. Each becomes a typed event; errors and warnings are kept as short lines that a
 * person can read, first error first. Lines that are not JSON (init, a panic, a wrapper script)
 * go to the log, and `Error:` paragraphs among them count as errors too.
 *
 * Everything is masked on the way: nothing of this has to be trusted not to hold a secret.
 */
#include "engine/terraform_internal.h"

#include "base/diag.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "format/node.h"

#include <string.h>

enum { LINE_MAX_BYTES = 1 << 20, MESSAGE_MAX = 800, ERRORS_MAX = 20, WARNINGS_MAX = 50 };

void tf_events_release(struct tf_events *e)
{
	str_release(&e->line);
	str_release(&e->errors);
	str_release(&e->last_text);
	arena_release(&e->arena);
}

static const char *const action_names[] = {
	[ENGINE_NO_OP] = "no-op",
	[ENGINE_CREATE] = "create",
	[ENGINE_READ] = "read",
	[ENGINE_UPDATE] = "update",
	[ENGINE_REPLACE] = "replace",
	[ENGINE_DELETE] = "delete",
	[ENGINE_FORGET] = "forget",
};

const char *engine_action_name(enum engine_action action)
{
	return action_names[action];
}

enum engine_action tf_action_parse(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(action_names); i++)
		if (str_eq(word, action_names[i]))
			return (enum engine_action)i;
	/* "noop" of the events is "no-op" of plans; "import" and "move" change nothing by itself.
	 */
	return str_eq(word, "remove") ? ENGINE_FORGET : ENGINE_NO_OP;
}

/* Masked, with line breaks and runs of blanks as one blank, cut to MESSAGE_MAX. */
static void add_clean(const struct tf_events *e, struct str *out, const char *text)
{
	AUTO_STR masked = STR_INIT;
	if (e->masker)
		masker_apply(e->masker, text, strlen(text), &masked);
	else
		str_add(&masked, text);
	const size_t start = out->len;
	bool blank = true;
	for (const char *p = masked.data; *p; p++) {
		const bool is_blank = (unsigned char)*p <= ' ' || *p == 0x7f;
		if (!is_blank)
			str_addc(out, *p);
		else if (!blank)
			str_addc(out, ' ');
		blank = is_blank;
	}
	while (out->len > start && out->data[out->len - 1] == ' ')
		str_truncate(out, out->len - 1);
	if (out->len - start > MESSAGE_MAX) {
		str_truncate(
			out, start + utf8_cut(out->data + start, out->len - start, MESSAGE_MAX));
		str_add(out, " …");
	}
}

static void emit(const struct tf_events *e, const struct engine_event *event)
{
	if (e->run && e->run->on_event)
		e->run->on_event(e->run->data, event);
}

static void emit_text(const struct tf_events *e, enum engine_event_type type, const char *text)
{
	AUTO_STR clean = STR_INIT;
	add_clean(e, &clean, text);
	if (clean.len)
		emit(e, &(struct engine_event){.type = type, .message = clean.data});
}

void tf_events_step(struct tf_events *e, const char *step)
{
	emit(e, &(struct engine_event){.type = ENGINE_EVENT_STEP, .message = step});
}

/* The value of a "  Who:       root@host" line of a detail text, appended to out. */
static bool add_field(struct str *out, const char *detail, const char *name)
{
	const char *at = strstr(detail, name);
	if (!at)
		return false;
	at += strlen(name);
	at += strspn(at, " ");
	str_addn(out, at, strcspn(at, "\r\n"));
	return true;
}

/* "another terraform holds the state: root@host, OperationTypeApply, since 2026-…" */
static void describe_lock(struct str *out, const char *detail)
{
	str_add(out, "another terraform holds the lock of the state: ");
	if (!add_field(out, detail, "Who:"))
		str_add(out, "somebody unknown");
	str_add(out, ", ");
	if (!add_field(out, detail, "Operation:"))
		str_add(out, "unknown operation");
	str_add(out, ", since ");
	if (!add_field(out, detail, "Created:"))
		str_add(out, "an unknown time");
}

/* What the caller has to know beyond the words. The texts are terraform's and tofu's own. */
static enum tf_trouble trouble_of(const char *text)
{
	static const struct {
		const char *text;
		enum tf_trouble trouble;
	} rows[] = {
		{"Saved plan is stale", TF_TROUBLE_STALE},
		{"Saved plan does not match the given state", TF_TROUBLE_STALE},
		{"Error acquiring the state lock", TF_TROUBLE_LOCKED},
		{"Required plugins are not installed", TF_TROUBLE_INIT},
		{"Inconsistent dependency lock file", TF_TROUBLE_INIT},
		{"Backend initialization required", TF_TROUBLE_INIT},
		{"Module not installed", TF_TROUBLE_INIT},
		{"Missing required provider", TF_TROUBLE_INIT},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strstr(text, rows[i].text))
			return rows[i].trouble;
	return TF_TROUBLE_NONE;
}

static void add_error(struct tf_events *e, const char *address, const char *message)
{
	if (e->error_count++ < ERRORS_MAX) {
		if (e->errors.len)
			str_addc(&e->errors, '\n');
		str_add(&e->errors, message);
	}
	emit(e, &(struct engine_event){
			.type = ENGINE_EVENT_ERROR, .address = address, .message = message});
}

static void add_warning(struct tf_events *e, const char *address, const char *message)
{
	if (e->warning_count < WARNINGS_MAX) {
		e->warnings = arena_grow(&e->arena, e->warnings, e->warning_count, &e->warning_cap,
			sizeof *e->warnings);
		e->warnings[e->warning_count++] = arena_strdup(&e->arena, message);
	}
	emit(e, &(struct engine_event){
			.type = ENGINE_EVENT_WARNING, .address = address, .message = message});
}

static int64_t int_of(const struct node *n)
{
	return n && n->type == NODE_INT ? n->integer : 0;
}

/* "aws_lb.web: creating ELBv2 Load Balancer: …": address, summary, detail in one line. */
static void on_diagnostic(struct tf_events *e, const struct node *line)
{
	const struct node *d = node_get(line, "diagnostic");
	const char *summary = node_text(node_get(d, "summary"));
	const char *detail = node_text(node_get(d, "detail"));
	const char *address = node_text(node_get(d, "address"));
	const bool error = str_eq(node_text(node_get(d, "severity")), "error");
	const enum tf_trouble trouble = error && summary ? trouble_of(summary) : TF_TROUBLE_NONE;
	AUTO_STR raw = STR_INIT;
	AUTO_STR clean = STR_INIT;
	if (trouble == TF_TROUBLE_LOCKED && detail && strstr(detail, "Lock Info:")) {
		describe_lock(&raw, detail);
	} else {
		const struct node *range = node_get(d, "range");
		const char *file = node_text(node_get(range, "filename"));
		if (address)
			str_addf(&raw, "%s: ", address);
		else if (file)
			str_addf(&raw, "%s:%lld: ", file,
				(long long)int_of(node_get(node_get(range, "start"), "line")));
		str_add(&raw, summary ? summary : "an error without a text");
		if (detail && *detail)
			str_addf(&raw, ": %s", detail);
	}
	add_clean(e, &clean, raw.data);
	if (trouble != TF_TROUBLE_NONE && e->trouble == TF_TROUBLE_NONE)
		e->trouble = trouble;
	if (error)
		add_error(e, address, clean.data);
	else
		add_warning(e, address, clean.data);
}

static void on_summary(struct tf_events *e, const struct node *line, const char *message)
{
	const struct node *c = node_get(line, "changes");
	const char *operation = node_text(node_get(c, "operation"));
	e->counts = (struct engine_counts){
		.add = int_of(node_get(c, "add")),
		.change = int_of(node_get(c, "change")),
		.destroy = int_of(node_get(c, "remove")),
	};
	e->finished = str_eq(operation, "apply") || str_eq(operation, "destroy");
	emit(e, &(struct engine_event){
			.type = ENGINE_EVENT_SUMMARY, .message = message, .counts = e->counts});
}

/* An event about one resource, which stands in "change" or in "hook". */
static void on_resource(struct tf_events *e, const struct node *line, enum engine_event_type type,
	const char *message)
{
	const struct node *about = node_get(line, "change");
	if (!about)
		about = node_get(line, "hook");
	const char *address = node_text(node_get(node_get(about, "resource"), "addr"));
	emit(e, &(struct engine_event){
			.type = type,
			.address = address ? address : "",
			.action = tf_action_parse(node_text(node_get(about, "action"))),
			.message = message,
			.elapsed_s = int_of(node_get(about, "elapsed_seconds")),
		});
}

static void on_json(struct tf_events *e, const struct node *line)
{
	static const struct {
		const char *name;
		enum engine_event_type type;
	} resource_events[] = {
		{"planned_change", ENGINE_EVENT_PLANNED_CHANGE},
		{"resource_drift", ENGINE_EVENT_DRIFT},
		{"apply_start", ENGINE_EVENT_APPLY_START},
		{"apply_progress", ENGINE_EVENT_APPLY_PROGRESS},
		{"apply_complete", ENGINE_EVENT_APPLY_COMPLETE},
		{"apply_errored", ENGINE_EVENT_APPLY_ERRORED},
	};
	const char *type = node_text(node_get(line, "type"));
	const char *text = node_text(node_get(line, "@message"));
	AUTO_STR message = STR_INIT;
	add_clean(e, &message, text ? text : "");
	for (size_t i = 0; i < ARRAY_LEN(resource_events); i++)
		if (str_eq(type, resource_events[i].name)) {
			on_resource(e, line, resource_events[i].type, message.data);
			return;
		}
	if (str_eq(type, "diagnostic"))
		on_diagnostic(e, line);
	else if (str_eq(type, "change_summary"))
		on_summary(e, line, message.data);
	else if (message.len)
		emit(e, &(struct engine_event){.type = ENGINE_EVENT_LOG, .message = message.data});
}

/* A line that is no JSON: "│ Error: …" begins an error, the lines below it belong to it. */
static void on_text(struct tf_events *e, const char *line)
{
	static const char *const frame[] = {"╷", "╵", "│"};
	static const char mark[] = "Error: ";
	for (size_t i = 0; i < ARRAY_LEN(frame); i++)
		if (str_starts(line, frame[i]))
			line += strlen(frame[i]);
	line += strspn(line, " \t");
	if (!*line)
		return;
	str_clear(&e->last_text);
	add_clean(e, &e->last_text, line);
	emit_text(e, ENGINE_EVENT_LOG, line);
	if (str_starts(line, mark)) {
		AUTO_STR clean = STR_INIT;
		add_clean(e, &clean, line + strlen(mark));
		e->trouble = e->trouble ? e->trouble : trouble_of(line);
		add_error(e, NULL, clean.data);
	} else if (e->error_count && e->error_count <= ERRORS_MAX &&
		   e->errors.len < (size_t)MESSAGE_MAX * e->error_count) {
		str_addc(&e->errors, ' ');
		str_add(&e->errors, e->last_text.data);
	}
}

static void on_line(struct tf_events *e, char *line, size_t len)
{
	if (len && line[len - 1] == '\r')
		line[--len] = '\0';
	if (*line == '{') {
		AUTO_ARENA scratch = {0};
		AUTO_ERR no_json = NULL;
		const struct node *node = tf_json_build(
			&scratch, (struct tf_slice){line, len}, "a line of output", &no_json);
		if (node && node->type == NODE_MAP) {
			on_json(e, node);
			return;
		}
	}
	on_text(e, line);
}

static void take_line(struct tf_events *e)
{
	if (e->dropping)
		emit_text(e, ENGINE_EVENT_LOG, "(a line of more than 1 MiB is not shown)");
	else if (e->line.len)
		on_line(e, e->line.data, e->line.len);
	e->dropping = false;
	str_clear(&e->line);
}

void tf_events_feed(void *data, const char *text, size_t len)
{
	struct tf_events *e = data;
	for (const char *end = text + len; text < end;) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		const size_t n = (size_t)((nl ? nl : end) - text);
		if (e->line.len + n > LINE_MAX_BYTES) {
			e->dropping = true;
			str_clear(&e->line);
		}
		if (!e->dropping)
			str_addn(&e->line, text, n);
		if (!nl)
			return;
		take_line(e);
		text = nl + 1;
	}
}

void tf_events_end(struct tf_events *e)
{
	take_line(e);
}
