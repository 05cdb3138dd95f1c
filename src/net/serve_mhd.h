/* The functions of libmicrohttpd that net/serve uses. */
#ifndef TRUEUP_NET_SERVE_MHD_H
#define TRUEUP_NET_SERVE_MHD_H

#include "base/library.h"

#include <microhttpd.h>

#define MHD_FUNCTIONS(X)                                                                           \
	X(MHD_add_response_header)                                                                 \
	X(MHD_create_response_from_buffer)                                                         \
	X(MHD_destroy_response)                                                                    \
	X(MHD_get_connection_info)                                                                 \
	X(MHD_get_connection_values)                                                               \
	X(MHD_get_daemon_info)                                                                     \
	X(MHD_get_timeout)                                                                         \
	X(MHD_lookup_connection_value)                                                             \
	X(MHD_queue_response)                                                                      \
	X(MHD_quiesce_daemon)                                                                      \
	X(MHD_resume_connection)                                                                   \
	X(MHD_run)                                                                                 \
	X(MHD_start_daemon)                                                                        \
	X(MHD_stop_daemon)                                                                         \
	X(MHD_suspend_connection)

struct mhd {
	MHD_FUNCTIONS(LIBRARY_POINTER)
};

/* The library, loaded on the first call; NULL with *err. It is never unloaded. */
const struct mhd *mhd_load(struct err **err);

#endif
