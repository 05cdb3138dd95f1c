/* The files of a job's folder: shared by the front (job.c) and the supervisor (job_main.c). */
#ifndef TRUEUP_ENGINE_JOB_INTERNAL_H
#define TRUEUP_ENGINE_JOB_INTERNAL_H

#include "engine/job.h"

#define JOB_FILE_SPEC    "job.json"
#define JOB_FILE_LOCK    "lock"
#define JOB_FILE_STARTED "started"
#define JOB_FILE_OUTPUT  "output"
#define JOB_FILE_CONTROL "control"
#define JOB_FILE_RESULT  "result.json"

enum {
	JOB_GRACE_MS = 5 * 60 * 1000,
	JOB_FILE_LIMIT = 1 << 20,
};

/* What the supervisor needs of a spec, read back from job.json. Strings live in the arena. */
struct job_order {
	const char *const *argv;
	const char *cwd;
	int64_t timeout_ms, grace_ms;
	bool outlives_us;
};

struct arena;

MUST_CHECK int job_spec_write(const struct job_spec *spec, struct err **err);
MUST_CHECK int job_spec_read(
	const char *dir, struct arena *arena, struct job_order *ret, struct err **err);
/* ERR_NOT_FOUND when there is none. */
MUST_CHECK int job_result_read(const char *dir, struct job_result *ret, struct err **err);

#endif
