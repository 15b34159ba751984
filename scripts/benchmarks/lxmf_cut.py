"""LXMF over short messages: what its packets come to when each is cut to fit into messages.

Reticulum's packets have 500 bytes, and a short message 340 up and 270 down. So they are counted as somebody
would have to carry them: a packet that does not fit becomes several messages, each with one byte that says
which piece it is. Nothing is lost and nothing takes time here: with sessions of 40 s, LXMF gives up. With its
packet size changed to 340 in its own source, as a comment there allows, fewer have to be cut.
"""

import importlib.util
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.benchmarks.errors import PeerMissing
from scripts.benchmarks.lxmf_peer import LxmfPair
from scripts.sky.channel import Passage
from scripts.sky.datagram import DatagramSky
from scripts.sky.messages import MessageProfile
from scripts.sky.model import Direction
from scripts.sky.shell import Address, Endpoint

PIECE_BYTES = 1
OWN_MTU_BYTES = 500
CHANGED_MTU_BYTES = 340


class CountingSky(DatagramSky):
    """An open sky that keeps the size of each packet."""

    def __init__(self, target_port: int) -> None:
        super().__init__(target=Endpoint(port=target_port))
        self.sizes: list[int] = []
        """What came from the program that listens behind no port of this sky: the sending one."""

    def _send(self, direction: Direction, packet: bytes, route: Address) -> Passage[Address]:
        if direction is Direction.UP:
            self.sizes.append(len(packet))
        return super()._send(direction, packet, route)


@dataclass(frozen=True, slots=True, kw_only=True)
class CutCount:
    """Messages that carry packets, one direction after the other."""

    up: tuple[int, ...] = field(default=())
    """The size of each."""
    down: tuple[int, ...] = field(default=())

    def credits_spent(self, profile: MessageProfile) -> int:
        """Return what they cost."""
        return sum(max(1, -(-size // profile.step_bytes)) for size in (*self.up, *self.down))


def cut_packets(sizes: Sequence[int], message_bytes_max: int) -> list[int]:
    """Return the sizes of the messages that carry packets of these sizes."""
    messages: list[int] = []
    for size in sizes:
        if size <= message_bytes_max:
            messages.append(size)
            continue
        room = message_bytes_max - PIECE_BYTES
        whole, rest = divmod(size, room)
        messages += [message_bytes_max] * whole + ([rest + PIECE_BYTES] if rest else [])
    return messages


class CutCounter:
    """Counts, for a pair of nodes, the messages between two moments."""

    def __init__(self, pair: LxmfPair, profile: MessageProfile) -> None:
        vessel, shore = pair.skies
        assert isinstance(vessel, CountingSky)
        assert isinstance(shore, CountingSky)
        self._skies = (vessel, shore)
        self._profile = profile
        self._seen = (0, 0)

    def take(self) -> CutCount:
        """Return what went since the last call."""
        up, down = (sky.sizes[seen:] for sky, seen in zip(self._skies, self._seen, strict=True))
        self._seen = (len(self._skies[0].sizes), len(self._skies[1].sizes))
        return CutCount(
            up=tuple(cut_packets(up, self._profile.up_bytes_max)),
            down=tuple(cut_packets(down, self._profile.down_bytes_max)),
        )


def copy_with_mtu(folder: Path, mtu_bytes: int) -> Path:
    """Copy Reticulum into a folder with another packet size, and return what goes before the library path.

    Raises: PeerMissing.
    """
    found = importlib.util.find_spec("RNS")
    if found is None or found.origin is None:
        raise PeerMissing('LXMF is not installed; install this project with the extra "bench".')
    library = folder / "library"
    shutil.copytree(Path(found.origin).parent, library / "RNS", ignore=shutil.ignore_patterns("__pycache__"))
    source = library / "RNS" / "Reticulum.py"
    text, changed = re.subn(
        r"^(    MTU +=) 500$", rf"\1 {mtu_bytes}", source.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    if changed != 1:
        raise PeerMissing("This version of Reticulum names its packet size elsewhere; use rns 1.5.7.")
    source.write_text(text, encoding="utf-8")
    return library
