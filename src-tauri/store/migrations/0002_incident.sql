CREATE TABLE incident (
    code TEXT NOT NULL,
    goal TEXT NOT NULL,
    count INTEGER NOT NULL,
    told INTEGER NOT NULL,
    PRIMARY KEY (code, goal)
) STRICT, WITHOUT ROWID;
