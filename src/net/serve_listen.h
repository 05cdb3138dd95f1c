/* Listening sockets from a text; part of net/serve. */
#ifndef TRUEUP_NET_SERVE_LISTEN_H
#define TRUEUP_NET_SERVE_LISTEN_H

#include "base/macros.h"

#include <sys/socket.h>

struct err;

struct listener {
	int fd; /* non-blocking; owned */
	char *address; /* "http://127.0.0.1:41234", "unix:/run/..."; owned */
	char *socket_path; /* unix sockets: to be removed at the end; owned */
};

/* See serve_config.listen for what text may be. ERR_CONFLICT: somebody listens there already. */
MUST_CHECK int listener_open(const char *text, struct listener *ret, struct err **err);
/* Closes fd unless it is -1 and removes a unix socket; the address can still be read. */
void listener_close(struct listener *l);
void listener_release(struct listener *l);

/* "192.0.2.1", "::1", "unix"; heap-owned. An IPv4 address inside IPv6 is shown as IPv4. */
char *peer_name(const struct sockaddr *address);

#endif
