-- Three facts about a datapoint in place of one state: what is wanted, what Beeminder confirmed, and the
-- user's word.
CREATE TABLE datapoint_5 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    goal_id TEXT NOT NULL REFERENCES goal (id),
    request_id TEXT NOT NULL,
    link_id INTEGER NOT NULL REFERENCES link (id),
    wanted INTEGER NOT NULL,
    value TEXT NOT NULL,
    timestamp INTEGER,
    daystamp TEXT,
    comment TEXT NOT NULL,
    sent_value TEXT,
    sent_timestamp INTEGER,
    sent_daystamp TEXT,
    sent_comment TEXT,
    unsure INTEGER NOT NULL,
    beeminder_id TEXT,
    beeminder_day TEXT,
    confirmed_at INTEGER,
    missing_since INTEGER,
    word TEXT NOT NULL,
    state TEXT NOT NULL GENERATED ALWAYS AS (CASE
        WHEN word = 'deleted' THEN 'deleted'
        WHEN wanted = 1 AND unsure = 0 AND sent_value IS value AND sent_timestamp IS timestamp
            AND sent_daystamp IS daystamp AND sent_comment IS comment THEN 'confirmed'
        WHEN wanted = 1 THEN 'pending'
        WHEN word = 'remove' AND sent_value IS NULL AND beeminder_id IS NULL AND unsure = 0 THEN 'removed'
        WHEN word = 'remove' THEN 'removing'
        WHEN unsure = 1 THEN 'pending'
        WHEN sent_value IS NULL AND beeminder_id IS NULL THEN 'discarded'
        WHEN word = 'left' THEN 'confirmed'
        WHEN word IN ('', 'discarded') THEN 'stale'
        ELSE 'kept' END) VIRTUAL,
    UNIQUE (goal_id, request_id)
) STRICT;

INSERT INTO datapoint_5 (id, goal_id, request_id, link_id, wanted, value, timestamp, daystamp, comment,
    sent_value, sent_timestamp, sent_daystamp, sent_comment, unsure, beeminder_id, beeminder_day, confirmed_at,
    missing_since, word)
SELECT p.id, p.goal_id, p.request_id, p.link_id,
    p.state IN ('pending', 'confirmed') AND l.removed_at IS NULL,
    p.value, p.timestamp, p.daystamp, p.comment,
    iif(p.state IN ('confirmed', 'stale', 'kept', 'removing'), p.value, NULL),
    iif(p.state IN ('confirmed', 'stale', 'kept', 'removing'), p.timestamp, NULL),
    iif(p.state IN ('confirmed', 'stale', 'kept', 'removing'), p.daystamp, NULL),
    iif(p.state IN ('confirmed', 'stale', 'kept', 'removing'), p.comment, NULL),
    -- A request that went out and was not answered may have arrived.
    p.state IN ('pending', 'removing') AND coalesce(o.attempts, 0) > 0,
    iif(p.state IN ('removed', 'deleted', 'discarded'), NULL, p.beeminder_id),
    p.beeminder_day, p.confirmed_at, NULL,
    CASE
        WHEN p.state = 'discarded' AND p.beeminder_id IS NOT NULL THEN 'keep'
        WHEN p.state = 'discarded' THEN 'discarded'
        WHEN p.state = 'deleted' THEN 'deleted'
        WHEN p.state = 'kept' THEN 'keep'
        WHEN p.state IN ('removing', 'removed') THEN 'remove'
        WHEN p.state IN ('pending', 'confirmed') AND l.removed_at IS NOT NULL THEN 'left'
        ELSE '' END
FROM datapoint p JOIN link l ON l.id = p.link_id LEFT JOIN outbox o ON o.datapoint_id = p.id;

CREATE TABLE outbox_5 (
    datapoint_id INTEGER NOT NULL PRIMARY KEY REFERENCES datapoint_5 (id) ON DELETE CASCADE,
    goal_id TEXT NOT NULL REFERENCES goal (id),
    moment INTEGER NOT NULL,
    action TEXT NOT NULL,
    form TEXT NOT NULL,
    beeminder_id TEXT,
    attempts INTEGER NOT NULL,
    unanswered_at INTEGER NOT NULL,
    wait_until INTEGER NOT NULL,
    parked TEXT,
    queued_at INTEGER NOT NULL
) STRICT;

-- What waits under a link that was removed is asked for, and not sent.
INSERT INTO outbox_5
SELECT o.datapoint_id, o.goal_id, o.moment,
    CASE
        WHEN o.removes = 1 THEN 'remove'
        WHEN p.wanted = 0 THEN 'look_up'
        WHEN o.updates IS NULL THEN 'create'
        ELSE 'update' END,
    iif(p.wanted = 0, '', o.form), o.updates, o.attempts, 0, 0,
    -- A goal that was archived is waited for.
    iif(o.parked = 'the goal was archived or deleted at Beeminder', NULL, o.parked),
    o.queued_at
FROM outbox o JOIN datapoint_5 p ON p.id = o.datapoint_id
WHERE p.wanted = 1 OR p.unsure = 1 OR o.removes = 1;

DROP TABLE outbox;
DROP TABLE datapoint;
ALTER TABLE outbox_5 RENAME TO outbox;
ALTER TABLE datapoint_5 RENAME TO datapoint;
CREATE INDEX datapoint_link ON datapoint (link_id);
CREATE INDEX datapoint_confirmed ON datapoint (goal_id, confirmed_at);
CREATE INDEX datapoint_state ON datapoint (state, goal_id);
CREATE INDEX decision_request ON decision (link_id, request_id);
CREATE INDEX outbox_order ON outbox (goal_id, moment, datapoint_id);

-- What was never sent under a link that is gone is nobody's.
DELETE FROM datapoint WHERE wanted = 0 AND state = 'discarded' AND word = 'left';

-- Readings that the user's word takes out of a datapoint.
CREATE TABLE struck (
    goal_id TEXT NOT NULL REFERENCES goal (id),
    request_id TEXT NOT NULL,
    group_id INTEGER NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (goal_id, request_id, group_id)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO struck
SELECT l.goal_id, d.request_id, d.group_id, p.word
FROM decision d JOIN link l ON l.id = d.link_id
    JOIN datapoint p ON p.goal_id = l.goal_id AND p.request_id = d.request_id
WHERE p.word IN ('deleted', 'discarded');

-- The readings that the confirmed form of a datapoint was made of.
CREATE TABLE made_of (
    goal_id TEXT NOT NULL REFERENCES goal (id),
    request_id TEXT NOT NULL,
    group_id INTEGER NOT NULL,
    PRIMARY KEY (goal_id, request_id, group_id)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO made_of
SELECT l.goal_id, d.request_id, d.group_id
FROM decision d JOIN link l ON l.id = d.link_id
    JOIN datapoint p ON p.goal_id = l.goal_id AND p.request_id = d.request_id
WHERE p.sent_value IS NOT NULL OR p.beeminder_id IS NOT NULL;

-- The day a reading was given outlives the link.
CREATE TABLE given_day (
    goal_id TEXT NOT NULL REFERENCES goal (id),
    group_id INTEGER NOT NULL,
    measured_at INTEGER NOT NULL,
    daystamp TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    PRIMARY KEY (goal_id, group_id)
) STRICT, WITHOUT ROWID;

INSERT OR REPLACE INTO given_day
SELECT l.goal_id, d.group_id, d.measured_at, d.daystamp,
    coalesce((SELECT time_zone FROM account WHERE service = 'beeminder'), '')
FROM decision d JOIN link l ON l.id = d.link_id ORDER BY l.id;

-- What the user said about a reading stays when the readings are fetched again.
CREATE TABLE verdict_5 (
    group_id INTEGER NOT NULL PRIMARY KEY,
    mine INTEGER NOT NULL,
    remembered INTEGER NOT NULL,
    decided_at INTEGER NOT NULL
) STRICT;
INSERT INTO verdict_5 SELECT * FROM verdict;
DROP TABLE verdict;
ALTER TABLE verdict_5 RENAME TO verdict;

-- Trouble has a place.
CREATE TABLE trouble (
    place TEXT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL,
    facts TEXT NOT NULL,
    since INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    wait_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO trouble
SELECT 'account ' || service, problem, '{}', problem_since, failures, wait_until
FROM account WHERE problem <> '';
ALTER TABLE account DROP COLUMN problem;
ALTER TABLE account DROP COLUMN problem_text;
ALTER TABLE account DROP COLUMN problem_since;
ALTER TABLE account DROP COLUMN failures;
ALTER TABLE account DROP COLUMN wait_until;

-- When Beeminder's lists first lacked a goal.
ALTER TABLE goal ADD COLUMN missing_since INTEGER;

ALTER TABLE measure_group ADD COLUMN length INTEGER;
-- By the clock on the wall, so off by an hour in the nights in which it changes, until they are read again.
UPDATE measure_group SET length = (
    SELECT woke.mantissa - went.mantissa FROM measurement woke JOIN measurement went USING (group_id)
    WHERE group_id = measure_group.id AND woke.kind = 1000111 AND went.kind = 1000110
) WHERE source = 'sleep';
-- Without its pauses, which are not known.
UPDATE measure_group SET length = (
    SELECT mantissa FROM measurement WHERE group_id = measure_group.id AND kind = 1000202 AND exponent = 0
) WHERE source = 'workout';

ALTER TABLE unreadable ADD COLUMN group_id INTEGER;
ALTER TABLE unreadable ADD COLUMN source TEXT NOT NULL DEFAULT 'measure';
ALTER TABLE unreadable ADD COLUMN tried_with TEXT NOT NULL DEFAULT '';
UPDATE unreadable SET source = CASE
    WHEN instr(raw, '"grpid"') > 0 THEN 'measure'
    WHEN instr(raw, '"startdate"') > 0 AND instr(raw, '"category"') > 0 THEN 'workout'
    WHEN instr(raw, '"startdate"') > 0 THEN 'sleep'
    WHEN instr(raw, '"measures"') = 0 THEN 'activity'
    ELSE 'measure' END;
CREATE INDEX unreadable_group ON unreadable (group_id);

ALTER TABLE account ADD COLUMN person TEXT NOT NULL DEFAULT '';
ALTER TABLE goal ADD COLUMN odometer INTEGER NOT NULL DEFAULT 0;
ALTER TABLE goal ADD COLUMN archives_at INTEGER;

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
