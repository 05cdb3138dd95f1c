/*
 * Watching a folder and everything below it (inotify(7)), from an event loop: after something that
 * is of interest was made, changed, moved or removed, and nothing more happened for a moment, the
 * callback is called once. It does not say what changed: whoever is called looks for himself, as
 * after a start, so that nothing can be missed.
 *
 * New folders are watched from the moment that they appear. When the kernel has lost events, the
 * folders are looked at again and the callback comes. When it grants no more watches, or where
 * events do not come (a network file system that others write to), all files are looked at from
 * time to time instead, and that is said. A top folder that goes is waited for.
 *
 * Never followed: symbolic links below the top, folders named .git or .trueup, and what the top's
 * `.trueupignore` hides.
 */
#ifndef TRUEUP_SOURCE_WATCH_H
#define TRUEUP_SOURCE_WATCH_H

#include "source/source.h"

#include <stdint.h>

struct err;
struct loop;
struct watch;

enum watch_state {
	WATCH_EVENTS, /* the kernel tells */
	WATCH_SCANS, /* all files are looked at from time to time */
	WATCH_GONE, /* the top folder is not there */
};

struct watch_options {
	const char *dir; /* the top */
	/*
	 * Which folders are watched and which files count, as in source.h; NULL: all. The top's
	 * `.trueupignore` counts in any case.
	 */
	struct source_filter filter;
	void (*changed)(void *data);
	/*
	 * The state is another one than before; why is a sentence for people, NULL when it is as it
	 * should be. Also called when watching begins with anything but WATCH_EVENTS.
	 */
	void (*state)(void *data, enum watch_state state, const char *why);
	void *data;
	int64_t quiet_ms; /* how long nothing may happen; 0: 100 */
	int64_t scan_ms; /* pause between scans; 0: 2000 */
	bool scan; /* scan in any case */
	size_t max_watches; /* no more watches than these; 0: as many as the kernel grants */
};

enum {
	WATCH_QUIET_MS = 100,
	WATCH_LONGEST_MS = 2000, /* where it never gets quiet, the callback comes this often */
	WATCH_SCAN_MS = 2000,
};

/*
 * Begins. Texts of options are copied; callbacks are called from the loop, and state possibly from
 * in here. ERR_NOT_FOUND when dir is not a folder.
 */
MUST_CHECK int watch_start(struct loop *loop, const struct watch_options *options,
	struct watch **ret, struct err **err);
void watch_stop(struct watch **w); /* accepts NULL inside */
#define AUTO_WATCH CLEANUP(watch_stop) struct watch

enum watch_state watch_state(const struct watch *w);
/* How many folders are watched by events. */
size_t watch_folders(const struct watch *w);

#endif
