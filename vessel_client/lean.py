"""Keeps the service small: OpenSSL is loaded only where an address of the relay needs it.

asyncio, hashlib and aiohttp load OpenSSL whether it is used or not, and all three work without it: 8 MB of a
small box's memory (docs/decisions/0020). `cryptography` brings its own copy and is not touched by this.
"""

import os
import sys


def leave_out_hashes() -> None:
    """Let `hashlib` use Python's own SHA-256; call it before anything imports `hashlib`."""
    _leave_out("_hashlib")


def leave_out_tls() -> None:
    """Let asyncio work without TLS; call it before anything imports asyncio."""
    _leave_out("ssl")


def leave_out_compiled_lists() -> None:
    """Let aiohttp keep its few callbacks in Python lists: 1 MB less; call it before aiohttp loads."""
    os.environ.setdefault("FROZENLIST_NO_EXTENSIONS", "1")


def _leave_out(name: str) -> None:
    # None makes an import fail as if the module were not there; what is loaded already stays.
    sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # The import system defines None here.
