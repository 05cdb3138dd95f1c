/*
 * What a service manager is told about this process (sd_notify(3), https://systemd.io/). Nothing
 * happens without NOTIFY_SOCKET in the environment, and no failure matters to the caller.
 */
#ifndef TRUEUP_BASE_NOTIFY_H
#define TRUEUP_BASE_NOTIFY_H

#include "base/macros.h"

void notify_ready(void);
/* A new configuration is being read, with the time that Type=notify-reload wants; then ready. */
void notify_reloading(void);
void notify_stopping(void);
/* One line for `systemctl status`; line breaks in it become blanks. */
void notify_status(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
