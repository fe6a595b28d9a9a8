ALTER TABLE goal ADD COLUMN graph_url TEXT;
ALTER TABLE goal ADD COLUMN compared_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX datapoint_confirmed ON datapoint (goal_id, confirmed_at);
