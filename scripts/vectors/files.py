"""The files of vectors."""

import json
from collections.abc import Callable
from pathlib import Path

from scripts.vectors.agreed import cap_lists, chain_lists, key_lists, rekeys
from scripts.vectors.carried import bundle_entries, frame_entries, packets
from scripts.vectors.entries import (
    Entry,
)
from scripts.vectors.sealed import mailbox_entries, message_entries, origin_entries, seals
from scripts.vectors.sticks import containers


def write_all(folder: Path) -> None:
    """Write every file of vectors into `folder`."""
    makers: dict[str, Callable[[], list[Entry]]] = {
        "packets": packets,
        "frames": frame_entries,
        "bundles": bundle_entries,
        "messages": message_entries,
        "seals": lambda: seals(_keeper(folder / "seals.json")),
        "origin": origin_entries,
        "mailbox": mailbox_entries,
        "rekey": lambda: rekeys(_keeper(folder / "rekey.json")),
        "keys": key_lists,
        "caps": cap_lists,
        "chains": chain_lists,
        "container": containers,
    }
    for name, make in makers.items():
        text = json.dumps(make(), indent=1, ensure_ascii=False) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


def read_report(folder: Path) -> Entry:
    """Return the sealed report that the worked example carries."""
    entries: list[Entry] = json.loads((folder / "seals.json").read_text(encoding="utf-8"))
    return next(each for each in entries if each["name"] == "report")


def _keeper(path: Path) -> Callable[[str, Callable[[], Entry]], Entry]:
    """Return what hands out the entry that the file has, and makes it only where there is none."""
    held: list[Entry] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    by_name = {each["name"]: each for each in held}
    return lambda name, make: by_name.get(name) or make()
