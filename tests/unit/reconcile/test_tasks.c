/*
 * Protects: a run from its own children. One that crashes, floods or hangs harms itself only, what
 * it says arrives whole and in order, an interrupt reaches it once, and it does not outlive us.
 */
#include "check.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/message.h"
#include "reconcile/tasks.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the parent heard of one task. */
struct heard {
	int (*run)(struct heard *h, const struct task_port *port);
	int number;
	struct str text;
	size_t messages;
	bool ended;
	char *failure;
	struct str *order; /* shared: numbers of tasks as they end */
	struct tasks *tasks;
	struct heard *next; /* added when this one ends */
	int fd; /* what a child is handed beside its port */
	volatile sig_atomic_t *raise; /* set to 1 when a message comes */
};

static bool say(const struct task_port *port, const char *text)
{
	AUTO_ARENA arena = {0};
	struct node *map = node_new_map(&arena);
	message_set(&arena, map, "text", text);
	return task_send(port, map);
}

static int run_task(void *data, const struct task_port *port)
{
	struct heard *h = data;
	return h->run(h, port);
}

static void on_message(void *data, const struct node *message)
{
	struct heard *h = data;
	h->messages++;
	str_add(&h->text, message_text(message, "text"));
	if (h->raise)
		*h->raise = *h->raise + 1;
}

static void add(struct tasks *tasks, struct heard *h);

static void on_end(void *data, const char *failure)
{
	struct heard *h = data;
	h->ended = true;
	h->failure = failure ? xstrdup(failure) : NULL;
	if (h->order)
		str_addf(h->order, "%d ", h->number);
	if (h->next)
		add(h->tasks, h->next);
}

static void add(struct tasks *tasks, struct heard *h)
{
	h->tasks = tasks;
	tasks_add(tasks, &(struct task){run_task, on_message, on_end, h});
}

static void run_all(struct heard *list, size_t count, size_t parallel)
{
	AUTO_ERR err = NULL;
	struct tasks *tasks = tasks_new(parallel);
	for (size_t i = 0; i < count; i++)
		add(tasks, &list[i]);
	assert_int_equal(tasks_run(tasks, NULL, &err), 0);
	tasks_free(tasks);
}

static void forget(struct heard *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		str_release(&list[i].text);
		free(list[i].failure);
	}
}

static int crashes(struct heard *h, const struct task_port *port)
{
	(void)h;
	(void)say(port, "before");
	raise(SIGKILL);
	return 0;
}

static int fails(struct heard *h, const struct task_port *port)
{
	(void)h;
	(void)port;
	return 3;
}

static int greets(struct heard *h, const struct task_port *port)
{
	(void)h;
	return say(port, "hello") ? 0 : 1;
}

static void a_crash_harms_one(void **state)
{
	(void)state;
	struct heard list[] = {{.run = crashes}, {.run = fails}, {.run = greets}};
	run_all(list, 3, 2);
	assert_string_equal(list[0].text.data, "before");
	assert_non_null(strstr(list[0].failure, "signal 9"));
	assert_non_null(strstr(list[1].failure, "code 3"));
	assert_string_equal(list[2].text.data, "hello");
	assert_null(list[2].failure);
	forget(list, 3);
}

/* A message in pieces, two in one piece, half a one at the end. */
static int in_pieces(struct heard *h, const struct task_port *port)
{
	static const char *const pieces[] = {"{\"te", "xt\":\"a\"}",
		"\n{\"text\":\"b\"}\n{\"text\":\"c\"}\n{\"text\":", "\"lost\""};
	(void)h;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		if (write(port->fd, pieces[i], strlen(pieces[i])) < 0)
			return 1;
		(void)poll(
			NULL, 0, 5); /* so that they are read one by one, or not: either is fine */
	}
	return 0;
}

static void messages_are_whole(void **state)
{
	(void)state;
	struct heard list[] = {{.run = in_pieces}};
	run_all(list, 1, 1);
	assert_string_equal(list[0].text.data, "abc");
	assert_int_equal(list[0].messages, 3);
	assert_null(list[0].failure);
	forget(list, 1);
}

static int says_much(struct heard *h, const struct task_port *port)
{
	AUTO_STR text = STR_INIT;
	(void)h;
	while (text.len < 1 << 20)
		str_add(&text, "0123456789\n\"\\");
	return say(port, text.data) && say(port, "end") ? 0 : 1;
}

static void a_large_message_arrives(void **state)
{
	(void)state;
	struct heard list[] = {{.run = says_much}, {.run = says_much}};
	run_all(list, 2, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(list[i].messages, 2);
		assert_true(list[i].text.len > 1 << 20);
		assert_true(str_ends(list[i].text.data, "end"));
		assert_null(list[i].failure);
	}
	forget(list, 2);
}

static int says_nonsense(struct heard *h, const struct task_port *port)
{
	(void)h;
	return write(port->fd, "{]\n", 3) == 3 ? 0 : 1;
}

static void what_cannot_be_read_is_a_failure(void **state)
{
	(void)state;
	struct heard list[] = {{.run = says_nonsense}};
	run_all(list, 1, 1);
	assert_int_equal(list[0].messages, 0);
	assert_non_null(strstr(list[0].failure, "too large to be read"));
	forget(list, 1);
}

static void first_in_first_started(void **state)
{
	(void)state;
	AUTO_STR order = STR_INIT;
	struct heard last = {.run = greets, .number = 9, .order = &order};
	struct heard list[4] = {{.run = greets}, {.run = greets}, {.run = fails}, {.run = greets}};
	for (int i = 0; i < 4; i++) {
		list[i].number = i;
		list[i].order = &order;
	}
	list[1].next = &last; /* an end adds a task */
	run_all(list, 4, 1);
	assert_string_equal(order.data, "0 1 2 3 9 ");
	assert_string_equal(last.text.data, "hello");
	forget(list, 4);
	forget(&last, 1);
}

static volatile sig_atomic_t caught;

static void on_interrupt(int number)
{
	(void)number;
	caught++;
}

/* Waits for interrupts, then for as long again, and says how many came. */
static int counts(struct heard *h, const struct task_port *port)
{
	const int wanted = h->number, had = caught;
	(void)say(port, "ready ");
	while (caught - had < wanted)
		(void)poll(NULL, 0, 10);
	(void)poll(NULL, 0, 50);
	AUTO_FREE char *text = xasprintf("%d", caught - had);
	return say(port, text) ? 0 : 1;
}

static void an_interrupt_is_passed_on_once(void **state)
{
	(void)state;
	AUTO_ERR err = NULL;
	struct sigaction act = {.sa_handler = on_interrupt}, old;
	assert_int_equal(sigaction(SIGINT, &act, &old), 0);
	volatile sig_atomic_t interrupts = 0;
	struct tasks *tasks = tasks_new(1);
	struct heard first = {.run = counts, .number = 1, .raise = &interrupts};
	struct heard queued = {.run = greets};
	add(tasks, &first);
	add(tasks, &queued);
	/* The first message counts as Ctrl-C: it reaches the child, which answers, and so on. */
	assert_int_equal(tasks_run(tasks, &interrupts, &err), 0);
	tasks_free(tasks);
	assert_string_equal(first.text.data, "ready 1");
	assert_null(first.failure);
	/* Nothing new begins after it. */
	assert_string_equal(queued.failure, TASK_NOT_BEGUN);
	assert_int_equal(queued.messages, 0);
	assert_int_equal(sigaction(SIGINT, &old, NULL), 0);
	forget(&first, 1);
	forget(&queued, 1);
}

static int holds_a_pipe(struct heard *h, const struct task_port *port)
{
	(void)port;
	if (write(h->fd, "x", 1) != 1)
		return 1;
	for (;;)
		(void)pause();
}

/* A process with a task is killed; the task's end of a pipe closes. */
static void children_die_with_us(void **state)
{
	(void)state;
	int fds[2];
	char byte;
	assert_int_equal(pipe(fds), 0);
	const pid_t parent = fork();
	if (parent == 0) {
		AUTO_ERR err = NULL;
		struct heard h = {.run = holds_a_pipe, .fd = fds[1]};
		struct tasks *tasks = tasks_new(1);
		(void)close(fds[0]);
		add(tasks, &h);
		(void)!tasks_run(tasks, NULL, &err);
		_exit(0);
	}
	(void)close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	(void)close(fds[0]);
}

/* Freeing kills what still runs. */
static void freed_tasks_are_gone(void **state)
{
	(void)state;
	struct tasks *tasks = tasks_new(0);
	struct heard h = {.run = greets};
	add(tasks, &h);
	tasks_free(tasks);
	tasks_free(NULL);
	assert_false(h.ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crash_harms_one),
		cmocka_unit_test(messages_are_whole),
		cmocka_unit_test(a_large_message_arrives),
		cmocka_unit_test(what_cannot_be_read_is_a_failure),
		cmocka_unit_test(first_in_first_started),
		cmocka_unit_test(an_interrupt_is_passed_on_once),
		cmocka_unit_test(children_die_with_us),
		cmocka_unit_test(freed_tasks_are_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
