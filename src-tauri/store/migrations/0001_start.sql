-- The tables of the first release. Their columns are explained in ../schema.sql.
CREATE TABLE account (
    service TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    connected INTEGER NOT NULL,
    connected_at INTEGER NOT NULL,
    deadbeat INTEGER NOT NULL,
    problem TEXT NOT NULL,
    problem_text TEXT NOT NULL,
    problem_since INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    wait_until INTEGER NOT NULL,
    limited_at INTEGER NOT NULL
) STRICT;
CREATE TABLE checkpoint (
    stream TEXT NOT NULL PRIMARY KEY,
    updated_at INTEGER NOT NULL,
    read_at INTEGER NOT NULL
) STRICT;
CREATE TABLE measure_group (
    id INTEGER NOT NULL PRIMARY KEY,
    attrib INTEGER NOT NULL,
    measured_at INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    device TEXT,
    model TEXT,
    missing_since INTEGER
) STRICT;
CREATE INDEX measure_group_measured_at ON measure_group (measured_at);
CREATE TABLE unplanned (
    group_id INTEGER NOT NULL PRIMARY KEY REFERENCES measure_group (id)
) STRICT;
CREATE TABLE measurement (
    group_id INTEGER NOT NULL REFERENCES measure_group (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    mantissa INTEGER NOT NULL,
    exponent INTEGER NOT NULL,
    position INTEGER,
    PRIMARY KEY (group_id, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX measurement_kind ON measurement (kind, group_id);
CREATE TABLE unreadable (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    raw TEXT NOT NULL UNIQUE,
    seen_at INTEGER NOT NULL
) STRICT;
CREATE TABLE goal (
    id TEXT NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    units TEXT NOT NULL,
    deadline INTEGER NOT NULL,
    summing INTEGER NOT NULL,
    aggday TEXT NOT NULL,
    autodata TEXT,
    healthkit_metric TEXT,
    frozen INTEGER NOT NULL,
    buffer_days INTEGER,
    loses_at INTEGER,
    starts_at INTEGER,
    presence TEXT NOT NULL,
    renamed_from TEXT,
    read_at INTEGER NOT NULL
) STRICT;
CREATE TABLE link (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    goal_id TEXT NOT NULL REFERENCES goal (id),
    feed TEXT NOT NULL,
    measure TEXT NOT NULL,
    unit TEXT NOT NULL,
    take TEXT NOT NULL,
    since INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    changed INTEGER NOT NULL
) STRICT;
CREATE TABLE decision (
    link_id INTEGER NOT NULL REFERENCES link (id),
    group_id INTEGER NOT NULL REFERENCES measure_group (id),
    daystamp TEXT NOT NULL,
    measured_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    request_id TEXT,
    PRIMARY KEY (link_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_day ON decision (link_id, daystamp);
CREATE INDEX decision_group ON decision (group_id);
CREATE TABLE datapoint (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    goal_id TEXT NOT NULL REFERENCES goal (id),
    request_id TEXT NOT NULL,
    link_id INTEGER NOT NULL REFERENCES link (id),
    value TEXT NOT NULL,
    timestamp INTEGER,
    daystamp TEXT,
    comment TEXT NOT NULL,
    state TEXT NOT NULL,
    beeminder_id TEXT,
    beeminder_day TEXT,
    confirmed_at INTEGER,
    UNIQUE (goal_id, request_id)
) STRICT;
CREATE INDEX datapoint_link ON datapoint (link_id);
CREATE TABLE outbox (
    datapoint_id INTEGER NOT NULL PRIMARY KEY REFERENCES datapoint (id) ON DELETE CASCADE,
    goal_id TEXT NOT NULL REFERENCES goal (id),
    moment INTEGER NOT NULL,
    form TEXT NOT NULL,
    updates TEXT,
    attempts INTEGER NOT NULL,
    wait_until INTEGER NOT NULL,
    parked TEXT,
    queued_at INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_order ON outbox (goal_id, moment, datapoint_id);
CREATE TABLE setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
