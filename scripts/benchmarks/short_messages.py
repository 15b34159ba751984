"""Satellite short messages: real engines, a modem's driver, and sessions of which one in ten fails."""

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypedDict

from protocol import bundle
from protocol.bundle import Bundle, Report
from protocol.engine import SyncEngine
from protocol.events import CustodyAccepted
from protocol.frames import Priority, Refusal
from protocol.ids import Instant, VesselId
from protocol.journal import MemoryJournal, Snapshot
from protocol.linkguard import GuardState, rekey_secret
from protocol.links import LinkKind, LinkProfile, Side
from protocol.message import Text
from scripts.benchmarks.cargo import (
    LANGUAGES,
    NOTE_BYTES,
    Desk,
    Parcel,
    bulk,
    check_in,
    reports,
)
from scripts.benchmarks.report import Row
from scripts.sky.messages import STATUS_COMPLETED, MessageProfile, MessageSky
from scripts.sky.prices import money

LINK = LinkProfile(
    name="sbd", kind=LinkKind.MESSAGE, mtu_up_bytes=340, mtu_down_bytes=270, identifies_vessel=True
)
FAILING = MessageProfile(failure=0.1)
SEEDS = 40
SESSIONS_MAX = 200

_VESSEL = VesselId(b"vessel-1")
_SECRET = bytes(range(32))
_NUMBER = 1_000
"""A box that has been at sea for a while."""

_DESK = Desk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What it took to bring one bundle to shore, and its receipt back."""

    up_messages: int
    up_bytes: int
    credits_up: int
    """Until the relay had the bundle; the receipt comes with a later session, or with one only for it."""
    down_messages: int
    credits_with_receipt: int
    seconds: float


class Modem:
    """Drives sessions for one vessel: repeats a message until the gateway surely took it."""

    def __init__(self, sky: MessageSky) -> None:
        self._sky = sky
        self._now_s = 0.0
        self._vessel = _engine(Side.VESSEL)
        self._relay = _engine(Side.RELAY)
        self._custody = False

    def carry(self, data: bytes, priority: Priority) -> Passage:
        """Bring one bundle to shore and fetch its receipt."""
        self._vessel.offer(_NUMBER, priority, data)
        before = self._sky.snapshot()
        while (packet := self._vessel.transmit(LINK, self._instant())) is not None:
            while not self._session(packet):
                pass
        up = self._sky.snapshot() - before
        for _ in range(SESSIONS_MAX):
            if self._custody:
                break
            self._session(None)
        assert self._custody, "the receipt never came"
        whole = self._sky.snapshot() - before
        return Passage(
            up_messages=whole.up_messages,
            up_bytes=whole.up_bytes,
            credits_up=up.credits_spent,
            down_messages=whole.down_messages,
            credits_with_receipt=whole.credits_spent,
            seconds=self._now_s,
        )

    def _session(self, packet: bytes | None) -> bool:
        """Hold one session; return whether the gateway surely took the message."""
        session = self._sky.begin(packet, self._now_s)
        self._now_s = session.ends_s
        result = self._sky.finish(self._now_s)
        if result.down is not None:
            events = self._vessel.receive(result.down, LINK, self._instant())
            self._custody |= any(isinstance(event, CustodyAccepted) for event in events)
        for message in self._sky.taken():
            self._relay.receive(message.message, LINK, self._instant())
            answer = self._relay.transmit(LINK, self._instant())
            if answer is not None:
                # What still waits for the modem says less than this one does.
                self._sky.queue_down(answer, flush=True)
        return result.status == STATUS_COMPLETED

    def _instant(self) -> Instant:
        return Instant(self._now_s)


def _engine(side: Side) -> SyncEngine:
    snapshot = Snapshot(guard=GuardState(secret=_SECRET), rekey_key=rekey_secret(_SECRET))
    return SyncEngine(side, _VESSEL, snapshot, MemoryJournal(), admit=_admit)


def _admit(_number: int, _bundle: Bundle) -> Refusal | None:
    return None


def carry(parcel: Parcel, profile: MessageProfile, *, seed: int = 0) -> Passage:
    """Bring one message to shore with these accidents."""
    report = Report(desk_key=_DESK.key.id, origin_tag=bytes(8), sealed=_DESK.sealed(parcel, _VESSEL))
    return Modem(MessageSky(profile, seed=seed)).carry(bundle.encode(report), parcel.priority)


def measure(wanted: Callable[[str], bool]) -> list[Row]:
    """Measure the wanted rows of table 3."""
    rows: list[Row] = []
    groups: dict[str, Callable[[str], list[Row]]] = {
        "a check-in, padded": _check_in_rows,
        "a report of up to 200 characters, padded": _report_rows,
        "4.5 kB": _note_rows,
    }
    for name, make in groups.items():
        if any(wanted(f"{_TITLE} {name}: {what}") for what in _WHATS):
            rows += make(f"{_TITLE} {name}")
    return [row for row in rows if wanted(row.row)]


_TITLE = "short messages,"
_WHATS = ("messages up", "messages down", "bytes", "credits")


def _check_in_rows(name: str) -> list[Row]:
    parcel = Parcel(body=check_in(), priority=Priority.CHECK_IN, padded=True, answerable=True)
    return _small_rows(name, [("check-in", parcel)], size_bytes=200, credits_most=4)


def _report_rows(name: str) -> list[Row]:
    parcels = [
        (
            code,
            Parcel(
                body=Text(text=line),
                priority=Priority.TEXT,
                padded=True,
                language=language,
                answerable=True,
            ),
        )
        for language, code in LANGUAGES.items()
        for line in reports(language)
    ]
    return _small_rows(name, parcels, size_bytes=300, credits_most=6)


def _small_rows(
    name: str, parcels: list[tuple[str, Parcel]], *, size_bytes: int, credits_most: int
) -> list[Row]:
    sure = [(code, carry(parcel, MessageProfile())) for code, parcel in parcels]
    largest = {code: max(each.up_bytes for own, each in sure if own == code) for code, _ in sure}
    largest_at = max(range(len(sure)), key=lambda at: sure[at][1].up_bytes)
    failing = _fail_often(parcels[largest_at][1])
    spent = _spent(failing)
    return [
        Row(
            **spent,
            row=f"{name}: messages up",
            unit="messages",
            measured=max(
                *(passage.up_messages for _, passage in sure), _median(p.up_messages for p in failing)
            ),
            target=1,
            also={"mean where 10 % of sessions fail": statistics.fmean(p.up_messages for p in failing)},
        ),
        Row(
            **spent,
            row=f"{name}: bytes",
            unit="bytes",
            measured=max(largest.values()),
            target=size_bytes,
            also=largest if len(largest) > 1 else {},
        ),
        Row(
            **spent,
            row=f"{name}: credits",
            unit="credits",
            measured=max(
                *(passage.credits_up for _, passage in sure), _median(p.credits_up for p in failing)
            ),
            target=credits_most,
            also={
                "mean where 10 % of sessions fail": statistics.fmean(p.credits_up for p in failing),
                "with a session only for the receipt": _median(p.credits_with_receipt for p in failing),
            },
        ),
    ]


def _note_rows(name: str) -> list[Row]:
    failing = _fail_often(bulk(NOTE_BYTES))
    spent = _spent(failing)
    return [
        Row(
            **spent,
            row=f"{name}: messages up",
            unit="messages",
            measured=_median(p.up_messages for p in failing),
            target=16,
            also={
                "mean": statistics.fmean(p.up_messages for p in failing),
                "most": max(p.up_messages for p in failing),
            },
        ),
        Row(
            **spent,
            row=f"{name}: messages down",
            unit="messages",
            measured=max(p.down_messages for p in failing),
            target=2,
        ),
        Row(
            **spent,
            row=f"{name}: credits",
            unit="credits",
            measured=_median(p.credits_with_receipt for p in failing),
            also={"minutes": _median(p.seconds for p in failing) / 60},
        ),
    ]


class _Spent(TypedDict):
    """The columns that all rows of one sort share."""

    credits_spent: float
    money: float


def _spent(failing: Iterable[Passage]) -> _Spent:
    """Return what a message costs with a session for its receipt, where one session in ten fails."""
    mean = statistics.fmean(passage.credits_with_receipt for passage in failing)
    return _Spent(credits_spent=mean, money=money(credits_spent=mean))


def _fail_often(parcel: Parcel) -> list[Passage]:
    return [carry(parcel, FAILING, seed=seed) for seed in range(SEEDS)]


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)
