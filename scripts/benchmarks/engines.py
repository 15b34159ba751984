"""How much one core does: two engines that move packets in memory, and the simulator that sails them."""

import json
import subprocess
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from protocol import bundle
from protocol.bundle import Bundle, Report
from protocol.engine import SyncEngine
from protocol.frames import Priority, Refusal
from protocol.ids import DeskKeyId, Instant, VesselId
from protocol.journal import MemoryJournal, Snapshot
from protocol.linkguard import NONCE_BYTES, TAG_BYTES, GuardState, rekey_secret
from protocol.links import LinkKind, LinkProfile, Side
from scripts.benchmarks.cargo import CLEAR_BYTES, opaque
from scripts.benchmarks.report import Row

PACKET_BYTES = 1_000
NOTES = 20
"""As many clear notes as a crew leaves in a week."""

ROUNDS = 7
MEGABYTE = 1_000_000

SIMULATED_SEEDS = 40
SIMULATE = "scripts/simulate"

ENGINES = "two engines in memory, 1 kB packets"
SIMULATOR = "the simulator: seconds simulated in one of the machine's"

_VESSEL = VesselId(b"vessel-1")
_SECRET = bytes(range(32))


def measure(wanted: Callable[[str], bool]) -> list[Row]:
    """Measure the wanted rows."""
    rows: list[Row] = []
    if wanted(ENGINES):
        rows.append(_engine_row())
    if wanted(SIMULATOR):
        rows.append(_simulator_row())
    return rows


def _engine_row() -> Row:
    """The fastest of several rounds: what else runs on the machine only makes a round slower."""
    stream, datagram = (
        max(move(kind, NOTES) for _ in range(ROUNDS)) for kind in (LinkKind.STREAM, LinkKind.DATAGRAM)
    )
    bound = max(encryption_alone() for _ in range(ROUNDS))
    return Row(
        row=ENGINES,
        unit="MB/s on one core",
        measured=stream / MEGABYTE,
        target=10,
        bound=bound / MEGABYTE,
        more_is_better=True,
        why="the bound is sealing and opening the same packets, and nothing else",
        also={"datagrams": datagram / MEGABYTE},
    )


def move(kind: LinkKind, notes: int) -> float:
    """Move clear notes from a vessel to its relay; return packet bytes by second of processor time."""
    link = LinkProfile(name="memory", kind=kind, mtu_up_bytes=PACKET_BYTES, mtu_down_bytes=PACKET_BYTES)
    vessel, relay = _Side(Side.VESSEL, link), _Side(Side.RELAY, link)
    data = bundle.encode(
        Report(desk_key=DeskKeyId(bytes(4)), origin_tag=bytes(8), sealed=opaque(CLEAR_BYTES))
    )
    for number in range(1, notes + 1):
        vessel.engine.offer(number, Priority.CLEAR_VOICE, data)
    began_s, size_bytes = time.process_time(), 0
    while True:
        up = vessel.say()
        if up is not None:
            size_bytes += len(up)
            relay.hear(up)
        down = relay.say()
        if down is not None:
            vessel.hear(down)
        if up is None and down is None:
            break
    assert vessel.engine.queued == 0, "the engines fell silent before everything was ashore"
    return size_bytes / (time.process_time() - began_s)


class _Side:
    """One engine whose commits are free."""

    def __init__(self, side: Side, link: LinkProfile) -> None:
        self._journal = MemoryJournal()
        snapshot = Snapshot(guard=GuardState(secret=_SECRET), rekey_key=rekey_secret(_SECRET))
        self.engine = SyncEngine(side, _VESSEL, snapshot, self._journal, admit=_admit)
        self._link = link
        self._now = Instant(0.0)
        self.engine.contact_opened(link, self._now)

    def say(self) -> bytes | None:
        packet = self.engine.transmit(self._link, self._now)
        self._journal.drain()
        return packet

    def hear(self, packet: bytes) -> None:
        self.engine.receive(packet, self._link, self._now)
        self._journal.drain()


def _admit(_number: int, _bundle: Bundle) -> Refusal | None:
    return None


def encryption_alone() -> float:
    """Seal and open as many packets of this size; return packet bytes by second of processor time."""
    packets = NOTES * CLEAR_BYTES // PACKET_BYTES
    cipher = AESCCM(_SECRET, tag_length=TAG_BYTES)
    plain = opaque(PACKET_BYTES - TAG_BYTES)
    began_s = time.process_time()
    for number in range(packets):
        nonce = number.to_bytes(NONCE_BYTES)
        cipher.decrypt(nonce, cipher.encrypt(nonce, plain, None), None)
    return packets * PACKET_BYTES / (time.process_time() - began_s)


def _simulator_row() -> Row:
    command = [SIMULATE, "--seeds", str(SIMULATED_SEEDS), "--first", "0", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        speed: float | None = float(
            json.loads(done.stdout.strip().rpartition("\n")[2])["simulated_s_per_wall_s"]
        )
        why = f"seeds 0 to {SIMULATED_SEEDS - 1}"
    except (ValueError, KeyError, TypeError):
        speed, why = None, f"{SIMULATE} told no speed: {done.stderr.strip().rpartition(chr(10))[2]}"
    return Row(
        row=SIMULATOR,
        unit="times as fast",
        measured=speed,
        target=1_000,
        more_is_better=True,
        why=why,
    )
