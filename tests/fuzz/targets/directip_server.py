"""A whole connection to the relay's DirectIP server, from an address that the operator named.

Invariant: whatever comes and however it is cut, the server raises nothing; it takes at most one message,
within every bound; it answers with one confirmation or with nothing, says "taken" only of what was taken
or was no whole message, and closes the connection.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_network
from typing import cast

from protocol.ids import Instant
from shore_relay.relay.bearers.gate import Gate
from shore_relay.relay.bearers.sbd.directip import DirectIpServer
from shore_relay.relay.bearers.sbd.directip_elements import write_confirmation
from shore_relay.relay.errors import StoreFailed, UnknownModem
from shore_relay.relay.fleet import Fleet
from shore_relay.relay.settings import Settings
from shore_relay.relay.store.sbd_rows import MobileOriginated, Via
from tests.fuzz.satellite import DATA_BYTES_MAX, hold_to_bounds
from tests.fuzz.target import Target
from tests.fuzz.targets import directip

_ADDRESS = "192.0.2.7"
_ANSWERS = (b"", write_confirmation(taken=False), write_confirmation(taken=True))


class _Wire(asyncio.Transport):
    """A connection that remembers what was written to it."""

    def __init__(self) -> None:
        super().__init__({"peername": (_ADDRESS, 10_800)})
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class _Taken:
    """Takes messages, save where the input asks for a refusal or a full disk."""

    def __init__(self) -> None:
        self.messages: list[MobileOriginated] = []
        self.refused = False

    async def accept(self, _via: Via, message: MobileOriginated) -> None:
        hold_to_bounds(message)
        self.refused = message.momsn % 4 > 1
        if message.momsn % 4 == 2:
            raise StoreFailed("The disk is full; make room.")
        if self.refused:
            raise UnknownModem("No vessel here has this modem; name it with `vessel modem`.")
        self.messages.append(message)


def check(data: bytes) -> None:
    """Serve one connection."""
    asyncio.run(_connect(data))


async def _connect(data: bytes) -> None:
    refusals: Counter[str] = Counter()
    # No vessel speaks here by itself, so that the gate never asks for its fleet.
    gate = Gate(
        fleet=cast(Fleet, None),
        settings=Settings(),
        clock=lambda: Instant(0.0),
        refusals=refusals,
        log=lambda _event, /, **_facts: None,
    )
    taken = _Taken()
    server = DirectIpServer(gate, taken.accept, (ip_network(_ADDRESS),), data_bytes_max=DATA_BYTES_MAX)
    reader = asyncio.StreamReader()
    wire = _Wire()
    loop = asyncio.get_running_loop()
    writer = asyncio.StreamWriter(wire, asyncio.StreamReaderProtocol(reader), reader, loop)
    server._on_connection(reader, writer)
    (task,) = server._tasks
    middle = len(data) // 2
    reader.feed_data(data[:middle])
    await asyncio.sleep(0)
    reader.feed_data(data[middle:])
    reader.feed_eof()
    await task
    assert wire.closed
    assert wire.written in _ANSWERS
    assert len(taken.messages) <= 1
    if taken.messages:
        assert wire.written == write_confirmation(taken=True)
    if taken.refused:
        assert wire.written == write_confirmation(taken=False)
    if not taken.messages and wire.written == write_confirmation(taken=True):
        assert refusals["sbd-directip-session-failed"] == 1


def seeds() -> Iterator[bytes]:
    """Give what the target of the frames begins with."""
    yield from directip.seeds()


TARGET = Target(check=check, seeds=seeds, remake=directip.remake, largest_bytes=128)
