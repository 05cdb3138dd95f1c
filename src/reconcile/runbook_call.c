#include "reconcile/runbook_call.h"

#include "base/str.h"
#include "reconcile/runbook_internal.h"

const char *runbook_group_name(const struct runbook *runbook)
{
	const char *named = runbook->execution.concurrency.group.text;
	return named ? named : runbook->name;
}

int runbook_call_prepare(const struct session *session, const struct runbook_request *request,
	const struct runbook_run *run, const struct run_row *row, const char *dir, struct err **err)
{
	(void)session;
	(void)request;
	(void)run;
	(void)row;
	(void)dir;
	(void)err;
	return 0;
}
