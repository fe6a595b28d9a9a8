-- What is taken away once something else is there is told from what the user wants taken away.
DROP INDEX datapoint_state;
ALTER TABLE datapoint DROP COLUMN state;
ALTER TABLE datapoint ADD COLUMN state TEXT NOT NULL GENERATED ALWAYS AS (CASE
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
        ELSE 'kept' END) VIRTUAL;
CREATE INDEX datapoint_state ON datapoint (state, goal_id);

-- Which of the two it was is not known of what waits: what takes its place must be there.
UPDATE datapoint SET word = 'moved'
WHERE word = 'remove' AND link_id IN (SELECT id FROM link WHERE removed_at IS NULL)
    AND id IN (SELECT datapoint_id FROM outbox WHERE action = 'remove');
