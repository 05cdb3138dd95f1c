-- What is to be said to others (forges), and what was said. docs/store.md explains the table.

CREATE TABLE outbox (
	id INTEGER PRIMARY KEY,
	channel TEXT NOT NULL,
	target TEXT NOT NULL,
	key TEXT NOT NULL,
	lane TEXT NOT NULL,
	kind TEXT NOT NULL,
	payload TEXT NOT NULL,
	digest TEXT NOT NULL,
	version INTEGER NOT NULL CHECK (version > 0),
	seq INTEGER NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('due', 'done', 'dead')),
	attempts INTEGER NOT NULL DEFAULT 0,
	next_at INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	done_at INTEGER NOT NULL DEFAULT 0,
	remote TEXT,
	error TEXT,
	UNIQUE (channel, target, key)
) STRICT;
CREATE INDEX outbox_due ON outbox (channel, target, lane, seq) WHERE state = 'due';
CREATE INDEX outbox_ended ON outbox (state, updated_at) WHERE state <> 'due';
