/*
 * Log lines on standard error for people (text) or machines (JSON objects). An event is one line,
 * whatever its text: line breaks and control characters in it are shown as escapes. Code below
 * cli/ and daemon/ logs at debug only: what went wrong is returned, not logged.
 */
#ifndef TRUEUP_BASE_LOG_H
#define TRUEUP_BASE_LOG_H

#include "base/macros.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

/* The level (default: warning) and format of this process. */
void log_setup(enum log_level level, enum log_format format);
void log_at(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
