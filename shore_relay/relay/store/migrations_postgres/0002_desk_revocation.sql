-- Since when nothing is taken for this desk, or from it, any more; 0 while it is served.
ALTER TABLE desks ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0;
