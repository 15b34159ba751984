"""The engine of either side, driven by a peer that has the link's keys and sends whatever frames it likes.

An input is packets' plaintexts, each after a byte of length; the first byte of all chooses side and link.

Invariant: `SyncEngine` raises nothing; what it refuses it reports as `PacketRefused`; it holds no more
than its limits; every packet that it then sends fits its link and opens at the peer, with frames that
read; it always falls silent; and no bundle of its own is given up without a receipt.
"""

from collections.abc import Iterator
from copy import copy

from protocol import bundle as bundles
from protocol import limits
from protocol.bundle import Introduction, OperatorSettings
from protocol.engine import SyncEngine
from protocol.events import BundleArrived, CustodyAccepted, Event, NumberTaken
from protocol.frames import (
    Ack,
    Frame,
    More,
    Next,
    Pad,
    Priority,
    Receipt,
    Refusal,
    Refuse,
    Resync,
    Start,
    decode_all,
    encode,
)
from protocol.ids import Instant
from protocol.journal import MemoryJournal
from protocol.linkguard import Form, LinkGuard, read_flags
from protocol.links import LinkProfile, Side
from protocol.origin import public_half
from tests.fuzz.seeds import hexadecimal
from tests.fuzz.target import Target
from tests.memory_link import DATAGRAM, MESSAGE, RELAY_PRIVATE, VESSEL, admit_all, snapshot

_PACKETS_MAX = 12
_ROUNDS_MAX = 64
_LINKS = (DATAGRAM, MESSAGE, DATAGRAM)
_SIDES = tuple(Side)
_SNAPSHOT = snapshot()
_RELAY_PUBLIC = public_half(RELAY_PRIVATE)
_PEERS = {side: LinkGuard(_SNAPSHOT.guard, side, lambda _state: None) for side in Side}
_OWN = {
    Side.VESSEL: bundles.encode(Introduction(box_public=bytes(32))),
    Side.RELAY: bundles.encode(OperatorSettings(signature=bytes(64), signed=b"x" * 40)),
}


def check(data: bytes) -> None:
    """Let a hostile peer speak, then hear what the engine says."""
    head = data[0] if data else 0
    side, link = _SIDES[head & 1], _LINKS[head >> 1 & 1]
    journal = MemoryJournal()
    engine = SyncEngine(side, VESSEL, _SNAPSHOT, journal, admit=admit_all, relay_public=_RELAY_PUBLIC)
    for number in (1, 2):
        engine.offer(number, Priority.TEXT, _OWN[side])
    engine.contact_opened(link, Instant(0.0))
    peer = copy(_PEERS[Side.RELAY if side is Side.VESSEL else Side.VESSEL])
    _hear(engine, link, peer, 0.0)
    events: list[Event] = []
    for at, plaintext in enumerate(_plaintexts(data[1:])):
        now = float(at)
        events += engine.receive(peer.seal(plaintext, named=not link.identifies_vessel), link, Instant(now))
        _hear(engine, link, peer, now)
        held = engine._inbox._partial
        assert len(held) <= limits.BUNDLES_OPEN_MAX
        assert sum(len(each.data) for each in held.values()) <= limits.OPEN_BYTES_MAX
    settled = {event.number for event in events if isinstance(event, CustodyAccepted | NumberTaken)}
    for number in (1, 2):
        assert engine.holds(number) or number in settled, "a bundle was given up without a receipt"
    arrived = [event.number for event in events if isinstance(event, BundleArrived)]
    assert len(arrived) == len(set(arrived)), "a bundle arrived twice"


def _plaintexts(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    while data and len(found) < _PACKETS_MAX:
        found.append(data[1 : 1 + data[0]])
        data = data[1 + data[0] :]
    return found


def _hear(engine: SyncEngine, link: LinkProfile, peer: LinkGuard, now: float) -> None:
    """Take all packets that the engine has to send now."""
    for _ in range(_ROUNDS_MAX):
        packet = engine.transmit(link, Instant(now))
        if packet is None:
            engine.deadline(link)
            return
        assert len(packet) <= link.mtu_bytes(engine._side)
        if read_flags(packet)[0] in (Form.NAMED, Form.UNNAMED):
            list(decode_all(peer.open(packet)))
    raise AssertionError("the engine never falls silent")


def _packet(*frames: Frame) -> bytes:
    said = b"".join(map(encode, frames))
    return bytes([len(said)]) + said


def seeds() -> Iterator[bytes]:
    """Give whole bundles, pieces in and out of order, and every word that a peer has about ours."""
    whole = bundles.encode(Introduction(box_public=bytes(32)))
    for head in range(4):
        yield bytes([head]) + _packet(
            Start(number=1, total_bytes=len(whole), priority=Priority.TEXT, data=whole),
            Refuse(number=2, reason=Refusal.BUSY),
        )
        yield (
            bytes([head])
            + _packet(
                More(number=3, offset=10, data=whole[10:]),
                Start(number=3, total_bytes=len(whole), priority=Priority.URGENT, data=whole[:10]),
            )
            + _packet(Receipt(numbers=((1, 3),)))
        )
        for answer_bytes in (0, limits.SHAPED_PACKET_BYTES_MIN, limits.PACKET_BYTES_MAX):
            pad = Pad(answer_bytes=answer_bytes, size_bytes=3)
            yield bytes([head]) + _packet(Resync(reply_wanted=True), pad) * 2
        yield (
            bytes([head])
            + _packet(Ack(number=1, end=5, beyond=((7, 9),)))
            + _packet(Resync(reply_wanted=True, floor=1, beyond=((3, 4),), partial=(Ack(number=2, end=3),)))
            + _packet(Next(data=b"more"))
        )
        yield (
            bytes([head])
            + b"".join(
                bytes([len(frame)]) + frame for frame in hexadecimal("frames", "bytes") if len(frame) < 60
            )[:_LARGEST_BYTES]
        )


_LARGEST_BYTES = 200
TARGET = Target(check=check, seeds=seeds, largest_bytes=_LARGEST_BYTES)
