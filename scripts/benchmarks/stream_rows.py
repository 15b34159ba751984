"""The rows of the first two tables of the protocol's design: messages on an open sky, and links that fail."""

from collections.abc import Sequence

from scripts.benchmarks import scenes, seavoice_runs
from scripts.benchmarks.cargo import CLEAR_BYTES
from scripts.benchmarks.outcome import Outcome
from scripts.benchmarks.wishes import Pick, Read, Wish, air, bytes_row, mark, seconds, whole_ip

CUTS = len(scenes.OUTAGE_AND_CUTS.listed)
KILLS = len(seavoice_runs.KILLED_AT_S)
RELAY_KILL_BOUND_BYTES = scenes.RATE_BPS / 8 * 2 * scenes.DELAY_S
"""What is in the air when a relay dies, and what leaves before the vessel hears of it."""


def _times_payload(outcome: Outcome) -> float:
    return outcome.air_bytes / CLEAR_BYTES


def _both_peers(what: str, read: Read) -> dict[str, Pick]:
    return {"LXMF": Pick(f"lxmf {what}", read), "HTTPS": Pick(f"https {what}", read)}


def _four_peers(size: str) -> dict[str, Pick]:
    return {
        "LXMF warm": Pick(f"lxmf {size} warm", air),
        "LXMF cold": Pick(f"lxmf {size} cold", air),
        "HTTPS resumed": Pick(f"https {size} resumed", air),
        "HTTPS cold": Pick(f"https {size} cold", air),
    }


MESSAGES: Sequence[Wish] = (
    bytes_row(
        "120 B text, as opaque bytes",
        "seavoice 120",
        target=235,
        bound=196,
        peers=_four_peers("120"),
        also={"on an open contact": Pick("seavoice 120 open", air)},
    ),
    bytes_row("120 B text, through the text packer", "seavoice 120 packed", target=210),
    bytes_row("120 B text, cold: with a new vessel's introduction", "seavoice 120 cold", target=340),
    bytes_row("120 B text, padded", "seavoice 120 padded"),
    bytes_row("120 B text, over WebSocket", "seavoice 120 websocket"),
    bytes_row("4,500 B voice", "seavoice 4500", target=4_665, bound=4_576, peers=_four_peers("4500")),
    bytes_row("4,500 B voice, padded", "seavoice 4500 padded"),
    bytes_row("60,000 B voice", "seavoice 60000", target=60_900, bound=60_076, peers=_four_peers("60000")),
    bytes_row("60,000 B voice, padded", "seavoice 60000 padded"),
    bytes_row("60,000 B voice, over WebSocket", "seavoice 60000 websocket"),
    bytes_row(
        "ten 120 B texts in one contact, as opaque bytes",
        "seavoice ten",
        target=2_000,
        peers={"LXMF warm": Pick("lxmf ten", air), "HTTPS cold": Pick("https ten", air)},
    ),
    bytes_row("ten 120 B texts in one contact, through the text packer", "seavoice ten packed", target=2_000),
    bytes_row("ten 120 B texts in one contact, padded", "seavoice ten padded"),
    Wish(
        row="120 B text, whole IP packets on UDP",
        unit="bytes",
        own=Pick("seavoice 120 udp", whole_ip),
        target=290,
        peers={
            "LXMF warm, UDP": Pick("lxmf 120 udp", whole_ip),
            "HTTPS cold, TCP": Pick("https 120 cold", mark("ip_bytes")),
        },
    ),
)

LINKS: Sequence[Wish] = (
    Wish(
        row="4.5 kB, link cut 20 s in every 80: time",
        unit="s",
        own=Pick("seavoice 4500 cut", seconds),
        target=45,
        peers=_both_peers("4500 cut", seconds),
    ),
    bytes_row(
        "4.5 kB, link cut 20 s in every 80: bytes",
        "seavoice 4500 cut",
        target=5_400,
        peers=_both_peers("4500 cut", air),
    ),
    Wish(
        row="60 kB, link cut 20 s in every 80: time",
        unit="s",
        own=Pick("seavoice 60000 cut", seconds),
        target=285,
        peers=_both_peers("60000 cut", seconds),
        also={"over UDP": Pick("seavoice 60000 cut udp", seconds)},
    ),
    bytes_row(
        "60 kB, link cut 20 s in every 80: bytes",
        "seavoice 60000 cut",
        target=63_900,
        peers=_both_peers("60000 cut", air),
        also={"over UDP": Pick("seavoice 60000 cut udp", air)},
    ),
    Wish(
        row="60 kB, link cut 20 s in every 80: duplicate payload",
        unit="bytes",
        own=Pick("seavoice 60000 cut", mark("duplicate_bytes")),
        target=0,
        also={"over UDP": Pick("seavoice 60000 cut udp", mark("duplicate_bytes"))},
    ),
    Wish(
        row="60 kB, 13 cuts: air bytes by payload",
        unit="× payload",
        own=Pick("seavoice 60000 cut 13 times", _times_payload),
        target=1.15,
        also={
            "seconds": Pick("seavoice 60000 cut 13 times", seconds),
            "duplicate bytes": Pick("seavoice 60000 cut 13 times", mark("duplicate_bytes")),
        },
    ),
    Wish(
        row="60 kB, outage of 300 s and five cuts: bytes beyond a run without, for each",
        unit="bytes",
        own=Pick("seavoice outage", air, "seavoice steady", CUTS),
        target=600,
        peers={
            "LXMF, the outage alone": Pick("lxmf outage", air, "lxmf steady"),
            "HTTPS, the outage alone": Pick("https outage", air, "https steady"),
        },
        also={"seconds": Pick("seavoice outage", seconds)},
    ),
    Wish(
        row="60 kB, kill -9 of the vessel in the middle: bytes beyond a run without, for each kill",
        unit="bytes",
        own=Pick("seavoice kill vessel", air, "seavoice steady", KILLS),
        target=600,
        peers={
            "LXMF": Pick("lxmf kill vessel", air, "lxmf steady"),
            "HTTPS": Pick("https cut once", air, "https steady"),
        },
        also={
            "seconds": Pick("seavoice kill vessel", seconds),
            "duplicate bytes": Pick("seavoice kill vessel", mark("duplicate_bytes")),
        },
    ),
    Wish(
        row="60 kB, kill -9 of the relay in the middle: bytes beyond a run without, for each kill",
        unit="bytes",
        own=Pick("seavoice kill relay", air, "seavoice steady", KILLS),
        target=600,
        bound=RELAY_KILL_BOUND_BYTES,
        peers={
            "LXMF": Pick("lxmf kill relay", air, "lxmf steady"),
            "HTTPS": Pick("https cut once", air, "https steady"),
        },
        also={
            "seconds": Pick("seavoice kill relay", seconds),
            "duplicate bytes": Pick("seavoice kill relay", mark("duplicate_bytes")),
        },
    ),
    Wish(
        row="120 B urgent message queued during 60 kB: time to its receipt",
        unit="s",
        own=Pick("seavoice urgent", mark("urgent_s")),
        target=6,
        peers={
            "LXMF up to 319 B": Pick("lxmf urgent", mark("small_s")),
            "LXMF larger": Pick("lxmf urgent", mark("larger_s")),
            "HTTPS": Pick("https urgent", seconds),
        },
    ),
    Wish(
        row="60 kB, nothing goes wrong: time",
        unit="s",
        own=Pick("seavoice steady", seconds),
        peers=_both_peers("steady", seconds),
        also={"bytes": Pick("seavoice steady", air)},
    ),
)
