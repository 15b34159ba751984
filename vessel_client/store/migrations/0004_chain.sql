-- The newest certificate for phones that came from shore, and those above it, in DER form.
CREATE TABLE chain (
    position INTEGER PRIMARY KEY,
    certificate BLOB NOT NULL
) STRICT;

ALTER TABLE box ADD COLUMN chain_issued_at INTEGER NOT NULL DEFAULT 0;
