"""Making packs and looking into them."""

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from shore_relay.desk.app import Desk
from shore_relay.desk.evidence.gathering import Choice
from shore_relay.desk.evidence.making import make_pack
from shore_relay.desk.evidence.redaction import Redaction
from shore_relay.desk.evidence.sinks import ZipSink
from shore_relay.desk.words import Words


async def made(
    desk: Desk,
    path: Path,
    *entries: int,
    redaction: Redaction | None = None,
    title: str = "Case 7: Blue Dolphin",
    **more: bool,
) -> Path:
    """Make a ZIP and return its path."""
    sink = ZipSink()
    choice = Choice(entries=entries, title=title, **more)
    await make_pack(desk, desk.actor, choice, redaction or Redaction(), Words.load(), sink)
    await asyncio.to_thread(path.write_bytes, sink.bytes())
    return path


def files(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def facts(path: Path) -> Any:
    return json.loads(files(path)["facts.json"])["pack"]


def rewritten(path: Path, to: Path, change: dict[str, bytes | None]) -> Path:
    """Copy a ZIP with files changed, added, or (None) left out."""
    held: dict[str, bytes | None] = {**files(path), **change}
    with zipfile.ZipFile(to, "w") as archive:
        for name, data in held.items():
            if data is not None:
                archive.writestr(name, data)
    return to


def zipped(*named: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in named:
            archive.writestr(name, data)
    return buffer.getvalue()
