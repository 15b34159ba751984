"""The box's own service, watched: what each commit makes durable, and what each bearer may still cost."""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from protocol.engine import SyncEngine
from protocol.events import Event, NumberTaken
from protocol.frames import Priority
from protocol.ids import UnixSeconds
from protocol.journal import Change
from protocol.links import LinkProfile
from protocol.outbox import Piece
from tests.simulation.faults import BrokenRule
from tests.simulation.inline import run
from vessel_client.policy import Cap, Spent, Tariff, month_of
from vessel_client.queue_request import QueueRequest
from vessel_client.queueing import Queued
from vessel_client.store import ledger
from vessel_client.store.database import Database
from vessel_client.sync_service import OpenContact, SyncService

Result = TypeVar("Result")


class WatchedService(SyncService):
    """The box's own service. Each step is done where it is asked for, and the rules hear of its commits."""

    pending: tuple[Change, ...] = ()
    """What the next commit makes durable."""
    renumbers = False
    meter: "Meter"

    async def _step(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        async with self._lock:
            return await work()

    async def _commit(self, engine: SyncEngine, events: list[Event], *, flush: bool = False) -> None:
        self.pending = tuple(self._journal._changes)
        self.renumbers = any(isinstance(event, NumberTaken) for event in events)
        await super()._commit(engine, events, flush=flush)

    async def open_contact(self, link: LinkProfile) -> OpenContact:
        contact = await super().open_contact(link)
        self.meter.load(self._database)
        return contact

    async def receive(self, contact: OpenContact, packet: bytes) -> bool:
        self.meter.passed(contact.link.name, packet)
        return await super().receive(contact, packet)

    async def transmit(self, contact: OpenContact, *, going: bool = False) -> bytes | None:
        packet = await super().transmit(contact, going=going)
        if packet is not None:
            carried = [(self._offered[piece.number], piece) for piece in contact.engine.last_pieces]
            self.meter.leaves(contact.link.name, packet, carried)
        return packet

    async def session_held(self, contact: OpenContact, spent_credits: int, *, sure: bool) -> None:
        self.meter.session(contact.link.name, spent_credits)
        await super().session_held(contact, spent_credits, sure=sure)

    async def queue(self, request: QueueRequest) -> Queued:
        self.renumbers = True
        return await super().queue(request)


class Meter:
    """A second account of what each bearer costs, and the rule that only what is urgent goes over a cap."""

    def __init__(self, tariffs: dict[str, Tariff], wall: Callable[[], UnixSeconds]) -> None:
        self._tariffs = tariffs
        self._wall = wall
        self._spent: dict[int, dict[str, Spent]] | None = None
        """By month, as a clock that is set shows them; None before the first contact of this life."""

    def load(self, database: Database) -> None:
        """Start this life from what the last one has written down; a power cut loses a few packets."""
        if self._tariffs and self._spent is None:
            # Past the store's own lock, as all that only watches.
            self._spent = run(ledger.spent_by_month(database._connection))

    def leaves(self, bearer: str, packet: bytes, carried: Iterable[tuple[Priority, Piece]]) -> None:
        """Check and count a packet that leaves; raises `BrokenRule`."""
        tariff = self._tariffs.get(bearer)
        if tariff is None:
            return
        held_back = [piece for priority, piece in carried if priority not in tariff.over_cap]
        if held_back and not _fits(tariff, self._this_month().get(bearer, Spent()), held_back):
            raise BrokenRule(f"{bearer} carries what is not urgent although its cap is reached")
        self.passed(bearer, packet)

    def passed(self, bearer: str, packet: bytes) -> None:
        """Count a packet, whichever way it goes."""
        tariff = self._tariffs.get(bearer)
        if tariff is not None:
            self._add(bearer, tariff.billed_nano(len(packet)), len(packet))

    def session(self, bearer: str, spent_credits: int) -> None:
        """Count a satellite session."""
        tariff = self._tariffs.get(bearer)
        if tariff is not None:
            self._add(bearer, spent_credits * tariff.step_bytes * tariff.byte_nano, 0)

    def _add(self, bearer: str, money_nano: int, size_bytes: int) -> None:
        month = self._this_month()
        month[bearer] = month.get(bearer, Spent()) + Spent(money_nano=money_nano, size_bytes=size_bytes)

    def _this_month(self) -> dict[str, Spent]:
        self._spent = {} if self._spent is None else self._spent
        return self._spent.setdefault(month_of(self._wall()), {})


def _fits(tariff: Tariff, spent: Spent, pieces: Iterable[Piece]) -> bool:
    size_bytes = sum(piece.end - piece.start for piece in pieces)
    cap: Cap = tariff.cap
    if cap.size_bytes is not None and spent.size_bytes + size_bytes > cap.size_bytes:
        return False
    return cap.money_nano is None or spent.money_nano + size_bytes * tariff.byte_nano <= cap.money_nano
