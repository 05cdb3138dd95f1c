/*
 * One inotify descriptor, and one watch for each folder, known by its number. Whenever a folder
 * comes, goes or moves all folders are walked again, which adds what is missing (adding is
 * idempotent) and then drops what was not met. That is the only way by which watches are added, so
 * that new folders, renamed ones and lost events need no code of their own.
 */
#include "source/watch_internal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strmap.h"
#include "source/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
	GONE_LOOK_MS = 500, /* how often to look whether the top is back */
	SCAN_SHARE = 20, /* a scan takes at most one part in so many of the time */
	BUFFER_SIZE = 16 * 1024,
	MAX_READS = 64, /* before others of the loop have their turn */
	NUMBER_SIZE = 24,
};

static const uint32_t folder_mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
				    IN_MODIFY | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF |
				    IN_ONLYDIR | IN_EXCL_UNLINK;

struct folder {
	uint64_t round; /* of the walk that met it last */
	int wd;
	char path[]; /* below the top; "" is the top */
};

struct watch {
	struct loop *loop;
	struct watch_options options; /* dir is ours */
	struct watch_area area;
	enum watch_state state;
	int fd; /* of inotify; -1: there is none */
	struct loop_source *on_fd;
	struct loop_source *settle; /* the callback is due */
	struct loop_source *look; /* next scan, or the next look for the top */
	struct strmap folders; /* number of a watch -> struct folder */
	int top; /* its number */
	uint64_t round;
	int64_t first_change; /* monotonic ms of the first one not reported; 0: none */
	uint64_t seen; /* fingerprint of the last scan */
};

static void begin_gone(struct watch *w, int why);
static void begin_events(struct watch *w);

/* --- telling ----------------------------------------------------------------------------- */

static void on_settled(void *data)
{
	struct watch *w = data;
	w->first_change = 0;
	w->options.changed(w->options.data);
}

static void note_change(struct watch *w)
{
	const int64_t now = clock_monotonic_ms();
	if (!w->first_change)
		w->first_change = now;
	const int64_t latest = w->first_change + WATCH_LONGEST_MS;
	const int64_t quiet = now + w->options.quiet_ms;
	loop_timer_at(w->settle, quiet < latest ? quiet : latest);
}

static void set_state(struct watch *w, enum watch_state state, const char *why)
{
	if (w->state == state)
		return;
	w->state = state;
	if (w->options.state)
		w->options.state(w->options.data, state, why);
}

/* --- the folders ------------------------------------------------------------------------- */

static const char *number(int wd, char buf[NUMBER_SIZE])
{
	(void)snprintf(buf, NUMBER_SIZE, "%d", wd);
	return buf;
}

static void forget(struct watch *w, struct folder *f)
{
	char buf[NUMBER_SIZE];
	(void)strmap_remove(&w->folders, number(f->wd, buf));
	free(f);
}

/* Drops the watches of folders that were not met in this round; 0: of all. */
static void drop_others(struct watch *w, uint64_t round)
{
	STRMAP_FOREACH (&w->folders, e) {
		struct folder *f = strmap_value(e);
		if (round && f->round == round)
			continue;
		/* Fails for one that is gone, whose watch went with it. */
		(void)inotify_rm_watch(w->fd, f->wd);
		forget(w, f);
	}
}

/* By the descriptor, because a path could be another folder by now; without /proc by the path. */
static int add_watch(struct watch *w, int fd, const char *path)
{
	char link[64];
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	const int wd = inotify_add_watch(w->fd, link, folder_mask);
	if (wd >= 0 || (errno != ENOENT && errno != ENOTDIR))
		return wd;
	AUTO_FREE char *full = *path ? path_join(w->options.dir, path) : xstrdup(w->options.dir);
	return inotify_add_watch(w->fd, full, folder_mask | IN_DONT_FOLLOW);
}

static struct folder *new_folder(int wd, const char *path)
{
	const size_t size = strlen(path) + 1;
	struct folder *f = xmalloc(sizeof *f + size);
	f->wd = wd;
	memcpy(f->path, path, size);
	return f;
}

static int meet_folder(void *ctx, int fd, const char *path)
{
	struct watch *w = ctx;
	char buf[NUMBER_SIZE];
	const int wd = add_watch(w, fd, path);
	if (wd < 0 && (errno == ENOSPC || errno == ENOMEM))
		return ENOSPC;
	if (wd < 0)
		return *path ? 0 : errno;
	struct folder *f = strmap_get(&w->folders, number(wd, buf));
	if (f && !str_eq(f->path, path)) {
		forget(w, f);
		f = NULL;
	}
	if (!f) {
		f = new_folder(wd, path);
		(void)strmap_put(&w->folders, number(wd, buf), f);
	}
	f->round = w->round;
	if (!*path)
		w->top = wd;
	const size_t most = w->options.max_watches;
	return most && strmap_count(&w->folders) > most ? ENOSPC : 0;
}

/* --- scanning ---------------------------------------------------------------------------- */

static void scan(struct watch *w)
{
	uint64_t now;
	const int64_t started = clock_monotonic_ms();
	const int rc = watch_fingerprint(&w->area, &now);
	if (rc) {
		begin_gone(w, rc);
		note_change(w);
		return;
	}
	if (now != w->seen)
		note_change(w);
	w->seen = now;
	const int64_t took = clock_monotonic_ms() - started;
	const int64_t pause = took * SCAN_SHARE;
	loop_timer_in(w->look, pause > w->options.scan_ms ? pause : w->options.scan_ms);
}

static void limit_text(const char *name, struct str *out)
{
	AUTO_FREE char *path = xasprintf("/proc/sys/fs/inotify/%s", name);
	AUTO_STR text = STR_INIT;
	AUTO_ERR none = NULL;
	if (fs_read(path, 64, &text, &none) == 0)
		str_addf(out, "fs.inotify.%s is %.*s", name, (int)strcspn(text.data, "\n"),
			text.data);
	else
		str_addf(out, "fs.inotify.%s", name);
}

static void begin_scan(struct watch *w, const char *why)
{
	if (w->fd >= 0)
		drop_others(w, 0);
	set_state(w, WATCH_SCANS, why);
	const int rc = watch_fingerprint(&w->area, &w->seen);
	if (rc) {
		begin_gone(w, rc);
		return;
	}
	loop_timer_in(w->look, w->options.scan_ms);
}

static void begin_scan_for_want(struct watch *w, const char *what, const char *limit)
{
	AUTO_STR why = STR_INIT;
	str_addf(&why, "the kernel grants no more %s (", what);
	limit_text(limit, &why);
	str_addf(&why, "): all files are looked at every %g s instead",
		(double)w->options.scan_ms / 1000);
	begin_scan(w, why.data);
}

/* --- events ------------------------------------------------------------------------------ */

static void walk_again(struct watch *w)
{
	const struct watch_visit visit = {.folder = meet_folder, .ctx = w};
	w->round++;
	const int rc = watch_walk(&w->area, &visit);
	if (rc == ENOSPC)
		begin_scan_for_want(w, "watches", "max_user_watches");
	else if (rc)
		begin_gone(w, rc);
	else
		drop_others(w, w->round);
}

static void begin_events(struct watch *w)
{
	set_state(w, WATCH_EVENTS, NULL);
	walk_again(w);
}

static void begin_gone(struct watch *w, int why)
{
	if (w->fd >= 0)
		drop_others(w, 0);
	AUTO_FREE char *text = xasprintf("%s: %s; waiting for it", w->options.dir, strerror(why));
	set_state(w, WATCH_GONE, text);
	loop_timer_in(w->look, GONE_LOOK_MS);
}

static void on_look(void *data)
{
	struct watch *w = data;
	if (w->state == WATCH_SCANS) {
		scan(w);
		return;
	}
	if (w->state != WATCH_GONE)
		return;
	if (!fs_is_dir(w->options.dir)) {
		loop_timer_in(w->look, GONE_LOOK_MS);
		return;
	}
	if (w->options.scan || w->fd < 0)
		begin_scan(w, NULL);
	else
		begin_events(w);
	note_change(w);
}

/* What one batch of events amounts to. */
struct heard {
	bool changed, folders, top;
};

static void hear(struct watch *w, const struct inotify_event *e, struct heard *heard)
{
	char buf[NUMBER_SIZE];
	if (e->mask & IN_Q_OVERFLOW) {
		heard->changed = heard->folders = true;
		return;
	}
	struct folder *f = strmap_get(&w->folders, number(e->wd, buf));
	if (!f)
		return;
	if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)) {
		heard->top = heard->top || e->wd == w->top;
		heard->folders = true;
		if (e->mask & IN_IGNORED)
			forget(w, f);
		return;
	}
	if (!e->len)
		return;
	AUTO_FREE char *path = path_join(f->path, e->name);
	if (e->mask & IN_ISDIR) {
		if (source_wants(&w->area.filter, path, true) && !source_is_private(e->name) &&
			!ignore_matches(&w->area.ignore, path, true))
			heard->changed = heard->folders = true;
		return;
	}
	if (!watch_wants_file(&w->area, path))
		return;
	heard->changed = true;
	/* Its rules decide which folders are watched. */
	heard->folders = heard->folders || str_eq(path, SOURCE_IGNORE_FILE);
}

static void on_events(uint32_t events, void *data)
{
	struct watch *w = data;
	_Alignas(struct inotify_event) char buf[BUFFER_SIZE];
	struct heard heard = {0};
	(void)events;
	for (int reads = 0; reads < MAX_READS; reads++) {
		const ssize_t n = read(w->fd, buf, sizeof buf);
		if (n <= 0)
			break;
		for (const char *p = buf; p < buf + n;) {
			const struct inotify_event *e = (const void *)p;
			hear(w, e, &heard);
			p += sizeof *e + e->len;
		}
	}
	if (w->state != WATCH_EVENTS)
		return;
	if (heard.top && !fs_is_dir(w->options.dir)) {
		begin_gone(w, ENOENT);
		note_change(w);
		return;
	}
	if (heard.folders)
		walk_again(w);
	if (heard.changed || heard.top)
		note_change(w);
}

/* --- beginning and ending ---------------------------------------------------------------- */

static int open_events(struct watch *w, struct err **err)
{
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0)
		return 0;
	return loop_add_fd(w->loop, w->fd, EPOLLIN, on_events, w, &w->on_fd, err);
}

int watch_start(struct loop *loop, const struct watch_options *options, struct watch **ret,
	struct err **err)
{
	AUTO_WATCH *w = xcalloc(1, sizeof *w);
	w->loop = loop;
	w->options = *options;
	w->fd = -1;
	w->options.dir = realpath(options->dir, NULL);
	if (!w->options.dir)
		return err_errno(err, errno, "watch the folder %s", options->dir);
	if (!fs_is_dir(w->options.dir))
		return err_set(err, ERR_NOT_FOUND, "%s is not a folder", options->dir);
	w->area = (struct watch_area){.dir = w->options.dir, .filter = options->filter};
	if (!w->options.quiet_ms)
		w->options.quiet_ms = WATCH_QUIET_MS;
	if (!w->options.scan_ms)
		w->options.scan_ms = WATCH_SCAN_MS;
	w->settle = loop_add_timer(loop, LOOP_MONOTONIC, on_settled, w);
	w->look = loop_add_timer(loop, LOOP_MONOTONIC, on_look, w);
	w->state = WATCH_EVENTS;
	if (!options->scan && open_events(w, err) < 0)
		return -1;
	if (options->scan)
		begin_scan(w, NULL);
	else if (w->fd < 0)
		begin_scan_for_want(w, "descriptors for events", "max_user_instances");
	else
		begin_events(w);
	*ret = steal_ptr(w);
	return 0;
}

void watch_stop(struct watch **at)
{
	struct watch *w = *at;
	if (!w)
		return;
	loop_source_free(w->on_fd);
	loop_source_free(w->settle);
	loop_source_free(w->look);
	STRMAP_FOREACH (&w->folders, e) {
		free(strmap_value(e));
	}
	strmap_release(&w->folders);
	close_fd(&w->fd);
	arena_release(&w->area.arena);
	free((char *)(uintptr_t)w->options.dir);
	free(w);
	*at = NULL;
}

enum watch_state watch_state(const struct watch *w)
{
	return w->state;
}

size_t watch_folders(const struct watch *w)
{
	return strmap_count(&w->folders);
}
