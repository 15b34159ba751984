"""Reads values that stand in the documents of cases, whichever they are."""

from collections.abc import Callable
from typing import TypeVar

from protocol.documents import MalformedDocument, Reader

_Value = TypeVar("_Value", str, int)
_Member = TypeVar("_Member")


def read_enum(kind: Callable[[_Value], _Member], value: _Value) -> _Member:
    """Return the member with this value; raises `MalformedDocument` for one that this program lacks."""
    try:
        return kind(value)
    except ValueError as reason:
        raise MalformedDocument(
            f"The history of this desk has something that this program does not know: {value}. Use the "
            "newest program that has ever opened this desk."
        ) from reason


def read_person(reader: Reader, key: str) -> bytes:
    """Take a person's id, which may be nobody's."""
    text = reader.text(key, most=16)
    try:
        return bytes.fromhex(text)
    except ValueError as reason:
        raise MalformedDocument(f"An entry of the history names nobody: {key}.") from reason
