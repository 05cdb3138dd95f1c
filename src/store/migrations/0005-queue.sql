-- What a daemon was asked to do and has not done yet. docs/store.md explains each table.

CREATE TABLE queue (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	kind TEXT NOT NULL,
	subject TEXT NOT NULL,
	part TEXT NOT NULL DEFAULT '',
	payload_json TEXT NOT NULL DEFAULT '{}',
	actor TEXT NOT NULL,
	state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'dead')),
	asked_at INTEGER NOT NULL,
	not_before INTEGER NOT NULL,
	attempts INTEGER NOT NULL DEFAULT 0,
	claim INTEGER NOT NULL DEFAULT 0,
	changed_at INTEGER NOT NULL,
	pid INTEGER NOT NULL DEFAULT 0,
	pid_start INTEGER NOT NULL DEFAULT 0,
	outdated INTEGER NOT NULL DEFAULT 0,
	error TEXT
) STRICT;
CREATE UNIQUE INDEX queue_one_queued ON queue (kind, subject, part) WHERE state = 'queued';
CREATE UNIQUE INDEX queue_one_running ON queue (subject) WHERE state = 'running';
CREATE INDEX queue_due ON queue (id) WHERE state = 'queued';

-- Requests from outside that were taken on, so that one which is sent again is known.
CREATE TABLE deliveries (
	id TEXT PRIMARY KEY,
	received_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_age ON deliveries (received_at);
