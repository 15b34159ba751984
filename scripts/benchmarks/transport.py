"""The first three tables of the protocol's design, measured: SeaVoice, LXMF and HTTPS in one run.

Bytes are TCP or UDP payload that left the pacer, both directions together, those that a cut lost included,
until the message is acknowledged and nothing is on its way any more.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.benchmarks import peer_runs, scenes, seavoice_runs, short_messages
from scripts.benchmarks.cargo import CLEAR_BYTES
from scripts.benchmarks.outcome import Outcome
from scripts.benchmarks.report import Figure, Row
from scripts.benchmarks.runs import Run, open_lab, perform

CUTS = len(scenes.OUTAGE_AND_CUTS.listed)
KILLS = len(seavoice_runs.KILLED_AT_S)
RELAY_KILL_BOUND_BYTES = scenes.RATE_BPS / 8 * 2 * scenes.DELAY_S
"""What is in the air when a relay dies, and what leaves before the vessel hears of it."""

Outcomes = Mapping[str, Outcome | str]
Read = Callable[[Outcome], float]


@dataclass(frozen=True, slots=True)
class Pick:
    """One number of one run, or what it has beyond the same number of another."""

    run: str
    read: Read
    beyond: str = ""
    times: int = 1
    """How often it happened, where the number is for once."""

    def figure(self, outcomes: Outcomes) -> Figure:
        """Look the number up."""
        outcome = outcomes[self.run]
        if isinstance(outcome, str):
            return Figure(value=None, why=outcome)
        if outcome.failure:
            return Figure(value=None, why=outcome.why)
        value = self.read(outcome)
        if self.beyond:
            other = Pick(self.beyond, self.read).figure(outcomes)
            if other.value is None:
                return other
            value -= other.value
        return Figure(value=value / self.times)

    @property
    def runs(self) -> set[str]:
        """The runs that have to be made for it."""
        return {self.run, self.beyond} - {""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A row before it is measured."""

    row: str
    unit: str
    own: Pick
    target: float | None = None
    bound: float | None = None
    peers: Mapping[str, Pick] = field(default_factory=dict)
    also: Mapping[str, Pick] = field(default_factory=dict)

    @property
    def runs(self) -> set[str]:
        """The runs that have to be made for it."""
        return set().union(*(pick.runs for pick in (self.own, *self.peers.values(), *self.also.values())))

    def row_of(self, outcomes: Outcomes) -> Row:
        """Fill in what was measured."""
        own = self.own.figure(outcomes)
        also = {name: pick.figure(outcomes).value for name, pick in self.also.items()}
        return Row(
            row=self.row,
            unit=self.unit,
            measured=own.value,
            target=self.target,
            bound=self.bound,
            peers={name: pick.figure(outcomes) for name, pick in self.peers.items()},
            why=own.why,
            also={name: value for name, value in also.items() if value is not None},
        )


def _air(outcome: Outcome) -> float:
    return outcome.air_bytes


def _ip(outcome: Outcome) -> float:
    return outcome.reading.both.air.whole_ip_bytes


def _seconds(outcome: Outcome) -> float:
    return outcome.seconds


def _times_payload(outcome: Outcome) -> float:
    return outcome.air_bytes / CLEAR_BYTES


def _mark(name: str) -> Read:
    return lambda outcome: outcome.marks[name]


def _bytes(row: str, run: str, **more: object) -> Wish:
    return Wish(row=row, unit="bytes", own=Pick(run, _air), **more)  # type: ignore[arg-type]  # Wish's own.


def _both_peers(what: str, read: Read) -> dict[str, Pick]:
    return {"LXMF": Pick(f"lxmf {what}", read), "HTTPS": Pick(f"https {what}", read)}


def _four_peers(size: str) -> dict[str, Pick]:
    return {
        "LXMF warm": Pick(f"lxmf {size} warm", _air),
        "LXMF cold": Pick(f"lxmf {size} cold", _air),
        "HTTPS resumed": Pick(f"https {size} resumed", _air),
        "HTTPS cold": Pick(f"https {size} cold", _air),
    }


MESSAGES: Sequence[Wish] = (
    _bytes(
        "120 B text, as opaque bytes",
        "seavoice 120",
        target=235,
        bound=196,
        peers=_four_peers("120"),
        also={"on an open contact": Pick("seavoice 120 open", _air)},
    ),
    _bytes("120 B text, through the text packer", "seavoice 120 packed", target=210),
    _bytes("120 B text, cold: with a new vessel's introduction", "seavoice 120 cold", target=340),
    _bytes("120 B text, padded", "seavoice 120 padded"),
    _bytes("120 B text, over WebSocket", "seavoice 120 websocket"),
    _bytes("4,500 B voice", "seavoice 4500", target=4_665, bound=4_576, peers=_four_peers("4500")),
    _bytes("4,500 B voice, padded", "seavoice 4500 padded"),
    _bytes("60,000 B voice", "seavoice 60000", target=60_900, bound=60_076, peers=_four_peers("60000")),
    _bytes("60,000 B voice, padded", "seavoice 60000 padded"),
    _bytes("60,000 B voice, over WebSocket", "seavoice 60000 websocket"),
    _bytes(
        "ten 120 B texts in one contact, as opaque bytes",
        "seavoice ten",
        target=2_000,
        peers={"LXMF warm": Pick("lxmf ten", _air), "HTTPS cold": Pick("https ten", _air)},
    ),
    _bytes("ten 120 B texts in one contact, through the text packer", "seavoice ten packed", target=2_000),
    _bytes("ten 120 B texts in one contact, padded", "seavoice ten padded"),
    Wish(
        row="120 B text, whole IP packets on UDP",
        unit="bytes",
        own=Pick("seavoice 120 udp", _ip),
        target=290,
        peers={
            "LXMF warm, UDP": Pick("lxmf 120 udp", _ip),
            "HTTPS cold, TCP": Pick("https 120 cold", _mark("ip_bytes")),
        },
    ),
)

LINKS: Sequence[Wish] = (
    Wish(
        row="4.5 kB, link cut 20 s in every 80: time",
        unit="s",
        own=Pick("seavoice 4500 cut", _seconds),
        target=45,
        peers=_both_peers("4500 cut", _seconds),
    ),
    _bytes(
        "4.5 kB, link cut 20 s in every 80: bytes",
        "seavoice 4500 cut",
        target=5_400,
        peers=_both_peers("4500 cut", _air),
    ),
    Wish(
        row="60 kB, link cut 20 s in every 80: time",
        unit="s",
        own=Pick("seavoice 60000 cut", _seconds),
        target=285,
        peers=_both_peers("60000 cut", _seconds),
        also={"over UDP": Pick("seavoice 60000 cut udp", _seconds)},
    ),
    _bytes(
        "60 kB, link cut 20 s in every 80: bytes",
        "seavoice 60000 cut",
        target=63_900,
        peers=_both_peers("60000 cut", _air),
        also={"over UDP": Pick("seavoice 60000 cut udp", _air)},
    ),
    Wish(
        row="60 kB, link cut 20 s in every 80: duplicate payload",
        unit="bytes",
        own=Pick("seavoice 60000 cut", _mark("duplicate_bytes")),
        target=0,
        also={"over UDP": Pick("seavoice 60000 cut udp", _mark("duplicate_bytes"))},
    ),
    Wish(
        row="60 kB, 13 cuts: air bytes by payload",
        unit="× payload",
        own=Pick("seavoice 60000 cut 13 times", _times_payload),
        target=1.15,
        also={
            "seconds": Pick("seavoice 60000 cut 13 times", _seconds),
            "duplicate bytes": Pick("seavoice 60000 cut 13 times", _mark("duplicate_bytes")),
        },
    ),
    Wish(
        row="60 kB, outage of 300 s and five cuts: bytes beyond a run without, for each",
        unit="bytes",
        own=Pick("seavoice outage", _air, "seavoice steady", CUTS),
        target=600,
        peers={
            "LXMF, the outage alone": Pick("lxmf outage", _air, "lxmf steady"),
            "HTTPS, the outage alone": Pick("https outage", _air, "https steady"),
        },
        also={"seconds": Pick("seavoice outage", _seconds)},
    ),
    Wish(
        row="60 kB, kill -9 of the vessel in the middle: bytes beyond a run without, for each kill",
        unit="bytes",
        own=Pick("seavoice kill vessel", _air, "seavoice steady", KILLS),
        target=600,
        peers={
            "LXMF": Pick("lxmf kill vessel", _air, "lxmf steady"),
            "HTTPS": Pick("https cut once", _air, "https steady"),
        },
        also={
            "seconds": Pick("seavoice kill vessel", _seconds),
            "duplicate bytes": Pick("seavoice kill vessel", _mark("duplicate_bytes")),
        },
    ),
    Wish(
        row="60 kB, kill -9 of the relay in the middle: bytes beyond a run without, for each kill",
        unit="bytes",
        own=Pick("seavoice kill relay", _air, "seavoice steady", KILLS),
        target=600,
        bound=RELAY_KILL_BOUND_BYTES,
        peers={
            "LXMF": Pick("lxmf kill relay", _air, "lxmf steady"),
            "HTTPS": Pick("https cut once", _air, "https steady"),
        },
        also={
            "seconds": Pick("seavoice kill relay", _seconds),
            "duplicate bytes": Pick("seavoice kill relay", _mark("duplicate_bytes")),
        },
    ),
    Wish(
        row="60 kB, 10 % of datagrams lost: time",
        unit="s",
        own=Pick("seavoice loss", _seconds),
        target=240,
        peers={"LXMF": Pick("lxmf loss", _seconds)},
        also={"bytes": Pick("seavoice loss", _air)},
    ),
    Wish(
        row="120 B urgent message queued during 60 kB: time to its receipt",
        unit="s",
        own=Pick("seavoice urgent", _mark("urgent_s")),
        target=6,
        peers={
            "LXMF up to 319 B": Pick("lxmf urgent", _mark("small_s")),
            "LXMF larger": Pick("lxmf urgent", _mark("larger_s")),
            "HTTPS": Pick("https urgent", _seconds),
        },
    ),
    Wish(
        row="60 kB, nothing goes wrong: time",
        unit="s",
        own=Pick("seavoice steady", _seconds),
        peers=_both_peers("steady", _seconds),
        also={"bytes": Pick("seavoice steady", _air)},
    ),
)

RUNS: Mapping[str, Run] = {
    **seavoice_runs.SLOW_RUNS,
    **peer_runs.SLOW_RUNS,
    **seavoice_runs.FAST_RUNS,
    **peer_runs.FAST_RUNS,
}
"""The slow ones first: they start one after the other, and the last to start is the last to end."""


async def measure(wanted: Callable[[str], bool]) -> list[Row]:
    """Measure the wanted rows of all three tables; raises `BenchError` or `ProgramFailed`."""
    wishes = [wish for wish in (*MESSAGES, *LINKS) if wanted(wish.row)]
    # Done before anything is timed, since it takes the processor.
    short = short_messages.measure(wanted)
    if not wishes:
        return short
    with tempfile.TemporaryDirectory(prefix="seavoice-bench-") as folder:
        lab = await open_lab(Path(folder))
        outcomes = await perform(RUNS, set().union(*(wish.runs for wish in wishes)), lab)
    return [wish.row_of(outcomes) for wish in wishes] + short
