"""Two engines joined in memory: the shortest way to watch the protocol talk."""

from dataclasses import dataclass, field

from protocol.bundle import Bundle
from protocol.engine import SyncEngine
from protocol.events import Event
from protocol.frames import Refusal
from protocol.ids import Instant, VesselId
from protocol.journal import MemoryJournal, Snapshot
from protocol.linkguard import GuardState, rekey_secret
from protocol.links import LinkKind, LinkProfile, Side
from protocol.origin import public_half

SECRET = bytes(range(32))
VESSEL = VesselId(b"vessel-1")
RELAY_PRIVATE = bytes([7]) * 32

STREAM = LinkProfile(name="stream", kind=LinkKind.STREAM, mtu_up_bytes=65_535, mtu_down_bytes=65_535)
DATAGRAM = LinkProfile(name="datagram", kind=LinkKind.DATAGRAM, mtu_up_bytes=1_200, mtu_down_bytes=1_200)
MESSAGE = LinkProfile(
    name="message", kind=LinkKind.MESSAGE, mtu_up_bytes=340, mtu_down_bytes=270, identifies_vessel=True
)


def admit_all(_number: int, _bundle: Bundle) -> Refusal | None:
    """Take every bundle."""
    return None


def snapshot(secret: bytes = SECRET) -> Snapshot:
    """Return the state of a link that has just been provisioned."""
    return Snapshot(guard=GuardState(secret=secret), rekey_key=rekey_secret(secret))


@dataclass
class Pair:
    """A vessel's engine and its relay's, with the bytes that crossed between them."""

    vessel_journal: MemoryJournal = field(default_factory=MemoryJournal)
    relay_journal: MemoryJournal = field(default_factory=MemoryJournal)
    vessel_events: list[Event] = field(default_factory=list)
    relay_events: list[Event] = field(default_factory=list)
    packets_up: list[bytes] = field(default_factory=list)
    packets_down: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.vessel = SyncEngine(
            Side.VESSEL,
            VESSEL,
            snapshot(),
            self.vessel_journal,
            admit=admit_all,
            relay_public=public_half(RELAY_PRIVATE),
        )
        self.relay = SyncEngine(Side.RELAY, VESSEL, snapshot(), self.relay_journal, admit=admit_all)

    def exchange(self, link: LinkProfile, now: float, rounds: int = 1_000) -> None:
        """Carry packets both ways, without loss, until neither side has more to say now."""
        for _ in range(rounds):
            up = self.vessel.transmit(link, Instant(now))
            if up is not None:
                self.packets_up.append(up)
                self.relay_events += self.relay.receive(up, link, Instant(now))
            down = self.relay.transmit(link, Instant(now))
            if down is not None:
                self.packets_down.append(down)
                self.vessel_events += self.vessel.receive(down, link, Instant(now))
            if up is None and down is None:
                return
        raise AssertionError("the engines never fell silent")
