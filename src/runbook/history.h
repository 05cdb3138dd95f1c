/*
 * The history that a runbook file carries below `# History`: an excerpt for people. The record
 * with everything in it is the store.
 *
 * Four forms of entries exist in files. A: `## TIME` with raw streams. B: the same with bullets
 * and fenced streams. C: one line of JSON. D: `### TIME | Exit Code: N` with fenced streams. All
 * are read; D is written, and C where the newest entry is one.
 *
 * An entry never holds text that could be taken for anything else: in D three backticks of a
 * stream are written with a backslash before each, in C everything is a JSON string.
 */
#ifndef TRUEUP_RUNBOOK_HISTORY_H
#define TRUEUP_RUNBOOK_HISTORY_H

#include "runbook/parse.h"

struct err;
struct node;
struct str;

enum history_form { HISTORY_A, HISTORY_B, HISTORY_C, HISTORY_D };

/* A time that is not known, or was written without its zone (forms A and B). */
#define HISTORY_NO_TIME INT64_MIN

/* Exit code that a refused run is recorded with. */
enum { HISTORY_REFUSED = 403 };

struct history_setting {
	const char *name, *value, *from;
};

/* Texts are never NULL but where it says so; lists end with NULL. */
struct history_entry {
	enum history_form form;
	struct pos pos; /* of its first line; empty in a new entry */
	size_t offset; /* of that line in the file */
	const char *start, *finish; /* as written; NULL: not there. Ignored when writing. */
	int64_t start_ms, finish_ms;
	int64_t code; /* exit code; -N: killed by signal N; 403: refused */
	const char *operation; /* "execute", "validate"; NULL: not there */
	/* Form C only. */
	struct {
		const char *at_time; /* NULL: the start */
		const char *user, *ip, *correlation_id;
		const char *const *roles;
	} by;
	const struct history_setting *settings;
	size_t setting_count;
	const char *out, *err; /* the streams, as they were before they were escaped */
	const char *const *errors; /* of a refusal in form D: one, its text */
	const char *const *warnings; /* in form D as a block `Notes`, which is not read back */
};

struct history {
	struct history_entry *entries; /* in the order of the file: the newest is the last */
	size_t count, cap;
	size_t unread; /* lines that begin as form C and are no such record */
	bool open; /* the newest entry's last fence is not closed */
};

enum {
	HISTORY_MAX_ENTRIES = 100000, /* read from one file; more are left out */
	HISTORY_STREAM_DEFAULT = 4096,
	HISTORY_KEEP_DEFAULT = 50,
};

/* How much the file is given. */
struct history_limits {
	size_t stream; /* bytes of each stream: of more, head and tail are kept */
	size_t keep; /* entries, the new one included: older ones go; 0: all stay */
};
#define HISTORY_LIMITS                                                                             \
	{                                                                                          \
		HISTORY_STREAM_DEFAULT, HISTORY_KEEP_DEFAULT                                       \
	}

/* Reads what stands below the heading. What is no entry is skipped, so there are no errors. */
void history_read(struct arena *arena, const struct runbook *runbook, struct history *ret);

/* An entry with empty texts and lists, for filling in. */
struct history_entry history_entry_new(void);

/*
 * Appends the whole new text of the file to out. ERR_INVALID if the file has no `# History`.
 * The text above the history is not touched. A fence that the newest entry left open is closed
 * first: behind it, the backticks of the new entry would open what they should close.
 */
MUST_CHECK int history_append(struct arena *arena, const struct runbook *runbook,
	const struct history_entry *entry, const struct history_limits *limits, struct str *out,
	struct err **err);

/* The entry alone: the bytes that are appended to the file, with the newline before it. */
void history_write_markdown(
	const struct history_entry *entry, const struct history_limits *limits, struct str *out);
/* The record as one line of JSON without blanks and with ASCII only, no newline around it. */
void history_write_json(
	const struct history_entry *entry, const struct history_limits *limits, struct str *out);

/*
 * "2026-01-23T14:33:02.123Z", or with "+00:00" and any number of decimals, to milliseconds; false
 * for anything else.
 */
bool history_time(const char *text, int64_t *ret_ms);

#endif
