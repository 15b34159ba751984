"""The desk: the NGO's own program, where sealed bundles are opened and answered."""
