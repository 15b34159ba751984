"""SQLite on the box: the only room of the vessel that speaks SQL."""
