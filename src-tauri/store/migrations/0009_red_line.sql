-- The bright red lines of goals, for charts.
CREATE TABLE red_line (
    goal_id TEXT NOT NULL PRIMARY KEY,
    corners TEXT NOT NULL,
    good_is_below INTEGER NOT NULL,
    read_at INTEGER NOT NULL
) STRICT;
