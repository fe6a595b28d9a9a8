-- What a goal's list lacks is asked about before each request.
CREATE INDEX datapoint_missing ON datapoint (goal_id) WHERE missing_since IS NOT NULL;
