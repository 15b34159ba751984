-- Partner organisations, what was given to them, what came from them. Everything that says who they are or what
-- it is about is sealed; the disk shows how many there are, and which case a referral is of.

CREATE TABLE partner (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    partner_sealed BLOB NOT NULL DEFAULT x''
) STRICT;

-- What was given, as its partner reads it, without sounds. How far it is stands in its case.
CREATE TABLE referral (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    case_id INTEGER NOT NULL REFERENCES case_file (id),
    given_sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX referral_case ON referral (case_id);

-- What other desks gave to this one. `name` is an index of the sender and the letter's id, so that one letter is
-- taken in once.
CREATE TABLE received (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name BLOB NOT NULL UNIQUE CHECK (length(name) = 16),
    letter_sealed BLOB NOT NULL,
    state_sealed BLOB NOT NULL
) STRICT;

-- Letters that their sender took back, whether or not they had come.
CREATE TABLE withdrawn (
    name BLOB NOT NULL PRIMARY KEY CHECK (length(name) = 16),
    withdrawn_sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Statistics that left the desk. Never changed: what was said once of a vessel's quarter is all that is ever said.
CREATE TABLE released (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    released_sealed BLOB NOT NULL DEFAULT x''
) STRICT;
