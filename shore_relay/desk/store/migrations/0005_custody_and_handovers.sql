-- When the desk kept a bundle, and who was the first to open it: two steps of its chain of custody. For what
-- came before, nobody noted it.
ALTER TABLE bundle ADD COLUMN fetched_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bundle ADD COLUMN opened_by BLOB NOT NULL DEFAULT x'';

-- What left the desk: evidence packs and tables. `record_sealed` says what was in it, and for a redacted pack
-- holds the seed by which the desk can show what was removed.
CREATE TABLE handover (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    made_at INTEGER NOT NULL,
    person BLOB NOT NULL,
    kind TEXT NOT NULL,
    record_sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX handover_made ON handover (made_at);
