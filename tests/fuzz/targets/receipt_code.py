"""Receipt codes as people type them, and as pictures that a page sends.

Invariant: `ReceiptCode` either raises `WrongCode`, or is a code whose digits and whose pictures both give
it again; a code that was read never shows in its representation.
"""

from collections.abc import Callable, Iterator

from protocol.mailbox import PICTURES, ReceiptCode, WrongCode
from tests.fuzz.seeds import vectors
from tests.fuzz.target import Target, hold_to_manners

_DIGITS = 16


def check(data: bytes) -> None:
    """Read the input as digits, and as pictures."""
    _check(lambda: ReceiptCode.from_digits(data.decode("utf-8", "replace")))
    _check(lambda: ReceiptCode.from_pictures(tuple(byte - 1 for byte in data)))
    if len(data) >= _DIGITS:
        # Most numbers fail their check digit; this one is made to pass it.
        _check(lambda: ReceiptCode.draw((data * 2)[:32]))


def _check(read: Callable[[], ReceiptCode]) -> None:
    try:
        code = read()
    except WrongCode as refused:
        hold_to_manners(refused)
        return
    assert ReceiptCode.from_digits(code.digits()) == code
    pictures = code.pictures()
    assert len(pictures) == PICTURES
    assert ReceiptCode.from_pictures(pictures) == code
    assert code.digits() not in repr(code)


def seeds() -> Iterator[bytes]:
    """Give the vectors' codes in both forms."""
    for entry in vectors("mailbox"):
        if "digits" in entry:
            yield entry["digits"].encode()
        if "pictures" in entry:
            yield bytes(picture + 1 for picture in entry["pictures"])
    yield bytes(range(32))


TARGET = Target(check=check, seeds=seeds, largest_bytes=48)
