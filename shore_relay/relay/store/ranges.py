"""Ranges of bytes as the store keeps them: "start-end" joined by commas."""

from collections.abc import Iterable

from protocol.fragment import Range


def ranges_to_text(ranges: Iterable[Range]) -> str:
    """Return ranges as they are stored."""
    return ",".join(f"{start}-{end}" for start, end in ranges)


def ranges_from_text(text: str) -> tuple[Range, ...]:
    """Return stored ranges."""
    pairs = (piece.split("-") for piece in text.split(",") if piece)
    return tuple((int(start), int(end)) for start, end in pairs)
