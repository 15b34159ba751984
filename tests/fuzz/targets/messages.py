"""What was inside a seal: it comes from whoever knew the desk's public key, which everybody may.

Invariant: `decode` either raises `MalformedMessage` or `MalformedText`, or returns a message that encodes,
padded to one of the sizes that say nothing, to bytes from which the same message is read again. The text
packer, a thousand times slower, has a target of its own, so that packed text is passed over here.
"""

from collections.abc import Iterator

from protocol import limits
from protocol.errors import MalformedMessage, MalformedText
from protocol.message import Text, decode, encode, padded_size
from protocol.priming import Language
from protocol.textpack import VERSION_RAW
from protocol.wire import pack, unpack_prefix
from tests.fuzz.seeds import hexadecimal
from tests.fuzz.target import Target, hold_to_manners

_TEXT_KEY = 4


def check(data: bytes) -> None:
    """Read the message, write it, and read it again."""
    if _has_packed_text(data):
        return
    try:
        found = decode(data)
    except (MalformedMessage, MalformedText) as refused:
        hold_to_manners(refused)
        return
    assert len(found.categories) <= limits.CATEGORIES_MAX
    if isinstance(found.body, Text):
        assert len(found.body.text) <= limits.TEXT_CHARACTERS_MAX
        found.body.text.encode()
        return
    written = encode(found)
    assert len(written) == padded_size(len(written))
    assert decode(written) == found


def _has_packed_text(data: bytes) -> bool:
    try:
        value, _ = unpack_prefix(data, MalformedMessage)
    except MalformedMessage:
        return False
    text = value.get(_TEXT_KEY) if isinstance(value, dict) else None
    return isinstance(text, bytes) and text[:1] != bytes([VERSION_RAW])


def seeds() -> Iterator[bytes]:
    """Give the vectors' messages, with their padding and without."""
    yield from hexadecimal("messages", "plaintext", "unpadded")
    for language in (Language.KHMER, Language.ENGLISH):
        for text in ("", "no", "\u17d4\n", "\U0001f6df"):
            raw = bytes([VERSION_RAW]) + text.encode()
            yield pack({0: 1_760_000_000, 1: int(language), _TEXT_KEY: raw})


TARGET = Target(check=check, seeds=seeds, largest_bytes=120)
