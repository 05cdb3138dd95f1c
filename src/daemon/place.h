/* Where a served repository and its state lie; the same answer in the daemon and its workers. */
#ifndef TRUEUP_DAEMON_PLACE_H
#define TRUEUP_DAEMON_PLACE_H

#include "spec/server.h"

struct err;

struct place {
	char *dir; /* the repository; of a URL its mirror, DATA/repos/NAME.git */
	char *state_dir; /* absolute */
	bool mirror;
};

/* Makes nothing. ERR_NOT_FOUND when a path is not there. */
MUST_CHECK int place_find(const struct server_config *config,
	const struct server_repository *repository, struct place *ret, struct err **err);
void place_release(struct place *place);
#define AUTO_PLACE CLEANUP(place_release) struct place

#endif
