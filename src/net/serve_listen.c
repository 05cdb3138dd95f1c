#include "net/serve_listen.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 512, MAX_PORT = 65535 };

static int bind_failed(struct err **err, int os_errno, const char *text)
{
	if (os_errno == EADDRINUSE)
		return err_set(
			err, ERR_CONFLICT, "listen on %s: somebody listens there already", text);
	if (os_errno == EADDRNOTAVAIL)
		return err_set(
			err, ERR_INVALID, "listen on %s: this machine has no such address", text);
	return err_errno(err, os_errno, "listen on %s", text);
}

/* Is there a socket that a dead process left behind? */
static bool is_abandoned(const struct sockaddr_un *at)
{
	AUTO_CLOSE fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof *at) < 0 &&
	       errno == ECONNREFUSED;
}

static int open_unix(const char *text, const char *path, struct listener *ret, struct err **err)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	if (*path != '/')
		return err_set(
			err, ERR_INVALID, "listen on %s: the path has to begin with /", text);
	if (!str_copy(at.sun_path, sizeof at.sun_path, path))
		return err_set(err, ERR_INVALID,
			"listen on %s: a socket's path has at most %zu bytes", text,
			sizeof at.sun_path - 1);
	struct stat st;
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && is_abandoned(&at))
		(void)unlink(path);
	AUTO_CLOSE fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return bind_failed(err, errno, text);
	/* It has its mode from the first moment. */
	const mode_t before = umask(0117);
	const int rc = bind(fd, (struct sockaddr *)&at, sizeof at);
	const int saved = errno;
	(void)umask(before);
	if (rc < 0)
		return bind_failed(err, saved, text);
	if (listen(fd, BACKLOG) < 0) {
		const int failed = errno;
		(void)unlink(path);
		return bind_failed(err, failed, text);
	}
	*ret = (struct listener){
		.fd = fd, .address = xasprintf("unix:%s", path), .socket_path = xstrdup(path)};
	fd = -1;
	return 0;
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* "127.0.0.1:8080" or "[::1]:8080" */
static int parse_address(const char *text, union address *ret, socklen_t *ret_len, struct err **err)
{
	const char *colon = strrchr(text, ':');
	int64_t port = -1;
	if (!colon || !num_parse_i64(colon + 1, strlen(colon + 1), &port) || port < 0 ||
		port > MAX_PORT)
		return err_set(err, ERR_INVALID,
			"listen on %s: write an address and a port, such as 127.0.0.1:8080 or "
			"[::1]:8080, or unix:/path",
			text);
	const size_t len = (size_t)(colon - text);
	const bool bracketed = len >= 2 && *text == '[' && colon[-1] == ']';
	AUTO_FREE char *host = bracketed ? xstrndup(text + 1, len - 2) : xstrndup(text, len);
	*ret = (union address){.v4 = {.sin_family = AF_INET}};
	if (!bracketed && inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_port = htons((uint16_t)port);
		*ret_len = sizeof ret->v4;
		return 0;
	}
	*ret = (union address){.v6 = {.sin6_family = AF_INET6}};
	if (bracketed && inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1) {
		ret->v6.sin6_port = htons((uint16_t)port);
		*ret_len = sizeof ret->v6;
		return 0;
	}
	return err_set(err, ERR_INVALID,
		"listen on %s: %s is no IP address (names are not looked up; an IPv6 address "
		"stands in brackets)",
		text, host);
}

char *peer_name(const struct sockaddr *address)
{
	char buf[INET6_ADDRSTRLEN] = "";
	if (!address || address->sa_family == AF_UNIX)
		return xstrdup("unix");
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
		(void)inet_ntop(AF_INET, &v4->sin_addr, buf, sizeof buf);
	} else if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
			(void)inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], buf, sizeof buf);
		else
			(void)inet_ntop(AF_INET6, &v6->sin6_addr, buf, sizeof buf);
	}
	return xstrdup(buf);
}

static int open_tcp(const char *text, struct listener *ret, struct err **err)
{
	union address at;
	socklen_t len = 0;
	if (parse_address(text, &at, &len, err) < 0)
		return -1;
	AUTO_CLOSE fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;
	/* So that a restart need not wait for old connections to time out. */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
		bind(fd, &at.any, len) < 0 || listen(fd, BACKLOG) < 0 ||
		getsockname(fd, &at.any, &len) < 0)
		return bind_failed(err, errno, text);
	AUTO_FREE char *host = peer_name(&at.any);
	const bool v6 = at.any.sa_family == AF_INET6;
	*ret = (struct listener){
		.fd = fd,
		.address = xasprintf(v6 ? "http://[%s]:%d" : "http://%s:%d", host,
			ntohs(v6 ? at.v6.sin6_port : at.v4.sin_port)),
	};
	fd = -1;
	return 0;
}

int listener_open(const char *text, struct listener *ret, struct err **err)
{
	if (str_starts(text, "unix:"))
		return open_unix(text, text + strlen("unix:"), ret, err);
	return open_tcp(text, ret, err);
}

void listener_close(struct listener *l)
{
	close_fd(&l->fd);
	if (l->socket_path)
		(void)unlink(l->socket_path);
	free_ptr(&l->socket_path);
	l->socket_path = NULL;
}

void listener_release(struct listener *l)
{
	listener_close(l);
	free(l->address);
	*l = (struct listener){.fd = -1};
}
