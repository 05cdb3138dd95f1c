/*
 * Moving a ref that others move as well: by comparison, so that nobody's commit is lost, and again
 * after a pause when somebody was faster.
 *
 * A git or a trueup that is killed while it moves a ref leaves the ref's lock file behind, and
 * nobody can move it from then on. It is held for a millisecond by those that live, so that one of
 * ten seconds is dead and is removed.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "source/internal.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { REF_LOCK_DEAD_MS = 10000, REF_WAIT_MS = 15000, FIRST_PAUSE_MS = 2, LAST_PAUSE_MS = 200 };

static void remove_dead_lock(const struct source *s, const char *ref)
{
	AUTO_FREE char *name = xasprintf("%s.lock", ref);
	AUTO_FREE char *path = path_join(s->common_dir, name);
	struct stat st;
	if (stat(path, &st) < 0)
		return;
	const int64_t since = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	if (clock_now_ms() - since < REF_LOCK_DEAD_MS)
		return;
	const bool gone = unlink(path) == 0;
	log_at(LOG_LEVEL_WARNING, "%s %s, which a killed git or trueup has left",
		gone ? "removed" : "remove", path);
}

int ref_move(struct source *s, const struct ref_move *move, struct err **err)
{
	git_reference *ref = NULL;
	const int rc = git_reference_create_matching(
		&ref, s->repo, move->name, move->new, move->old != NULL, move->old, move->log);
	git_reference_free(ref);
	if (rc == GIT_ELOCKED)
		remove_dead_lock(s, move->name);
	if (rc == GIT_EMODIFIED || rc == GIT_EEXISTS || rc == GIT_ELOCKED || rc == GIT_ENOTFOUND)
		return 1;
	return rc < 0 ? git_fail(s, rc, err, "move %s", move->name) : 0;
}

bool ref_try_again(struct ref_tries *tries)
{
	const int64_t now = clock_monotonic_ms();
	if (!tries->deadline) {
		tries->deadline = now + REF_WAIT_MS;
		tries->pause = FIRST_PAUSE_MS;
	}
	if (now >= tries->deadline)
		return false;
	(void)nanosleep(&(struct timespec){.tv_nsec = (long)tries->pause * 1000000}, NULL);
	tries->pause = tries->pause * 2 > LAST_PAUSE_MS ? LAST_PAUSE_MS : tries->pause * 2;
	return true;
}
