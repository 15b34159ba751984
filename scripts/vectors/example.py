"""The worked example of SPEC.md."""

from pathlib import Path

from protocol import bundle as bundles
from protocol import frames, origin
from protocol.bundle import Report
from protocol.frames import Priority, Receipt, Start
from protocol.ids import BundleNumber
from protocol.links import Side
from scripts.vectors.carried import guard_of
from scripts.vectors.entries import (
    BOX,
    DESK,
    DESK_PUBLIC,
    SECRET,
    VESSEL,
    Entry,
)


def worked_example(report: Entry) -> dict[str, bytes]:
    """Return every step of one report from plaintext to receipt; `report` is the vector in seals.json."""
    plaintext, sealed = (bytes.fromhex(str(report[name])) for name in ("plaintext", "sealed"))
    number = BundleNumber(7)
    tag = origin.OriginKey.for_box(BOX, DESK_PUBLIC, VESSEL).tag_bundle(number, sealed)
    bundle = bundles.encode(Report(desk_key=origin.desk_key_id(DESK_PUBLIC), origin_tag=tag, sealed=sealed))
    start = frames.encode(Start(number=number, total_bytes=len(bundle), priority=Priority.TEXT, data=bundle))
    receipt = frames.encode(Receipt(numbers=((number, number + 1),)))
    return {
        "link secret": SECRET,
        "vessel": VESSEL,
        "box's private key": BOX,
        "desk's private key": DESK,
        "message, padded": plaintext,
        "sealed": sealed,
        "origin tag": tag,
        "bundle": bundle,
        "START frame": start,
        "packet up": guard_of(Side.VESSEL).seal(start, named=True),
        "RECEIPT frame": receipt,
        "packet down": guard_of(Side.RELAY).seal(receipt, named=False),
    }


def write_example(specification: Path, report: Entry) -> None:
    """Put the worked example's bytes between its two marks in SPEC.md."""
    lines = []
    for name, data in worked_example(report).items():
        lines.append(f"{name} ({len(data)} bytes)")
        lines += ["  " + data.hex()[at : at + 96] for at in range(0, 2 * len(data), 96)]
    before, rest = specification.read_text(encoding="utf-8").split(EXAMPLE_BEGINS)
    after = rest.split(EXAMPLE_ENDS)[1]
    block = "\n".join(["", "", "```text", *lines, "```", "", ""])
    specification.write_text(before + EXAMPLE_BEGINS + block + EXAMPLE_ENDS + after, encoding="utf-8")


EXAMPLE_BEGINS = "<!-- worked example -->"
EXAMPLE_ENDS = "<!-- end -->"
