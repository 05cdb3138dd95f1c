-- Pull requests, what was shown of them, and the objects that they hold. docs/store.md explains
-- each table.

CREATE TABLE pulls (
	number INTEGER PRIMARY KEY CHECK (number > 0),
	url TEXT,
	title TEXT,
	author TEXT NOT NULL,
	head_sha TEXT NOT NULL,
	head_repository TEXT,
	fork INTEGER NOT NULL CHECK (fork IN (0, 1)),
	base_branch TEXT NOT NULL,
	base_sha TEXT,
	merge_sha TEXT,
	state TEXT NOT NULL CHECK (state IN ('open', 'merged', 'closed')),
	allowed_by TEXT,
	phase TEXT NOT NULL CHECK (phase IN ('new', 'blocked', 'invalid', 'previewed', 'planned',
		'applied', 'failed')),
	reason TEXT,
	settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1)),
	opened_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX pulls_open ON pulls (number) WHERE state = 'open';
CREATE INDEX pulls_unsettled ON pulls (number) WHERE state = 'merged' AND settled = 0;

CREATE TABLE pull_objects (
	pull INTEGER NOT NULL REFERENCES pulls (number) ON DELETE CASCADE,
	object_key TEXT NOT NULL,
	head_sha TEXT NOT NULL,
	action TEXT NOT NULL,
	status TEXT NOT NULL,
	plan_id TEXT,
	sha256 TEXT,
	identity TEXT,
	shown_at INTEGER NOT NULL,
	PRIMARY KEY (pull, object_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX pull_objects_plan ON pull_objects (plan_id) WHERE plan_id IS NOT NULL;

-- Who asked first holds it: asked counts the askings.
CREATE TABLE object_locks (
	object_key TEXT NOT NULL,
	pull INTEGER NOT NULL REFERENCES pulls (number) ON DELETE CASCADE,
	asked INTEGER NOT NULL,
	since INTEGER NOT NULL,
	applied INTEGER NOT NULL DEFAULT 0 CHECK (applied IN (0, 1)),
	PRIMARY KEY (object_key, pull)
) STRICT, WITHOUT ROWID;
CREATE INDEX object_locks_pull ON object_locks (pull);
