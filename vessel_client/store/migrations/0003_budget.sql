-- Bytes, messages and money by bearer and month (202611 is November 2026, in UTC). Month 0 is what was counted
-- before there were months. Upward by the bundle priority that filled the packet; -1 is everything else.
CREATE TABLE spending (
    bearer TEXT NOT NULL,
    month INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    up_bytes INTEGER NOT NULL DEFAULT 0,
    down_bytes INTEGER NOT NULL DEFAULT 0,
    messages INTEGER NOT NULL DEFAULT 0,
    money_nano INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (bearer, month, priority)
) STRICT;

INSERT INTO spending (bearer, month, priority, up_bytes, down_bytes)
SELECT bearer, 0, priority, up_bytes, down_bytes FROM ledger;

DROP TABLE ledger;

-- What may be spent in a month: as of the last start by the settings, and over it what the operator signed.
CREATE TABLE cap (
    bearer TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('settings', 'shore')),
    money_nano INTEGER,
    size_bytes INTEGER,
    PRIMARY KEY (bearer, source)
) STRICT;

-- When the newest signed caps were issued, and why the newest refused ones were refused.
ALTER TABLE box ADD COLUMN operator_public BLOB NOT NULL DEFAULT x'';
ALTER TABLE box ADD COLUMN caps_issued_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE box ADD COLUMN caps_refusal TEXT NOT NULL DEFAULT '';
