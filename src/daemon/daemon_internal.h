/* What the files of the daemon share. Nothing outside of daemon/ includes it. */
#ifndef TRUEUP_DAEMON_DAEMON_INTERNAL_H
#define TRUEUP_DAEMON_DAEMON_INTERNAL_H

#include "base/arena.h"
#include "base/child.h"
#include "base/lock.h"
#include "base/loop.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "daemon/metrics.h"
#include "daemon/place.h"
#include "daemon/work.h"
#include "net/serve.h"
#include "spec/server.h"
#include "store/queue.h"

#include <stdint.h>

/* A configuration in force, and its text as workers get it. */
struct settings {
	struct arena arena;
	struct src src;
	struct str text;
	const struct server_config *config;
	int fd; /* a sealed file in memory with the text */
};

/* A repository that is served. */
struct served {
	struct daemon *d;
	const struct server_repository *config; /* NULL: leaving */
	char *name;
	struct place place;
	bool open; /* locked, recovered, watched */
	bool leaving; /* not in the configuration any more; gone with its last worker */
	struct lock lock;
	struct store *store; /* open only while it is used, and a moment longer */
	struct loop_source *close_timer;
	int wake_fd;
	struct loop_source *wake;
	struct loop_source *poll_timer;
	bool looked; /* for what changed while nobody served it */
	struct loop_source *open_timer; /* the first opening, and attempts after a failure */
	int64_t open_failures;
	char *head; /* of a path: the commit last seen there; NULL: none */
	int64_t due_at; /* when a request is due; 0: none */
	int64_t deliver_at; /* when the outbox is due; -1: nothing */
	bool delivering;
	bool uncounted; /* its rows changed since they were counted for the metrics */
	size_t workers; /* of this repository, deliveries included */
};

struct worker {
	struct daemon *d;
	struct served *served;
	enum work_kind kind;
	int64_t id, claim; /* of its request; 0 for a delivery */
	struct child child; /* pid; of an adopted one the pidfd only */
	struct loop_source *end, *deadline;
	int64_t started_ms; /* monotonic */
	bool interrupted; /* told that its request is outdated */
	bool timed_out;
};

/* An address that is listened at, and what it was opened with. */
struct listener {
	struct server *server; /* NULL: none */
	char *address;
	int64_t body, connections, per_client;
	struct serve_route routes[4];
	size_t route_count;
};

/* A worker without an order. */
struct standby {
	struct child child; /* pid -1: there is none */
	struct loop_source *end;
	int order_fd;
};

struct daemon {
	const struct daemon_options *options;
	struct loop *loop;
	struct settings *settings;
	char *actor; /* of what no person asked for */
	struct lock lock; /* of the data folder */
	struct metrics *metrics;
	struct served **served;
	size_t served_count, served_cap;
	size_t turn; /* whose requests are looked at first */
	struct worker **workers;
	size_t worker_count, worker_cap;
	size_t busy; /* workers that count against the limit */
	struct standby standby;
	struct loop_source *standby_timer; /* when one is to be started */
	struct loop_source *due_timer;
	struct loop_source *look; /* deferred: start what is due */
	struct loop_source *signals[4];
	struct loop_source *stop_timer;
	struct listener hooks, status;
	int stopping; /* how often it was told */
	size_t opened; /* repositories whose first opening was tried */
	bool ready;
};

/* --- settings.c ----------------------------------------------------------------------------- */

/* Reads and checks the file. *ret NULL, without an error, when it has mistakes, which were shown.
 */
MUST_CHECK int settings_load(
	const struct daemon_options *options, struct settings **ret, struct err **err);
void settings_free(struct settings *settings); /* accepts NULL */

/* --- served.c ------------------------------------------------------------------------------- */

/* Makes one; it is opened from the loop. */
struct served *served_new(struct daemon *d, const struct server_repository *config);
void served_free(struct served *s);
struct served *served_find(const struct daemon *d, const char *name);
/* Its configuration changed; poll starts anew, and what was given up is delivered again. */
void served_configure(struct served *s, const struct server_repository *config);
/* It is not in the configuration any more: what is at work ends, nothing new is looked for. */
void served_leave(struct served *s);
/* The store, opened if need be. Borrowed: stays open at least until the callback returns. */
MUST_CHECK int served_store(struct served *s, struct store **ret, struct err **err);
/* Takes on one that came from outside under this id, once. */
MUST_CHECK int served_take_on(struct served *s, const struct queue_request *request,
	const char *delivery, bool *ret_first, struct err **err);

/* --- work_start.c: workers as the daemon sees them ------------------------------------------ */

/* Starts what is due and there is room for, and arms the timer for what is due later. */
void work_look(struct daemon *d);
/* Has work_look() called once, soon. */
void work_look_soon(struct daemon *d);
/* Watches a worker of an earlier daemon. */
void work_adopt(struct served *s, const struct queue_row *row);
/* Has workers of outdated requests stop planning. */
void work_interrupt_outdated(struct served *s);
/* The n-th word to all workers to end: 1 SIGTERM, 2 SIGTERM again, 3 SIGKILL. */
void work_stop_all(struct daemon *d, int n);
/* Frees what is left at the end; the processes go on. */
void work_free_all(struct daemon *d);
/* The environment of all workers: the names that are passed on. Ends with NULL; in arena. */
const char *const *work_environment(const struct server_config *config, struct arena *arena);

/* --- standby.c: the processes of workers ---------------------------------------------------- */

/* Starts the one that stands by, unless there is one. Failing is harmless, and logged. */
void standby_start(struct daemon *d);
/* Has that done when there was nothing to start for a moment. */
void standby_start_later(struct daemon *d);
/* Ends it, for instance because the configuration changed. */
void standby_drop(struct daemon *d);
/* Has the one that stands by, or a new one, follow the order. ret is the caller's to watch. */
MUST_CHECK int standby_order(
	struct daemon *d, const struct work_order *order, struct child *ret, struct err **err);

/* --- endpoint.c: what comes by HTTP --------------------------------------------------------- */

/* Opens the listeners of the configuration in force; those that are open already stay. */
MUST_CHECK int endpoint_open(struct daemon *d, struct err **err);
void endpoint_stop(struct daemon *d);
void endpoint_free(struct daemon *d);

/* "shop: MESSAGE" at the level, with the text of *err, which is freed. */
void daemon_complain(const struct served *s, const char *what, struct err **err);

#endif
