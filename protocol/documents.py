"""Reading and writing the JSON documents that people carry between machines and programs send each other.

Strict: an unknown or missing key is an error that names it, so that a slip never passes for a choice.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping

from protocol.errors import RemoteError

_HEXADECIMAL = re.compile(r"[0-9a-fA-F]*")
_KEY_CHARACTERS_SHOWN = 60
_SURROGATE = re.compile(r"[\ud800-\udfff]")

Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None


class MalformedDocument(RemoteError):
    """A JSON document does not have the shape that its kind demands."""

    code = "malformed-document"


def to_text(data: bytes) -> str:
    """Return bytes as unpadded base64url."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def dump(document: Mapping[str, Json]) -> bytes:
    """Return a document as indented UTF-8 JSON with a newline at its end."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def load(data: bytes, what: str) -> "Reader":
    """Parse a document; `what` names it in errors, for instance "This provisioning file"."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as reason:
        raise MalformedDocument(f"{what} is not JSON text; ask for it again.") from reason
    return Reader(value, what)


class Reader:
    """Takes the values out of one JSON object, and knows when one is missing, wrong or left over."""

    def __init__(self, value: Json, what: str) -> None:
        if not isinstance(value, dict):
            raise MalformedDocument(f"{what} must be a JSON object.")
        self._values = dict(value)
        self._what = what

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is None and self._values:
            raise MalformedDocument(f"{self._what} has a key that is not known: {_shown(min(self._values))}.")

    def _take(self, key: str) -> Json:
        try:
            return self._values.pop(key)
        except KeyError:
            raise MalformedDocument(f"{self._what} lacks the key {key}.") from None

    def has(self, key: str) -> bool:
        """Return whether the object has this key."""
        return key in self._values

    def text(self, key: str, *, most: int = 500) -> str:
        """Take a text of at most `most` characters."""
        value = self._take(key)
        # Half a surrogate pair can stand in JSON, but never be written to a file or a page again.
        if not isinstance(value, str) or len(value) > most or _SURROGATE.search(value):
            raise MalformedDocument(f"{self._what}: {key} must be a text of at most {most} characters.")
        return value

    def integer(self, key: str, *, least: int = 0, most: int = 2**53) -> int:
        """Take a whole number within bounds."""
        value = self._take(key)
        if isinstance(value, float) and value.is_integer():
            # JSON has one kind of number: 4 and 4.0 are the same, and some writers make the one of the other.
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise MalformedDocument(f"{self._what}: {key} must be a whole number from {least} to {most}.")
        return value

    def binary(self, key: str, *, size_bytes: int | None = None, most: int = 2_000_000) -> bytes:
        """Take bytes written as base64url; of exactly `size_bytes` where given."""
        value = self.text(key, most=most * 4 // 3 + 4)
        try:
            data = urlsafe_b64decode(value + "=" * (-len(value) % 4))
        except (ValueError, Base64Error):
            data = None
        # The decoder passes over what is no base64, and over bits that stand for nothing.
        if data is None or to_text(data) != value.rstrip("="):
            raise MalformedDocument(f"{self._what}: {key} must be base64url.")
        if len(data) > most or (size_bytes is not None and len(data) != size_bytes):
            wanted = f"{size_bytes} bytes" if size_bytes is not None else f"at most {most} bytes"
            raise MalformedDocument(f"{self._what}: {key} must be {wanted}.")
        return data

    def hexadecimal(self, key: str, *, size_bytes: int) -> bytes:
        """Take bytes written in hexadecimal."""
        value = self._take(key)
        if not isinstance(value, str) or not _HEXADECIMAL.fullmatch(value) or len(value) != 2 * size_bytes:
            raise MalformedDocument(f"{self._what}: {key} must be {size_bytes} bytes in hexadecimal.")
        return bytes.fromhex(value)

    def inner(self, key: str) -> "Reader":
        """Take an object."""
        return Reader(self._take(key), f"{self._what}, {key}")

    def each(self, key: str, *, most: int) -> list["Reader"]:
        """Take an array of objects."""
        value = self._take(key)
        if not isinstance(value, list) or len(value) > most:
            raise MalformedDocument(f"{self._what}: {key} must be an array of at most {most} objects.")
        return [Reader(entry, f"{self._what}, {key}") for entry in value]


def _shown(key: str) -> str:
    """Return a stranger's key as it may stand in a sentence that is sent, logged and shown on a terminal."""
    return "".join(each if each.isprintable() else "?" for each in key[:_KEY_CHARACTERS_SHOWN])
