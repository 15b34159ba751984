"""Reads a PDF as a printer does: which outline of which embedded font stands where."""

import io
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from pypdf import PdfReader
from pypdf.generic import ContentStream

Outline = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One glyph on a page."""

    outline: Outline
    x_pt: float
    y_pt: float


def outline(font: TTFont, glyph: int) -> Outline:
    """The lines and curves of a glyph, parts of others resolved."""
    glyphs = font.getGlyphSet()
    pen = DecomposingRecordingPen(glyphs)
    glyphs[font.getGlyphName(glyph)].draw(pen)
    return tuple(pen.value)


class _Embedded:
    def __init__(self, resource: Any) -> None:
        descendant = resource["/DescendantFonts"][0].get_object()
        self._font = TTFont(io.BytesIO(descendant["/FontDescriptor"]["/FontFile2"].get_object().get_data()))
        mapping = descendant.get("/CIDToGIDMap")
        self._map = b"" if isinstance(mapping, str) else mapping.get_object().get_data()
        self._widths = self._read_widths(descendant["/W"])

    @staticmethod
    def _read_widths(entries: Any) -> dict[int, float]:
        widths: dict[int, float] = {}
        items = [item.get_object() for item in entries]
        while items:
            first = int(items.pop(0))
            if isinstance(items[0], list):
                widths |= {first + at: float(width) for at, width in enumerate(items.pop(0))}
            else:
                last, width = int(items.pop(0)), float(items.pop(0))
                widths |= dict.fromkeys(range(first, last + 1), width)
        return widths

    def outline(self, code: int) -> Outline:
        return outline(self._font, int.from_bytes(self._map[2 * code : 2 * code + 2]) if self._map else code)

    def width(self, code: int) -> float:
        return self._widths[code]


def placed(pdf: bytes) -> Iterator[Placed]:
    """Every glyph with an outline, in the order in which it is drawn."""
    for page in PdfReader(io.BytesIO(pdf)).pages:
        resources: Any = page["/Resources"]
        fonts = {name: _Embedded(one.get_object()) for name, one in resources["/Font"].items()}
        font, size, x, y = next(iter(fonts.values())), 0.0, 0.0, 0.0
        for operands, operator in ContentStream(page["/Contents"], page.pdf).operations:
            if operator == b"BT":
                x = y = 0.0
            elif operator == b"Tf":
                font, size = fonts[operands[0]], float(operands[1])
            elif operator == b"Td":
                x, y = x + float(operands[0]), y + float(operands[1])
            elif operator == b"Tm":
                x, y = float(operands[4]), float(operands[5])
            elif operator == b"Tj":
                data = operands[0].original_bytes
                for at in range(0, len(data), 2):
                    code = int.from_bytes(data[at : at + 2])
                    yield Placed(outline=font.outline(code), x_pt=x, y_pt=y)
                    x += font.width(code) * size / 1000


def text(pdf: bytes) -> str:
    """What a reader would copy out of the pages."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def unfolded(pdf: bytes) -> list[bytes]:
    """The file as it is, and every compressed part of it unfolded."""
    parts = [pdf]
    at = pdf.find(b"stream")
    while at >= 0:
        start = at + len(b"stream")
        body = pdf[start:].lstrip(b"\r\n")
        with suppress(zlib.error):
            parts.append(zlib.decompressobj().decompress(body))
        at = pdf.find(b"stream", start)
    return parts
