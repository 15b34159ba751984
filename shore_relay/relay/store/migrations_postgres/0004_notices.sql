-- Where a desk's office hears that something waits, never what.
CREATE TABLE notice_channels (
    desk BYTEA NOT NULL REFERENCES desks (desk),
    way TEXT NOT NULL CHECK (way IN ('email', 'webhook')),
    address TEXT NOT NULL,
    -- Signs webhooks; empty for e-mail.
    secret TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    -- The last cursor of the desk's feed when its office was told, and when that was.
    told_through BIGINT NOT NULL DEFAULT 0,
    told_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (desk, way, address)
);

CREATE TABLE deliveries (
    id BYTEA NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    desk BYTEA NOT NULL REFERENCES desks (desk),
    way TEXT NOT NULL CHECK (way IN ('email', 'webhook')),
    address TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
    made_at BIGINT NOT NULL,
    -- When it is tried next; whoever tries it puts this off first, so that nobody else does.
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    -- The code of what went wrong the last time.
    trouble TEXT NOT NULL DEFAULT '',
    settled_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'waiting';
