-- What satellite sessions cost, by bearer and day (days since 1970 by the box's clock), in the bearer's credits.
CREATE TABLE session_day (
    bearer TEXT NOT NULL,
    day INTEGER NOT NULL,
    sessions INTEGER NOT NULL DEFAULT 0,
    -- Sessions that did not surely carry what they should.
    failed INTEGER NOT NULL DEFAULT 0,
    credits INTEGER NOT NULL DEFAULT 0,
    -- Credits of sessions with an unknown end: charged or not, the bill will tell.
    credits_in_doubt INTEGER NOT NULL DEFAULT 0,
    -- When the bearer last looked for mail and learned whether there is any; 0 for never on this day.
    looked_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (bearer, day)
) STRICT;
