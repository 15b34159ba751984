"""Names under which phones find the box."""

import re

_CHARACTERS_MAX = 253
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def is_host_name(name: str) -> bool:
    """Return whether this can be a host of some domain, in small letters (RFC 1123)."""
    labels = name.split(".")
    return len(name) <= _CHARACTERS_MAX and len(labels) > 1 and all(map(_LABEL.fullmatch, labels))
