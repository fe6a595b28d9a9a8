-- What an incident is about tells it from the next of its kind; how many it is about does not.
ALTER TABLE incident DROP COLUMN count;
ALTER TABLE incident ADD COLUMN matters TEXT;
UPDATE incident SET matters = (
        SELECT json_group_array(CAST(datapoint_id AS TEXT)) FROM outbox WHERE parked IS NOT NULL)
WHERE code = 'parked';
UPDATE incident SET matters = (
        SELECT json_group_array(DISTINCT CAST(group_id AS TEXT)) FROM decision JOIN link ON link.id = link_id
        WHERE removed_at IS NULL AND reason IN ('ambiguous', 'unknown_origin'))
WHERE code = 'held';
