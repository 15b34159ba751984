-- Since when nothing of this vessel is taken any more; 0 while it is served.
ALTER TABLE vessels ADD COLUMN revoked_at INTEGER NOT NULL DEFAULT 0;
