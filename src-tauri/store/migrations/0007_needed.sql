-- What a goal needs until its next deadline.
ALTER TABLE goal ADD COLUMN needed TEXT;
ALTER TABLE goal ADD COLUMN needed_value REAL;
