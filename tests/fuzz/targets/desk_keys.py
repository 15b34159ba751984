"""Lists of a desk's keys, past their signature: whoever got hold of a desk's signing key may write anything
there.

Invariant: `read_keys` either raises `MalformedBundle`, or returns one to eight keys with a date of issue,
which write to bytes from which the same are read again; and which of them is in use is told, or refused
with `KeyExpired`.
"""

from collections.abc import Iterator

from protocol import limits
from protocol.deskkeys import key_in_use, read_keys, write_keys
from protocol.errors import KeyExpired, MalformedBundle
from tests.fuzz.seeds import vectors
from tests.fuzz.target import Target, hold_to_manners


def check(data: bytes) -> None:
    """Read the list, write it, and choose a key."""
    try:
        issued_at, keys = read_keys(data)
    except MalformedBundle as refused:
        hold_to_manners(refused)
        return
    assert 1 <= len(keys) <= limits.DESK_KEYS_MAX
    assert read_keys(write_keys(keys, issued_at)) == (issued_at, keys)
    try:
        chosen = key_in_use(keys, issued_at)
    except KeyExpired as refused:
        hold_to_manners(refused)
    else:
        assert chosen.not_before <= issued_at < chosen.not_after


def seeds() -> Iterator[bytes]:
    """Give the vectors' lists."""
    for entry in vectors("keys"):
        if "bundle" in entry:
            yield bytes.fromhex(entry["bundle"]["signed"])


TARGET = Target(check=check, seeds=seeds)
