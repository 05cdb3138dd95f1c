/*
 * The `# Execution` section of a runbook: how its script is run. Tools that know the section's
 * name only by its not being one of theirs ignore it, so a file that has it stays a runbook for
 * them too.
 */
#ifndef TRUEUP_SPEC_EXECUTION_H
#define TRUEUP_SPEC_EXECUTION_H

#include "spec/spec.h"

enum exec_backoff { BACKOFF_CONSTANT, BACKOFF_EXPONENTIAL };

enum exec_retry_on {
	RETRY_ON_FAILURE = 1 << 0, /* an exit code that is not 0 */
	RETRY_ON_TIMEOUT = 1 << 1,
	RETRY_ON_SIGNAL = 1 << 2, /* the script was killed by a signal */
};

/* What becomes of a run when its group is full. */
enum exec_policy {
	POLICY_DELAY, /* it waits its turn */
	POLICY_CANCEL, /* it is refused */
	POLICY_QUEUE_ONE, /* one waits, and a newer one takes its place */
};

enum exec_network { NETWORK_HOST, NETWORK_OFF };

enum exec_isolation {
	EXEC_ISOLATION_BEST_EFFORT, /* the strongest that is there, recorded with the run */
	EXEC_ISOLATION_REQUIRED, /* no run without namespaces */
	EXEC_ISOLATION_OFF,
};

struct spec_execution {
	int64_t timeout_ms; /* default: 10 minutes */
	struct {
		int64_t attempts; /* in all; default: 1, that is no retry */
		int64_t delay_ms; /* before the second attempt; default: 10 s */
		enum exec_backoff backoff; /* EXPONENTIAL: the delay doubles each time */
		int64_t max_delay_ms; /* default: 5 minutes */
		struct spec_texts on_words; /* as written */
		unsigned on; /* enum exec_retry_on; default: FAILURE and TIMEOUT */
	} retry;
	struct {
		bool written; /* false: no limit */
		struct spec_text group; /* NULL: the runbook's own */
		int64_t limit; /* runs at once; default: 1 */
		enum exec_policy policy; /* default: DELAY */
	} concurrency;
	struct spec_approval approval;
	struct spec_texts secrets; /* names of variables whose values are masked */
	enum exec_network network; /* default: HOST */
	enum exec_isolation isolation; /* default: BEST_EFFORT */
	const char *shell; /* "zsh", "bash" or "sh"; NULL: zsh, or what the server allows */
	struct pos shell_pos;
};

/*
 * Decodes the map n into *ret, defaults first; NULL means that nothing was written. where is the
 * place that messages about the whole point to.
 */
void spec_execution_decode(struct arena *arena, const struct node *n, struct pos where,
	struct spec_execution *ret, struct diag_list *diags);

/* [A-Za-z_][A-Za-z0-9_]*, at most 255 bytes: the name of an environment variable. */
bool env_name_ok(const char *text, size_t len);

#endif
