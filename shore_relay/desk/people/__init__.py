"""The people of a desk: their keys, roles, sessions, and the way back in when a passphrase is lost."""
