"""The rules that no voyage may break, checked whenever something becomes durable, leaves or arrives."""

from collections import Counter
from dataclasses import dataclass, field

from protocol.events import Event, PacketRefused
from protocol.journal import BundleTaken, Change, OutgoingSettled
from protocol.links import LinkProfile, Side
from tests.simulation.faults import BrokenRule
from tests.simulation.nonces import NonceLedger
from tests.simulation.sky import OTHER


@dataclass(slots=True)
class Ledger:
    """What one side was given to send, and what it holds of the other's."""

    promised: dict[int, bytes] = field(default_factory=dict)
    """Bundles that the store keeps, by the number they have now; also those settled since."""
    durable: dict[int, bytes] = field(default_factory=dict)
    """What this side has in custody."""
    handed_over: list[bytes] = field(default_factory=list)
    """What a person or a desk got from this side, in order."""
    restored: int = 0
    at_risk: set[bytes] = field(default_factory=set)
    """Bundles that only a store held which was set back since: nobody can promise them any more."""


class Invariants:
    """Looks at both sides at once, which neither of them can."""

    def __init__(self) -> None:
        self.sides = {side: Ledger() for side in Side}
        self.nonces = NonceLedger()
        self.counts: Counter[str] = Counter()
        self.packets = 0
        self.packet_bytes = 0

    @property
    def any_restored(self) -> bool:
        """Whether an old copy of a store came back: then some promises cannot be kept."""
        return any(ledger.restored for ledger in self.sides.values())

    def promised(self, side: Side, number: int, data: bytes) -> None:
        """Note a bundle that the store of `side` took to send."""
        ledger = self.sides[side]
        if number in ledger.promised and not ledger.restored:
            raise BrokenRule(f"{side.value} gave number {number} twice")
        ledger.promised[number] = data

    def set_back(self, side: Side, durable: dict[int, bytes], waiting: set[bytes]) -> None:
        """Note that an old copy of a store came back: what it holds and what it still sends."""
        ledger, peer = self.sides[side], self.sides[OTHER[side]]
        ledger.restored += 1
        # A receipt for any of these may have come, or may be on its way.
        peer.at_risk |= set(ledger.durable.values()) - set(durable.values())
        ledger.durable = dict(durable)
        ledger.at_risk |= set(ledger.promised.values()) - waiting

    def committed(self, side: Side, changes: list[Change]) -> None:
        """Check what has just become durable."""
        for change in changes:
            match change:
                case BundleTaken():
                    self._taken(side, change)
                case OutgoingSettled():
                    self._settled(side, change.number)
                case _:
                    pass

    def _taken(self, side: Side, change: BundleTaken) -> None:
        ledger, sent = self.sides[side], self.sides[OTHER[side]].promised.get(change.number)
        if change.number in ledger.durable:
            raise BrokenRule(f"{side.value} took bundle {change.number} twice")
        if sent != change.data:
            self._unless_restored(f"{side.value} took bundle {change.number} with other bytes than were sent")
        ledger.durable[change.number] = change.data

    def _settled(self, side: Side, number: int) -> None:
        ledger, held = self.sides[side], self.sides[OTHER[side]].durable.get(number)
        if held is None or held != ledger.promised.get(number):
            self._unless_restored(f"{side.value} deletes bundle {number}, which the peer does not hold")

    def _unless_restored(self, sentence: str) -> None:
        if not self.any_restored:
            raise BrokenRule(sentence)
        self.counts["after a restore: " + sentence.partition(" bundle")[0]] += 1

    def leaves(self, side: Side, link: LinkProfile, packet: bytes) -> None:
        """Check a packet that is put on a link."""
        self.packets += 1
        self.packet_bytes += len(packet)
        if len(packet) > link.mtu_bytes(side):
            raise BrokenRule(f"{side.value} sends {len(packet)} B on {link.name}")
        if not self.nonces.packet_leaves():
            raise BrokenRule(f"{side.value} uses a nonce twice on {link.name}")

    def replayed(self, side: Side, events: list[Event]) -> None:
        """Check what an engine said of a packet that it had accepted before."""
        if not events or not all(isinstance(event, PacketRefused) for event in events):
            raise BrokenRule(f"{side.value} accepts a replayed packet")
        self.counts["replays refused"] += 1

    def handed_over(self, side: Side, found: list[bytes]) -> None:
        """Check what a person or a desk got: a desk gets each once, a fisher looks at all again and again."""
        ledger = self.sides[side]
        known = [] if side is Side.VESSEL else ledger.handed_over
        if len(set(found)) != len(found) or set(found) & set(known):
            self._unless_restored(f"{side.value} hands over twice a bundle")
        ledger.handed_over += [data for data in found if data not in ledger.handed_over]

    def missing(self, side: Side) -> list[int]:
        """Return the numbers of promised bundles that nobody got."""
        got = set(self.sides[OTHER[side]].handed_over)
        return [number for number, data in self.sides[side].promised.items() if data not in got]

    def check_end(self) -> None:
        """Check what must hold when all is quiet."""
        for side in Side:
            missing = self.missing(side)
            kept = [at for at in missing if self.sides[side].promised[at] not in self.sides[side].at_risk]
            if kept:
                raise BrokenRule(f"bundles of {side.value} never arrived: {kept}")
            self.counts["lost with a store that was set back"] += len(missing)
            numbers = sorted(self.sides[side].durable)
            if numbers != list(range(1, len(numbers) + 1)):
                self._unless_restored(f"gaps at {side.value} in the numbers of bundles: {numbers}")
