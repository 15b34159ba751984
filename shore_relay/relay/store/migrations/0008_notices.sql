-- Where a desk's office hears that something waits, never what.
CREATE TABLE notice_channels (
    desk BLOB NOT NULL REFERENCES desks (desk),
    way TEXT NOT NULL CHECK (way IN ('email', 'webhook')),
    address TEXT NOT NULL,
    -- Signs webhooks; empty for e-mail.
    secret TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    -- The last cursor of the desk's feed when its office was told, and when that was.
    told_through INTEGER NOT NULL DEFAULT 0,
    told_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (desk, way, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    desk BLOB NOT NULL REFERENCES desks (desk),
    way TEXT NOT NULL CHECK (way IN ('email', 'webhook')),
    address TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
    made_at INTEGER NOT NULL,
    -- When it is tried next; whoever tries it puts this off first, so that nobody else does.
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- The code of what went wrong the last time.
    trouble TEXT NOT NULL DEFAULT '',
    settled_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'waiting';
