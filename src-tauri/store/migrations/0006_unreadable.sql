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
