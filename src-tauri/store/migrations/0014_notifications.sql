-- What this program subscribed to at Withings, and whether notifications arrive.
CREATE TABLE subscription (
    appli INTEGER NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    since INTEGER NOT NULL,
    notified_at INTEGER
) STRICT;

CREATE TABLE announced (
    stream TEXT NOT NULL PRIMARY KEY,
    notified_at INTEGER,
    in_a_row INTEGER NOT NULL,
    unannounced_since INTEGER,
    missed_at INTEGER
) STRICT;
