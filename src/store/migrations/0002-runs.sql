-- Runs of scripts, and when scheduled ones are due. docs/store.md explains each table.

CREATE TABLE runs (
	id TEXT PRIMARY KEY,
	runbook TEXT NOT NULL,
	path TEXT NOT NULL,
	mode TEXT NOT NULL CHECK (mode IN ('run', 'check', 'validate')),
	cause TEXT NOT NULL CHECK (cause IN ('manual', 'spec', 'schedule', 'rerun', 'script')),
	object_key TEXT,
	parent_id TEXT REFERENCES runs (id),
	attempt INTEGER NOT NULL DEFAULT 1 CHECK (attempt > 0),
	target TEXT NOT NULL,
	actor TEXT NOT NULL,
	role TEXT,
	commit_id TEXT,
	content_digest TEXT NOT NULL,
	env_names_json TEXT NOT NULL,
	env_digest TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('intended', 'running', 'done', 'failed', 'invalid',
		'refused', 'timed-out', 'killed', 'cancelled', 'lost')),
	intended_at INTEGER NOT NULL,
	started_at INTEGER NOT NULL DEFAULT 0,
	ended_at INTEGER NOT NULL DEFAULT 0,
	exit_code INTEGER NOT NULL DEFAULT -1,
	signal INTEGER NOT NULL DEFAULT 0,
	isolation TEXT,
	pid INTEGER NOT NULL DEFAULT 0,
	pid_start INTEGER NOT NULL DEFAULT 0,
	dir TEXT,
	error TEXT,
	history TEXT NOT NULL CHECK (history IN ('off', 'later', 'due', 'written', 'dead')),
	history_commit TEXT,
	history_reason TEXT
) STRICT;
CREATE INDEX runs_runbook ON runs (runbook, id);
CREATE INDEX runs_object ON runs (object_key, id) WHERE object_key IS NOT NULL;
CREATE INDEX runs_parent ON runs (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX runs_open ON runs (id) WHERE state IN ('intended', 'running');
CREATE INDEX runs_history_due ON runs (id) WHERE history = 'due';

-- What a script printed, masked: the first and the last bytes, and how many there were.
CREATE TABLE run_streams (
	run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
	stream TEXT NOT NULL CHECK (stream IN ('stdout', 'stderr')),
	total INTEGER NOT NULL,
	head BLOB NOT NULL,
	tail BLOB NOT NULL,
	PRIMARY KEY (run_id, stream),
	CHECK (total >= length(head) + length(tail))
) STRICT;

CREATE TABLE schedules (
	key TEXT PRIMARY KEY,
	definition TEXT NOT NULL,
	next_at INTEGER NOT NULL,
	last_at INTEGER NOT NULL DEFAULT 0,
	last_run_id TEXT,
	updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX schedules_next ON schedules (next_at);
