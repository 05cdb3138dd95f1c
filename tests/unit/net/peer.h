/*
 * A peer on the loopback interface that says exactly what a test wants, also what no HTTP server
 * would: one answer for each connection, then it closes. What it was sent comes back through a
 * pipe.
 */
#ifndef TRUEUP_TESTS_NET_PEER_H
#define TRUEUP_TESTS_NET_PEER_H

#include "base/mem.h"
#include "base/str.h"
#include "check.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct peer {
	pid_t pid;
	int requests; /* read end: every request as it came, each followed by a NUL */
	int port;
	char url[64]; /* "http://127.0.0.1:PORT" */
};

/* A listening socket on a free port of 127.0.0.1. */
static inline int peer_listen(int *ret_port)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

/* Reads up to the blank line and then what Content-Length announces. */
static inline void peer_read_request(int fd, struct str *ret)
{
	char buf[4096];
	for (;;) {
		const char *end = strstr(ret->data, "\r\n\r\n");
		const char *length = strcasestr(ret->data, "content-length:");
		if (end) {
			const size_t body =
				length && length < end
					? strtoul(length + strlen("content-length:"), NULL, 10)
					: 0;
			if (ret->len >= (size_t)(end - ret->data) + 4 + body)
				return;
		}
		const ssize_t n = read(fd, buf, sizeof buf);
		if (n <= 0)
			return;
		str_addn(ret, buf, (size_t)n);
	}
}

static inline void peer_serve(int fd, int out, const char *const *answers)
{
	for (; *answers; answers++) {
		const int peer = accept(fd, NULL, NULL);
		AUTO_STR request = STR_INIT;
		peer_read_request(peer, &request);
		(void)!write(out, request.data, request.len + 1);
		const char *text = *answers;
		/* A leading "@" keeps the connection open and silent after the text. */
		const bool hold = *text == '@';
		(void)!send(peer, text + hold, strlen(text + hold), MSG_NOSIGNAL);
		char c;
		while (hold && read(peer, &c, 1) > 0)
			;
		(void)close(peer);
	}
}

/* Gives one of the answers (the list ends with NULL) to each connection. */
static inline struct peer peer_start_on(int fd, int port, const char *const *answers)
{
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close(fds[0]);
		peer_serve(fd, fds[1], answers);
		_exit(0);
	}
	(void)close(fd);
	(void)close(fds[1]);
	struct peer p = {.pid = pid, .requests = fds[0], .port = port};
	(void)snprintf(p.url, sizeof p.url, "http://127.0.0.1:%d", port);
	return p;
}

static inline struct peer peer_start(const char *const *answers)
{
	int port = 0;
	const int fd = peer_listen(&port);
	return peer_start_on(fd, port, answers);
}

/* Ends it; returns all that it was sent: requests with NULs between. */
static inline void peer_stop(struct peer *p, struct str *requests)
{
	(void)kill(p->pid, SIGTERM);
	char buf[4096];
	ssize_t n;
	while ((n = read(p->requests, buf, sizeof buf)) > 0)
		if (requests)
			str_addn(requests, buf, (size_t)n);
	(void)close(p->requests);
	(void)waitpid(p->pid, NULL, 0);
}

#endif
