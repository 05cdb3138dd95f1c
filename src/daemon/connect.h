/* From the server's file to a connection with the forge of a repository. */
#ifndef TRUEUP_DAEMON_CONNECT_H
#define TRUEUP_DAEMON_CONNECT_H

#include "report/forge.h"
#include "spec/server.h"

enum forge_kind connect_kind(const struct server_repository *repository);
/* ERR_NOT_FOUND: the repository has no forge. Reads the credential from where the file says. */
MUST_CHECK int connect_forge(
	const struct server_repository *repository, struct forge **ret, struct err **err);

#endif
