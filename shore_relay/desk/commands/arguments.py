"""Arguments that need reading of their own."""

import argparse
from datetime import UTC, datetime

from shore_relay.desk.evidence.finding import Span


def part(text: str) -> tuple[int, Span]:
    """Read `ID:FROM-TO`, where the first character of a text is 1."""
    entry, _, span = text.partition(":")
    start, _, end = span.partition("-")
    if not all(one.isascii() and one.isdigit() for one in (entry, start, end)) or int(start) < 1:
        raise argparse.ArgumentTypeError("must be like 12:1-20: message, first and last character")
    return int(entry), (int(start) - 1, int(end))


def transcript(text: str) -> tuple[int, str]:
    """Read `ID:TEXT`."""
    entry, colon, said = text.partition(":")
    if not (entry.isascii() and entry.isdigit() and colon and said.strip()):
        raise argparse.ArgumentTypeError("must be like 12:what was said")
    return int(entry), said.strip()


def title(text: str) -> str:
    """Read a title for a pack."""
    if not text.strip() or len(text) > 200:
        raise argparse.ArgumentTypeError("must have 1 to 200 characters")
    return text.strip()


def days(text: str) -> int:
    """Read for how many days a key shall be used."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 3_650:
        raise argparse.ArgumentTypeError("must be a whole number of days from 1 to 3650")
    return int(text)


def day(text: str) -> int:
    """Read a day; return when it begins, by UTC."""
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    except (ValueError, OverflowError) as reason:
        raise argparse.ArgumentTypeError("must be a day such as 2026-01-31") from reason
