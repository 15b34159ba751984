"""Names of things, as types that cannot be mixed up."""

from typing import NewType

Instant = NewType("Instant", float)
"""Seconds on the caller's own monotonic clock. Only differences mean anything."""

UnixSeconds = NewType("UnixSeconds", int)
"""Wall-clock seconds since 1970, UTC; shown to people, never trusted for ordering."""

VesselId = NewType("VesselId", bytes)
"""8 random bytes, drawn when the vessel is provisioned. Never on the air in clear."""

DeskId = NewType("DeskId", bytes)
"""8 bytes: the start of SHA-256 over the desk's Ed25519 signing key."""

DeskKeyId = NewType("DeskKeyId", bytes)
"""4 bytes: the start of SHA-256 over one X25519 sealing key of a desk (one key for each epoch)."""

MailboxId = NewType("MailboxId", bytes)
"""16 bytes: where answers for one fisher wait. Follows from the public key that the receipt code gives."""

BundleNumber = NewType("BundleNumber", int)
"""Counts upward from 1 for each sender on a link; with the vessel it names a bundle for good."""
