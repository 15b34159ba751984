"""Structured log lines, `at=… event=… key=value` or JSON. Ids, codes and counts, never content or keys."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Log(Protocol):
    """Writes one line for each event."""

    def __call__(self, event: str, /, **facts: str | int) -> None:
        """Say that something happened; `facts` are ids, codes and counts."""


def to_stderr(wall: Callable[[], float], *, as_json: bool = False) -> Log:
    """Return a log that writes to standard error, with the time that `wall` tells (Unix seconds)."""

    def write(event: str, /, **facts: str | int) -> None:
        at = datetime.fromtimestamp(wall(), UTC).isoformat(timespec="milliseconds")
        if as_json:
            sys.stderr.write(json.dumps({"at": at, "event": event, **facts}, ensure_ascii=False) + "\n")
            return
        pairs = "".join(f" {name}={_quoted(str(fact))}" for name, fact in facts.items())
        sys.stderr.write(f"at={at} event={event}{pairs}\n")

    return write


def _quoted(text: str) -> str:
    if text and all(character.isalnum() or character in "-_.:/" for character in text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
