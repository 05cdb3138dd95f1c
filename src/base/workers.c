/*
 * Children take every n-th item, so that a run of large ones does not fall to one of them. The
 * answers lie in memory that all of them share: a byte an item, written by one process only.
 */
#include "base/workers.h"

#include "base/macros.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct share {
	size_t first, step;
	const struct workers_job *job;
	bool *fine;
};

static void work(const struct share *s)
{
	for (size_t i = s->first; i < s->job->count; i += s->step)
		s->fine[i] = s->job->check(s->job->data, i);
}

static void work_in_child(const struct share *s)
{
	if (s->job->begin)
		s->job->begin(s->job->data, s->first);
	work(s);
}

static size_t processors(void)
{
	const long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > WORKERS_MOST ? WORKERS_MOST : (size_t)n;
}

/* A child for each share but the first; how many there are now. */
static size_t start(struct share *s, pid_t pids[WORKERS_MOST])
{
	const pid_t parent = getpid();
	size_t started = 0;
	for (s->first = 1; s->first < s->step; s->first++) {
		const pid_t pid = fork();
		if (pid < 0)
			break;
		if (pid == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() == parent)
				work_in_child(s);
			_exit(0);
		}
		pids[started++] = pid;
	}
	return started;
}

static void wait_for(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

void workers_run(const struct workers_job *job, bool *fine)
{
	struct share s = {0, 1, job, fine};
	const size_t n = job->count < WORKERS_MIN_ITEMS ? 1 : processors();
	bool *shared = n == 1 ? MAP_FAILED
			      : mmap(NULL, job->count, PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		work(&s);
		return;
	}
	pid_t pids[WORKERS_MOST];
	s.step = n;
	s.fine = shared;
	const size_t started = start(&s, pids);
	s.first = 0;
	work(&s);
	for (size_t i = 0; i < started; i++)
		wait_for(pids[i]);
	memcpy(fine, shared, job->count * sizeof *fine);
	(void)munmap(shared, job->count);
}

void workers_check(size_t count, bool (*check)(void *data, size_t i), void *data, bool *fine)
{
	const struct workers_job job = {count, NULL, check, data};
	workers_run(&job, fine);
}
