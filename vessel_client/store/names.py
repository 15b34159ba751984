"""Names of files, for those who must not load the database to know them."""

DATABASE_FILE = "box.sqlite3"
LOCK_FILE = "running.lock"

SERVICE_FOLDER = "/var/lib/seavoice-vessel"
"""Where a box that runs as a service of its machine keeps everything."""
