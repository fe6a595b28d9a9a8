-- The database as it is after every migration. A test compares the two and asks for a comment on each
-- column. Moments are Unix seconds; days are Beeminder daystamps (yyyymmdd); health values are exact.

-- The two services, once connected.
CREATE TABLE account (
    service TEXT NOT NULL PRIMARY KEY, -- 'withings' or 'beeminder'
    user_id TEXT NOT NULL,             -- Withings' userid or Beeminder's user name
    time_zone TEXT NOT NULL,           -- IANA name; '' while unknown
    connected INTEGER NOT NULL,        -- 1 while its tokens are in the keychain
    connected_at INTEGER NOT NULL,     -- when the user last signed in
    deadbeat INTEGER NOT NULL,         -- 1 while Beeminder refuses changes until a payment is sorted out
    limited_at INTEGER NOT NULL,       -- when it last asked for a pause because of too many requests
    scope TEXT NOT NULL DEFAULT '',    -- what Withings lets us read, comma-separated; '' while unknown
    person TEXT NOT NULL DEFAULT ''    -- Beeminder's id of the user, which survives a renaming; '' while unknown
) STRICT;

-- Up to where Withings was read.
CREATE TABLE checkpoint (
    stream TEXT NOT NULL PRIMARY KEY,  -- what was read, see store/checkpoint.rs
    updated_at INTEGER NOT NULL,       -- Withings' own clock at the end of the last complete reading
    read_at INTEGER NOT NULL           -- this computer's clock then, for display only
) STRICT;

-- Readings that did not come to their end, and where they go on.
CREATE TABLE reading (
    stream TEXT NOT NULL PRIMARY KEY,  -- what is read, see store/checkpoint.rs
    since INTEGER NOT NULL,            -- from which moment of Withings' clock on
    page INTEGER NOT NULL,             -- Withings' offset of the last page that was read
    updated_at INTEGER NOT NULL        -- Withings' own clock at the first page
) STRICT;

-- How many requests Withings had of late, so that a long reading stays below what it allows.
CREATE TABLE pace (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), -- there is one
    used INTEGER NOT NULL,             -- requests without a pause of a minute between them
    until INTEGER NOT NULL             -- this computer's clock at the last of them
) STRICT;

-- What Withings answered that is believed only when it is answered again later.
CREATE TABLE doubt (
    stream TEXT NOT NULL,              -- what was asked for, see store/checkpoint.rs
    answer TEXT NOT NULL,              -- 'refused' or 'nothing'
    first_at INTEGER NOT NULL,         -- Withings' own clock at the first such answer
    last_at INTEGER NOT NULL,          -- the same at the last one
    count INTEGER NOT NULL,            -- how many in a row
    PRIMARY KEY (stream, answer)
) STRICT, WITHOUT ROWID;

-- What one act of measuring produced; or a day of activity, a night, a workout.
CREATE TABLE measure_group (
    id INTEGER NOT NULL PRIMARY KEY,   -- Withings' grpid; of other sources see measurement::GroupId
    attrib INTEGER NOT NULL,           -- Withings' attrib, unread; -1 when it was missing
    measured_at INTEGER NOT NULL,      -- when it was measured
    modified_at INTEGER NOT NULL,      -- when Withings last changed it
    device TEXT,                       -- Withings' deviceid; NULL when typed in
    model TEXT,                        -- the device's model; NULL when not told
    missing_since INTEGER,             -- when a complete reading first lacked it; NULL while it is there
    source TEXT NOT NULL DEFAULT 'measure', -- 'measure', 'activity', 'sleep' or 'workout'
    day TEXT,                          -- the day Withings gives it; NULL for what is measured at a moment
    category INTEGER,                  -- Withings' number for the sort of workout; NULL for all else
    length INTEGER                     -- seconds from the start to the end of a night or workout; NULL for all else
) STRICT;
CREATE INDEX measure_group_measured_at ON measure_group (measured_at);

-- Groups that are new or have changed since the last plan.
CREATE TABLE unplanned (
    group_id INTEGER NOT NULL PRIMARY KEY REFERENCES measure_group (id) -- the group
) STRICT;

-- The values of a group.
CREATE TABLE measurement (
    group_id INTEGER NOT NULL REFERENCES measure_group (id) ON DELETE CASCADE, -- the group
    ordinal INTEGER NOT NULL,          -- its place in the group, from 0
    kind INTEGER NOT NULL,             -- Withings' type
    mantissa INTEGER NOT NULL,         -- Withings' value
    exponent INTEGER NOT NULL,         -- Withings' unit, a power of ten
    position INTEGER,                  -- Withings' position; NULL when not told
    PRIMARY KEY (group_id, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX measurement_kind ON measurement (kind, group_id);

-- Groups and values that could not be read, kept until they can.
CREATE TABLE unreadable (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- number for the user
    raw TEXT NOT NULL UNIQUE,          -- the group as Withings sent it, or with those values alone
    seen_at INTEGER NOT NULL,          -- when it was first seen
    group_id INTEGER,                  -- the group it belongs to, see measure_group.id; NULL when not told
    source TEXT NOT NULL DEFAULT 'measure', -- which service told it, as in measure_group
    tried_with TEXT NOT NULL DEFAULT '' -- the last version of the program that tried to read it
) STRICT;
CREATE INDEX unreadable_group ON unreadable (group_id);

-- Beeminder's goals as last read.
CREATE TABLE goal (
    id TEXT NOT NULL PRIMARY KEY,      -- Beeminder's id, which survives a renaming
    slug TEXT NOT NULL,                -- the name as last seen
    title TEXT NOT NULL,               -- what it is called
    units TEXT NOT NULL,               -- its units, free text
    deadline INTEGER NOT NULL,         -- seconds from midnight
    summing INTEGER NOT NULL,          -- 1 when datapoints add up
    aggday TEXT NOT NULL,              -- how a day's datapoints become one
    autodata TEXT,                     -- the other service that feeds it, if any
    healthkit_metric TEXT,             -- the Apple Health metric that feeds it, if any
    frozen INTEGER NOT NULL,           -- 1 when it has ended
    buffer_days INTEGER,               -- days of safety; NULL while not worked out
    loses_at INTEGER,                  -- when it derails if nothing is done
    starts_at INTEGER,                 -- where its graph starts
    presence TEXT NOT NULL,            -- 'active', 'archived' or 'deleted'
    renamed_from TEXT,                 -- an earlier name, until the user was told
    read_at INTEGER NOT NULL,          -- when it was read
    graph_url TEXT,                    -- where Beeminder keeps a picture of its graph; NULL while unknown
    compared_at INTEGER NOT NULL DEFAULT 0, -- when what it has was last compared with what was sent
    missing_since INTEGER,             -- when Beeminder's lists first lacked it; NULL while they have it
    odometer INTEGER NOT NULL DEFAULT 0, -- 1 when it takes the readings of a meter that only grows
    archives_at INTEGER,               -- when the user wants it archived; NULL when not
    needed TEXT,                       -- what it needs until its next deadline, see Needed; NULL while not worked out
    needed_value REAL                  -- how much of that, in the goal's unit
) STRICT;

-- The bright red lines of goals, for charts.
CREATE TABLE red_line (
    goal_id TEXT NOT NULL PRIMARY KEY, -- Beeminder's id; the goal may not be linked yet
    corners TEXT NOT NULL,             -- [[Unix seconds, value], …] as JSON, oldest first; none while Beeminder works it out
    good_is_below INTEGER NOT NULL,    -- 1 when the good side is below, as for losing weight
    read_at INTEGER NOT NULL           -- when it was read
) STRICT;

-- This feeds that goal, so, since then.
CREATE TABLE link (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- number for the user
    goal_id TEXT NOT NULL REFERENCES goal (id), -- the goal
    feed TEXT NOT NULL,                -- 'track' or 'count'
    measure TEXT NOT NULL,             -- Withings' type to track, or the name of the set to count
    unit TEXT NOT NULL,                -- the unit to track in; '' when counting
    take TEXT NOT NULL,                -- which of a day's values; when counting 'every' or 'first'
    since INTEGER NOT NULL,            -- nothing measured before this moment is sent
    created_at INTEGER NOT NULL,       -- when the user made it
    removed_at INTEGER,                -- when the user removed it; NULL while it is in force
    changed INTEGER NOT NULL,          -- 0 when the plan has gone through all it concerns; 1 when it has not, 2 when the user changed it and has seen what is taken away, 3 and 4 the same while it is on its way
    options TEXT NOT NULL DEFAULT '{}', -- what the user wants otherwise than usual: link::Options as JSON
    first_day TEXT                     -- the day of `since` as the goal cut days then; NULL where that was not noted
) STRICT;

-- What the user said, or what follows from it, about measurements that may be another person's.
CREATE TABLE verdict (
    group_id INTEGER NOT NULL PRIMARY KEY, -- the group; it may be fetched again later, so it is no reference
    mine INTEGER NOT NULL,             -- 1 when it is the user's
    remembered INTEGER NOT NULL,       -- 1 when the user wants others of about its weight decided in the same way
    decided_at INTEGER NOT NULL,       -- when
    answered INTEGER NOT NULL DEFAULT 1, -- 1 when the user said it, 0 when it follows from what they said
    attrib INTEGER                     -- the origin that the answer is remembered for; NULL for none
) STRICT;

-- Stretches of the past that the user asked for, posted a few a day.
CREATE TABLE backfill (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- number for the user
    link_id INTEGER NOT NULL REFERENCES link (id), -- the link
    from_at INTEGER NOT NULL,          -- the first moment
    until_at INTEGER NOT NULL,         -- the moment after the last; moved to reached_at by cancelling
    reached_at INTEGER NOT NULL,       -- what was measured before this is released; until_at when done
    released INTEGER NOT NULL,         -- how many datapoints were put into the outbox so far
    day TEXT NOT NULL,                 -- the last day on which some were
    released_that_day INTEGER NOT NULL, -- how many on that day
    from_day TEXT,                     -- the day of from_at as the goal cut days then; NULL where that was not noted
    until_day TEXT,                    -- likewise of until_at
    reached_day TEXT                   -- likewise of reached_at
) STRICT;

-- The user's devices, where Withings lets us read them.
CREATE TABLE device (
    id TEXT NOT NULL PRIMARY KEY,      -- Withings' deviceid
    sort TEXT NOT NULL,                -- 'Scale', 'Blood Pressure Monitor', …
    model TEXT NOT NULL,               -- the model; '' when not told
    battery TEXT NOT NULL,             -- 'high', 'medium', 'low', …; '' when not told
    last_contact INTEGER,              -- when it last reached Withings; NULL when never
    read_at INTEGER NOT NULL           -- when this was read
) STRICT;

-- What became of each group under each link that it concerns.
CREATE TABLE decision (
    link_id INTEGER NOT NULL REFERENCES link (id), -- the link
    group_id INTEGER NOT NULL REFERENCES measure_group (id), -- the group
    daystamp TEXT NOT NULL,            -- the day it was given, kept while its moment stays
    measured_at INTEGER NOT NULL,      -- the moment the day was given for
    reason TEXT NOT NULL,              -- why it is sent, held or skipped
    request_id TEXT,                   -- the datapoint it went into; NULL when none
    PRIMARY KEY (link_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_day ON decision (link_id, daystamp);
CREATE INDEX decision_group ON decision (group_id);
CREATE INDEX decision_request ON decision (link_id, request_id);

-- Every datapoint that links called for, as three facts: what is wanted, what Beeminder confirmed, and the
-- user's word. What is to be sent follows from them.
CREATE TABLE datapoint (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- number for the user, shared with the outbox
    goal_id TEXT NOT NULL REFERENCES goal (id), -- the goal
    request_id TEXT NOT NULL,          -- Beeminder's idempotency key within the goal
    link_id INTEGER NOT NULL REFERENCES link (id), -- the link that called for it last
    wanted INTEGER NOT NULL,           -- 1 while a link in force calls for it
    value TEXT NOT NULL,               -- the form last called for: its value, an exact decimal
    timestamp INTEGER,                 -- its moment; NULL for a day's value
    daystamp TEXT,                     -- its day; NULL for a point
    comment TEXT NOT NULL,             -- its comment
    sent_value TEXT,                   -- the form Beeminder last confirmed; NULL while it has none, or an unknown one
    sent_timestamp INTEGER,            -- its moment
    sent_daystamp TEXT,                -- its day
    sent_comment TEXT,                 -- its comment
    unsure INTEGER NOT NULL,           -- 1 while a request went out and its answer did not come
    beeminder_id TEXT,                 -- Beeminder's id of it; NULL while it has none, or an unknown one
    beeminder_day TEXT,                -- the day Beeminder counts it for; NULL while unknown
    confirmed_at INTEGER,              -- when Beeminder last confirmed it; NULL before
    missing_since INTEGER,             -- when the goal's list first lacked it; NULL while it has it
    word TEXT NOT NULL,                -- the user's word on what is not wanted: '', 'discarded', 'deleted' (by the user, at Beeminder), 'keep' (what is there), 'left' (there when its link was removed) or 'remove' (from there); or 'moved' (to be removed once what its readings went into instead is there), which is none
    state TEXT NOT NULL GENERATED ALWAYS AS (CASE -- the three facts as one word, for showing and counting
        WHEN word = 'deleted' THEN 'deleted'
        WHEN wanted = 1 AND unsure = 0 AND sent_value IS value AND sent_timestamp IS timestamp
            AND sent_daystamp IS daystamp AND sent_comment IS comment THEN 'confirmed'
        WHEN wanted = 1 THEN 'pending'
        WHEN word IN ('remove', 'moved') AND sent_value IS NULL AND beeminder_id IS NULL AND unsure = 0
            THEN 'removed'
        WHEN word IN ('remove', 'moved') THEN 'removing'
        WHEN unsure = 1 THEN 'pending'
        WHEN sent_value IS NULL AND beeminder_id IS NULL THEN 'discarded'
        WHEN word = 'left' THEN 'confirmed'
        WHEN word IN ('', 'discarded') THEN 'stale'
        ELSE 'kept' END) VIRTUAL,
    UNIQUE (goal_id, request_id)
) STRICT;
CREATE INDEX datapoint_link ON datapoint (link_id);
CREATE INDEX datapoint_confirmed ON datapoint (goal_id, confirmed_at);
CREATE INDEX datapoint_state ON datapoint (state, goal_id);
CREATE INDEX datapoint_left ON datapoint (goal_id) WHERE wanted = 0;
CREATE INDEX datapoint_missing ON datapoint (goal_id) WHERE missing_since IS NOT NULL;

-- What differs between wanted and confirmed: one request a datapoint, as it is sent. The table is the queue.
CREATE TABLE outbox (
    datapoint_id INTEGER NOT NULL PRIMARY KEY REFERENCES datapoint (id) ON DELETE CASCADE, -- the datapoint
    goal_id TEXT NOT NULL REFERENCES goal (id), -- its goal; the oldest of a goal goes first
    moment INTEGER NOT NULL,           -- what "oldest" goes by
    action TEXT NOT NULL,              -- 'create', 'update', 'remove', or 'look_up' for what may have arrived
    form TEXT NOT NULL,                -- the request, without the token, sent again as it is
    beeminder_id TEXT,                 -- Beeminder's id of the datapoint to change or remove; NULL when unknown
    attempts INTEGER NOT NULL,         -- how often it was sent, counted before sending
    unanswered_at INTEGER NOT NULL,    -- when a request was last sent that had no answer at all; 0 when all had one
    wait_until INTEGER NOT NULL,       -- automatic passes leave it alone until then
    parked TEXT,                       -- Beeminder's words of refusal, until the user decides; NULL while it can be sent
    queued_at INTEGER NOT NULL         -- when it was decided on
) STRICT;
CREATE INDEX outbox_order ON outbox (goal_id, moment, datapoint_id);

-- Readings that the user's word takes out of a datapoint: what was deleted or discarded stays so, and a new
-- reading of the same day is a new fact. Or that it keeps in, though Withings has them no more.
CREATE TABLE struck (
    goal_id TEXT NOT NULL REFERENCES goal (id), -- the goal
    request_id TEXT NOT NULL,          -- the datapoint's key
    group_id INTEGER NOT NULL,         -- the reading; it may be fetched again later, so it is no reference
    word TEXT NOT NULL,                -- 'deleted', 'discarded' or 'keep'
    said TEXT,                         -- the value that the word is about, see MeasureGroup::says; NULL for whatever it says
    PRIMARY KEY (goal_id, request_id, group_id)
) STRICT, WITHOUT ROWID;

-- The readings that the confirmed form of a datapoint was made of: who deletes it means those.
CREATE TABLE made_of (
    goal_id TEXT NOT NULL REFERENCES goal (id), -- the goal
    request_id TEXT NOT NULL,          -- the datapoint's key
    group_id INTEGER NOT NULL,         -- the reading; it may be fetched again later, so it is no reference
    said TEXT,                         -- the value it had then, see MeasureGroup::says; NULL where that was not noted
    PRIMARY KEY (goal_id, request_id, group_id)
) STRICT, WITHOUT ROWID;

-- The day that a goal's readings were given. It outlives links, deadlines and time zones.
CREATE TABLE given_day (
    goal_id TEXT NOT NULL REFERENCES goal (id), -- the goal
    group_id INTEGER NOT NULL,         -- the reading; it may be fetched again later, so it is no reference
    measured_at INTEGER NOT NULL,      -- the moment the day was given for
    daystamp TEXT NOT NULL,            -- the day; with a ? before it while it is to be worked out again
    time_zone TEXT NOT NULL,           -- the zone it was judged in; '' while that was unknown
    PRIMARY KEY (goal_id, group_id)
) STRICT, WITHOUT ROWID;

-- What is wrong, each at the smallest place it is about. Success of the same thing ends it.
CREATE TABLE trouble (
    place TEXT NOT NULL PRIMARY KEY,   -- an account, a service of Withings, a task or a goal, see trouble::Place
    code TEXT NOT NULL,                -- what it is, see attention::Code
    facts TEXT NOT NULL,               -- what its sentence is about, and when it last came, as JSON
    since INTEGER NOT NULL,            -- when it began
    failures INTEGER NOT NULL,         -- how often in a row, for the back-off
    wait_until INTEGER NOT NULL        -- automatic passes leave the place alone until then
) STRICT, WITHOUT ROWID;

-- What this program subscribed to at Withings.
CREATE TABLE subscription (
    appli INTEGER NOT NULL PRIMARY KEY, -- Withings' number for the kind of change
    address TEXT NOT NULL,             -- where it leads, without the secret end, which is in the keychain alone
    since INTEGER NOT NULL,            -- when it was made or last moved
    notified_at INTEGER                -- when the last notification came; NULL before
) STRICT;

-- Whether Withings' notifications arrive, for each of its services.
CREATE TABLE announced (
    stream TEXT NOT NULL PRIMARY KEY,  -- what they tell of, see store/checkpoint.rs
    notified_at INTEGER,               -- when the last one came; NULL before
    in_a_row INTEGER NOT NULL,         -- how many changes in a row were announced
    unannounced_since INTEGER,         -- when a change was read that none has announced yet; NULL while there is none
    missed_at INTEGER                  -- when one was last found to be missing; NULL before
) STRICT;

-- What the user chose, and the little that must outlast a restart.
CREATE TABLE setting (
    name TEXT NOT NULL PRIMARY KEY,    -- see store/setting.rs
    value TEXT NOT NULL                -- as that file writes it
) STRICT;

-- What needs the user and has not ended, so that nobody is interrupted twice for the same.
CREATE TABLE incident (
    code TEXT NOT NULL,                -- what it is, see attention::Code
    goal TEXT NOT NULL,                -- the goal it is about; '' when about none
    told INTEGER NOT NULL,             -- 1 when the user was interrupted for it
    matters TEXT,                      -- the deadlines, readings or datapoints it is about, as JSON; NULL where an earlier version did not note them
    PRIMARY KEY (code, goal)
) STRICT, WITHOUT ROWID;

-- Why a goal may not suit what is sent to it, as the user was told when linking: that is not said again.
CREATE TABLE warned (
    goal_id TEXT NOT NULL REFERENCES goal (id), -- the goal
    misfit TEXT NOT NULL,              -- its code, see domain/link/misfit.rs
    PRIMARY KEY (goal_id, misfit)
) STRICT, WITHOUT ROWID;
