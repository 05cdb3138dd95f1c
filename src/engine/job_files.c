/* The JSON files of a job's folder. They are small, ours, and written atomically. */
#include "engine/job_internal.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/document.h"
#include "format/node.h"
#include "format/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int job_spec_write(const struct job_spec *spec, struct err **err)
{
	AUTO_ARENA a = {0};
	struct node *doc = node_new_map(&a);
	struct node *argv = node_new_seq(&a);
	for (size_t i = 0; spec->argv[i]; i++)
		node_seq_add(&a, argv, node_new_string(&a, spec->argv[i]));
	node_map_set(&a, doc, "argv", argv);
	node_map_set(&a, doc, "cwd", node_new_string(&a, spec->cwd));
	node_map_set(&a, doc, "owner", node_new_string(&a, spec->owner));
	node_map_set(&a, doc, "timeout_ms", node_new_int(&a, spec->timeout_ms));
	node_map_set(&a, doc, "grace_ms", node_new_int(&a, spec->grace_ms));
	node_map_set(&a, doc, "outlives_us", node_new_bool(&a, spec->outlives_us));
	return document_write(spec->dir, JOB_FILE_SPEC, doc, err);
}

int job_spec_read(const char *dir, struct arena *arena, struct job_order *ret, struct err **err)
{
	const struct node *doc;
	if (document_read(dir, JOB_FILE_SPEC, JOB_FILE_LIMIT, arena, &doc, err) < 0)
		return -1;
	const struct node *list = node_get(doc, "argv");
	const size_t count = list && list->type == NODE_SEQ ? list->seq.count : 0;
	const char **argv = arena_array(arena, count + 1, sizeof *argv);
	SEQ_FOREACH (list, i, item)
		argv[i] = node_text(item);
	ret->argv = argv;
	ret->cwd = node_text(node_get(doc, "cwd"));
	ret->timeout_ms = document_int(doc, "timeout_ms");
	ret->grace_ms = document_int(doc, "grace_ms");
	ret->outlives_us = document_bool(doc, "outlives_us");
	for (size_t i = 0; i < count; i++)
		if (!argv[i])
			return err_set(
				err, ERR_CORRUPT, "%s/%s: argv holds no text", dir, JOB_FILE_SPEC);
	if (!count || !ret->cwd)
		return err_set(
			err, ERR_CORRUPT, "%s/%s: argv or cwd is missing", dir, JOB_FILE_SPEC);
	return 0;
}

int job_result_write(const char *dir, const struct job_result *r, struct err **err)
{
	AUTO_ARENA a = {0};
	struct node *doc = node_new_map(&a);
	node_map_set(&a, doc, "code", node_new_int(&a, r->exit.code));
	node_map_set(&a, doc, "signal", node_new_int(&a, r->exit.signal));
	node_map_set(&a, doc, "started_ms", node_new_int(&a, r->started_ms));
	node_map_set(&a, doc, "ended_ms", node_new_int(&a, r->ended_ms));
	node_map_set(&a, doc, "interrupted", node_new_bool(&a, r->interrupted));
	node_map_set(&a, doc, "timed_out", node_new_bool(&a, r->timed_out));
	node_map_set(&a, doc, "killed", node_new_bool(&a, r->killed));
	return document_write(dir, JOB_FILE_RESULT, doc, err);
}

int job_result_read(const char *dir, struct job_result *ret, struct err **err)
{
	AUTO_ARENA a = {0};
	const struct node *doc;
	if (document_read(dir, JOB_FILE_RESULT, JOB_FILE_LIMIT, &a, &doc, err) < 0)
		return -1;
	*ret = (struct job_result){
		.phase = JOB_ENDED,
		.exit = {(int)document_int(doc, "code"), (int)document_int(doc, "signal")},
		.started_ms = document_int(doc, "started_ms"),
		.ended_ms = document_int(doc, "ended_ms"),
		.interrupted = document_bool(doc, "interrupted"),
		.timed_out = document_bool(doc, "timed_out"),
		.killed = document_bool(doc, "killed"),
	};
	return 0;
}

static struct node *process_doc(struct arena *a, pid_t pid)
{
	struct node *p = node_new_map(a);
	node_map_set(a, p, "pid", node_new_int(a, pid));
	node_map_set(a, p, "start_ticks", node_new_int(a, (int64_t)process_start_time(pid)));
	return p;
}

int job_started_write(const char *dir, pid_t program, int64_t now_ms, struct err **err)
{
	AUTO_ARENA a = {0};
	struct node *doc = node_new_map(&a);
	node_map_set(&a, doc, "at_ms", node_new_int(&a, now_ms));
	node_map_set(&a, doc, "supervisor", process_doc(&a, getpid()));
	if (program > 0)
		node_map_set(&a, doc, "program", process_doc(&a, program));
	return document_write(dir, JOB_FILE_STARTED, doc, err);
}

bool job_holds_lock(const char *dir)
{
	AUTO_FREE char *path = path_join(dir, JOB_FILE_LOCK);
	struct stat held, there;
	return fstat(JOB_LOCK_FD, &held) == 0 && stat(path, &there) == 0 &&
	       held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

int job_control_open(const char *dir, struct err **err)
{
	AUTO_FREE char *path = path_join(dir, JOB_FILE_CONTROL);
	/* For writing too, so that it never reports an end of file. */
	const int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		(void)err_errno(err, errno, "open %s", path);
	return fd;
}
