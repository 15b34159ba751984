-- What a list of messages needs to stay current without reading everything again: each message carries the
-- number of the newest change to it, and whoever keeps a list asks for what is beyond the number it has seen.

CREATE TABLE inbox_state (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    changed INTEGER NOT NULL,
    removed INTEGER NOT NULL
) STRICT;

ALTER TABLE entry ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
UPDATE entry SET changed = id;
CREATE INDEX entry_changed ON entry (changed);

INSERT INTO inbox_state (only, changed, removed) SELECT 1, coalesce(max(id), 0), 0 FROM entry;

CREATE TRIGGER entry_gains_a_form AFTER INSERT ON bundle WHEN NEW.entry IS NOT NULL
BEGIN
    UPDATE inbox_state SET changed = changed + 1;
    UPDATE entry SET changed = (SELECT changed FROM inbox_state) WHERE id = NEW.entry;
END;

CREATE TRIGGER entry_form_changes
AFTER UPDATE OF opened_at, origin, fault, message_sealed ON bundle WHEN NEW.entry IS NOT NULL
BEGIN
    UPDATE inbox_state SET changed = changed + 1;
    UPDATE entry SET changed = (SELECT changed FROM inbox_state) WHERE id = NEW.entry;
END;

CREATE TRIGGER entry_loses_a_form AFTER DELETE ON bundle WHEN OLD.entry IS NOT NULL
BEGIN
    UPDATE inbox_state SET changed = changed + 1;
    UPDATE entry SET changed = (SELECT changed FROM inbox_state) WHERE id = OLD.entry;
END;

CREATE TRIGGER entry_is_filed AFTER INSERT ON filed
BEGIN
    UPDATE inbox_state SET changed = changed + 1;
    UPDATE entry SET changed = (SELECT changed FROM inbox_state) WHERE id = NEW.entry;
END;

CREATE TRIGGER entry_is_filed_elsewhere AFTER UPDATE OF case_id ON filed
BEGIN
    UPDATE inbox_state SET changed = changed + 1;
    UPDATE entry SET changed = (SELECT changed FROM inbox_state) WHERE id = NEW.entry;
END;

-- A message that is gone has no row left to carry a number: whoever keeps a list begins it anew.
CREATE TRIGGER entry_is_removed AFTER DELETE ON entry
BEGIN
    UPDATE inbox_state SET removed = removed + 1;
END;

-- Which numbers came is answered from the index alone: the rows beside it hold whole bundles.
DROP INDEX bundle_vessel;
CREATE INDEX bundle_vessel ON bundle (vessel, number, origin);
