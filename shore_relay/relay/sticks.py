"""What sticks bring from vessels and take to them: the relay's side, without any file."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from protocol.container import STICK, Direction, Record
from protocol.errors import MalformedPacket, NotAuthentic, RemoteError, UnknownKey, UnknownVersion
from protocol.ids import VesselId
from protocol.linkguard import Form, read_flags, read_key_id
from shore_relay.relay.errors import VesselRevoked
from shore_relay.relay.fleet import Fleet
from shore_relay.relay.store.repository import Repository

COPIED_BYTES_MAX = 1_000_000
"""Packets in one page of copies; those of one vessel stay together."""

NOT_OURS = frozenset(error.code for error in (MalformedPacket, NotAuthentic, UnknownKey, UnknownVersion))
"""Refusals that say that a packet is another fleet's: it stays on the stick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one packet."""

    code: str
    """Of its refusal, or ""."""
    answer: Record | None = None
    """What the stick should take back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedPage:
    """Records for a stick, and behind which vessel the next page begins; None behind the last."""

    records: tuple[Record, ...]
    following: VesselId | None


class Sticks:
    """Takes packets from sticks, and gives copies for them."""

    def __init__(self, fleet: Fleet, store: Repository, refusals: Counter[str]) -> None:
        self._fleet = fleet
        self._store = store
        self._refusals = refusals

    async def take(self, packets: Sequence[bytes]) -> list[Outcome]:
        """Take packets, durably, and say what became of each. Raises `StoreFailed` or `FleetFull`."""
        outcomes = [Outcome(code=UnknownKey.code)] * len(packets)
        by_key: dict[bytes, list[int]] = {}
        for at, packet in enumerate(packets):
            try:
                if read_flags(packet)[0] is Form.REKEY_REQUEST:
                    outcomes[at] = await self._rekey(packet)
                else:
                    by_key.setdefault(read_key_id(packet), []).append(at)
            except RemoteError as refused:
                outcomes[at] = self._refused(refused.code)
        for key_id, places in by_key.items():
            codes = await self._take_of(key_id, [packets[at] for at in places])
            for at, code in zip(places, codes, strict=True):
                outcomes[at] = Outcome(code=code)
        return outcomes

    async def _rekey(self, packet: bytes) -> Outcome:
        key_id = self._fleet.read_rekey(packet).key_id
        answer = await self._fleet.answer_rekey(packet, STICK)
        return Outcome(code="", answer=Record(direction=Direction.DOWN, packet=answer, key_id=key_id))

    async def _take_of(self, key_id: bytes, packets: list[bytes]) -> list[str]:
        """Give packets to whoever of the vessels with this key id made them."""
        codes = [UnknownKey.code] * len(packets)
        for vessel in await self._fleet.look_up(key_id):
            open_places = [at for at, code in enumerate(codes) if code in NOT_OURS]
            carried = [packets[at] for at in open_places]
            try:
                found = await (await self._fleet.link(vessel)).take_carried(carried)
            except VesselRevoked as refused:
                found = [self._refused(refused.code).code for _ in carried]
            for at, code in zip(open_places, found, strict=True):
                codes[at] = code
        unknown = codes.count(UnknownKey.code)
        if unknown:
            self._refusals[f"{STICK.name}-{UnknownKey.code}"] += unknown
        return codes

    def _refused(self, code: str) -> Outcome:
        self._refusals[f"{STICK.name}-{code}"] += 1
        return Outcome(code=code)

    async def copy_out(self, after: VesselId | None) -> CopiedPage:
        """Return the next records, prepared durably. Raises `StoreFailed` or `FleetFull`."""
        vessels = sorted({vessel for _, vessel in await self._store.key_index()})
        records: list[Record] = []
        size_bytes = 0
        for vessel in vessels:
            if after is not None and vessel <= after:
                continue
            if size_bytes > COPIED_BYTES_MAX:
                return CopiedPage(records=tuple(records), following=after)
            try:
                key_id, packets = await (await self._fleet.link(vessel)).copy_out()
            except VesselRevoked:
                continue
            records += [Record(direction=Direction.DOWN, packet=packet, key_id=key_id) for packet in packets]
            size_bytes += sum(map(len, packets))
            after = vessel
        return CopiedPage(records=tuple(records), following=None)
