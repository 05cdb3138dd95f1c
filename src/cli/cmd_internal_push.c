/*
 * trueup internal-pre-receive, internal-post-receive: what the hooks of a bare repository start,
 * in its git folder. Standard output and error both go to the pusher, who sees each line behind
 * "remote: ".
 *
 * Pushing again is how a pusher repairs things, so that everything here says what was done, what
 * was not, and what to do. Who looks on may leave at any time: post-receive leaves the pusher's
 * terminal first, so that neither a hangup nor Ctrl-C there stops an apply.
 */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/pipeline.h"
#include "cli/session.h"
#include "reconcile/handover.h"
#include "reconcile/push.h"
#include "reconcile/recorded.h"
#include "report/diag_print.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	MAX_INPUT = 16 * 1024 * 1024,
	MAX_SHOWN = 50, /* diagnostics for one ref */
	MAX_PREVIEWS = 5, /* branches beside Config's */
	LOCK_WAIT_MS = 6 * 3600 * 1000, /* for the reconcile of an earlier push */
};

/* A whole line at a time: git makes a packet of each write. */
static void write_lines(struct cli *cli)
{
	(void)setvbuf(cli->out->file, NULL, _IOLBF, BUFSIZ);
	(void)setvbuf(cli->errout->file, NULL, _IOLBF, BUFSIZ);
}

struct received {
	struct arena arena;
	struct push push;
	char *actor;
};

static void received_release(struct received *r)
{
	arena_release(&r->arena);
	free_ptr(&r->actor);
}

static int read_push(struct received *ret, struct err **err)
{
	AUTO_STR input = STR_INIT;
	AUTO_FREE char *account = session_account();
	if (fs_read_fd(STDIN_FILENO, "standard input", MAX_INPUT, &input, err) < 0 ||
		push_parse(input.data, input.len, &ret->arena, &ret->push, err) < 0)
		return -1;
	ret->actor = push_actor((const char *const *)environ, account);
	return push_options((const char *const *)environ, &ret->push, err);
}

static int open_session(struct cli *cli, const struct received *r, unsigned flags, int64_t wait_ms,
	struct session *ret, struct err **err)
{
	const struct session_options options = {
		.dir = ".",
		.state_dir = cli->state_dir,
		.flags = flags,
		.lock_wait_ms = wait_ms,
		.what = "push",
		.actor = r->actor,
	};
	return session_open(&options, ret, err);
}

/* "main", "refs/tags/v1" */
static const char *short_name(const struct push_ref *ref)
{
	return ref->branch ? ref->branch : ref->name;
}

/* --- pre-receive ------------------------------------------------------------------------- */

static void print_verdict(struct cli *cli, struct push_verdict *v)
{
	struct term *t = cli->errout;
	const size_t count = v->diags.count;
	if (count) {
		v->diags.count = count < MAX_SHOWN ? count : MAX_SHOWN;
		diag_print_text(t, &v->diags);
		if (count > MAX_SHOWN)
			term_printf(t, STYLE_PLAIN, "and %zu more\n",
				count - MAX_SHOWN + v->diags.dropped);
		v->diags.count = count;
		diag_print_summary(t, &v->diags);
	}
	if (v->why)
		term_printf(t, STYLE_BOLD, "trueup: %s%s: %s\n", short_name(v->ref),
			v->refused ? " is refused" : "", v->why);
	if (v->why && v->hint)
		term_printf(t, STYLE_PLAIN, "trueup: %s\n", v->hint);
}

static int run_pre_receive(struct cli *cli, struct err **err)
{
	CLEANUP(received_release) struct received r = {0};
	AUTO_SESSION session = SESSION_NONE;
	AUTO_PUSH_CHECK check = {0};
	write_lines(cli);
	if (read_push(&r, err) < 0 || open_session(cli, &r, SESSION_READ, 0, &session, err) < 0 ||
		push_check(&session, &r.push, &check, err) < 0)
		return err_wrap(err, "the push is refused, because it cannot be checked");
	for (size_t i = 0; i < check.count; i++)
		print_verdict(cli, &check.verdicts[i]);
	return check.refused ? CLI_FAILED : CLI_DONE;
}

const struct command cmd_internal_pre_receive = {
	.name = "internal-pre-receive",
	.summary = "judge a push; run by the hook that trueup installs",
	.formats = "text",
	.hidden = true,
	.run = run_pre_receive,
};

/* --- post-receive ------------------------------------------------------------------------ */

/* What a branch would change if it were Config's. Nothing of it is recorded. */
static int preview(
	struct cli *cli, const struct received *r, const struct push_ref *ref, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	if (open_session(cli, r, SESSION_READ, 0, &session, err) < 0)
		return -1;
	term_printf(cli->out, STYLE_BOLD, "trueup: what %s would change (nothing is applied):\n",
		ref->branch);
	struct run_options options = {
		.command = "plan",
		.stop = RUN_STOP_SPEC,
		.rev = ref->name,
		.allow_empty = true,
	};
	return pipeline_in_session(cli, &session, &options, true, err);
}

static void preview_others(
	struct cli *cli, const struct received *r, const struct push_ref *applied)
{
	size_t shown = 0, left = 0;
	for (size_t i = 0; i < r->push.count; i++) {
		const struct push_ref *ref = &r->push.refs[i];
		if (!ref->branch || !ref->new_id || ref == applied)
			continue;
		if (shown == MAX_PREVIEWS) {
			left++;
			continue;
		}
		shown++;
		AUTO_ERR err = NULL;
		if (preview(cli, r, ref, &err) >= 0)
			continue;
		AUTO_STR text = STR_INIT;
		err_format(err, &text);
		term_printf(cli->errout, STYLE_PLAIN, "trueup: %s: %s\n", ref->branch, text.data);
	}
	if (left)
		term_note(cli->errout, "trueup: %zu more branches were pushed and not previewed",
			left);
}

/* Opens it with the lock, and says whom it waits for. */
static int wait_for_turn(
	struct cli *cli, const struct received *r, struct session *ret, struct err **err)
{
	AUTO_ERR busy = NULL;
	if (open_session(cli, r, SESSION_LOCK, 0, ret, &busy) == 0)
		return 0;
	if (err_kind_of(busy) != ERR_CONFLICT) {
		*err = steal_ptr(busy);
		return -1;
	}
	const struct err *innermost = busy;
	while (innermost->cause)
		innermost = innermost->cause;
	term_note(cli->out, "trueup: waits for another run: %s", innermost->message);
	return open_session(cli, r, SESSION_LOCK, LOCK_WAIT_MS, ret, err);
}

/*
 * The branch as it is when our turn comes: what was pushed meanwhile is in it, and whoever waits
 * behind us then finds nothing left to do.
 */
static int reconcile(
	struct cli *cli, const struct received *r, const struct push_ref *ref, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	AUTO_FREE char *rev = xstrdup(ref->name);
	struct source_rev head;
	if (wait_for_turn(cli, r, &session, err) < 0)
		return -1;
	const bool is_head =
		source_head_fast(session.source, &head) && str_eq(head.branch, ref->branch);
	struct run_options options = {
		.command = "reconcile",
		.stop = RUN_STOP_NEVER,
		.rev = is_head ? NULL : rev,
		.allow_empty = r->push.allow_empty,
	};
	return pipeline_in_session(cli, &session, &options, true, err);
}

/* A daemon that serves the repository reconciles it: it knows what else waits. */
static int hand_over(struct cli *cli, const struct received *r, const struct push_ref *applied,
	bool *ret_done, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	struct handover to = {0};
	*ret_done = false;
	const char *allow_empty_at = r->push.allow_empty ? applied->new_id : NULL;
	if (open_session(cli, r, SESSION_READ, 0, &session, err) < 0 ||
		handover_reconcile(session.state_dir, r->actor, allow_empty_at, &to, err) < 0)
		return -1;
	*ret_done = to.done;
	if (to.done)
		term_note(cli->out,
			"trueup: handed over to the daemon (%s); on the server `trueup -C %s "
			"status` and `history` tell what comes of it",
			to.daemon, source_git_dir(session.source));
	free_ptr(&to.daemon);
	return 0;
}

static int find_applied(
	struct cli *cli, const struct received *r, const struct push_ref **ret, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	if (open_session(cli, r, SESSION_READ, 0, &session, err) < 0)
		return -1;
	return push_find_applied(&session, &r->push, ret, err);
}

static int run_post_receive(struct cli *cli, struct err **err)
{
	CLEANUP(received_release) struct received r = {0};
	const struct push_ref *applied;
	write_lines(cli);
	/* Away from the pusher's terminal; fails only where that is so already. */
	(void)setsid();
	if (read_push(&r, err) < 0)
		return -1;
	if (r.push.skip) {
		term_note(cli->out, "trueup: not reconciled, as you said; the next reconcile is");
		return CLI_DONE;
	}
	if (find_applied(cli, &r, &applied, err) < 0)
		return err_wrap(err, "the push is accepted and not reconciled");
	preview_others(cli, &r, applied);
	if (!applied || !applied->new_id)
		return CLI_DONE;
	bool done;
	int code = hand_over(cli, &r, applied, &done, err);
	if (code == 0 && !done)
		code = reconcile(cli, &r, applied, err);
	if (code < 0)
		return err_wrap(err, "the push is accepted and not reconciled");
	return code;
}

const struct command cmd_internal_post_receive = {
	.name = "internal-post-receive",
	.summary = "reconcile what was pushed; run by the hook that trueup installs",
	.formats = "text",
	.hidden = true,
	.run = run_post_receive,
};
