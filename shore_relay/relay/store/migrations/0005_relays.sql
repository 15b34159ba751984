-- Several relays may share a store: whose is what. An empty id: nobody's.
CREATE TABLE relays (
    relay BLOB NOT NULL PRIMARY KEY CHECK (length(relay) = 8),
    -- Until then what it holds is not taken from it; a relay that lives puts this off again and again.
    alive_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Counts how often a relay has built an engine from this state: only the last one may still change it.
ALTER TABLE guards ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
-- Where the vessel is connected now.
ALTER TABLE guards ADD COLUMN holder BLOB NOT NULL DEFAULT x'';
-- Which relay works on the vessel's short messages now.
ALTER TABLE sbd_accounts ADD COLUMN claimed_by BLOB NOT NULL DEFAULT x'';
