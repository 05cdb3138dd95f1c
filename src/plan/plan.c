#include "plan/plan.h"

const char *change_kind_name(enum change_kind kind)
{
	static const char *const names[] = {
		[CHANGE_CREATE] = "create",
		[CHANGE_UPDATE] = "update",
		[CHANGE_REPLACE] = "replace",
		[CHANGE_DESTROY] = "destroy",
	};
	return names[kind];
}

const char *object_status_name(enum object_status status)
{
	static const char *const names[] = {
		[OBJECT_UNCHANGED] = "unchanged",
		[OBJECT_PENDING] = "pending",
		[OBJECT_PLANNED] = "planned",
		[OBJECT_WAITING] = "waiting",
		[OBJECT_REFUSED] = "refused",
		[OBJECT_APPLYING] = "applying",
		[OBJECT_APPLIED] = "applied",
		[OBJECT_RECORDED] = "recorded",
		[OBJECT_FAILED] = "failed",
		[OBJECT_CANCELLED] = "cancelled",
	};
	return names[status];
}
