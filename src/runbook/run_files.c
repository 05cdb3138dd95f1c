/* The JSON files of a run's folder: written whole, by us, read back by us. */
#include "runbook/execute_internal.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/document.h"
#include "format/emit.h"
#include "format/node.h"
#include "format/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_LIMIT = 1 << 20 };
#define STREAM_LIMIT ((size_t)1 << 30)

int run_file_write(const char *path, const void *data, size_t len, mode_t mode, struct err **err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	if (unlink(path) < 0 && errno != ENOENT)
		return err_errno(err, errno, "remove %s", path);
	AUTO_CLOSE fd = open(path, flags, mode);
	if (fd < 0)
		return err_errno(err, errno, "create %s", path);
	for (size_t at = 0; at < len;) {
		const ssize_t n = write(fd, (const char *)data + at, len - at);
		if (n < 0 && errno != EINTR)
			return err_errno(err, errno, "write %s", path);
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static void put_int(struct arena *a, struct node *doc, const char *key, int64_t value)
{
	node_map_set(a, doc, key, node_new_int(a, value));
}

static void put_bool(struct arena *a, struct node *doc, const char *key, bool value)
{
	node_map_set(a, doc, key, node_new_bool(a, value));
}

static void put_text(struct arena *a, struct node *doc, const char *key, const char *value)
{
	node_map_set(a, doc, key, node_new_string(a, value ? value : ""));
}

static void put_list(struct arena *a, struct node *doc, const char *key, const char *const *list)
{
	struct node *seq = node_new_seq(a);
	for (size_t i = 0; list && list[i]; i++)
		node_seq_add(a, seq, node_new_string(a, list[i]));
	node_map_set(a, doc, key, seq);
}

static const char *get_text(const struct node *doc, const char *key)
{
	const char *text = node_text(node_get(doc, key));
	return text ? text : "";
}

static const char *const *get_list(struct arena *a, const struct node *doc, const char *key)
{
	const struct node *seq = node_get(doc, key);
	const size_t count = seq && seq->type == NODE_SEQ ? seq->seq.count : 0;
	const char **list = arena_array(a, count + 1, sizeof *list);
	for (size_t i = 0; i < count; i++) {
		const char *text = node_text(seq->seq.items[i]);
		list[i] = text ? text : "";
	}
	return list;
}

/* Every number of a policy stands here once, for both directions. */
struct number {
	const char *key;
	int64_t *at;
};
enum { NUMBERS = 11 };

static void list_numbers(struct run_policy *p, struct number ret[NUMBERS])
{
	const struct number numbers[NUMBERS] = {
		{"timeout_ms", &p->timeout_ms},
		{"grace_ms", &p->grace_ms},
		{"output_bytes", &p->output_bytes},
		{"disk_bytes", &p->disk_bytes},
		{"cpu_s", &p->limits.cpu_s},
		{"file_bytes", &p->limits.file_bytes},
		{"open_files", &p->limits.open_files},
		{"processes", &p->limits.processes},
		{"memory_bytes", &p->limits.memory_bytes},
		{"tmp_bytes", &p->limits.tmp_bytes},
		{NULL, NULL},
	};
	memcpy(ret, numbers, sizeof numbers);
}

int run_plan_write(const char *dir, const struct run_plan *plan, struct err **err)
{
	AUTO_ARENA a = {0};
	struct node *doc = node_new_map(&a);
	struct run_policy policy = plan->policy;
	struct number numbers[NUMBERS];
	list_numbers(&policy, numbers);
	put_text(&a, doc, "id", plan->id);
	put_text(&a, doc, "work", plan->work);
	put_list(&a, doc, "argv", plan->argv);
	put_text(&a, doc, "isolation", isolation_name(policy.isolation));
	put_bool(&a, doc, "network_none", policy.network_none);
	put_bool(&a, doc, "finish", policy.finish);
	put_int(&a, doc, "without", policy.without);
	put_list(&a, doc, "hide", policy.hide);
	put_bool(&a, doc, "calls", plan->calls);
	put_list(&a, doc, "call_env", plan->call_env);
	for (size_t i = 0; numbers[i].key; i++)
		put_int(&a, doc, numbers[i].key, *numbers[i].at);
	/* Only the supervisor needs it, which is started next or not at all. */
	AUTO_FREE char *path = path_join(dir, RUN_FILE_ORDER);
	AUTO_STR text = STR_INIT;
	emit_json(doc, &text);
	return run_file_write(path, text.data, text.len, 0600, err);
}

int run_plan_read(const char *dir, struct arena *arena, struct run_plan *ret, struct err **err)
{
	const struct node *doc;
	if (document_read(dir, RUN_FILE_ORDER, FILE_LIMIT, arena, &doc, err) < 0)
		return -1;
	struct number numbers[NUMBERS];
	*ret = (struct run_plan){
		.id = get_text(doc, "id"),
		.work = get_text(doc, "work"),
		.argv = get_list(arena, doc, "argv"),
	};
	list_numbers(&ret->policy, numbers);
	for (size_t i = 0; numbers[i].key; i++)
		*numbers[i].at = document_int(doc, numbers[i].key);
	ret->policy.network_none = document_bool(doc, "network_none");
	ret->policy.finish = document_bool(doc, "finish");
	ret->policy.without = (unsigned)document_int(doc, "without");
	ret->policy.hide = get_list(arena, doc, "hide");
	ret->calls = document_bool(doc, "calls");
	ret->call_env = get_list(arena, doc, "call_env");
	if (!isolation_parse(get_text(doc, "isolation"), &ret->policy.isolation) || !ret->argv[0] ||
		ret->work[0] != '/')
		return err_set(err, ERR_CORRUPT, "%s/%s is damaged: something is missing", dir,
			RUN_FILE_ORDER);
	return 0;
}

static int write_stream(
	const char *dir, const char *name, const struct run_stream *s, struct err **err)
{
	AUTO_FREE char *path = path_join(dir, name);
	return run_file_write(path, s->text.data, s->text.len, 0600, err);
}

static struct node *stream_doc(struct arena *a, const struct run_stream *s)
{
	struct node *doc = node_new_map(a);
	put_int(a, doc, "bytes", s->bytes);
	put_bool(a, doc, "truncated", s->truncated);
	return doc;
}

int run_result_write(const char *dir, const struct run_result *r, struct err **err)
{
	AUTO_ARENA a = {0};
	struct node *doc = node_new_map(&a);
	put_int(&a, doc, "code", r->code);
	put_int(&a, doc, "signal", r->signal);
	put_bool(&a, doc, "timed_out", r->timed_out);
	put_bool(&a, doc, "cancelled", r->cancelled);
	put_bool(&a, doc, "abandoned", r->abandoned);
	put_bool(&a, doc, "over_disk", r->over_disk);
	put_int(&a, doc, "started_ms", r->started_ms);
	put_int(&a, doc, "ended_ms", r->ended_ms);
	put_int(&a, doc, "duration_ms", r->duration_ms);
	put_text(&a, doc, "level", r->level);
	put_text(&a, doc, "measures", r->measures);
	put_text(&a, doc, "missing", r->missing);
	put_text(&a, doc, "interpreter", r->interpreter);
	put_text(&a, doc, "failure", r->failure);
	node_map_set(&a, doc, "stdout", stream_doc(&a, &r->out));
	node_map_set(&a, doc, "stderr", stream_doc(&a, &r->errout));
	if (write_stream(dir, RUN_FILE_STDOUT, &r->out, err) < 0 ||
		write_stream(dir, RUN_FILE_STDERR, &r->errout, err) < 0)
		return -1;
	return document_write(dir, RUN_FILE_RESULT, doc, err);
}

static int read_stream(const char *dir, const char *name, const struct node *doc,
	struct run_stream *ret, struct err **err)
{
	AUTO_FREE char *path = path_join(dir, name);
	ret->bytes = document_int(doc, "bytes");
	ret->truncated = document_bool(doc, "truncated");
	str_clear(&ret->text);
	return fs_read(path, STREAM_LIMIT, &ret->text, err);
}

int run_result_read(const char *dir, struct run_result *ret, struct err **err)
{
	AUTO_ARENA a = {0};
	const struct node *doc;
	if (document_read(dir, RUN_FILE_RESULT, FILE_LIMIT, &a, &doc, err) < 0 ||
		read_stream(dir, RUN_FILE_STDOUT, node_get(doc, "stdout"), &ret->out, err) < 0 ||
		read_stream(dir, RUN_FILE_STDERR, node_get(doc, "stderr"), &ret->errout, err) < 0)
		return -1;
	ret->phase = JOB_ENDED;
	ret->code = (int)document_int(doc, "code");
	ret->signal = (int)document_int(doc, "signal");
	ret->timed_out = document_bool(doc, "timed_out");
	ret->cancelled = document_bool(doc, "cancelled");
	ret->abandoned = document_bool(doc, "abandoned");
	ret->over_disk = document_bool(doc, "over_disk");
	ret->started_ms = document_int(doc, "started_ms");
	ret->ended_ms = document_int(doc, "ended_ms");
	ret->duration_ms = document_int(doc, "duration_ms");
	ret->level = xstrdup(get_text(doc, "level"));
	ret->measures = xstrdup(get_text(doc, "measures"));
	ret->missing = xstrdup(get_text(doc, "missing"));
	ret->interpreter = xstrdup(get_text(doc, "interpreter"));
	ret->failure = xstrdup(get_text(doc, "failure"));
	return 0;
}

void run_result_release(struct run_result *r)
{
	free(r->level);
	free(r->measures);
	free(r->missing);
	free(r->interpreter);
	free(r->failure);
	str_release(&r->out.text);
	str_release(&r->errout.text);
	*r = (struct run_result)RUN_RESULT_NONE;
}
