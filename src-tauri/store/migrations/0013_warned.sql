CREATE TABLE warned (
    goal_id TEXT NOT NULL REFERENCES goal (id),
    misfit TEXT NOT NULL,
    PRIMARY KEY (goal_id, misfit)
) STRICT, WITHOUT ROWID;
