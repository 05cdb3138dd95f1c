-- What the last look for drift found. docs/store.md explains the table.

CREATE TABLE drift (
	object_key TEXT PRIMARY KEY REFERENCES objects (key) ON UPDATE CASCADE ON DELETE CASCADE,
	state TEXT NOT NULL CHECK (state IN ('none', 'drifted', 'failed')),
	heal INTEGER NOT NULL DEFAULT 0 CHECK (heal IN (0, 1)),
	digest TEXT NOT NULL,
	summary TEXT,
	changes_json TEXT,
	since INTEGER NOT NULL,
	checked_at INTEGER NOT NULL,
	CHECK (heal = 0 OR state = 'drifted')
) STRICT;
CREATE INDEX drift_heal ON drift (object_key) WHERE heal = 1;

-- An apply makes the resources what they should be: what was found before it is history.
CREATE TRIGGER drift_healed AFTER UPDATE OF applied_at ON objects
WHEN NEW.applied_at <> OLD.applied_at BEGIN
	DELETE FROM drift WHERE object_key = NEW.key;
END;
