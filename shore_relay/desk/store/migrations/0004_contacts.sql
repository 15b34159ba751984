-- When the relay last had a contact with each vessel, whatever came over it, and where the satellite guessed
-- the vessel to be, if the relay's operator shares that. Not the same as `vessel.last_at`, which is of the feed.

CREATE TABLE contact (
    vessel BLOB NOT NULL PRIMARY KEY REFERENCES vessel (id),
    at INTEGER NOT NULL,
    contact_sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
