"""The numbered steps that bring a PostgreSQL database to today's tables."""
