"""Names of files, for those who must not load the database to know them."""

DATABASE_FILE = "box.sqlite3"
