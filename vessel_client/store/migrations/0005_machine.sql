-- Where this disk was used last: a copy of it elsewhere must not go on with the same keys and counters.
ALTER TABLE box ADD COLUMN machine BLOB NOT NULL DEFAULT x'';
