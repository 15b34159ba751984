"""Finds what must not be readable in bytes: secrets as they are, and in every disguise that programs use."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

GRAM_BYTES = 12
"""A run of `2 * GRAM_BYTES - 1` bytes is always found, wherever a page or a packet cut the rest off."""

_DISTINCT_MIN = 5
"""A piece with fewer different bytes is padding or silence, which proves nothing."""

_BASE64_LOST = 2
"""Characters at either end of base64 that also depend on the neighbouring bytes."""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A secret that was found, in what form, and where."""

    secret: str
    form: str
    place: str


def forms(plain: bytes) -> Iterator[tuple[str, bytes]]:
    """Return bytes as they may stand in a file: raw, hexadecimal, base64 in its three alignments."""
    yield "raw", plain
    yield "hex", plain.hex().encode()
    yield "HEX", plain.hex().upper().encode()
    for lead in range(3):
        for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            text = encode(bytes(lead) + plain).rstrip(b"=")
            # What stands before the secret changes the first characters, what stands behind it the last.
            yield f"{name}+{lead}", text[_BASE64_LOST * 2 if lead else 0 : -_BASE64_LOST]


def text_forms(text: str) -> Iterator[tuple[str, bytes]]:
    """Return a text in the encodings that programs write, each in every form."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        for name, data in forms(text.encode(encoding)):
            yield f"{encoding} {name}", data
    escaped = text.encode("ascii", "backslashreplace")
    yield "escaped", escaped


class Searcher:
    """Looks for many secrets in many bytes at once."""

    def __init__(self) -> None:
        self._whole: dict[bytes, tuple[str, str]] = {}
        self._pieces: dict[bytes, tuple[str, str]] = {}

    def add(self, secret: str, found: Iterable[tuple[str, bytes]]) -> None:
        """Look for these forms of a secret: short ones as they are, long ones by any of their pieces."""
        for form, data in found:
            if len(data) < 2 * GRAM_BYTES * 2:
                self._whole.setdefault(data, (secret, form))
            else:
                for at in range(len(data) - GRAM_BYTES + 1):
                    piece = data[at : at + GRAM_BYTES]
                    if len(set(piece)) >= _DISTINCT_MIN:
                        self._pieces.setdefault(piece, (secret, form))

    def search(self, place: str, haystack: bytes) -> set[Trace]:
        """Return what stands in some bytes."""
        found = {known for needle, known in self._whole.items() if needle in haystack}
        for at in range(0, len(haystack), GRAM_BYTES):
            known = self._pieces.get(haystack[at : at + GRAM_BYTES])
            if known is not None:
                found.add(known)
        return {Trace(secret=secret, form=form, place=place) for secret, form in found}

    def search_folder(self, folder: Path, *, leaving_out: str = "") -> set[Trace]:
        """Return what stands in the files of a folder, in their names, and in those of their folders."""
        found: set[Trace] = set()
        for path in sorted(folder.rglob("*")):
            if path.relative_to(folder).parts[0] == leaving_out:
                continue
            found |= self.search("a file's name", str(path.relative_to(folder)).encode())
            if path.is_file():
                found |= self.search(str(path), path.read_bytes())
        return found
