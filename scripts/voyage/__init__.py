"""The demonstration: every program for real, on one machine, under a satellite that is cut again."""
