/* Addresses to listen at: not in this version, which says so instead of ignoring them. */
#include "daemon/daemon_internal.h"

#include "base/err.h"

int endpoint_open(struct daemon *d, struct err **err)
{
	const struct server_config *c = d->settings->config;
	if (c->listen.webhooks.text || c->listen.status.text)
		return err_set(
			err, ERR_UNAVAILABLE, "this trueup does not listen at addresses yet");
	return 0;
}

void endpoint_stop(struct daemon *d)
{
	(void)d;
}

void endpoint_free(struct daemon *d)
{
	(void)d;
}
