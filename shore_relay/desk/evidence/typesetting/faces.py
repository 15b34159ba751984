"""The fonts that ship with the desk: which one sets which letters, and how HarfBuzz shapes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import resources
from pathlib import Path

import uharfbuzz

FOLDER = Path(str(resources.files("shore_relay.desk.evidence") / "fonts"))


class Face(Enum):
    """One font for each script: its file's name, and the script's ISO 15924 tag."""

    LATIN = ("NotoSans", "latn")
    BURMESE = ("NotoSansMyanmar", "mymr")
    KHMER = ("NotoSansKhmer", "khmr")
    THAI = ("NotoSansThai", "thai")
    LAO = ("NotoSansLao", "laoo")

    @property
    def family(self) -> str:
        """The font's name."""
        return self.value[0]

    @property
    def script(self) -> str:
        """What HarfBuzz calls the script."""
        return self.value[1]

    def path(self, *, bold: bool = False) -> Path:
        """Return the font's file; scripts without a bold one are set in the regular."""
        named = FOLDER / f"{self.family}-Bold.ttf"
        return named if bold and named.exists() else FOLDER / f"{self.family}-Regular.ttf"


_BLOCKS = (
    (0x0E00, 0x0E7F, Face.THAI),
    (0x0E80, 0x0EFF, Face.LAO),
    (0x1000, 0x109F, Face.BURMESE),
    (0x1780, 0x17FF, Face.KHMER),
    (0x19E0, 0x19FF, Face.KHMER),
    (0xA9E0, 0xA9FF, Face.BURMESE),
    (0xAA60, 0xAA7F, Face.BURMESE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Neighbouring letters of one font."""

    face: Face
    text: str


def pieces(text: str) -> Iterator[Piece]:
    """Cut a text where its font changes.

    What several scripts share (spaces, digits, joiners, marks) stays with the letters before it where that
    font has it: a cut there would tear a syllable.
    """
    start, face = 0, Face.LATIN
    for at, character in enumerate(text):
        wanted = _face_for(character, face)
        if wanted is not face:
            if at > start:
                yield Piece(face=face, text=text[start:at])
            start, face = at, wanted
    if start < len(text):
        yield Piece(face=face, text=text[start:])


def has_glyph(character: str) -> bool:
    """Return whether some font of ours can set a character."""
    return _has(_block(character) or Face.LATIN, character) or _has(Face.LATIN, character)


def width_em(text: str, language: str, *, bold: bool = False) -> float:
    """Return how wide a text is, in units of the font's size."""
    return sum(_piece_width_em(piece, language, bold) for piece in pieces(text))


def _face_for(character: str, before: Face) -> Face:
    block = _block(character)
    if block is not None:
        return block
    return (
        before
        if before is not Face.LATIN and not character.isalpha() and _has(before, character)
        else Face.LATIN
    )


def _block(character: str) -> Face | None:
    code = ord(character)
    if code < _BLOCKS[0][0]:
        return None
    return next((face for first, last, face in _BLOCKS if first <= code <= last), None)


def _has(face: Face, character: str) -> bool:
    return _font(face, False).get_nominal_glyph(ord(character)) is not None


def _piece_width_em(piece: Piece, language: str, bold: bool) -> float:
    buffer = uharfbuzz.Buffer()
    buffer.add_str(piece.text)
    buffer.direction, buffer.script, buffer.language = "ltr", piece.face.script, language
    font = _font(piece.face, bold)
    uharfbuzz.shape(font, buffer)
    advances: int = sum(position.x_advance for position in buffer.glyph_positions)
    return advances / float(font.face.upem)


@cache
def _font(face: Face, bold: bool) -> "uharfbuzz.Font":
    return uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(face.path(bold=bold)))))
