-- Columns named *_sealed hold what `vault` encrypted for exactly that place. `raw` is a bundle as it came
-- over the air, which its own seal protects.

CREATE TABLE vessel (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 8),
    name_sealed BLOB NOT NULL,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Each key that a box of the vessel introduced. `trusted_sealed` repeats the key under the store key once a
-- person has confirmed its fingerprint, so that nobody can make a box trusted by editing the database.
CREATE TABLE box (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    vessel BLOB NOT NULL REFERENCES vessel (id),
    public BLOB NOT NULL CHECK (length(public) = 32),
    announced_at INTEGER NOT NULL,
    trusted_sealed BLOB NOT NULL DEFAULT x'',
    UNIQUE (vessel, public)
) STRICT;

-- What a caseworker sees as one message. Both forms of one voice note share an entry.
CREATE TABLE entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    vessel BLOB NOT NULL REFERENCES vessel (id),
    note BLOB NOT NULL DEFAULT x''
) STRICT;

CREATE UNIQUE INDEX entry_note ON entry (vessel, note) WHERE note <> x'';

CREATE TABLE bundle (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    vessel BLOB NOT NULL REFERENCES vessel (id),
    number INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    bearer TEXT NOT NULL,
    arrived_at INTEGER NOT NULL,
    raw BLOB NOT NULL,
    desk_key BLOB NOT NULL DEFAULT x'',
    entry INTEGER REFERENCES entry (id),
    box INTEGER REFERENCES box (id),
    origin INTEGER NOT NULL,
    fault TEXT NOT NULL DEFAULT '',
    message_sealed BLOB NOT NULL DEFAULT x'',
    voice_sealed BLOB NOT NULL DEFAULT x'',
    opened_at INTEGER NOT NULL DEFAULT 0,
    fetched_told INTEGER NOT NULL DEFAULT 0,
    opened_told INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX bundle_vessel ON bundle (vessel, number);
CREATE INDEX bundle_entry ON bundle (entry) WHERE entry IS NOT NULL;

-- What goes to a vessel: answers, receipts, keys.
CREATE TABLE dispatch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ref BLOB NOT NULL UNIQUE CHECK (length(ref) = 16),
    vessel BLOB NOT NULL REFERENCES vessel (id),
    purpose INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    raw BLOB NOT NULL,
    state INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    entry INTEGER REFERENCES entry (id),
    message_sealed BLOB NOT NULL DEFAULT x'',
    voice_sealed BLOB NOT NULL DEFAULT x'',
    refusal TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX dispatch_queued ON dispatch (id) WHERE state = 0;
CREATE INDEX dispatch_entry ON dispatch (entry) WHERE entry IS NOT NULL;

-- How far the relay's feed was read, and how far the relay knows it.
CREATE TABLE feed (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    cursor INTEGER NOT NULL,
    taken INTEGER NOT NULL
) STRICT;

INSERT INTO feed (only, cursor, taken) VALUES (1, 0, 0);
