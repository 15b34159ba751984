"""Small files beside the database that say when something was done to it: a backup, a restore."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from protocol.ids import UnixSeconds

MarkName = Literal["backup", "restored"]
_FILE_OWNER_ONLY = 0o600
_BYTES_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """When something was done, and of what time the data was that it was done with."""

    at: UnixSeconds
    data_at: UnixSeconds


def mark_path(folder: Path, name: MarkName) -> Path:
    """Return the file of a mark."""
    return folder / f"{name}.json"


def read_mark(folder: Path, name: MarkName) -> Mark | None:
    """Return a mark, or None where there is none that can be read: it only informs people."""
    try:
        text = mark_path(folder, name).read_text(encoding="utf-8")[:_BYTES_MAX]
        document = json.loads(text)
        return Mark(at=UnixSeconds(int(document["at"])), data_at=UnixSeconds(int(document["data_at"])))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_mark(folder: Path, name: MarkName, mark: Mark) -> None:
    """Set a mark in place of the last one of that name; raises `OSError`."""
    path = mark_path(folder, name)
    unfinished = path.with_suffix(".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"at": mark.at, "data_at": mark.data_at}, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
