"""What TCP and WebSocket share: who is it, then records in and out until one side goes."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from protocol.errors import CountersSpent, MalformedPacket, RemoteError, UnknownKey
from protocol.linkguard import Form, read_flags, read_key_id, unknown_key_hint
from protocol.links import LinkProfile
from shore_relay.relay.bearers.gate import Gate
from shore_relay.relay.errors import ContactEnded, FleetFull, StoreFailed
from shore_relay.relay.vessels import Contact

_STRANGER_BYTES_MAX = 100_000
"""What a vessel with lost keys may have had on its way before it hears of it."""
_RECORDS_AT_ONCE = 32
"""What came together is made durable and acknowledged together; more would let other vessels wait."""
_WAIT_S_MIN = 0.005
"""A deadline that has passed belongs to another bearer's contact: let that one run."""


class Connection(Protocol):
    """One connection that carries records."""

    async def read(self) -> Sequence[bytes]:
        """Return the next records, or none at the end; raises `MalformedPacket`, `ConnectionError`."""

    async def write(self, record: bytes) -> None:
        """Put one record on the connection and wait until it has left this program."""

    def wire_bytes(self, record: bytes, *, upward: bool) -> int:
        """Return how many bytes the record takes on this bearer."""

    def abort(self) -> None:
        """Cut the connection now."""


class StreamService:
    """Serves connections of one bearer."""

    def __init__(self, gate: Gate, profile: LinkProfile) -> None:
        self._gate = gate
        self._profile = profile
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, connection: Connection) -> "asyncio.Task[None]":
        """Serve a connection until it ends; its task is cancelled by `stop`."""
        task = asyncio.create_task(self._serve(connection), name=f"{self._profile.name} connection")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self) -> None:
        """End all connections; their contacts are closed."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _serve(self, connection: Connection) -> None:
        contact: Contact | None = None
        try:
            contact, records = await self._greet(connection)
            await self._carry(connection, contact, records)
        except RemoteError as refused:
            self._gate.refuse(refused.code, self._profile.name)
        except (ConnectionError, TimeoutError):
            self._gate.note("connection-lost", self._profile.name)
        except (ContactEnded, StoreFailed, FleetFull, CountersSpent) as reason:
            self._gate.note(reason.code, self._profile.name)
        finally:
            connection.abort()
            if contact is not None:
                await self._close(contact)

    async def _close(self, contact: Contact) -> None:
        try:
            await contact.close()
        except StoreFailed as reason:
            self._gate.note(reason.code, self._profile.name)

    # --- who is it? -----------------------------------------------------------------------------------------

    async def _greet(self, connection: Connection) -> tuple[Contact, Sequence[bytes]]:
        """Return the contact and the records it begins with; raises where no vessel is recognised in time."""
        async with asyncio.timeout(self._gate.settings.first_record_s) as patience:
            stranger = _Stranger(self._gate, connection, self._profile, patience)
            while records := await connection.read():
                for at, record in enumerate(records):
                    contact = await stranger.hear(record)
                    if contact is not None:
                        return contact, records[at:]
        raise ConnectionResetError("the connection ended before it said whose it is")

    # --- records in and out ---------------------------------------------------------------------------------

    async def _carry(self, connection: Connection, contact: Contact, first: Sequence[bytes]) -> None:
        self._gate.note("contact-opened", self._profile.name, contact)
        reading = asyncio.create_task(self._read(connection, contact, first))
        writing = asyncio.create_task(_write(connection, contact))
        tasks = (reading, writing)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            failure = await _end(tasks)
            self._gate.note("contact-closed", self._profile.name, contact)
        if failure is not None:
            raise failure

    async def _read(self, connection: Connection, contact: Contact, records: Sequence[bytes]) -> None:
        while records:
            for start in range(0, len(records), _RECORDS_AT_ONCE):
                some = records[start : start + _RECORDS_AT_ONCE]
                sizes = [connection.wire_bytes(record, upward=True) for record in some]
                if await contact.receive(some, sizes):
                    # Whatever follows on this stream cannot be read; the vessel begins a new one.
                    return
                if rest_s := max(self._gate.rest_s(contact.vessel) for _ in some):
                    # Nothing is lost: what is not read here waits in the vessel's own buffers.
                    await asyncio.sleep(rest_s)
            async with asyncio.timeout(self._gate.settings.stream_idle_s):
                records = await connection.read()


async def _end(tasks: Sequence["asyncio.Task[None]"]) -> BaseException | None:
    """Cancel what still runs and return why the first that failed did."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    failures = [task.exception() for task in tasks if not task.cancelled()]
    return next((failure for failure in failures if failure is not None), None)


async def _write(connection: Connection, contact: Contact) -> None:
    while not contact.ended:
        contact.wake.clear()
        while (packet := await contact.transmit()) is not None:
            await connection.write(packet)
            contact.sent(connection.wire_bytes(packet, upward=False))
        if contact.stalled():
            return
        wait_s = contact.wait_s()
        try:
            async with asyncio.timeout(None if wait_s is None else max(wait_s, _WAIT_S_MIN)):
                await contact.wake.wait()
        except TimeoutError:
            continue


class _Stranger:
    """A connection that has not been recognised yet: it is a vessel, one that needs new keys, or garbage."""

    def __init__(
        self, gate: Gate, connection: Connection, profile: LinkProfile, patience: asyncio.Timeout
    ) -> None:
        self._gate = gate
        self._connection = connection
        self._profile = profile
        self._patience = patience
        self._hinted = False
        self._rekeyed = False
        self._heard_bytes = 0

    async def hear(self, record: bytes) -> Contact | None:
        """Take one record; return the contact once it is clear whose it is. Raises a `RemoteError`."""
        self._heard_bytes += len(record)
        if self._heard_bytes > _STRANGER_BYTES_MAX:
            raise MalformedPacket("too much came before it was clear whose connection this is")
        try:
            return await self._judge(record)
        except RemoteError:
            if not self._hinted and not self._rekeyed:
                raise
            # What the vessel had sent under its lost keys before it heard of it looks like noise here.
            return None

    async def _judge(self, record: bytes) -> Contact | None:
        form, _ = read_flags(record)
        if form is Form.REKEY_REQUEST:
            answer = await self._gate.fleet.answer_rekey(record, self._profile)
            self._wait_on()
            self._rekeyed = True
            await self._connection.write(answer)
            return None
        try:
            link = await self._gate.fleet.recognise(record)
        except UnknownKey:
            await self._hint(record)
            return None
        return await link.open_contact(self._profile)

    async def _hint(self, record: bytes) -> None:
        if self._hinted or not self._gate.may_hint():
            raise UnknownKey("no vessel here has this key id")
        self._gate.refuse(UnknownKey.code, self._profile.name)
        self._hinted = True
        self._wait_on()
        await self._connection.write(unknown_key_hint(read_key_id(record)))

    def _wait_on(self) -> None:
        loop = asyncio.get_running_loop()
        self._patience.reschedule(loop.time() + self._gate.settings.rekey_wait_s)
