#include "base/notify.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/systemd.h"

#include <stdlib.h>
#include <time.h>

/* NULL when nobody listens, as in every process but the daemon. */
static const struct systemd *listener(void)
{
	AUTO_ERR ignored = NULL;
	return getenv("NOTIFY_SOCKET") ? systemd_load(&ignored) : NULL;
}

void notify_ready(void)
{
	const struct systemd *sd = listener();
	if (sd)
		(void)sd->sd_notify(0, "READY=1");
}

void notify_reloading(void)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	const struct systemd *sd = listener();
	if (sd)
		(void)sd->sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
			(long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void notify_stopping(void)
{
	const struct systemd *sd = listener();
	if (sd)
		(void)sd->sd_notify(0, "STOPPING=1");
}

void notify_status(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, args);
	va_end(args);
	/* A line break would start another field. */
	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ' ';
	const struct systemd *sd = listener();
	if (sd)
		(void)sd->sd_notifyf(0, "STATUS=%s", text);
}
