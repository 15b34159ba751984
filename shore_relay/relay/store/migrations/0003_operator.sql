-- Ed25519: signs what vessels may spend. Empty where a relay is older than this; made when it is first needed.
ALTER TABLE relay ADD COLUMN operator_private BLOB NOT NULL DEFAULT x'' CHECK (length(operator_private) IN (0, 32));

-- What the operator queued: no desk hears of it.
ALTER TABLE dispatches ADD COLUMN from_operator INTEGER NOT NULL DEFAULT 0;
