/*
 * One table of statements, so that every query of the program can be read in one place and none
 * is ever put together from text.
 */
#include "store/statements.h"

/*
 * By a filter of which any part may be NULL. What can be found by an index is named by `first`: the
 * planner looks at a statement and not at its values, and reads all runs where it sees none.
 */
#define RUNS_WHERE(first)                                                                          \
	"SELECT " RUN_COLUMNS " FROM runs WHERE " first " AND (?1 IS NULL OR runbook = ?1)"        \
	" AND (?2 IS NULL OR object_key = ?2) AND (?3 IS NULL OR actor = ?3)"                      \
	" AND (?4 IS NULL OR parent_id = ?4) AND (?5 IS NULL OR state = ?5)"                       \
	" AND (?6 IS NULL OR id < ?6) ORDER BY id DESC LIMIT ?7"
/* Those that were the ?2 newest of the runbook of the run ?1 until now, and a few before them. */
#define RUNS_FAR_BACK                                                                              \
	"(SELECT id FROM runs WHERE runbook = (SELECT runbook FROM runs WHERE id = ?1)"            \
	" ORDER BY id DESC LIMIT 16 OFFSET ?2)"
#define PLAN_COLUMNS                                                                               \
	"id, object_key, object_digest, action, engine, state_lineage, state_serial, path, "       \
	"sha256, "                                                                                 \
	"summary_json, identity, renderer, commit_id, requester, created_at, expires_at, status, " \
	"status_reason"

#define OPERATION_COLUMNS                                                                          \
	"o.id, o.object_key, o.kind, o.plan_id, o.actor, o.commit_id, o.state, o.intended_at, "    \
	"o.started_at, o.ended_at, o.exit_code, o.pid, o.pid_start, o.dir, o.error, o.result_json"

#define RUN_COLUMNS                                                                                \
	"id, runbook, path, mode, cause, object_key, parent_id, attempt, target, actor, role, "    \
	"commit_id, content_digest, env_names_json, env_digest, state, intended_at, started_at, "  \
	"ended_at, exit_code, signal, isolation, pid, pid_start, dir, error, history, "            \
	"history_commit, history_reason"

#define SCHEDULE_COLUMNS "key, definition, next_at, last_at, last_run_id, updated_at"

#define OBJECT_COLUMNS                                                                             \
	"key, kind, name, path, blob_id, present, seen_digest, seen_revision, applied_digest, "    \
	"applied_revision, applied_renderer, applied_at, phase, outcome, reason, plan_id, "        \
	"suspended, "                                                                              \
	"suspended_by, suspended_reason, phase_since, updated_at"
#define OBJECT_LONG_COLUMNS ", spec_json, applied_spec_json, applied_role_json"
#define OBJECTS_WHERE                                                                              \
	" FROM objects WHERE (?1 IS NULL OR kind = ?1) AND (?2 = 0 OR unsettled = 1)"              \
	" AND (?3 = 1 OR present = 1 OR phase <> 'destroyed') ORDER BY key"

#define OUTBOX_COLUMNS                                                                             \
	"id, channel, target, key, lane, kind, version, state, attempts, next_at, created_at, "    \
	"updated_at, done_at, remote, error"

#define QUEUE_COLUMNS                                                                              \
	"id, kind, subject, part, payload_json, actor, state, asked_at, not_before, attempts, "    \
	"claim, changed_at, pid, pid_start, outdated, error"
/* ?4, with ?8 as what it is about */
#define QUEUE_PAYLOAD "iif(?8 IS NULL, ?4, json_set(?4, '$.about', ?8))"
#define QUEUE_CLAIMED " WHERE id = ?1 AND claim = ?2 AND state = 'running'"

#define PULL_COLUMNS                                                                               \
	"number, url, title, author, head_sha, head_repository, fork, base_branch, base_sha, "     \
	"merge_sha, state, allowed_by, phase, reason, settled, opened_at, updated_at"

#define LOCK_COLUMNS                                                                               \
	"l.object_key, l.pull, (SELECT count(*) FROM object_locks o"                               \
	" WHERE o.object_key = l.object_key AND o.asked < l.asked), (SELECT o.pull"                \
	" FROM object_locks o WHERE o.object_key = l.object_key ORDER BY o.asked LIMIT 1),"        \
	" l.since, l.applied"

#define IS_OPEN "status IN ('waiting', 'approved')"

/* clang-format off */
static const char *const texts[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_BEGIN_READING] = "BEGIN",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",

	[SQL_REVISION_ADD] =
		"INSERT INTO revisions (commit_id, tree_id, branch, config_digest, decoder, actor,"
		" recorded_at, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_REVISION_STATUS] = "UPDATE revisions SET status = ? WHERE id = ?",
	[SQL_REVISION_LAST] =
		"SELECT id, commit_id, tree_id, branch, config_digest, decoder, actor, recorded_at, status"
		" FROM revisions ORDER BY id DESC LIMIT 1",
	[SQL_FILES] =
		"SELECT path, size, mtime_ns, ctime_ns, digest, entry FROM files ORDER BY path",
	[SQL_FILE_PUT] =
		"INSERT OR REPLACE INTO files (path, size, mtime_ns, ctime_ns, digest, entry)"
		" VALUES (?, ?, ?, ?, ?, ?)",
	[SQL_FILE_REMOVE] = "DELETE FROM files WHERE path = ?",
	[SQL_BLOB_GET] =
		"SELECT kind, key, spec_json, digest, diagnostics FROM blobs"
		" WHERE blob_id = ?1 AND path = ?2 AND decoder = ?3",
	[SQL_BLOB_PUT] =
		"INSERT OR REPLACE INTO blobs (blob_id, path, decoder, kind, key, spec_json, digest,"
		" diagnostics) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_BLOBS_FORGET_DECODERS] = "DELETE FROM blobs WHERE decoder <> ?",
	[SQL_BLOBS_FORGET_OLD] =
		"DELETE FROM blobs WHERE id <= (SELECT id FROM blobs ORDER BY id DESC LIMIT 1 OFFSET ?)",

	[SQL_OBJECT_BRIEF] = "SELECT " OBJECT_COLUMNS " FROM objects WHERE key = ?",
	[SQL_OBJECT_FULL] =
		"SELECT " OBJECT_COLUMNS OBJECT_LONG_COLUMNS " FROM objects WHERE key = ?",
	[SQL_OBJECT_AT_PATH] =
		"SELECT " OBJECT_COLUMNS " FROM objects WHERE path = ? AND present",
	[SQL_OBJECTS_BRIEF] = "SELECT " OBJECT_COLUMNS OBJECTS_WHERE,
	/* The condition stands there in so many words that its index is used. */
	[SQL_OBJECTS_UNSETTLED] =
		"SELECT " OBJECT_COLUMNS " FROM objects WHERE (?1 IS NULL OR kind = ?1) AND ?2 = 1"
		" AND unsettled = 1 AND (?3 = 1 OR present = 1 OR phase <> 'destroyed') ORDER BY key",
	[SQL_OBJECTS_FULL] = "SELECT " OBJECT_COLUMNS OBJECT_LONG_COLUMNS OBJECTS_WHERE,
	[SQL_OBJECT_SEEN] =
		"INSERT INTO objects (key, kind, name, path, blob_id, present, seen_digest, seen_revision,"
		" spec_json, phase, phase_since, updated_at)"
		" VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8, 'new', ?9, ?9)"
		" ON CONFLICT (key) DO UPDATE SET path = ?4, blob_id = ?5, present = 1, seen_digest = ?6,"
		" seen_revision = ?7, spec_json = ?8, updated_at = ?9,"
		" outcome = iif(phase IN ('destroyed', 'orphaned'), NULL, outcome),"
		" reason = iif(phase IN ('destroyed', 'orphaned'), NULL, reason),"
		" phase_since = iif(phase IN ('destroyed', 'orphaned'), ?9, phase_since),"
		" phase = iif(phase IN ('destroyed', 'orphaned'), 'new', phase)",
	[SQL_OBJECT_ABSENT] = "UPDATE objects SET present = 0 WHERE key = ?",
	[SQL_OBJECT_GONE] =
		"UPDATE objects SET present = 0, seen_revision = ?2, updated_at = ?3 WHERE key = ?1",
	[SQL_OBJECT_GONE_UNAPPLIED] =
		"DELETE FROM objects WHERE key = ?1 AND applied_digest IS NULL AND outcome IS NULL"
		" AND phase IN ('new', 'planned', 'waiting', 'refused', 'failed')",
	[SQL_OBJECT_STEP] =
		"UPDATE objects SET phase_since = iif(phase = ?2, phase_since, ?6), phase = ?2,"
		" outcome = ifnull(?3, outcome), reason = ?4, plan_id = ?5, updated_at = ?6"
		" WHERE key = ?1",
	[SQL_OBJECT_APPLIED] =
		"UPDATE objects SET applied_digest = ?2, applied_revision = ?3, applied_spec_json = ?4,"
		" applied_role_json = ?5, applied_renderer = ?6, applied_at = ?7, phase = 'applied',"
		" outcome = 'ok', reason = NULL, plan_id = NULL, phase_since = ?7, updated_at = ?7"
		" WHERE key = ?1",
	[SQL_OBJECT_DESTROYED] =
		"UPDATE objects SET applied_digest = NULL, applied_revision = NULL,"
		" applied_spec_json = NULL, applied_role_json = NULL, applied_renderer = NULL,"
		" applied_at = 0, phase = 'destroyed', outcome = 'ok', reason = NULL, plan_id = NULL,"
		" phase_since = ?2, updated_at = ?2 WHERE key = ?1",
	[SQL_OBJECT_SUSPEND] =
		"UPDATE objects SET suspended = ?2 IS NOT NULL, suspended_by = ?2, suspended_reason = ?3,"
		" updated_at = ?4 WHERE key = ?1",
	[SQL_OBJECT_RENAME] =
		"UPDATE objects SET key = ?2, name = substr(?2, instr(?2, '/') + 1), updated_at = ?3"
		" WHERE key = ?1",
	[SQL_PLANS_RENAME] = "UPDATE plans SET object_key = ?2 WHERE object_key = ?1",
	[SQL_OPERATIONS_RENAME] = "UPDATE operations SET object_key = ?2 WHERE object_key = ?1",
	[SQL_OBJECT_FORGET] = "DELETE FROM objects WHERE key = ?",
	[SQL_OBJECT_KEYS] =
		"SELECT key FROM objects WHERE kind = ? AND present = 1 AND phase <> 'destroyed'"
		" ORDER BY key",
	[SQL_OBJECT_COUNT] =
		"SELECT count(*) FROM objects WHERE kind = ? AND present = 1",
	/* LIKE is cheap and leaves nearly nothing for the functions that parse. */
	[SQL_OBJECT_LIVES] =
		"SELECT o.key, json_extract(o.spec_json, '$.spec.ttl'), ifnull((SELECT min(p.ended_at)"
		" FROM operations AS p WHERE p.object_key = o.key AND p.kind = 'apply'"
		" AND p.state = 'done' AND p.ended_at > ifnull((SELECT max(x.ended_at)"
		" FROM operations AS x WHERE x.object_key = o.key AND x.kind = 'destroy'"
		" AND x.state = 'done'), 0)), 0) FROM objects AS o WHERE o.kind = 'canvas'"
		" AND o.present = 1 AND (o.suspended = 0 OR o.suspended_reason = ?)"
		" AND o.applied_digest IS NOT NULL"
		" AND o.spec_json LIKE '%\"ttl\"%' AND json_extract(o.spec_json, '$.spec.ttl') IS NOT NULL"
		" ORDER BY o.key",
	[SQL_PENDING] =
		"SELECT (SELECT count(*) FROM objects WHERE unsettled = 1)"
		" + (SELECT count(*) FROM drift WHERE heal = 1),"
		" (SELECT count(*) FROM operations WHERE state IN ('intended', 'running')),"
		" ifnull((SELECT status <> 'done' FROM revisions ORDER BY id DESC LIMIT 1), 0)",
	[SQL_NEEDS_CLEAR] = "DELETE FROM needs WHERE object_key = ?",
	[SQL_NEEDS_ADD] = "INSERT OR IGNORE INTO needs (object_key, needs_key) VALUES (?, ?)",
	[SQL_NEEDS] = "SELECT needs_key FROM needs WHERE object_key = ? ORDER BY needs_key",
	[SQL_DEPENDANTS] = "SELECT object_key FROM needs WHERE needs_key = ? ORDER BY object_key",

	[SQL_PLAN_ADD] =
		"INSERT INTO plans (" PLAN_COLUMNS ")"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_PLANS_VOID] =
		"UPDATE plans SET status = 'void', status_reason = ?2 WHERE object_key = ?1 AND " IS_OPEN,
	[SQL_PLAN_GET] =
		"SELECT " PLAN_COLUMNS " FROM plans WHERE id BETWEEN upper(?1) AND upper(?1) || '~'"
		" LIMIT 2",
	[SQL_PLAN_OPEN] = "SELECT " PLAN_COLUMNS " FROM plans WHERE object_key = ? AND " IS_OPEN,
	[SQL_PLANS_OPEN_BETWEEN] = "SELECT " PLAN_COLUMNS " FROM plans WHERE object_key > ? AND "
				   "object_key < ? AND " IS_OPEN " ORDER BY object_key",
	[SQL_PLAN_MOVE] =
		"UPDATE plans SET status = ?2, status_reason = ?3 WHERE id = ?1 AND " IS_OPEN,
	[SQL_PLANS_EXPIRE] =
		"UPDATE plans SET status = 'expired', status_reason = 'not approved in time'"
		" WHERE " IS_OPEN " AND expires_at <> 0 AND expires_at <= ?",
	[SQL_PLAN_FILE_GONE] = "UPDATE plans SET path = NULL WHERE id = ?",
	[SQL_PLANS_DEAD_FILES] =
		"SELECT " PLAN_COLUMNS " FROM plans WHERE path IS NOT NULL AND NOT " IS_OPEN
		" ORDER BY id",
	[SQL_PLANS_FILES] =
		"SELECT " PLAN_COLUMNS " FROM plans WHERE path IS NOT NULL ORDER BY id",
	[SQL_APPROVAL_ADD] =
		"INSERT OR REPLACE INTO approvals (subject, digest, actor, role, approve, comment, at,"
		" expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_APPROVALS] =
		"SELECT subject, digest, actor, role, approve, comment, at, expires_at FROM approvals"
		" WHERE subject = ? AND digest = ? AND (expires_at = 0 OR expires_at > ?)"
		" ORDER BY at, actor",
	[SQL_APPROVAL_COUNT] =
		"SELECT count(*) FROM approvals WHERE subject = ? AND digest = ? AND actor IS NOT ?"
		" AND (expires_at = 0 OR expires_at > ?) AND approve = 1",

	[SQL_OPERATION_INTEND] =
		"INSERT INTO operations (id, object_key, kind, plan_id, actor, commit_id, intended_at,"
		" dir, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'intended')",
	[SQL_OPERATION_STARTED] =
		"UPDATE operations SET state = 'running', pid = ?2, pid_start = ?3, started_at = ?4"
		" WHERE id = ?1 AND state = 'intended'",
	[SQL_OPERATION_FINISH] =
		"UPDATE operations SET state = ?2, ended_at = ?3, exit_code = ?4, error = ?5,"
		" result_json = ?6 WHERE id = ?1 AND state IN ('intended', 'running')",
	[SQL_OPERATION_GET] =
		"SELECT " OPERATION_COLUMNS " FROM operations o"
		" WHERE o.id BETWEEN upper(?1) AND upper(?1) || '~' LIMIT 2",
	[SQL_OPERATIONS_OPEN] =
		"SELECT " OPERATION_COLUMNS " FROM operations o"
		" WHERE o.state IN ('intended', 'running') ORDER BY o.id",
	[SQL_OPERATION_LAST] =
		"SELECT " OPERATION_COLUMNS " FROM operations o"
		" WHERE o.object_key = ?1 AND (?2 IS NULL OR o.kind = ?2) ORDER BY o.id DESC LIMIT 1",
	[SQL_LOG_ADD] =
		"INSERT INTO operation_logs (operation_id, seq, at, text) VALUES (?1,"
		" (SELECT ifnull(max(seq), 0) + 1 FROM operation_logs WHERE operation_id = ?1), ?2, ?3)",
	[SQL_LOG_READ] =
		"SELECT seq, text FROM operation_logs WHERE operation_id = ? AND seq > ? ORDER BY seq",
	[SQL_HISTORY] =
		"SELECT " OPERATION_COLUMNS ", (SELECT group_concat(actor, ', ') FROM (SELECT a.actor"
		" FROM approvals a WHERE a.subject = o.object_key AND a.digest = p.identity"
		" AND a.approve = 1 ORDER BY a.at, a.actor)), p.summary_json"
		" FROM operations o LEFT JOIN plans p ON p.id = o.plan_id"
		" WHERE (?1 IS NULL OR o.object_key = ?1) AND (?2 IS NULL OR o.actor = ?2)"
		" AND (?3 IS NULL OR o.kind = ?3) AND (?4 IS NULL OR o.id < ?4)"
		" ORDER BY o.id DESC LIMIT ?5",

	[SQL_RESOURCES_CLEAR] = "DELETE FROM resources WHERE object_key = ?",
	[SQL_RESOURCE_ADD] =
		"INSERT INTO resources (object_key, address, type, provider_id, attributes_digest)"
		" VALUES (?, ?, ?, ?, ?)",
	[SQL_RESOURCES] =
		"SELECT address, type, provider_id, attributes_digest FROM resources"
		" WHERE object_key = ? ORDER BY address",
	[SQL_OUTPUTS_CLEAR] = "DELETE FROM outputs WHERE object_key = ?",
	[SQL_OUTPUT_ADD] =
		"INSERT INTO outputs (object_key, name, value_json, sensitive) VALUES (?, ?, ?, ?)",
	[SQL_OUTPUTS] =
		"SELECT name, value_json, sensitive FROM outputs WHERE object_key = ? ORDER BY name",

	[SQL_RUN_ADD] =
		"INSERT INTO runs (id, runbook, path, mode, cause, object_key, parent_id, attempt, target,"
		" actor, role, commit_id, content_digest, env_names_json, env_digest, intended_at, dir,"
		" history, state)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'intended')",
	[SQL_RUN_STARTED] =
		"UPDATE runs SET state = 'running', started_at = ?2, pid = ?3, pid_start = ?4,"
		" isolation = ?5 WHERE id = ?1 AND state = 'intended'",
	[SQL_RUN_FINISH] =
		"UPDATE runs SET state = ?2, ended_at = ?3, exit_code = ?4, signal = ?5, error = ?6,"
		" isolation = ifnull(?7, isolation), history = iif(history = 'later', 'due', history)"
		" WHERE id = ?1 AND state IN ('intended', 'running')",
	[SQL_RUN_GET] =
		"SELECT " RUN_COLUMNS " FROM runs WHERE id BETWEEN upper(?1) AND upper(?1) || '~'"
		" LIMIT 2",
	[SQL_RUNS_OPEN] =
		"SELECT " RUN_COLUMNS " FROM runs WHERE state IN ('intended', 'running') ORDER BY id",
	[SQL_RUNS] = RUNS_WHERE("1"),
	[SQL_RUNS_OF_RUNBOOK] = RUNS_WHERE("runbook = ?1"),
	[SQL_RUNS_OF_OBJECT] = RUNS_WHERE("object_key = ?2"),
	[SQL_RUNS_OF_PARENT] = RUNS_WHERE("parent_id = ?4"),
	[SQL_RUN_STREAM_ADD] =
		"INSERT INTO run_streams (run_id, stream, total, head, tail) VALUES (?, ?, ?, ?, ?)",
	[SQL_RUN_STREAMS_EMPTY] =
		"UPDATE run_streams SET head = x'', tail = x'' WHERE run_id IN " RUNS_FAR_BACK
		" AND run_id NOT IN (SELECT id FROM runs WHERE history = 'due')",
	[SQL_RUN_LOGS_FORGET] =
		"DELETE FROM operation_logs WHERE operation_id IN " RUNS_FAR_BACK,
	[SQL_RUN_STREAM] =
		"SELECT total, head, tail FROM run_streams WHERE run_id = ? AND stream = ?",
	[SQL_RUNS_HISTORY_DUE] =
		"SELECT " RUN_COLUMNS " FROM runs WHERE history = 'due' ORDER BY ended_at, id",
	[SQL_RUN_HISTORY_SET] =
		"UPDATE runs SET history = ?2, history_commit = ?3, history_reason = ?4"
		" WHERE id = ?1 AND history = 'due'",
	[SQL_RUNS_RENAME] = "UPDATE runs SET object_key = ?2 WHERE object_key = ?1",
	[SQL_SCHEDULE_RENAME] = "UPDATE OR REPLACE schedules SET key = ?2 WHERE key = ?1",
	[SQL_SCHEDULE_PUT] =
		"INSERT INTO schedules (key, definition, next_at, updated_at) VALUES (?1, ?2, ?3, ?4)"
		" ON CONFLICT (key) DO UPDATE SET definition = ?2, next_at = ?3, updated_at = ?4",
	[SQL_SCHEDULE_REMOVE] = "DELETE FROM schedules WHERE key = ?",
	[SQL_SCHEDULE_GET] =
		"SELECT " SCHEDULE_COLUMNS " FROM schedules WHERE key = ?",
	[SQL_SCHEDULES_DUE] =
		"SELECT " SCHEDULE_COLUMNS " FROM schedules"
		" WHERE ?1 = 0 OR (next_at <> 0 AND next_at <= ?1) ORDER BY next_at, key",
	[SQL_SCHEDULE_TAKE] =
		"UPDATE schedules SET last_at = ?3, next_at = ?4, last_run_id = ?5, updated_at = ?6"
		" WHERE key = ?1 AND definition = ?2 AND next_at = ?3",

	[SQL_OUTBOX_GET] =
		"SELECT " OUTBOX_COLUMNS ", payload FROM outbox"
		" WHERE channel = ?1 AND target = ?2 AND key = ?3",
	[SQL_OUTBOX_LANE] =
		"SELECT " OUTBOX_COLUMNS " FROM outbox"
		" WHERE channel = ?1 AND target = ?2 AND lane = ?3 ORDER BY seq",
	/*
	 * A wish that stands already is left alone unless it is dead. One that replaces a delivered
	 * wish goes to the end of its lane, otherwise it keeps the place.
	 */
	[SQL_OUTBOX_PUT] =
		"INSERT INTO outbox (channel, target, key, lane, kind, payload, digest, version, seq,"
		" state, next_at, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1,"
		" (SELECT ifnull(max(seq), 0) + 1 FROM outbox), 'due', ?8, ?9, ?9)"
		" ON CONFLICT (channel, target, key) DO UPDATE SET lane = ?4, kind = ?5, payload = ?6,"
		" digest = ?7, version = version + 1,"
		" seq = iif(state = 'due' AND lane = ?4, seq,"
		" (SELECT ifnull(max(seq), 0) + 1 FROM outbox)),"
		" state = 'due', attempts = 0, next_at = max(?8, iif(state = 'due', next_at, 0)),"
		" created_at = iif(state = 'due', created_at, ?9), updated_at = ?9"
		" WHERE digest <> ?7 OR kind <> ?5 OR state = 'dead'",
	[SQL_OUTBOX_AGAIN] =
		"UPDATE outbox SET version = version + 1, state = 'due', attempts = 0, next_at = 0,"
		" seq = iif(state = 'due', seq, (SELECT max(seq) + 1 FROM outbox)),"
		" created_at = iif(state = 'due', created_at, ?4), updated_at = ?4"
		" WHERE channel = ?1 AND target = ?2 AND key = ?3",
	[SQL_OUTBOX_REVIVE] =
		"UPDATE outbox SET version = version + 1, state = 'due', attempts = 0, next_at = 0,"
		" updated_at = ?2 WHERE state = 'dead' AND (?1 IS NULL OR channel = ?1)",
	[SQL_OUTBOX_DUE] =
		"SELECT " OUTBOX_COLUMNS ", payload FROM outbox WHERE id IN"
		" (SELECT id FROM (SELECT id, next_at, min(seq) FROM outbox WHERE state = 'due'"
		" AND channel = ?1 GROUP BY channel, target, lane) WHERE next_at <= ?2)"
		" ORDER BY seq LIMIT ?3",
	[SQL_OUTBOX_NEXT] =
		"SELECT min(next_at) FROM (SELECT next_at, min(seq) FROM outbox WHERE state = 'due'"
		" AND (?1 IS NULL OR channel = ?1) GROUP BY channel, target, lane)",
	[SQL_OUTBOX_LIST] =
		"SELECT " OUTBOX_COLUMNS " FROM outbox WHERE state = ?1"
		" ORDER BY updated_at DESC, id DESC LIMIT ?2",
	[SQL_OUTBOX_COUNTS] =
		"SELECT count(*) FILTER (WHERE state = 'due'), count(*) FILTER (WHERE state = 'dead'),"
		" ifnull(min(created_at) FILTER (WHERE state = 'due'), 0)"
		" FROM outbox WHERE state <> 'done' AND (?1 IS NULL OR channel = ?1)",
	[SQL_OUTBOX_BEGIN] =
		"UPDATE outbox SET attempts = attempts + 1, updated_at = ?3"
		" WHERE id = ?1 AND version = ?2 AND state = 'due'",
	[SQL_OUTBOX_DONE] =
		"UPDATE outbox SET remote = ifnull(?3, remote), done_at = ?4,"
		" state = iif(version = ?2, 'done', state), error = iif(version = ?2, NULL, error),"
		" updated_at = ?4 WHERE id = ?1",
	[SQL_OUTBOX_REMOTE] = "UPDATE outbox SET remote = ?2, updated_at = ?3 WHERE id = ?1",
	[SQL_OUTBOX_FAILED] =
		"UPDATE outbox SET error = ?4, updated_at = ?5,"
		" state = iif(version = ?2 AND ?3 = 0, 'dead', state),"
		" next_at = max(next_at, ?3) WHERE id = ?1 AND state = 'due'",
	[SQL_OUTBOX_POSTPONE] =
		"UPDATE outbox SET next_at = max(next_at, ?3), error = ?4"
		" WHERE channel = ?1 AND target = ?2 AND state = 'due'",
	[SQL_OUTBOX_FORGET] =
		"DELETE FROM outbox WHERE state = 'done' AND updated_at < ?1"
		" AND NOT (kind = 'status' AND CASE WHEN json_valid(payload)"
		" THEN json_extract(payload, '$.state') END IS 'pending')",

	[SQL_QUEUE_ADD] =
		"INSERT INTO queue (kind, subject, part, payload_json, actor, asked_at, not_before,"
		" changed_at) VALUES (?1, ?2, ?3, json_patch(ifnull((SELECT r.payload_json FROM queue AS r"
		" WHERE r.kind = ?1 AND r.subject = ?2 AND r.part = ?3 AND r.state = 'running'), '{}'), " QUEUE_PAYLOAD "),"
		" ?5, ?6, ?7, ?6)"
		" ON CONFLICT (kind, subject, part) WHERE state = 'queued' DO UPDATE SET"
		" payload_json = json_patch(payload_json, " QUEUE_PAYLOAD "), actor = ?5, asked_at = ?6, not_before = min(not_before, ?7), attempts = 0,"
		" changed_at = ?6, error = NULL RETURNING id",
	[SQL_QUEUE_REMIND] =
		"INSERT INTO queue (kind, subject, part, payload_json, actor, asked_at, not_before,"
		" changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6)"
		" ON CONFLICT (kind, subject, part) WHERE state = 'queued' DO UPDATE SET"
		" not_before = min(not_before, ?7) RETURNING id",
	[SQL_QUEUE_SAME] =
		"SELECT id FROM (SELECT id, payload_json FROM queue WHERE kind = ?1 AND subject = ?2"
		" AND part = ?3 ORDER BY id DESC LIMIT 1) WHERE json_extract(payload_json, '$.about') = ?4",
	[SQL_QUEUE_OUTDATE] =
		"UPDATE queue SET outdated = 1 WHERE kind = ? AND subject = ? AND part = ?"
		" AND state = 'running'",
	[SQL_QUEUE_FORGET_DEAD] =
		"DELETE FROM queue WHERE kind = ? AND subject = ? AND part = ? AND state = 'dead'",
	[SQL_QUEUE_CLAIM] =
		"UPDATE queue SET state = 'running', attempts = attempts + 1, claim = claim + 1,"
		" changed_at = ?1, pid = 0, pid_start = 0, outdated = 0"
		" WHERE id = (SELECT q.id FROM queue AS q WHERE q.state = 'queued' AND q.not_before <= ?1"
		" AND q.kind IN (?2, ?3, ?4, ?5, ?6) AND NOT EXISTS (SELECT 1 FROM queue AS r"
		" WHERE r.state = 'running' AND r.subject = q.subject) ORDER BY q.id LIMIT 1)"
		" RETURNING " QUEUE_COLUMNS,
	[SQL_QUEUE_STARTED] = "UPDATE queue SET pid = ?3, pid_start = ?4" QUEUE_CLAIMED " AND pid = 0",
	[SQL_QUEUE_FINISH] = "DELETE FROM queue" QUEUE_CLAIMED,
	[SQL_QUEUE_SUPERSEDED] =
		"DELETE FROM queue" QUEUE_CLAIMED " AND EXISTS (SELECT 1 FROM queue AS n"
		" WHERE n.state = 'queued' AND n.kind = queue.kind AND n.subject = queue.subject"
		" AND n.part = queue.part)",
	[SQL_QUEUE_FAIL] =
		"UPDATE queue SET state = ?3, error = ?4, not_before = ?5, changed_at = ?6, pid = 0,"
		" pid_start = 0, outdated = 0" QUEUE_CLAIMED,
	[SQL_QUEUE_RELEASE] =
		"UPDATE queue SET state = 'queued', attempts = attempts - 1, changed_at = ?3, pid = 0,"
		" pid_start = 0, outdated = 0" QUEUE_CLAIMED,
	[SQL_QUEUE_KEEP_DEAD] =
		"DELETE FROM queue WHERE state = 'dead' AND id <= (SELECT id FROM queue"
		" WHERE state = 'dead' ORDER BY id DESC LIMIT 1 OFFSET ?)",
	[SQL_QUEUE_RUNNING] = "SELECT " QUEUE_COLUMNS " FROM queue WHERE state = 'running' ORDER BY id",
	[SQL_QUEUE_GET] = "SELECT " QUEUE_COLUMNS " FROM queue WHERE id = ?",
	[SQL_QUEUE_LIST] = "SELECT " QUEUE_COLUMNS " FROM queue ORDER BY id",
	[SQL_QUEUE_COUNTS] =
		"SELECT ifnull(sum(state = 'queued'), 0), ifnull(sum(state = 'running'), 0),"
		" ifnull(sum(state = 'dead'), 0) FROM queue",
	[SQL_QUEUE_NEXT_AT] =
		"SELECT ifnull(min(q.not_before), 0) FROM queue AS q WHERE q.state = 'queued'"
		" AND NOT EXISTS (SELECT 1 FROM queue AS r WHERE r.state = 'running'"
		" AND r.subject = q.subject)",
	[SQL_DELIVERY_ADD] = "INSERT OR IGNORE INTO deliveries (id, received_at) VALUES (?, ?)",
	[SQL_DELIVERIES_FORGET] =
		"DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries"
		" ORDER BY received_at DESC LIMIT -1 OFFSET ?)",

	[SQL_DRIFT_PUT] =
		"INSERT OR REPLACE INTO drift (object_key, state, heal, digest, summary, changes_json,"
		" since, checked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_DRIFT_GET] =
		"SELECT object_key, state, heal, digest, summary, since, checked_at, changes_json"
		" FROM drift WHERE object_key = ?",
	[SQL_DRIFT_LIST] =
		"SELECT object_key, state, heal, digest, summary, since, checked_at, NULL"
		" FROM drift WHERE state <> 'none' ORDER BY object_key",
	[SQL_DRIFT_FOUND] = "SELECT count(*) FROM drift WHERE state = ?",
	[SQL_DRIFT_CHECKED_AT] = "SELECT ifnull(max(checked_at), 0) FROM drift",

	[SQL_TOLD] = "SELECT target, commit_id, progress FROM told",
	[SQL_TOLD_CLEAR] = "DELETE FROM told",
	[SQL_TOLD_TARGET] = "INSERT INTO told (id, target) VALUES (1, ?)",
	[SQL_TOLD_BEGIN] = "UPDATE told SET commit_id = ?, progress = 'working'",
	[SQL_TOLD_PROGRESS] = "UPDATE told SET progress = ?",
	[SQL_TOLD_TOUCH] =
		"INSERT INTO told_objects (object_key, action, plan_id) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (object_key) DO UPDATE SET action = ?2, plan_id = ifnull(?3, plan_id)"
		" WHERE action <> ?2 OR plan_id IS NOT ifnull(?3, plan_id)",
	[SQL_TOLD_OBJECTS] =
		"SELECT object_key, action, plan_id FROM told_objects ORDER BY position",
	[SQL_TOLD_OBJECTS_CLEAR] = "DELETE FROM told_objects",

	[SQL_AUDIT_ADD] =
		"INSERT INTO audit (seq, at, actor, action, subject, detail_json, prev_hash, hash)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_AUDIT_HEAD] = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1",
	[SQL_AUDIT_CHAIN] =
		"SELECT seq, at, actor, action, subject, detail_json, prev_hash, hash FROM audit"
		" ORDER BY seq",
	[SQL_AUDIT_COUNTER] = "SELECT seq FROM sqlite_sequence WHERE name = 'audit'",
	[SQL_AUDIT_LIST] =
		"SELECT seq, at, actor, action, subject, detail_json, prev_hash, hash FROM audit"
		" WHERE (?1 IS NULL OR subject = ?1) AND (?2 IS NULL OR actor = ?2)"
		" AND (?3 = 0 OR seq < ?3) AND (?5 IS NULL OR action = ?5) ORDER BY seq DESC LIMIT ?4",

	[SQL_PULL_NOTE] =
		"INSERT INTO pulls (number, url, title, author, head_sha, head_repository, fork,"
		" base_branch, merge_sha, state, phase, opened_at, updated_at)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'new', ?11, ?11)"
		" ON CONFLICT (number) DO UPDATE SET url = ifnull(?2, url), title = ifnull(?3, title),"
		" author = ?4, head_sha = ?5, head_repository = ?6, fork = ?7, base_branch = ?8,"
		" merge_sha = ifnull(?9, merge_sha), state = ?10, updated_at = ?11,"
		" phase = iif(?12, 'new', phase), reason = iif(?12, NULL, reason)",
	[SQL_PULL_GET] = "SELECT " PULL_COLUMNS " FROM pulls WHERE number = ?",
	[SQL_PULLS] =
		"SELECT " PULL_COLUMNS " FROM pulls WHERE (?1 = 0 OR state = 'open')"
		" AND (?2 = 0 OR (state = 'merged' AND settled = 0)) ORDER BY number",
	[SQL_PULL_STEP] =
		"UPDATE pulls SET base_sha = ifnull(?3, base_sha), phase = ?4, reason = ?5,"
		" updated_at = ?6"
		" WHERE number = ?1 AND head_sha = ?2 AND state = 'open'",
	[SQL_PULL_ALLOW] =
		"UPDATE pulls SET allowed_by = ?2, phase = iif(phase = 'blocked', 'new', phase),"
		" updated_at = ?3 WHERE number = ?1",
	[SQL_PULL_SETTLED] =
		"UPDATE pulls SET settled = 1, reason = ?2, updated_at = ?3 WHERE number = ?1",
	[SQL_PULL_OBJECTS_CLEAR] = "DELETE FROM pull_objects WHERE pull = ?",
	[SQL_PULL_OBJECT_ADD] =
		"INSERT INTO pull_objects (pull, object_key, head_sha, action, status, plan_id, sha256,"
		" identity, shown_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_PULL_OBJECTS] =
		"SELECT pull, object_key, head_sha, action, status, plan_id, sha256, identity, shown_at"
		" FROM pull_objects WHERE pull = ? ORDER BY object_key",
	[SQL_PULL_OF_PLAN] =
		"SELECT p.number FROM pull_objects o JOIN pulls p ON p.number = o.pull"
		" WHERE o.plan_id = ? AND p.state = 'open' LIMIT 1",
	[SQL_PULLS_VOID] =
		"SELECT DISTINCT p.number FROM pulls p JOIN pull_objects o ON o.pull = p.number"
		" JOIN plans n ON n.id = o.plan_id WHERE p.state = 'open'"
		" AND n.status IN ('void', 'expired') ORDER BY p.number",
	[SQL_PULLS_READY] =
		"SELECT p.number FROM pulls p WHERE p.state = 'open' AND p.phase = 'previewed'"
		" AND NOT EXISTS (SELECT 1 FROM object_locks l JOIN object_locks o"
		" ON o.object_key = l.object_key AND o.asked < l.asked WHERE l.pull = p.number)"
		" ORDER BY p.number",
	[SQL_LOCKS] =
		"SELECT " LOCK_COLUMNS " FROM object_locks l WHERE ?1 = 0 OR l.pull = ?1"
		" ORDER BY l.object_key, l.asked",
	[SQL_LOCK_HOLDER] =
		"SELECT " LOCK_COLUMNS " FROM object_locks l WHERE l.object_key = ?"
		" ORDER BY l.asked LIMIT 1",
	[SQL_LOCK_APPLIED] =
		"UPDATE object_locks SET applied = 1 WHERE pull = ?1 AND object_key = ?2"
		" AND NOT EXISTS (SELECT 1 FROM object_locks o WHERE o.object_key = ?2"
		" AND o.asked < object_locks.asked)",
	[SQL_LOCK_APPLIED_BY] =
		"SELECT pull FROM object_locks WHERE object_key = ? AND applied = 1 LIMIT 1",
	[SQL_LOCK_RELEASE] = "DELETE FROM object_locks WHERE pull = ? AND object_key = ?",
	[SQL_LOCKS_RELEASE] = "DELETE FROM object_locks WHERE pull = ?1 AND (applied = 0 OR ?2 = 0)",
	[SQL_LOCK_ADD] =
		"INSERT INTO object_locks (object_key, pull, asked, since) VALUES (?, ?, ?, ?)",
	[SQL_LOCK_NEXT] = "SELECT ifnull(max(asked), 0) + 1 FROM object_locks",
	[SQL_LOCKS_AGAIN] =
		"UPDATE object_locks SET asked = ?2 WHERE pull = ?1 AND applied = 0",

	[SQL_CHECK_INTEGRITY] = "PRAGMA integrity_check(50)",
	[SQL_CHECK_REFERENCES] = "PRAGMA foreign_key_check",
};
/* clang-format on */

const char *sql_statement(enum sql_id id)
{
	return texts[id];
}
