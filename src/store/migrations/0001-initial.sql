-- Everything that one reconcile records. docs/store.md explains each table.

CREATE TABLE revisions (
	id INTEGER PRIMARY KEY,
	commit_id TEXT,
	tree_id TEXT NOT NULL,
	branch TEXT,
	config_digest TEXT,
	decoder TEXT NOT NULL,
	actor TEXT NOT NULL,
	recorded_at INTEGER NOT NULL,
	status TEXT NOT NULL CHECK (status IN ('loaded', 'done', 'pending'))
) STRICT;

-- Paths are bytes, not always UTF-8.
CREATE TABLE files (
	path BLOB PRIMARY KEY,
	size INTEGER NOT NULL,
	mtime_ns INTEGER NOT NULL,
	ctime_ns INTEGER NOT NULL,
	digest TEXT NOT NULL,
	entry TEXT NOT NULL CHECK (entry IN ('file', 'symlink', 'submodule'))
) STRICT, WITHOUT ROWID;

CREATE TABLE blobs (
	id INTEGER PRIMARY KEY,
	blob_id TEXT NOT NULL,
	path BLOB NOT NULL,
	decoder TEXT NOT NULL,
	kind TEXT,
	key TEXT,
	spec_json TEXT,
	digest TEXT,
	diagnostics INTEGER NOT NULL CHECK (diagnostics IN (0, 1)),
	UNIQUE (blob_id, path)
) STRICT;

CREATE TABLE objects (
	key TEXT PRIMARY KEY,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	path TEXT NOT NULL,
	blob_id TEXT NOT NULL,
	present INTEGER NOT NULL CHECK (present IN (0, 1)),
	seen_digest TEXT NOT NULL,
	seen_revision TEXT NOT NULL,
	applied_digest TEXT,
	applied_revision TEXT,
	applied_renderer TEXT,
	applied_at INTEGER NOT NULL DEFAULT 0,
	-- Not as IN (...): for each statement SQLite would make a table of the values first.
	phase TEXT NOT NULL CHECK (phase = 'new' OR phase = 'planned' OR phase = 'waiting'
		OR phase = 'applying' OR phase = 'applied' OR phase = 'failed'
		OR phase = 'destroying' OR phase = 'destroyed' OR phase = 'orphaned'
		OR phase = 'refused'),
	outcome TEXT,
	reason TEXT,
	plan_id TEXT,
	suspended INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1)),
	suspended_by TEXT,
	suspended_reason TEXT,
	phase_since INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	-- Is there something to do although nobody changed a spec?
	-- A suspended one is shown until it is resumed, unless it was destroyed on purpose.
	unsettled INTEGER NOT NULL GENERATED ALWAYS AS (
		CASE present
			WHEN 1 THEN (phase <> 'applied' OR applied_digest IS NOT seen_digest)
				AND NOT (suspended = 1 AND phase = 'destroyed')
			ELSE phase NOT IN ('destroyed', 'orphaned') END) VIRTUAL,
	-- Last, so that reading the short columns does not walk through the long ones.
	spec_json TEXT,
	applied_spec_json TEXT,
	applied_role_json TEXT
) STRICT;
CREATE INDEX objects_kind ON objects (kind, present, key, phase);
CREATE INDEX objects_path ON objects (path) WHERE present = 1;
CREATE INDEX objects_unsettled ON objects (unsettled) WHERE unsettled = 1;

CREATE TABLE needs (
	object_key TEXT NOT NULL REFERENCES objects (key) ON UPDATE CASCADE ON DELETE CASCADE,
	needs_key TEXT NOT NULL,
	PRIMARY KEY (object_key, needs_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX needs_reverse ON needs (needs_key);

CREATE TABLE plans (
	id TEXT PRIMARY KEY,
	object_key TEXT NOT NULL,
	object_digest TEXT NOT NULL,
	action TEXT NOT NULL,
	engine TEXT NOT NULL,
	state_lineage TEXT,
	state_serial INTEGER NOT NULL,
	path TEXT,
	sha256 TEXT NOT NULL,
	summary_json TEXT NOT NULL,
	identity TEXT NOT NULL,
	renderer TEXT NOT NULL,
	commit_id TEXT,
	requester TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	status TEXT NOT NULL CHECK (status IN ('waiting', 'approved', 'applied', 'void', 'rejected',
		'expired')),
	status_reason TEXT
) STRICT;
-- One open plan for each object, by rule of the database.
CREATE UNIQUE INDEX plans_open ON plans (object_key) WHERE status IN ('waiting', 'approved');
CREATE INDEX plans_files ON plans (id) WHERE path IS NOT NULL;

CREATE TABLE approvals (
	subject TEXT NOT NULL,
	digest TEXT NOT NULL,
	actor TEXT NOT NULL,
	role TEXT,
	approve INTEGER NOT NULL CHECK (approve IN (0, 1)),
	comment TEXT,
	at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	PRIMARY KEY (subject, digest, actor)
) STRICT, WITHOUT ROWID;

CREATE TABLE operations (
	id TEXT PRIMARY KEY,
	object_key TEXT NOT NULL,
	kind TEXT NOT NULL,
	plan_id TEXT,
	actor TEXT NOT NULL,
	commit_id TEXT,
	state TEXT NOT NULL CHECK (state IN ('intended', 'running', 'done', 'failed', 'interrupted',
		'lost')),
	intended_at INTEGER NOT NULL,
	started_at INTEGER NOT NULL DEFAULT 0,
	ended_at INTEGER NOT NULL DEFAULT 0,
	exit_code INTEGER NOT NULL DEFAULT -1,
	pid INTEGER NOT NULL DEFAULT 0,
	pid_start INTEGER NOT NULL DEFAULT 0,
	dir TEXT,
	error TEXT,
	result_json TEXT
) STRICT;
CREATE INDEX operations_object ON operations (object_key, id);
CREATE INDEX operations_open ON operations (state) WHERE state IN ('intended', 'running');

-- Output of programs is bytes, cut anywhere.
CREATE TABLE operation_logs (
	operation_id TEXT NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
	seq INTEGER NOT NULL,
	at INTEGER NOT NULL,
	text BLOB NOT NULL,
	PRIMARY KEY (operation_id, seq)
) STRICT;

CREATE TABLE resources (
	object_key TEXT NOT NULL REFERENCES objects (key) ON UPDATE CASCADE ON DELETE CASCADE,
	address TEXT NOT NULL,
	type TEXT NOT NULL,
	provider_id TEXT,
	attributes_digest TEXT,
	PRIMARY KEY (object_key, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE outputs (
	object_key TEXT NOT NULL REFERENCES objects (key) ON UPDATE CASCADE ON DELETE CASCADE,
	name TEXT NOT NULL,
	value_json TEXT,
	sensitive INTEGER NOT NULL CHECK (sensitive IN (0, 1)),
	PRIMARY KEY (object_key, name),
	CHECK (sensitive = 0 OR value_json IS NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	action TEXT NOT NULL,
	subject TEXT NOT NULL,
	detail_json TEXT NOT NULL,
	prev_hash TEXT NOT NULL,
	hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
	SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
	SELECT RAISE(ABORT, 'the audit log is append-only');
END;
