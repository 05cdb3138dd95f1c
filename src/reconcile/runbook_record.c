/* From how a script ended to what is recorded of it: one mapping for all who see an end. */
#include "reconcile/runbook_internal.h"

#include "base/clock.h"
#include "base/str.h"

static const char *const abandoned = "ended because the trueup that had started it was gone";

static enum run_state state_of(const struct run_result *r)
{
	if (r->phase == JOB_LOST)
		return RUN_LOST;
	if (r->phase == JOB_NEVER_STARTED)
		return RUN_CANCELLED;
	if (*r->failure || r->over_disk)
		return RUN_FAILED;
	if (r->timed_out)
		return RUN_TIMED_OUT;
	if (r->cancelled)
		return RUN_CANCELLED;
	if (r->abandoned || r->signal)
		return RUN_KILLED;
	return r->code == 0 ? RUN_DONE : RUN_FAILED;
}

static const char *error_of(const struct run_result *r)
{
	if (r->phase == JOB_ENDED && *r->failure)
		return r->failure;
	if (r->phase != JOB_ENDED)
		return r->phase == JOB_LOST
			       ? "the supervisor was killed, and the script with it"
			       : "trueup ended before the script was started; nothing was run";
	if (r->over_disk)
		return "its folder grew larger than a run may have";
	if (r->timed_out)
		return "its time was over";
	if (r->cancelled)
		return "somebody stopped it";
	return r->abandoned ? abandoned : NULL;
}

/* Head and tail of at most what the store keeps of each. */
static struct run_output output_of(const struct run_stream *stream)
{
	const char *text = stream->text.data;
	const size_t len = stream->text.len, part = RUN_OUTPUT_PART_MAX;
	struct run_output out = {.head = text, .total = (int64_t)len};
	out.head_len = len <= part ? len : utf8_cut(text, len, part);
	size_t from = len - out.head_len > part ? len - part : out.head_len;
	while (from < len && from > out.head_len && ((unsigned char)text[from] & 0xc0) == 0x80)
		from++;
	out.tail = text + from;
	out.tail_len = len - from;
	if (stream->truncated && stream->bytes > out.total)
		out.total = stream->bytes;
	return out;
}

int runbook_record_end(struct session *session, struct run_row *row,
	const struct run_result *result, bool *ret_recorded, struct err **err)
{
	const struct run_output out = output_of(&result->out), errout = output_of(&result->errout);
	const bool ended = result->phase == JOB_ENDED;
	row->state = state_of(result);
	row->ended_at = ended && result->ended_ms ? result->ended_ms : clock_now_ms();
	row->exit_code = ended && !result->signal && !result->timed_out ? result->code : -1;
	row->signal = result->signal;
	row->error = error_of(result);
	row->isolation = ended && result->level && *result->level ? result->level : NULL;
	return store_run_finish(session->store, row, &out, &errout, ret_recorded, err);
}
