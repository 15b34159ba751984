"""What a serving relay does for its operator's commands, over a socket in its data folder.

Only who may enter the folder reaches the socket; nothing of it is on the network.
"""

import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from pathlib import Path

import aiohttp
from aiohttp import web

from protocol import limits
from protocol.container import Direction, Record
from protocol.documents import Json, MalformedDocument, Reader, dump, load, to_text
from protocol.ids import VesselId
from protocol.linkguard import KEY_ID_BYTES
from shore_relay.relay.errors import RelayError, ServerSilent
from shore_relay.relay.fleet import Fleet
from shore_relay.relay.sticks import CopiedPage, Outcome, Sticks
from shore_relay.relay.watch.facts import Watcher
from shore_relay.relay.watch.metrics import render

SOCKET_NAME = "operator.sock"
_SOCKET_PATH_BYTES_MAX = 100
"""Linux takes 107; a longer path is reached through the folder's descriptor."""
_BODY_BYTES_MAX = 100_000_000
_LISTED_MAX = 100_000
_WAIT_S = 600.0
_METRICS_CHARACTERS_MAX = 50_000_000


@contextmanager
def _socket_path(folder: Path) -> Iterator[str]:
    path = str(folder / SOCKET_NAME)
    if len(path.encode()) <= _SOCKET_PATH_BYTES_MAX:
        yield path
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET_NAME}"
    finally:
        os.close(descriptor)


# --- the serving side ---------------------------------------------------------------------------------------


class OperatorApi:
    """Answers the operator's commands."""

    def __init__(self, sticks: Sticks, fleet: Fleet, watcher: Watcher) -> None:
        self._sticks = sticks
        self._fleet = fleet
        self._watcher = watcher

    @asynccontextmanager
    async def serving(self, folder: Path) -> AsyncIterator[None]:
        """Listen until the block ends. The caller holds the folder, so a socket that lies there is dead."""
        application = web.Application(client_max_size=_BODY_BYTES_MAX)
        application.add_routes(
            [
                web.post("/stick/packets", _answering(self._take)),
                web.post("/stick/copies", _answering(self._copy_out)),
                web.post("/dispatched", _answering(self._dispatched)),
                web.post("/revoked", _answering(self._revoked)),
                web.post("/rotated", _answering(self._rotated)),
                web.post("/metrics", _answering(self._metrics)),
            ]
        )
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            with _socket_path(folder) as path:
                _remove(folder)
                await web.UnixSite(runner, path).start()
                yield
        finally:
            await runner.cleanup()
            _remove(folder)

    async def _take(self, body: Reader) -> dict[str, Json]:
        packets: list[bytes] = []
        for entry in body.each("packets", most=_LISTED_MAX):
            with entry:
                packets.append(entry.binary("packet", most=limits.PACKET_BYTES_MAX))
        outcomes = await self._sticks.take(packets)
        return {
            "outcomes": [
                {"code": each.code, "answers": [_record(each.answer)] if each.answer is not None else []}
                for each in outcomes
            ]
        }

    async def _dispatched(self, body: Reader) -> dict[str, Json]:
        vessel = VesselId(body.hexadecimal("vessel", size_bytes=limits.VESSEL_ID_BYTES))
        await self._fleet.dispatched(vessel)
        return {}

    async def _revoked(self, body: Reader) -> dict[str, Json]:
        await self._fleet.revoked(VesselId(body.hexadecimal("vessel", size_bytes=limits.VESSEL_ID_BYTES)))
        return {}

    async def _rotated(self, body: Reader) -> dict[str, Json]:
        await self._fleet.rotated(VesselId(body.hexadecimal("vessel", size_bytes=limits.VESSEL_ID_BYTES)))
        return {}

    async def _metrics(self, _body: Reader) -> dict[str, Json]:
        return {"text": render(await self._watcher.facts()).decode()}

    async def _copy_out(self, body: Reader) -> dict[str, Json]:
        after = body.text("after")
        page = await self._sticks.copy_out(VesselId(bytes.fromhex(after)) if after else None)
        return {
            "records": [_record(record) for record in page.records],
            "following": page.following.hex() if page.following is not None else "",
        }


def _remove(folder: Path) -> None:
    (folder / SOCKET_NAME).unlink(missing_ok=True)


def _answering(
    handle: Callable[[Reader], Awaitable[dict[str, Json]]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            with load(await request.read(), "This request") as body:
                document = await handle(body)
        except (RelayError, MalformedDocument) as error:
            return web.Response(
                body=dump({"message": str(error)}),
                status=HTTPStatus.CONFLICT,
                content_type="application/json",
            )
        return web.Response(body=dump(document), content_type="application/json")

    return answer


def _record(record: Record) -> Json:
    return {"key_id": record.key_id.hex(), "packet": to_text(record.packet)}


# --- the asking side ----------------------------------------------------------------------------------------


class ServingRelay:
    """A relay that serves, as its operator's commands reach it."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def take(self, packets: Sequence[bytes]) -> list[Outcome]:
        """Hand packets over; see `Sticks.take`. Raises `ServerSilent`."""
        listed: list[Json] = [{"packet": to_text(packet)} for packet in packets]
        with await self._ask("/stick/packets", {"packets": listed}) as reader:
            outcomes: list[Outcome] = []
            for entry in reader.each("outcomes", most=_LISTED_MAX):
                with entry:
                    outcomes.append(_read_outcome(entry))
        if len(outcomes) != len(packets):
            raise ServerSilent("The serving relay does not say what became of each packet; start it again.")
        return outcomes

    async def copy_out(self, after: VesselId | None) -> CopiedPage:
        """Ask for the next records; see `Sticks.copy_out`. Raises `ServerSilent`."""
        with await self._ask("/stick/copies", {"after": after.hex() if after is not None else ""}) as reader:
            following = reader.text("following")
            records = tuple(_read_record(entry) for entry in reader.each("records", most=_LISTED_MAX))
        return CopiedPage(
            records=records, following=VesselId(bytes.fromhex(following)) if following else None
        )

    async def dispatched(self, vessel: VesselId) -> None:
        """Let the relay send what was just queued for a vessel. Raises `ServerSilent`."""
        await self._ask("/dispatched", {"vessel": vessel.hex()})

    async def revoked(self, vessel: VesselId) -> None:
        """Let the relay end what a vessel that was just revoked has open. Raises `ServerSilent`."""
        await self._ask("/revoked", {"vessel": vessel.hex()})

    async def rotated(self, vessel: VesselId) -> None:
        """Let the relay forget the link keys of a vessel that the store has none of any more."""
        await self._ask("/rotated", {"vessel": vessel.hex()})

    async def metrics(self) -> str:
        """Return what `/metrics` says. Raises `ServerSilent`."""
        with await self._ask("/metrics", {}) as reader:
            return reader.text("text", most=_METRICS_CHARACTERS_MAX)

    async def _ask(self, path: str, body: dict[str, Json]) -> Reader:
        try:
            async with self._session.post(f"http://relay{path}", data=dump(body)) as response:
                reader = load(await response.read(), "The serving relay's answer")
                if response.status == HTTPStatus.OK:
                    return reader
                raise ServerSilent(reader.text("message", most=2_000))
        except (aiohttp.ClientError, TimeoutError, MalformedDocument) as reason:
            raise ServerSilent(
                f"The relay that serves this folder gave no answer ({reason}); look at its log and try again."
            ) from reason


def _read_outcome(entry: Reader) -> Outcome:
    answers = [_read_record(each) for each in entry.each("answers", most=1)]
    return Outcome(code=entry.text("code"), answer=answers[0] if answers else None)


def _read_record(entry: Reader) -> Record:
    with entry as reader:
        return Record(
            direction=Direction.DOWN,
            key_id=reader.hexadecimal("key_id", size_bytes=KEY_ID_BYTES),
            packet=reader.binary("packet", most=limits.PACKET_BYTES_MAX),
        )


def _answers(path: str) -> bool:
    """Return whether somebody listens; a relay that was killed leaves its socket behind."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


@asynccontextmanager
async def asking(folder: Path) -> AsyncIterator[ServingRelay | None]:
    """Yield the way to the relay that serves this folder, or None where none does."""
    with _socket_path(folder) as path:
        if not _answers(path):
            yield None
            return
        connector = aiohttp.UnixConnector(path=path)
        timeout = aiohttp.ClientTimeout(total=_WAIT_S)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            yield ServingRelay(session)
