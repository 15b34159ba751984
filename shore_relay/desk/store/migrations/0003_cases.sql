-- Cases. Everything that says what a case is about is sealed; the disk shows how many there are, and when one
-- changed in relation to others.

CREATE TABLE case_file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    last INTEGER NOT NULL DEFAULT 0,
    brief_sealed BLOB NOT NULL DEFAULT x'',
    case_sealed BLOB NOT NULL DEFAULT x''
) STRICT;

CREATE INDEX case_file_last ON case_file (last);

-- Every message that was looked at for filing, in the order of arrival, with the case that holds it and an
-- index of the mailbox that it came from. The case of a mailbox is the one that holds its newest message.
CREATE TABLE filed (
    entry INTEGER NOT NULL PRIMARY KEY REFERENCES entry (id),
    case_id INTEGER REFERENCES case_file (id),
    mailbox BLOB NOT NULL DEFAULT x''
) STRICT;

CREATE INDEX filed_mailbox ON filed (mailbox, entry) WHERE mailbox <> x'';
CREATE INDEX filed_case ON filed (case_id) WHERE case_id IS NOT NULL;

CREATE INDEX bundle_unopened ON bundle (entry) WHERE opened_at = 0 AND entry IS NOT NULL;

-- The history of all cases in one chain: link = SHA-256(label, link before, number, digest), and digest is
-- that of the entry before it was sealed. Entries are only ever added.
CREATE TABLE history (
    seq INTEGER NOT NULL PRIMARY KEY,
    case_id INTEGER NOT NULL REFERENCES case_file (id),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    link BLOB NOT NULL CHECK (length(link) = 32),
    entry_sealed BLOB NOT NULL
) STRICT;

CREATE INDEX history_case ON history (case_id, seq);

CREATE TRIGGER history_is_only_added_to BEFORE UPDATE ON history
BEGIN
    SELECT RAISE(ABORT, 'the history is only added to');
END;

CREATE TRIGGER history_loses_nothing BEFORE DELETE ON history
BEGIN
    SELECT RAISE(ABORT, 'the history loses nothing');
END;

-- The newest link, sealed, so that nobody without the keys can cut off the end unseen.
CREATE TABLE history_head (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq INTEGER NOT NULL,
    link BLOB NOT NULL,
    head_sealed BLOB NOT NULL
) STRICT;

INSERT INTO history_head (only, seq, link, head_sealed) VALUES (1, 0, zeroblob(32), x'');
