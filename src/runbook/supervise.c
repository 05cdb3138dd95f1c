/*
 * One poll loop over the guard, the two pipes, signals, the control FIFO and one deadline. What
 * the script prints is masked per stream first and as the merged live output a second time, so
 * that a secret begun on one stream and ended on the other is not put together by us.
 *
 * Whatever happens here, the result is written last and the script's processes are gone before.
 */
#include "runbook/supervise.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "runbook/execute_internal.h"
#include "runbook/output.h"
#include "runbook/supervise_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

enum {
	EXIT_NO_RESULT = 1,
	EXIT_NOT_A_RUN = 64,
	TICK_MS = 1000, /* how often the folder is measured */
	KILL_PATIENCE_MS = 15000,
	DRAIN_MS = 2000, /* for what somebody outside still holds open */
	READ_SIZE = 1 << 16,
	CODE_TIMEOUT = -9,
	CODE_NOT_RUN = 1,
	MINIMUM_OUTPUT = 4096,
};

enum stage { STAGE_RUNNING, STAGE_ASKED, STAGE_KILLED };

struct stream {
	int fd; /* -1: at its end */
	struct mask_stream *mask;
	struct output kept;
	int64_t bytes;
};

struct supervisor {
	const char *dir;
	struct run_plan plan;
	struct masker *masker;
	struct stream streams[2];
	struct mask_stream *live;
	int64_t live_left; /* bytes that DIR/output may still take */
	struct isolated run;
	struct supervise_calls calls;
	int signals, control;
	pid_t parent;
	enum stage stage;
	int64_t deadline; /* of the stage; -1: none */
	int64_t next_tick;
	struct run_result result;
};

static void to_output(const char *data, size_t len)
{
	while (len) {
		const ssize_t n = write(STDOUT_FILENO, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		/* Nobody is left to tell; what is kept is kept all the same. */
		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

static void report(const struct err *err)
{
	AUTO_STR text = STR_INIT;
	str_add(&text, "trueup: ");
	err_format(err, &text);
	str_add(&text, "\n");
	to_output(text.data, text.len);
}

static void show_live(struct supervisor *s, const struct str *masked)
{
	static const char end[] = "\n[... more is printed than is shown here ...]\n";
	if (!masked->len || !s->live_left)
		return;
	const size_t len = (int64_t)masked->len < s->live_left ? masked->len : (size_t)s->live_left;
	to_output(masked->data, len);
	s->live_left -= (int64_t)len;
	if (!s->live_left)
		to_output(end, sizeof end - 1);
}

/* Raw text of one stream; NULL: its end. */
static void take(struct supervisor *s, struct stream *stream, const char *data, size_t len)
{
	AUTO_STR masked = STR_INIT;
	AUTO_STR live = STR_INIT;
	if (data)
		mask_stream_feed(stream->mask, data, len, &masked);
	else
		mask_stream_flush(stream->mask, &masked);
	stream->bytes += (int64_t)len;
	output_add(&stream->kept, masked.data, masked.len);
	mask_stream_feed(s->live, masked.data, masked.len, &live);
	show_live(s, &live);
}

/* Reads what is there, at most some rounds, so that one stream cannot keep the others waiting. */
static void drain(struct supervisor *s, struct stream *stream)
{
	char buffer[READ_SIZE];
	for (int round = 0; stream->fd >= 0 && round < 16; round++) {
		const ssize_t n = read(stream->fd, buffer, sizeof buffer);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			close_fd(&stream->fd);
			return;
		}
		take(s, stream, buffer, (size_t)n);
	}
}

static void ask_to_stop(struct supervisor *s)
{
	if (s->stage != STAGE_RUNNING)
		return;
	isolate_ask_to_stop(&s->run);
	s->stage = STAGE_ASKED;
	s->deadline = clock_monotonic_ms() + s->plan.policy.grace_ms;
}

static void kill_now(struct supervisor *s)
{
	if (s->stage == STAGE_KILLED)
		return;
	isolate_kill(&s->run);
	s->stage = STAGE_KILLED;
	s->deadline = clock_monotonic_ms() + KILL_PATIENCE_MS;
}

static void on_deadline(struct supervisor *s)
{
	if (s->stage == STAGE_RUNNING) {
		s->result.timed_out = true;
		ask_to_stop(s);
	} else if (s->stage == STAGE_ASKED) {
		kill_now(s);
	} else {
		/* The guard itself does not end: without it the rest comes to us. */
		child_signal(&s->run.guard, SIGKILL);
		s->deadline = -1;
	}
}

static void on_tick(struct supervisor *s)
{
	const int64_t limit = s->plan.policy.disk_bytes;
	s->next_tick = clock_monotonic_ms() + TICK_MS;
	if (!limit || run_folder_bytes(s->plan.work, limit) <= limit)
		return;
	s->result.over_disk = true;
	kill_now(s);
}

static bool take_all(int fd)
{
	char buffer[1024];
	bool any = false;
	while (read(fd, buffer, sizeof buffer) > 0)
		any = true;
	return any;
}

static void on_request(struct supervisor *s)
{
	const bool by_signal = take_all(s->signals);
	const bool by_control = take_all(s->control);
	if (!by_signal && !by_control)
		return;
	/* Our parent's death is told by a signal too; then nobody waits for a graceful end. */
	if (!s->plan.policy.finish && getppid() != s->parent) {
		s->result.abandoned = true;
		kill_now(s);
		return;
	}
	s->result.cancelled = true;
	ask_to_stop(s);
}

static int64_t wait_time(const struct supervisor *s)
{
	int64_t until = s->deadline;
	if (s->plan.policy.disk_bytes && (until < 0 || s->next_tick < until))
		until = s->next_tick;
	if (until < 0)
		return -1;
	const int64_t left = until - clock_monotonic_ms();
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : left;
}

/* Until the guard has ended. */
static int follow(struct supervisor *s, struct err **err)
{
	for (bool ended = false; !ended;) {
		struct pollfd p[] = {
			{.fd = s->run.guard.pidfd, .events = POLLIN},
			{.fd = s->streams[0].fd, .events = POLLIN},
			{.fd = s->streams[1].fd, .events = POLLIN},
			{.fd = s->signals, .events = POLLIN},
			{.fd = s->control, .events = POLLIN},
			{.fd = s->calls.listen_fd, .events = POLLIN},
		};
		if (poll(p, ARRAY_LEN(p), (int)wait_time(s)) < 0 && errno != EINTR)
			return err_errno(err, errno, "poll");
		const int64_t now = clock_monotonic_ms();
		drain(s, &s->streams[0]);
		drain(s, &s->streams[1]);
		ended = p[0].revents != 0;
		if (ended)
			break;
		on_request(s);
		if (p[5].revents && s->stage == STAGE_RUNNING)
			calls_accept(&s->calls);
		if (s->deadline >= 0 && now >= s->deadline)
			on_deadline(s);
		else if (s->plan.policy.disk_bytes && now >= s->next_tick)
			on_tick(s);
	}
	return 0;
}

/* All of the script has ended; normally both pipes are at their end as well. */
static void drain_rest(struct supervisor *s)
{
	const int64_t deadline = clock_monotonic_ms() + DRAIN_MS;
	for (;;) {
		drain(s, &s->streams[0]);
		drain(s, &s->streams[1]);
		const int64_t left = deadline - clock_monotonic_ms();
		if ((s->streams[0].fd < 0 && s->streams[1].fd < 0) || left <= 0)
			break;
		struct pollfd p[] = {
			{.fd = s->streams[0].fd, .events = POLLIN},
			{.fd = s->streams[1].fd, .events = POLLIN},
		};
		(void)poll(p, ARRAY_LEN(p), (int)left);
	}
	AUTO_STR live = STR_INIT;
	take(s, &s->streams[0], NULL, 0);
	take(s, &s->streams[1], NULL, 0);
	mask_stream_flush(s->live, &live);
	show_live(s, &live);
}

static int set_up_process(struct supervisor *s, struct err **err)
{
	const struct rlimit no_core = {0, 0};
	(void)umask(077);
	/* Neither a dump nor a neighbour reads our memory: it holds secrets. */
	if (setrlimit(RLIMIT_CORE, &no_core) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 ||
		prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_errno(err, errno, "set up the supervisor");
	if (child_watch_signals(&s->signals, err) < 0)
		return -1;
	s->control = job_control_open(s->dir, err);
	return s->control < 0 ? -1 : 0;
}

static void set_up_masking(struct supervisor *s)
{
	s->masker = masker_new();
	for (char **entry = environ; *entry; entry++) {
		const char *value = strchr(*entry, '=');
		if (value &&
			(str_starts(*entry, RUN_ENV_SECRET) || str_starts(*entry, RUN_ENV_MASK)))
			(void)!masker_add(s->masker, value + 1);
	}
	int64_t limit = s->plan.policy.output_bytes;
	limit = limit < MINIMUM_OUTPUT ? MINIMUM_OUTPUT : limit;
	for (size_t i = 0; i < ARRAY_LEN(s->streams); i++) {
		s->streams[i].mask = mask_stream_new(s->masker);
		output_init(&s->streams[i].kept, (size_t)limit);
	}
	s->live = mask_stream_new(s->masker);
	s->live_left = 2 * limit;
}

static int open_pipe(int *ret_read, int *ret_write, struct err **err)
{
	int ends[2];
	/* Only our end does not block: programs do not expect it of theirs. */
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, errno, "make a pipe");
	*ret_read = ends[0];
	*ret_write = ends[1];
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		return err_errno(err, errno, "set up a pipe");
	return 0;
}

static int start_script(struct supervisor *s, struct arena *arena, struct err **err)
{
	AUTO_CLOSE out = -1, errout = -1;
	if (open_pipe(&s->streams[0].fd, &out, err) < 0 ||
		open_pipe(&s->streams[1].fd, &errout, err) < 0)
		return -1;
	const struct run_policy *policy = &s->plan.policy;
	const char *const *envp =
		run_env_unpack(arena, (const char *const *)environ, s->plan.work, s->plan.id);
	if (s->plan.calls) {
		envp = calls_environment(arena, envp, s->plan.work);
		if (calls_open(&s->calls, s->dir, s->plan.work, s->plan.call_env, err) < 0)
			return -1;
	}
	const struct isolate_spec spec = {
		.argv = s->plan.argv,
		.envp = envp,
		.work = s->plan.work,
		.out_fd = out,
		.err_fd = errout,
		.lock_fd = JOB_LOCK_FD,
		.wanted = policy->isolation,
		.network_none = policy->network_none,
		.hide = policy->hide,
		.limits = policy->limits,
		.without = policy->without,
	};
	if (isolate_start(&spec, &s->run, err) < 0)
		return -1;
	const int64_t now = clock_monotonic_ms();
	s->deadline = policy->timeout_ms ? now + policy->timeout_ms : -1;
	s->next_tick = now + TICK_MS;
	return 0;
}

static void describe(struct supervisor *s)
{
	AUTO_STR measures = STR_INIT;
	isolate_measures_text(s->run.measures, &measures);
	s->result.level = xstrdup(isolation_level_name(s->run.level));
	s->result.measures = str_detach(&measures);
	s->result.missing = xstrdup(s->run.missing ? s->run.missing : "");
}

/* Nothing ran: the reason is the result, and stands where people look for it. */
static void record_failure(struct supervisor *s, const struct err *err)
{
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	report(err);
	s->result.code = CODE_NOT_RUN;
	s->result.failure = xstrdup(text.data);
	str_addc(&text, '\n');
	output_add(&s->streams[1].kept, text.data, text.len);
}

static void record_exit(struct supervisor *s, const struct child_exit *exit)
{
	s->result.signal = exit->signal;
	s->result.code = exit->signal ? -exit->signal : exit->code;
	if (s->result.timed_out)
		s->result.code = CODE_TIMEOUT;
}

static int run_script(struct supervisor *s, struct arena *arena, struct err **err)
{
	AUTO_ERR refused = NULL;
	if (start_script(s, arena, &refused) < 0) {
		record_failure(s, refused);
		return 0;
	}
	describe(s);
	struct child_exit exit;
	if (follow(s, err) < 0 || isolate_wait(&s->run, -1, &exit, err) < 0)
		return -1;
	calls_close(&s->calls);
	drain_rest(s);
	record_exit(s, &exit);
	return 0;
}

static void collect_streams(struct supervisor *s)
{
	struct run_stream *kept[] = {&s->result.out, &s->result.errout};
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		output_text(&s->streams[i].kept, &kept[i]->text);
		kept[i]->bytes = s->streams[i].bytes;
		kept[i]->truncated = output_is_cut(&s->streams[i].kept);
	}
}

static int finish(struct supervisor *s, struct err **err)
{
	AUTO_ERR left = NULL;
	collect_streams(s);
	if (run_folder_remove(s->plan.work, &left) < 0)
		report(left);
	s->result.interpreter = xstrdup(s->plan.argv[0]);
	if (run_result_write(s->dir, &s->result, err) < 0)
		return -1;
	const struct job_result job = {
		.exit = {s->result.signal ? -1 : s->result.code, s->result.signal},
		.started_ms = s->result.started_ms,
		.ended_ms = s->result.ended_ms,
		.interrupted = s->result.cancelled,
		.timed_out = s->result.timed_out,
		.killed = s->stage == STAGE_KILLED,
	};
	return job_result_write(s->dir, &job, err);
}

static int supervise(struct supervisor *s, struct err **err)
{
	AUTO_ARENA arena = {0};
	if (run_plan_read(s->dir, &arena, &s->plan, err) < 0 || set_up_process(s, err) < 0)
		return -1;
	set_up_masking(s);
	const int64_t started = clock_monotonic_ms();
	s->result.started_ms = clock_now_ms();
	if (job_started_write(s->dir, 0, s->result.started_ms, err) < 0 ||
		run_script(s, &arena, err) < 0)
		return -1;
	s->result.ended_ms = clock_now_ms();
	s->result.duration_ms = clock_monotonic_ms() - started;
	return finish(s, err);
}

static void release(struct supervisor *s)
{
	isolate_release(&s->run);
	calls_close(&s->calls);
	for (size_t i = 0; i < ARRAY_LEN(s->streams); i++) {
		close_fd(&s->streams[i].fd);
		mask_stream_free(s->streams[i].mask);
		output_release(&s->streams[i].kept);
	}
	mask_stream_free(s->live);
	masker_free(s->masker);
	close_fd(&s->signals);
	close_fd(&s->control);
	run_result_release(&s->result);
}

int supervise_main(const char *dir)
{
	struct supervisor s = {
		.dir = dir,
		.streams = {{.fd = -1}, {.fd = -1}},
		.run = ISOLATED_NONE,
		.signals = -1,
		.control = -1,
		.parent = getppid(),
		.deadline = -1,
		.result = RUN_RESULT_NONE,
	};
	AUTO_ERR err = NULL;
	calls_init(&s.calls);
	if (!job_holds_lock(dir)) {
		(void)err_set(
			&err, ERR_INVALID, "%s is run by trueup itself, not by hand", RUN_COMMAND);
		report(err);
		return EXIT_NOT_A_RUN;
	}
	const int failed = supervise(&s, &err);
	if (failed)
		report(err);
	release(&s);
	return failed ? EXIT_NO_RESULT : 0;
}
