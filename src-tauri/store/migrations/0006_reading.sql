-- Readings that go on where they stopped, answers that are believed only later, and what is remembered of
-- the user's.

CREATE TABLE reading (
    stream TEXT NOT NULL PRIMARY KEY,
    since INTEGER NOT NULL,
    page INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE pace (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    used INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;

CREATE TABLE doubt (
    stream TEXT NOT NULL,
    answer TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (stream, answer)
) STRICT, WITHOUT ROWID;

ALTER TABLE verdict ADD COLUMN answered INTEGER NOT NULL DEFAULT 1;
ALTER TABLE verdict ADD COLUMN attrib INTEGER;
