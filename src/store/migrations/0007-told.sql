-- What is told at a forge of the commit that the branch is at. docs/store.md explains the tables.

CREATE TABLE told (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	target TEXT NOT NULL,
	commit_id TEXT,
	progress TEXT NOT NULL DEFAULT 'working'
		CHECK (progress IN ('working', 'waiting', 'failed', 'done'))
) STRICT;

CREATE TABLE told_objects (
	position INTEGER PRIMARY KEY,
	object_key TEXT NOT NULL UNIQUE,
	action TEXT NOT NULL,
	plan_id TEXT
) STRICT;
