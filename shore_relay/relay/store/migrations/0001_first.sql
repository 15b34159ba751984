-- What a relay keeps. Nothing in here opens a sealed bundle.

CREATE TABLE relay (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- X25519: opens rekey requests, never bundles.
    rekey_private BLOB NOT NULL CHECK (length(rekey_private) = 32),
    created_at INTEGER NOT NULL,
    -- Counts changes to desks and their keys, so that a running server notices what an admin did.
    directory_revision INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE desks (
    desk BLOB NOT NULL PRIMARY KEY CHECK (length(desk) = 8),
    name TEXT NOT NULL UNIQUE,
    signing_public BLOB NOT NULL CHECK (length(signing_public) = 32),
    added_at INTEGER NOT NULL,
    keys_issued_at INTEGER NOT NULL DEFAULT 0,
    last_cursor INTEGER NOT NULL DEFAULT 0,
    taken_through INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- A key is never forgotten: a box that was at sea for months may still seal to it.
CREATE TABLE desk_keys (
    key_id BLOB NOT NULL CHECK (length(key_id) = 4),
    desk BLOB NOT NULL REFERENCES desks (desk),
    public BLOB NOT NULL CHECK (length(public) = 32),
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (key_id, desk)
) STRICT, WITHOUT ROWID;

CREATE TABLE vessels (
    vessel BLOB NOT NULL PRIMARY KEY CHECK (length(vessel) = 8),
    name TEXT NOT NULL UNIQUE,
    desk BLOB NOT NULL REFERENCES desks (desk),
    -- Authenticates rekeys; the provisioned secret that it comes from is not kept.
    rekey_key BLOB NOT NULL CHECK (length(rekey_key) = 32),
    added_at INTEGER NOT NULL,
    -- The number of the next bundle to this vessel.
    next_number INTEGER NOT NULL DEFAULT 1,
    last_contact_at INTEGER NOT NULL DEFAULT 0,
    last_bearer TEXT NOT NULL DEFAULT '',
    bundles_taken INTEGER NOT NULL DEFAULT 0,
    bundles_handed_over INTEGER NOT NULL DEFAULT 0,
    duplicate_bytes INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE guards (
    vessel BLOB NOT NULL PRIMARY KEY REFERENCES vessels (vessel),
    secret BLOB NOT NULL,
    previous_secret BLOB,
    pending_secret BLOB,
    generation INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    counter_reserved INTEGER NOT NULL,
    window_highest INTEGER NOT NULL,
    window_seen BLOB NOT NULL,
    previous_window_highest INTEGER NOT NULL,
    previous_window_seen BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Under which key ids a vessel may come next.
CREATE TABLE link_keys (
    key_id BLOB NOT NULL CHECK (length(key_id) = 4),
    vessel BLOB NOT NULL REFERENCES vessels (vessel),
    PRIMARY KEY (key_id, vessel)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_keys_by_vessel ON link_keys (vessel);

-- Pieces of bundles that have not come whole yet.
CREATE TABLE fragments (
    vessel BLOB NOT NULL REFERENCES vessels (vessel),
    number INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    total_bytes INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (vessel, number, offset)
) STRICT;

-- Numbers of all bundles ever taken, as half-open ranges that never touch.
CREATE TABLE taken_ranges (
    vessel BLOB NOT NULL REFERENCES vessels (vessel),
    start_number INTEGER NOT NULL,
    end_number INTEGER NOT NULL,
    PRIMARY KEY (vessel, start_number)
) STRICT, WITHOUT ROWID;

-- What each desk has not taken yet. A cursor counts for one desk and never returns.
CREATE TABLE feed (
    desk BLOB NOT NULL REFERENCES desks (desk),
    cursor INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('bundle', 'delivered')),
    vessel BLOB NOT NULL REFERENCES vessels (vessel),
    at INTEGER NOT NULL,
    number INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    bearer TEXT NOT NULL,
    bundle BLOB NOT NULL,
    ref BLOB NOT NULL,
    PRIMARY KEY (desk, cursor)
) STRICT;
CREATE INDEX feed_by_vessel ON feed (vessel);

-- What desks sent to vessels. The bytes go once the vessel has them; the ref stays, so that it counts once.
CREATE TABLE dispatches (
    vessel BLOB NOT NULL REFERENCES vessels (vessel),
    ref BLOB NOT NULL CHECK (length(ref) = 16),
    number INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    bundle BLOB NOT NULL,
    content_hash BLOB NOT NULL,
    queued_at INTEGER NOT NULL,
    begun INTEGER NOT NULL DEFAULT 0,
    -- Ranges as "start-end" joined by commas.
    acked TEXT NOT NULL DEFAULT '',
    settled INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (vessel, ref)
) STRICT;
CREATE UNIQUE INDEX dispatches_by_number ON dispatches (vessel, number);
CREATE INDEX dispatches_waiting ON dispatches (vessel, priority, number) WHERE settled = 0;

CREATE TABLE traffic (
    vessel BLOB NOT NULL REFERENCES vessels (vessel),
    bearer TEXT NOT NULL,
    bytes_up INTEGER NOT NULL,
    bytes_down INTEGER NOT NULL,
    PRIMARY KEY (vessel, bearer)
) STRICT, WITHOUT ROWID;

CREATE TABLE refusals (
    code TEXT NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
