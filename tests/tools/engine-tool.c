/*
 * Drives the terraform engine from a shell test, without specs, store or reports:
 *
 *	engine-tool STATE NAME FILES prepare
 *	engine-tool STATE NAME FILES plan [normal|destroy|drift] PLANFILE
 *	engine-tool STATE NAME FILES apply PLANFILE SHA256
 *	engine-tool STATE NAME FILES adopt
 *	engine-tool STATE NAME FILES observe
 *
 * FILES is a folder whose *.tf files are the rendered ones. Events go to standard error, one a
 * line; the result to standard output as `key value` lines. The job's folder is STATE/jobs/NAME.
 * Exit: 0 done, 1 an error, 2 an apply that ended otherwise than done, 3 left running.
 */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "engine/engine.h"
#include "engine/job.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static volatile sig_atomic_t interrupts;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupts = interrupts + 1;
}

static void print_event(void *data, const struct engine_event *e)
{
	static const char *const names[] = {"step", "planned", "drift", "summary", "start",
		"progress", "complete", "errored", "warning", "error", "log"};
	(void)data;
	(void)fprintf(stderr, "%s %s %s %s\n", names[e->type], e->address ? e->address : "-",
		engine_action_name(e->action), e->message);
}

static size_t read_files(const char *dir, struct arena *arena, struct engine_file *ret, size_t max)
{
	DIR *d = opendir(dir);
	size_t n = 0;
	for (struct dirent *e; d && n < max && (e = readdir(d));) {
		AUTO_FREE char *path = path_join(dir, e->d_name);
		AUTO_STR text = STR_INIT;
		AUTO_ERR err = NULL;
		if (!str_ends(e->d_name, ".tf") || fs_read(path, 1 << 20, &text, &err) < 0)
			continue;
		ret[n++] = (struct engine_file){arena_strdup(arena, e->d_name),
			arena_memdup(arena, text.data, text.len), text.len};
	}
	if (d)
		(void)closedir(d);
	return n;
}

static void print_plan(const struct engine_plan *p)
{
	printf("sha256 %s\nlineage %s\nserial %lld\nengine %s\ncounts %lld %lld %lld\nchanges %d\n",
		p->sha256, p->lineage, (long long)p->serial, p->engine_version,
		(long long)p->counts.add, (long long)p->counts.change, (long long)p->counts.destroy,
		p->changes);
	for (size_t i = 0; i < p->item_count; i++) {
		const struct engine_change *c = &p->items[i];
		printf("item %s %s\n", engine_action_name(c->action), c->address);
		for (size_t k = 0; k < c->attribute_count; k++) {
			const struct engine_attribute *a = &c->attributes[k];
			printf("attribute %s %s -> %s%s%s%s\n", a->name,
				a->before ? a->before : "-", a->after ? a->after : "-",
				a->sensitive ? " sensitive" : "", a->unknown ? " unknown" : "",
				a->replaces ? " replaces" : "");
		}
	}
	for (size_t i = 0; i < p->drift_count; i++)
		printf("drift %s %s\n", engine_action_name(p->drift[i].action),
			p->drift[i].address);
	for (size_t i = 0; i < p->warning_count; i++)
		printf("warning %s\n", p->warnings[i]);
}

static void print_state(const struct engine_state *s)
{
	printf("lineage %s\nserial %lld\n", s->lineage, (long long)s->serial);
	for (size_t i = 0; i < s->resource_count; i++)
		printf("resource %s %s %s\n", s->resources[i].type, s->resources[i].address,
			s->resources[i].id);
	for (size_t i = 0; i < s->output_count; i++)
		printf("output %s %s\n", s->outputs[i].name,
			s->outputs[i].json ? s->outputs[i].json : "(sensitive)");
}

static int print_outcome(const struct engine_outcome *o)
{
	printf("end %s\ncounts %lld %lld %lld\nimport-check %d\n", engine_end_name(o->end),
		(long long)o->counts.add, (long long)o->counts.change, (long long)o->counts.destroy,
		o->needs_import_check);
	if (*o->error)
		printf("error %s\n", o->error);
	if (o->state_known)
		print_state(&o->state);
	return o->end == ENGINE_DONE ? 0 : 2;
}

static int run(int argc, char **argv, const struct engine_target *t, struct engine_run *r,
	struct arena *arena, struct err **err)
{
	const struct engine *engine = engine_terraform();
	const char *verb = argv[4];
	struct engine_outcome outcome;
	if (str_eq(verb, "prepare"))
		return engine->prepare(t, true, r, err);
	if (str_eq(verb, "plan") && argc == 7) {
		struct engine_plan plan;
		const enum engine_plan_mode mode = str_eq(argv[5], "destroy") ? ENGINE_PLAN_DESTROY
						   : str_eq(argv[5], "drift") ? ENGINE_PLAN_DRIFT
									      : ENGINE_PLAN_NORMAL;
		if (engine->prepare(t, true, r, err) < 0 ||
			engine->plan(t, mode, argv[6], r, arena, &plan, err) < 0)
			return -1;
		print_plan(&plan);
		return 0;
	}
	if (str_eq(verb, "apply") && argc == 7)
		return engine->apply(t, argv[5], argv[6], r, arena, &outcome, err) < 0
			       ? -1
			       : print_outcome(&outcome);
	if (str_eq(verb, "adopt"))
		return engine->adopt(t, r, arena, &outcome, err) < 0 ? -1 : print_outcome(&outcome);
	if (str_eq(verb, "observe")) {
		struct engine_state state;
		if (engine->observe(t, arena, &state, err) < 0)
			return -1;
		print_state(&state);
		return 0;
	}
	return err_set(err, ERR_INVALID, "unknown verb '%s'", verb);
}

int main(int argc, char **argv)
{
	if (argc == 3 && str_eq(argv[1], JOB_COMMAND))
		return job_main(argv[2]);
	if (argc < 5) {
		(void)fputs("usage: engine-tool STATE NAME FILES VERB [ARGS]\n", stderr);
		return 64;
	}
	const struct sigaction act = {.sa_handler = on_interrupt};
	(void)sigaction(SIGINT, &act, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);

	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	struct engine_file files[64];
	AUTO_FREE char *job_dir = xasprintf("%s/jobs/%s", argv[1], argv[2]);
	struct masker *masker = masker_new();
	const struct engine_target t = {
		.state_dir = argv[1],
		.name = argv[2],
		.files = files,
		.file_count = read_files(argv[3], &arena, files, ARRAY_LEN(files)),
		.environ = (const char *const *)environ,
		.masker = masker,
	};
	struct engine_run r = {
		.job_dir = job_dir,
		.owner = "engine-tool",
		.on_event = print_event,
		.interrupts = &interrupts,
	};
	int code = run(argc, argv, &t, &r, &arena, &err);
	if (code < 0) {
		AUTO_STR text = STR_INIT;
		err_format(err, &text);
		printf("failed %s: %s\n", err_kind_name(err_kind_of(err)), text.data);
		code = err_kind_of(err) == ERR_CANCELLED ? 3 : 1;
	}
	masker_free(masker);
	return code;
}
