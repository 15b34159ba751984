-- What waits, counted as it comes and goes: adding it up again would take ever longer the more there is.
ALTER TABLE vessels ADD COLUMN bundles_held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE vessels ADD COLUMN held_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE desks ADD COLUMN items_waiting INTEGER NOT NULL DEFAULT 0;
UPDATE vessels SET
    bundles_held = (SELECT count(*) FROM feed WHERE feed.vessel = vessels.vessel AND kind = 'bundle'),
    held_bytes = (SELECT coalesce(sum(length(bundle)), 0) FROM feed WHERE feed.vessel = vessels.vessel);
UPDATE desks SET items_waiting = (SELECT count(*) FROM feed WHERE feed.desk = desks.desk);
DROP INDEX feed_by_vessel;
