/* The functions of libsystemd that the loop and notify use. */
#ifndef TRUEUP_BASE_SYSTEMD_H
#define TRUEUP_BASE_SYSTEMD_H

#include "base/library.h"

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#define SYSTEMD_FUNCTIONS(X)                                                                       \
	X(sd_event_add_defer)                                                                      \
	X(sd_event_add_io)                                                                         \
	X(sd_event_add_signal)                                                                     \
	X(sd_event_add_time)                                                                       \
	X(sd_event_new)                                                                            \
	X(sd_event_run)                                                                            \
	X(sd_event_set_watchdog)                                                                   \
	X(sd_event_source_disable_unref)                                                           \
	X(sd_event_source_get_enabled)                                                             \
	X(sd_event_source_set_enabled)                                                             \
	X(sd_event_source_set_io_events)                                                           \
	X(sd_event_source_set_priority)                                                            \
	X(sd_event_source_set_time)                                                                \
	X(sd_event_unref)                                                                          \
	X(sd_notify)                                                                               \
	X(sd_notifyf)

struct systemd {
	SYSTEMD_FUNCTIONS(LIBRARY_POINTER)
};

/* The library, loaded on the first call; NULL with *err. It is never unloaded. */
const struct systemd *systemd_load(struct err **err);

#endif
