/*
 * Usage: measure RUNS [--before COMMAND... --] COMMAND... [-- COMMAND...]
 *
 * Runs one or two commands in turn, RUNS times each after one run that does not count, with their
 * output thrown away, and prints a line for each command:
 *
 *	WALL CPU RSS        medians: microseconds, microseconds, largest resident KiB
 *
 * CPU is user and system time of the command and the children that it waited for. --before is run
 * in front of every run and not measured. A command that fails ends it with status 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_RUNS = 1000 };

struct sample {
	int64_t wall, cpu, rss;
};

struct command {
	char **argv; /* NULL: none */
	struct sample samples[MAX_RUNS];
};

static int64_t now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void run_child(char **argv)
{
	const int null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		_exit(127);
	(void)execvp(argv[0], argv);
	(void)fprintf(stderr, "measure: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int run(char **argv, struct sample *ret)
{
	const int64_t started = now_us();
	const pid_t pid = fork();
	if (pid < 0)
		return -1;
	if (pid == 0)
		run_child(argv);
	int status = 0;
	struct rusage usage;
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return -1;
	ret->wall = now_us() - started;
	ret->cpu = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
		   usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	ret->rss = usage.ru_maxrss;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	(void)fprintf(stderr, "measure: %s ended with status %d\n", argv[0],
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return -1;
}

static int compare(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int64_t median(const struct sample *samples, size_t count, size_t offset)
{
	int64_t values[MAX_RUNS];
	for (size_t i = 0; i < count; i++)
		memcpy(&values[i], (const char *)&samples[i] + offset, sizeof values[i]);
	qsort(values, count, sizeof values[0], compare);
	return values[count / 2];
}

/* Ends the command at the next "--" and returns what follows it, or NULL. */
static char **cut(char **argv)
{
	for (; *argv; argv++) {
		if (strcmp(*argv, "--") == 0) {
			*argv = NULL;
			return argv[1] ? argv + 1 : NULL;
		}
	}
	return NULL;
}

static int measure(size_t runs, char **before, struct command commands[2])
{
	for (size_t i = 0; i <= runs; i++) {
		for (size_t k = 0; k < 2 && commands[k].argv; k++) {
			struct sample sample;
			if (before && run(before, &sample) < 0)
				return -1;
			if (run(commands[k].argv, &sample) < 0)
				return -1;
			if (i > 0)
				commands[k].samples[i - 1] = sample;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	char **next = argv + 2, **before = NULL;
	const long runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	static struct command commands[2];
	if (runs > 0 && strcmp(*next, "--before") == 0) {
		before = next + 1;
		next = cut(before);
	}
	if (runs < 1 || runs > MAX_RUNS || !next || !*next) {
		(void)fprintf(stderr, "usage: measure RUNS [--before COMMAND... --] COMMAND... "
				      "[-- COMMAND...]\n");
		return 2;
	}
	commands[0].argv = next;
	commands[1].argv = cut(next);
	if (measure((size_t)runs, before, commands) < 0)
		return 1;
	for (size_t k = 0; k < 2 && commands[k].argv; k++)
		(void)printf("%lld %lld %lld\n",
			(long long)median(
				commands[k].samples, (size_t)runs, offsetof(struct sample, wall)),
			(long long)median(
				commands[k].samples, (size_t)runs, offsetof(struct sample, cpu)),
			(long long)median(
				commands[k].samples, (size_t)runs, offsetof(struct sample, rss)));
	return 0;
}
