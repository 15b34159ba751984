"""Backups of a relay: made while it serves, read back before they count, for the operator's key."""
