"""Where the relay keeps what it promised to keep: one interface, and SQLite behind it."""
