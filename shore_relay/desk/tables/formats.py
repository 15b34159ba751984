"""Writes a table as CSV, XLSX or JSON, so that no cell does anything but be read."""

import csv
import io
from enum import Enum

import xlsxwriter

from protocol.documents import Json, dump
from shore_relay.desk.tables.rows import COLUMNS, Cell, Table


class Format(Enum):
    """A kind of file."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"

    @property
    def media_type(self) -> str:
        """What a browser calls it."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSON: "application/json",
}

_BEGINS_FORMULA = frozenset("=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20")
"""With these a spreadsheet takes a text for something to carry out, also in their wide forms."""

_WIDE = frozenset({"text", "text_in_unicode"})
_WIDTH, _TEXT_WIDTH = 18, 60


def write_table(table: Table, form: Format) -> bytes:
    """Return the file."""
    match form:
        case Format.CSV:
            return _csv(table)
        case Format.XLSX:
            return _xlsx(table)
        case Format.JSON:
            messages: list[Json] = [dict(row) for row in table.rows]
            return dump({"messages": messages})


def disarmed(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe goes before what looks like one.

    Invisible letters and spaces before it do not hide it.
    """
    if isinstance(cell, int):
        return cell
    visible = next((letter for letter in cell if letter.isprintable() and not letter.isspace()), "")
    if visible in _BEGINS_FORMULA or cell[:1] in _BEGINS_FORMULA:
        return f"'{cell}"
    return cell


def _csv(table: Table) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in table.rows:
        writer.writerow([disarmed(_kept(row[name])) for name in COLUMNS])
    # With the mark at its start, spreadsheets read the eight scripts as what they are.
    return buffer.getvalue().encode("utf-8-sig")


def _kept(cell: Cell) -> Cell:
    # NUL ends the cell, or the file, in many readers; it stands as the sign for it.
    return cell.replace("\0", "\u2400") if isinstance(cell, str) else cell


def _xlsx(table: Table) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    sheet = book.add_worksheet("SeaVoice")
    head = book.add_format({"bold": True})
    # As if each cell were typed after an apostrophe: also whoever edits one gets no formula.
    plain = book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
    for column, name in enumerate(COLUMNS):
        sheet.set_column(column, column, _TEXT_WIDTH if name in _WIDE else _WIDTH)
        sheet.write_string(0, column, name, head)
    for at, row in enumerate(table.rows, start=1):
        for column, name in enumerate(COLUMNS):
            cell = row[name]
            if isinstance(cell, int):
                sheet.write_number(at, column, cell)
            else:
                sheet.write_string(at, column, cell, plain)
    sheet.freeze_panes(1, 1)
    book.close()
    return buffer.getvalue()
