-- One row: whose box this is. The link secret of the provisioning file is not among it.
CREATE TABLE box (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    vessel BLOB NOT NULL,
    vessel_name TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    box_private BLOB NOT NULL,
    relay_public BLOB NOT NULL,
    rekey_key BLOB NOT NULL,
    desk_name TEXT NOT NULL,
    desk_signing_public BLOB NOT NULL,
    desk_keys_issued_at INTEGER NOT NULL DEFAULT 0,
    -- The highest bundle number ever given; a number is never given twice.
    number_given INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE relay_address (
    position INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    url TEXT NOT NULL
) STRICT;

-- Keys that have expired stay: answers and receipts made with them may still be under way.
CREATE TABLE desk_key (
    public BLOB PRIMARY KEY,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL
) STRICT;

CREATE TABLE guard (
    id INTEGER PRIMARY KEY CHECK (id = 1),
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
) STRICT;

-- What leaves the box. `data` is gone once the relay has custody, or the lifetime has ended.
CREATE TABLE bundle (
    number INTEGER PRIMARY KEY,
    ref BLOB NOT NULL UNIQUE,
    digest BLOB NOT NULL,
    -- The name of the desk key that it is sealed to; empty for the introduction.
    desk_key BLOB NOT NULL,
    priority INTEGER NOT NULL,
    custody INTEGER NOT NULL DEFAULT 0,
    size_bytes INTEGER NOT NULL,
    data BLOB,
    begun INTEGER NOT NULL DEFAULT 0,
    -- JSON: the byte ranges that the relay holds, as [[start, end], …].
    acked TEXT NOT NULL DEFAULT '[]',
    refusal TEXT NOT NULL DEFAULT '',
    queued_at INTEGER NOT NULL,
    expires_at INTEGER,
    -- The first number this bundle had, where the relay knew another bundle by that number.
    numbered_first INTEGER,
    -- What the desk says it opened: checked by whoever has the receipt code, not by the box.
    opened_proof BLOB NOT NULL DEFAULT x''
) STRICT;

CREATE INDEX bundle_waiting ON bundle (priority, number) WHERE data IS NOT NULL;
CREATE INDEX bundle_numbered_first ON bundle (numbered_first) WHERE numbered_first IS NOT NULL;

CREATE TABLE fragment (
    id INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    total_bytes INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;

CREATE INDEX fragment_number ON fragment (number);

-- Numbers of all bundles ever taken from the relay, as half-open ranges that never touch.
CREATE TABLE taken (
    start INTEGER PRIMARY KEY,
    "end" INTEGER NOT NULL
) STRICT;

CREATE TABLE mail (
    number INTEGER PRIMARY KEY,
    mailbox BLOB NOT NULL,
    desk_key BLOB NOT NULL,
    tag BLOB NOT NULL,
    sealed BLOB NOT NULL,
    arrived_at INTEGER NOT NULL
) STRICT;

CREATE INDEX mail_mailbox ON mail (mailbox);

-- Bytes that each bearer carried. Upward by the bundle priority that filled the packet; -1 is everything
-- else: acknowledgements, greetings, and all that comes down.
CREATE TABLE ledger (
    bearer TEXT NOT NULL,
    priority INTEGER NOT NULL,
    up_bytes INTEGER NOT NULL DEFAULT 0,
    down_bytes INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (bearer, priority)
) STRICT;

CREATE TABLE bearer (
    name TEXT PRIMARY KEY,
    last_heard_at INTEGER NOT NULL
) STRICT;
