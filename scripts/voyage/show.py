"""What the demonstration found, for people and for programs."""

from rich.console import Console
from rich.table import Table

from scripts.sky.prices import money
from scripts.voyage.beside import Crossing
from scripts.voyage.journey import Journey

HTTPS = "HTTPS: bytes, US$, s to shore"


def as_document(journey: Journey) -> dict[str, object]:
    """Return the journey as one JSON object."""
    return {
        "ok": journey.ok,
        "messages": [
            {
                "kind": leg.kind,
                "number": leg.number,
                "size_bytes": leg.size_bytes,
                "link_bytes_up": leg.up_bytes,
                "link_bytes_down": leg.down_bytes,
                "seconds": round(leg.left_s, 1),
                "seconds_to_the_ngo": round(leg.reached_s, 1),
                "duplicate_payload_bytes": leg.duplicate_bytes,
                "states": leg.states,
                "https": _crossing(leg.https),
            }
            for leg in journey.legs
        ],
        "unchanged": journey.unchanged,
        "answer": {
            "opened": journey.answer_opened,
            "equal": journey.answer_equal,
            "opened_proved": journey.opened_proved,
        },
        "run": {
            "link_bytes_up": journey.up_bytes,
            "link_bytes_down": journey.down_bytes,
            "duplicate_payload_bytes": journey.duplicate_bytes,
            "link_seconds": round(journey.link_seconds, 1),
            "cuts": journey.cuts,
            "restarts": journey.restarts,
        },
    }


def _crossing(crossing: Crossing | None) -> dict[str, object] | None:
    if crossing is None:
        return None
    return {
        "arrived": crossing.arrived,
        "link_bytes": crossing.link_bytes,
        "seconds": round(crossing.seconds, 1),
        "tries": crossing.tries,
    }


def _beside(crossing: Crossing | None) -> str:
    if crossing is None:
        return ""
    spent = f"{crossing.link_bytes:,} B, {money(air_bytes=crossing.link_bytes):.4f}"
    if crossing.arrived:
        return f"{spent}, {crossing.seconds:.1f} s"
    return f"not there: {crossing.tries} tries, {spent}"


def show(journey: Journey, console: Console) -> None:
    """Print the journey as a table."""
    table = Table(title="Five messages over 2,400 bit/s, cut 8 s after every 30 s")
    for heading in ("message", "sealed bytes", "link bytes", "US$", "s to shore", "s to the NGO", HTTPS):
        table.add_column(heading, justify="left" if heading in ("message", HTTPS) else "right")
    for leg in journey.legs:
        table.add_row(
            leg.kind,
            f"{leg.size_bytes:,}",
            f"{leg.up_bytes + leg.down_bytes:,}",
            f"{money(air_bytes=leg.up_bytes + leg.down_bytes):.4f}",
            f"{leg.left_s:.1f}",
            f"{leg.reached_s:.1f}",
            _beside(leg.https),
        )
    console.print(table)
    console.print(
        f"{journey.cuts} cuts, {journey.restarts} relay killed and restarted, "
        f"{journey.duplicate_bytes} payload bytes carried twice, "
        f"{journey.up_bytes + journey.down_bytes:,} bytes in all."
    )
    console.print(
        "The answer opened with the receipt code and is word for word what the caseworker wrote."
        if journey.answer_equal
        else "The answer did not come back as it was written."
    )
