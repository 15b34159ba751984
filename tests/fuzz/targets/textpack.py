"""Packed text in all eight languages, each with its priming text. The first byte of an input chooses one.

Invariant: `unpack_text` either raises `MalformedText`, or returns at most 4,000 characters that are
writable as UTF-8 and that pack to the very same bytes, or to the raw form where that is shorter.
"""

from collections.abc import Iterator

from protocol import limits
from protocol.errors import MalformedText
from protocol.textpack import VERSION_PRIMED_1, VERSION_RAW, Language, pack_text, unpack_text
from tests.fuzz.seeds import vectors
from tests.fuzz.target import Target, hold_to_manners


def check(data: bytes) -> None:
    """Unpack the text, and pack it again."""
    language, packed = Language(data[0] % len(Language)) if data else Language.ENGLISH, data[1:]
    try:
        text = unpack_text(packed, language)
    except MalformedText as refused:
        hold_to_manners(refused)
        return
    assert len(text) <= limits.TEXT_CHARACTERS_MAX
    raw = bytes([VERSION_RAW]) + text.encode()
    again = pack_text(text, language)
    if packed[0] == VERSION_PRIMED_1:
        # A stream has one right form. Raw goes where the coder saves nothing.
        assert again == (packed if len(packed) < len(raw) else raw)
    else:
        assert packed == raw
        assert len(again) <= len(raw)
        assert unpack_text(again, language) == text


def seeds() -> Iterator[bytes]:
    """Give the vectors' short packed texts."""
    for entry in vectors("textpack"):
        language = Language.from_tag(entry["language"])
        packed = bytes.fromhex(entry["packed_hex"])
        if len(packed) <= _LARGEST_BYTES:
            yield bytes([language]) + packed


_LARGEST_BYTES = 14
TARGET = Target(check=check, seeds=seeds, largest_bytes=_LARGEST_BYTES)
