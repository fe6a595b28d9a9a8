-- The days that a link is about stay what they were when it was made, whatever becomes of zone and deadline.
ALTER TABLE link ADD COLUMN first_day TEXT;
ALTER TABLE backfill ADD COLUMN from_day TEXT;
ALTER TABLE backfill ADD COLUMN until_day TEXT;
ALTER TABLE backfill ADD COLUMN reached_day TEXT;

CREATE INDEX datapoint_left ON datapoint (goal_id) WHERE wanted = 0;
