-- Every sealed value now begins with two bytes: the generation of the store key that sealed it. What was
-- sealed before there were generations is of the first, 0.

UPDATE vessel SET name_sealed = CAST(x'0000' || name_sealed AS BLOB);
UPDATE box SET trusted_sealed = CAST(x'0000' || trusted_sealed AS BLOB) WHERE trusted_sealed <> x'';
UPDATE bundle SET message_sealed = CAST(x'0000' || message_sealed AS BLOB) WHERE message_sealed <> x'';
UPDATE bundle SET voice_sealed = CAST(x'0000' || voice_sealed AS BLOB) WHERE voice_sealed <> x'';
UPDATE dispatch SET message_sealed = CAST(x'0000' || message_sealed AS BLOB) WHERE message_sealed <> x'';
UPDATE dispatch SET voice_sealed = CAST(x'0000' || voice_sealed AS BLOB) WHERE voice_sealed <> x'';

-- The newest sealing key of which every vessel known then was sent word.
CREATE TABLE announced_key (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    key BLOB NOT NULL
) STRICT;

INSERT INTO announced_key (only, key) VALUES (1, x'');

-- How far each second factor was used, so that nothing proves anybody twice: for one-time codes the number of
-- the half minute, for passkeys the authenticator's own count.
CREATE TABLE second_factor (
    factor BLOB NOT NULL PRIMARY KEY CHECK (length(factor) = 32),
    used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
