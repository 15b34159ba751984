"""The conformance vectors as inputs to begin with."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "vectors"


@cache
def vectors(name: str) -> tuple[dict[str, Any], ...]:
    """Return the entries of one file of vectors."""
    return tuple(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def hexadecimal(name: str, *keys: str) -> Iterator[bytes]:
    """Return what the entries of a file hold under these keys, as bytes."""
    for entry in vectors(name):
        for key in keys:
            if key in entry:
                yield bytes.fromhex(entry[key])
