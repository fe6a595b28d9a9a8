-- What readings said when the user's word was about them: corrected to another value they are new facts.
ALTER TABLE struck ADD COLUMN said TEXT;
ALTER TABLE made_of ADD COLUMN said TEXT;
