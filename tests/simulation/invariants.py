"""The rules that no voyage may break, checked whenever something becomes durable, leaves or arrives."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from protocol.links import LinkProfile, Side
from tests.simulation.faults import BrokenRule
from tests.simulation.nonces import NonceLedger

LEAP_MIN = 9_000
"""The relay's own leap is 10,000."""


@dataclass(slots=True)
class Way:
    """One direction of one vessel's link: what was handed in, what is held where. Sealed bytes are names."""

    made: set[bytes] = field(default_factory=set)
    """Handed in, whether it was kept or not."""
    promised: dict[bytes, int] = field(default_factory=dict)
    """What the sender's store has kept, with the number it has now."""
    numbers: dict[int, bytes] = field(default_factory=dict)
    """Which bundle has, or last had, a number."""
    durable: dict[int, bytes] = field(default_factory=dict)
    """What the receiver has in custody."""
    handed: list[bytes] = field(default_factory=list)
    """What a person or a desk got, in order."""
    at_risk: set[bytes] = field(default_factory=set)
    """What only a store held which was set back since: nobody can promise it any more."""


class Rules:
    """Looks at both ends of one vessel's link at once, which neither of them can."""

    def __init__(self, vessel: str, nonces: NonceLedger, counts: Counter[str]) -> None:
        self.vessel = vessel
        self.up = Way()
        self.down = Way()
        self.counts = counts
        self.restored = 0
        self.packets = 0
        self.packet_bytes = 0
        self.has_copies = False
        """Whether a stick may bring what a link brings too: by design, links do not wait for it."""
        self._nonces = nonces

    def way(self, sender: Side) -> Way:
        """Return the direction in which a side sends."""
        return self.up if sender is Side.VESSEL else self.down

    def kept(self, sender: Side, number: int, sealed: bytes) -> None:
        """Note that a sender's store holds a bundle under a number, durably."""
        way = self.way(sender)
        known = way.numbers.get(number)
        if known is not None and known != sealed:
            self._unless_restored(f"{sender.value} gave number {number} to two bundles")
        way.numbers[number] = sealed
        way.promised[sealed] = number

    def taken(self, receiver: Side, number: int, sealed: bytes) -> None:
        """Check a bundle that has just come into custody."""
        way = self.up if receiver is Side.RELAY else self.down
        if sealed not in way.made:
            raise BrokenRule(f"{receiver.value} took bundle {number}, which nobody made")
        if number in way.durable:
            raise BrokenRule(f"{receiver.value} took bundle {number} twice")
        if sealed in way.durable.values():
            self._unless_restored(f"{receiver.value} took a bundle under two numbers, the second is {number}")
        way.durable[number] = sealed

    def settled(self, sender: Side, number: int) -> None:
        """Check a bundle whose bytes have just been deleted for a receipt."""
        way = self.way(sender)
        held = way.durable.get(number)
        if held is None or held != way.numbers.get(number):
            self._unless_restored(f"{sender.value} deletes bundle {number}, which the peer does not hold")

    def _unless_restored(self, sentence: str) -> None:
        if not self.restored:
            raise BrokenRule(f"{self.vessel}: {sentence}")
        self.counts["after a restore: " + re.split(r"[:,] |\d", sentence)[0].strip()] += 1

    def set_back(self, side: Side, held: dict[int, bytes], waiting: Iterable[bytes]) -> None:
        """Note that an old copy of a store came back: what it holds and what it still sends."""
        own, other = self.way(side), self.down if side is Side.VESSEL else self.up
        self.restored += 1
        # A receipt for any of these may have come, or may be on its way.
        other.at_risk |= set(other.durable.values()) - set(held.values())
        other.durable = dict(held)
        own.at_risk |= set(own.promised) - set(waiting)

    def leaves(self, side: Side, link: LinkProfile, packet: bytes) -> None:
        """Check a packet that is put on a link."""
        self.packets += 1
        self.packet_bytes += len(packet)
        self._check_packet(side, link, packet)

    def copied(self, side: Side, link: LinkProfile, packet: bytes) -> None:
        """Check a packet that is put on a stick: it costs nothing, but it may neither be too large."""
        self.has_copies = True
        self.counts["packets on sticks"] += 1
        self._check_packet(side, link, packet)

    def _check_packet(self, side: Side, link: LinkProfile, packet: bytes) -> None:
        if len(packet) > link.mtu_bytes(side):
            raise BrokenRule(f"{side.value} sends {len(packet)} B on {link.name}")
        self._nonces.packet_leaves(packet, f"{side.value} of {self.vessel} on {link.name}")

    def replayed(self, refused: bool) -> None:
        """Check what became of a packet that had been accepted before."""
        if not refused:
            raise BrokenRule(f"{self.vessel}: a replayed packet was accepted")
        self.counts["replays refused"] += 1

    def handed_over(self, sealed: Iterable[bytes]) -> None:
        """Check what a desk got: each bundle once."""
        for each in sealed:
            if each in self.up.handed:
                self._unless_restored("relay hands over a bundle twice")
            else:
                self.up.handed.append(each)

    def looked_at(self, sealed: list[bytes]) -> None:
        """Check what lies in a mailbox: whoever looks sees each answer once."""
        if len(set(sealed)) != len(sealed):
            self._unless_restored("vessel shows an answer twice")
        self.down.handed = sorted(set(self.down.handed) | set(sealed))

    def check_end(self) -> None:
        """Check what must hold when all is quiet."""
        for sender in Side:
            way = self.way(sender)
            missing = set(way.promised) - set(way.handed)
            kept = sorted(way.promised[sealed] for sealed in missing - way.at_risk)
            if kept:
                raise BrokenRule(f"{self.vessel}: bundles of the {sender.value} never arrived: {kept}")
            self.counts["lost with a store that was set back"] += len(missing)
            numbers = [0, *sorted(way.durable)]
            steps = [after - before for before, after in pairwise(numbers)]
            # A relay leaps whenever a vessel asked for new keys, since either may have been set back.
            if any(step > 1 and (sender is Side.VESSEL or step < LEAP_MIN) for step in steps):
                self._unless_restored(f"{sender.value}: gaps in the numbers of what arrived: {numbers}")
