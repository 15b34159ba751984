"""Pages of A4: headings, labelled lines and quoted texts, in any of the eight languages."""

from datetime import UTC, datetime

from fpdf import FPDF

from shore_relay.desk.evidence.typesetting.breaking import lines
from shore_relay.desk.evidence.typesetting.faces import Face, has_glyph, pieces, width_em
from shore_relay.desk.evidence.typesetting.showing import shown

_PAGE_WIDTH_MM, _PAGE_HEIGHT_MM = 210.0, 297.0
_MARGIN_MM = 18.0
_FOOT_MM = 20.0
_MM_PER_POINT = 25.4 / 72
_LINE = 1.75
"""Height of a line, in font sizes: Burmese and Khmer stack letters above and below."""
_LABEL_WIDTH_MM = 52.0
_SLACK = 0.99
"""A line set as one run may be a hair wider than what was measured."""

_INK, _SOFT, _MARK = (23, 36, 42), (77, 95, 103), (163, 22, 14)


class Paper:
    """A document that grows downwards, page by page."""

    def __init__(self, *, title: str, foot: str, language: str, made_at: int) -> None:
        self._pdf = FPDF(format="A4", unit="mm")
        # A text that holds the usual placeholder for the number of pages must stay as it is.
        self._pdf.alias_nb_pages("\x00")
        self._pdf.set_auto_page_break(False)
        self._pdf.set_margin(0)
        self._pdf.c_margin = 0
        self._pdf.set_title(shown(title, has_glyph))
        self._pdf.set_creator("SeaVoice")
        self._pdf.set_producer("SeaVoice")
        self._pdf.set_lang(language)
        self._pdf.set_creation_date(datetime.fromtimestamp(made_at, UTC))
        self._ready: set[tuple[Face, bool]] = set()
        self._foot = foot
        self._language = language
        self._y_mm = 0.0
        self._turn_page()

    def bytes(self) -> bytes:
        """Return the finished PDF."""
        return bytes(self._pdf.output())

    def title(self, text: str) -> None:
        """Set the document's title."""
        self._paragraph(text, size=18, bold=True)
        self._space(2)

    def heading(self, text: str) -> None:
        """Set a heading, with some of what follows on the same page."""
        self._space(5)
        self._need(30)
        self._paragraph(text, size=13, bold=True)
        self._space(1)

    def note(self, text: str) -> None:
        """Set a sentence in small print."""
        self._paragraph(text, size=9, colour=_SOFT)
        self._space(1)

    def warning(self, text: str) -> None:
        """Set a sentence that must not be overlooked."""
        self._paragraph(text, size=10, colour=_MARK)
        self._space(1)

    def row(self, label: str, value: str) -> None:
        """Set a label, and beside it what belongs to it."""
        self._need(2 * 9.5 * _LINE * _MM_PER_POINT)
        top, page = self._y_mm, self._pdf.page
        self._paragraph(label, size=9.5, colour=_SOFT, width=_LABEL_WIDTH_MM - 3)
        below, page_below = self._y_mm, self._pdf.page
        if page_below == page:
            self._y_mm = top
        self._paragraph(value, size=9.5, left=_LABEL_WIDTH_MM)
        if self._pdf.page == page_below:
            self._y_mm = max(self._y_mm, below)

    def quote(self, text: str, language: str) -> None:
        """Set somebody's own words, with a bar beside them."""
        self._space(1)
        self._paragraph(text, size=11.5, left=5, language=language, barred=True)
        self._space(2)

    def _paragraph(
        self,
        text: str,
        *,
        size: float,
        bold: bool = False,
        colour: tuple[int, int, int] = _INK,
        left: float = 0.0,
        width: float | None = None,
        language: str = "",
        barred: bool = False,
    ) -> None:
        language = language or self._language
        unit = size * _MM_PER_POINT
        room = (_PAGE_WIDTH_MM - 2 * _MARGIN_MM - left) if width is None else width
        for paragraph in shown(text, has_glyph).split("\n"):
            for line in lines(
                paragraph, room * _SLACK, lambda part: width_em(part, language, bold=bold) * unit
            ):
                self._need(unit * _LINE)
                if barred:
                    self._pdf.set_fill_color(*_SOFT)
                    self._pdf.rect(_MARGIN_MM, self._y_mm, 0.6, unit * _LINE, style="F")
                self._set_line(line, _MARGIN_MM + left, size, bold, colour, language)
                self._y_mm += unit * _LINE

    def _set_line(
        self, line: str, x_mm: float, size: float, bold: bool, colour: tuple[int, int, int], language: str
    ) -> None:
        height = size * _MM_PER_POINT * _LINE
        self._pdf.set_text_color(*colour)
        for piece in pieces(line):
            self._choose(piece.face, bold, size)
            self._pdf.set_text_shaping(
                use_shaping_engine=True, direction="ltr", script=piece.face.script, language=language
            )
            self._pdf.set_xy(x_mm, self._y_mm)
            self._pdf.cell(h=height, text=piece.text)
            x_mm += width_em(piece.text, language, bold=bold) * size * _MM_PER_POINT

    def _choose(self, face: Face, bold: bool, size: float) -> None:
        style = "B" if bold else ""
        if (face, bold) not in self._ready:
            # Reading a font takes a while, and most packs need two or three of them.
            self._ready.add((face, bold))
            self._pdf.add_font(face.family, style, face.path(bold=bold))
        self._pdf.set_font(face.family, style, size)

    def _space(self, height_mm: float) -> None:
        self._y_mm += height_mm

    def _need(self, height_mm: float) -> None:
        if self._y_mm + height_mm > _PAGE_HEIGHT_MM - _FOOT_MM:
            self._turn_page()

    def _turn_page(self) -> None:
        self._pdf.add_page()
        unit = 8 * _MM_PER_POINT
        self._y_mm = _PAGE_HEIGHT_MM - _FOOT_MM + 4
        room = (_PAGE_WIDTH_MM - 2 * _MARGIN_MM) * _SLACK
        foot = f"{self._pdf.page} · {shown(self._foot, has_glyph)}".replace("\n", " ")
        (first, *_) = lines(foot, room, lambda part: width_em(part, self._language) * unit)
        self._set_line(first, _MARGIN_MM, 8, False, _SOFT, self._language)
        self._y_mm = _MARGIN_MM
