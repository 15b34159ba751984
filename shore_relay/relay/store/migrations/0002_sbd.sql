-- Short messages over satellite.

-- Which modem is on which vessel, and through whose gateway it speaks.
CREATE TABLE sbd_modems (
    imei TEXT NOT NULL PRIMARY KEY CHECK (length(imei) = 15),
    vessel BLOB NOT NULL UNIQUE REFERENCES vessels (vessel),
    via TEXT NOT NULL CHECK (via IN ('rockblock', 'directip')),
    assigned_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a gateway handed over: committed before the gateway is answered, worked off behind that. A row that is
-- done keeps no data; it stays for a while, so that the gateway's repetitions cost nothing.
CREATE TABLE sbd_inbound (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    imei TEXT NOT NULL,
    momsn INTEGER NOT NULL,
    transmitted_at INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    data BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    UNIQUE (imei, momsn, transmitted_at, digest)
) STRICT;
CREATE INDEX sbd_inbound_waiting ON sbd_inbound (id) WHERE done = 0;

-- Packets for modems. 'waiting': to be handed to the gateway. 'queued': the gateway has it for the modem.
-- 'stale': the gateway may have it, and nobody needs it any more. 'refused': the gateway never takes it.
CREATE TABLE sbd_outbound (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    vessel BLOB NOT NULL REFERENCES vessels (vessel),
    packet BLOB NOT NULL,
    -- The key that it is sealed with; empty for the answer to a rekey, which any box opens.
    key_id BLOB NOT NULL,
    -- What it carries, as "number:start-end" joined by commas; empty where it only says what the relay holds.
    pieces TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'queued', 'stale', 'refused')),
    -- Whether the gateway has to empty the modem's queue before it takes this one.
    flush INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    composed_at INTEGER NOT NULL,
    posted_at INTEGER NOT NULL DEFAULT 0,
    -- How many sessions of the modem there were since it probably fetched this one, that session included.
    sessions INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX sbd_outbound_by_vessel ON sbd_outbound (vessel);

-- What each vessel spent, and since when it waits for a word from here.
CREATE TABLE sbd_accounts (
    vessel BLOB NOT NULL PRIMARY KEY REFERENCES vessels (vessel),
    messages_up INTEGER NOT NULL DEFAULT 0,
    credits_up INTEGER NOT NULL DEFAULT 0,
    messages_down INTEGER NOT NULL DEFAULT 0,
    credits_down INTEGER NOT NULL DEFAULT 0,
    owed_since INTEGER NOT NULL DEFAULT 0,
    owed_urgently INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Only where the operator turned it on, and only the last one.
CREATE TABLE sbd_positions (
    vessel BLOB NOT NULL PRIMARY KEY REFERENCES vessels (vessel),
    at INTEGER NOT NULL,
    latitude REAL NOT NULL,
    longitude REAL NOT NULL,
    radius_km REAL NOT NULL
) STRICT, WITHOUT ROWID;

-- What the operator has to see to. An empty vessel: it concerns the whole account.
CREATE TABLE sbd_alarms (
    code TEXT NOT NULL,
    vessel BLOB NOT NULL,
    raised_at INTEGER NOT NULL,
    advice TEXT NOT NULL,
    PRIMARY KEY (code, vessel)
) STRICT, WITHOUT ROWID;
