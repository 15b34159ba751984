"""How quick a desk with a full house is: the inbox, the search, sound, memory, and what it takes in."""

import asyncio
import itertools
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp
import psutil
from aiohttp import web

from protocol import bundle as bundles
from protocol.bundle import Report
from protocol.deskfeed import PAGE_ITEMS_MAX, FeedItem
from protocol.seal import open_report
from protocol.speech.denoise import denoise
from protocol.speech.thin import encode_thin
from protocol.voicepack import VoiceCodec, VoiceNote, pack_voice
from scripts.benchmarks.desk_cargo import Feed, Sender, voice_note, write_messages
from scripts.benchmarks.report import Row
from scripts.benchmarks.voice import spoken
from scripts.voyage.programs import Program, ProgramFailed
from shore_relay.desk.app import Desk, open_desk, wall_clock
from shore_relay.desk.fetching import fetch_all
from shore_relay.desk.keyring import Keyring
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.settings import Settings
from shore_relay.desk.vessels import box_to_confirm, confirm, find_vessel

PASSPHRASE = "seven quiet harbour lamps"
YEAR_S = 365 * 86_400
MEGABYTE = 1_000_000
NOTE_S = 30

INBOX = "inbox, 95th percentile"
SEARCH = "search, 95th percentile"
MEMORY = "resident memory of the desk's program"
SOUND = f"opening and decoding a thin note of {NOTE_S} s"
TAKEN_IN = "messages fetched, opened and stored"

INBOX_ADDRESSES = (
    "/",
    "/?page=2",
    "/?which=unread",
    "/?which=urgent",
    "/?which=overdue",
    "/?kind=check-in&since=week",
    "/?language=my&page=3",
    "/inbox-list",
)
SEARCHES = ("passport", "paspor gaji", "ပတ်စပို့", "หนังสือเดินทาง", "vessel 7", "nothing like it", "months 1999")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much the desk holds."""

    messages: int = 20_000
    cases: int = 3_000
    vessels: int = 100
    notes: int = 10
    note_s: int = NOTE_S
    looks: int = 200


def measure(wanted: Callable[[str], bool], size: Size | None = None) -> list[Row]:
    """Measure the wanted rows; raises `ProgramFailed`."""
    if not any(map(wanted, (INBOX, SEARCH, MEMORY, SOUND, TAKEN_IN))):
        return []
    with tempfile.TemporaryDirectory(prefix="seavoice-bench-") as folder:
        rows = asyncio.run(_measure(Path(folder), size or Size()))
    return [row for row in rows if wanted(row.row)]


async def _measure(folder: Path, size: Size) -> list[Row]:
    data = folder / "desk"
    data.mkdir(mode=0o700)
    keyring = await asyncio.to_thread(Keyring.create, data, PASSPHRASE, "Harbour Aid", wall_clock(), YEAR_S)
    key = keyring.keys.card.keys[-1]
    senders = [Sender(name=f"Vessel {number}", key=key) for number in range(1, size.vessels + 1)]
    feed = Feed()
    async with _serving(feed) as relay:
        async with open_desk(data, PASSPHRASE, Settings(relay=relay)) as desk:
            taken_in = await _fill(desk, feed, senders, size, folder)
        return [*await _ask(data, relay, size), taken_in]


@asynccontextmanager
async def _serving(feed: Feed) -> AsyncIterator[str]:
    runner = web.AppRunner(feed.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


# --- what it takes in -----------------------------------------------------------------------------------


async def _fill(desk: Desk, feed: Feed, senders: Sequence[Sender], size: Size, folder: Path) -> Row:
    """Let everything arrive, and return how many messages that was for each second."""
    async with aiohttp.ClientSession() as session:
        client = RelayClient(desk, session)
        feed.put([sender.introduction() for sender in senders])
        await fetch_all(desk, client)
        for sender in senders:
            await confirm(desk, box_to_confirm(await find_vessel(desk, sender.vessel.hex())))
        items = write_messages(senders, size.cases, size.messages)
        feed.put(items)
        began_s = time.monotonic()
        await fetch_all(desk, client)
        took_s = time.monotonic() - began_s
        note = encode_thin(denoise(spoken(size.note_s)))
        feed.put([voice_note(senders[0], packed) for packed in _different(note, size.notes)])
        began_s = time.monotonic()
        await fetch_all(desk, client)
        notes_s = time.monotonic() - began_s
    private = desk.keyring.keys.epochs[-1].private
    bound_s = _bare_s(items, private, folder / "bare.sqlite")
    return Row(
        row=TAKEN_IN,
        unit="for 1 s",
        measured=len(items) / took_s,
        target=100,
        bound=len(items) / bound_s,
        more_is_better=True,
        also={"messages": len(items), f"thin notes of {NOTE_S} s": size.notes / notes_s},
    )


def _different(frames: tuple[bytes, ...], count: int) -> list[bytes]:
    """Return so many notes that differ, since what was decoded once is played again as it is."""
    turned = (frames[at:] + frames[:at] for at in range(count))
    return [pack_voice(VoiceNote(codec=VoiceCodec.CODEC2_2400, frames=each)) for each in turned]


def _bare_s(items: Sequence[FeedItem], private: bytes, path: Path) -> float:
    """Return what it takes to open the seals and insert the bytes, a page at a time, and nothing else."""
    reports = [(item, bundles.decode(item.bundle)) for item in items]
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE bare (raw BLOB NOT NULL, plain BLOB NOT NULL) STRICT")
    began_s = time.monotonic()
    for at in range(0, len(reports), PAGE_ITEMS_MAX):
        connection.execute("BEGIN IMMEDIATE")
        for item, report in reports[at : at + PAGE_ITEMS_MAX]:
            assert isinstance(report, Report), "only reports are measured"
            plain = open_report(report.sealed, private, item.vessel)
            connection.execute("INSERT INTO bare (raw, plain) VALUES (?, ?)", (item.bundle, plain))
        connection.execute("COMMIT")
    took_s = time.monotonic() - began_s
    connection.close()
    return took_s


# --- what it answers --------------------------------------------------------------------------------------


async def _ask(data: Path, relay: str, size: Size) -> list[Row]:
    """Start the desk's program as people do, log in, and look."""
    program = Program(
        name="desk",
        data=data,
        environment={
            "SEAVOICE_DESK_PASSPHRASE": PASSPHRASE,
            "SEAVOICE_DESK_RELAY": relay,
            "SEAVOICE_DESK_PORT": "0",
        },
    )
    began_s = time.monotonic()
    ready = await program.start()
    start_s = time.monotonic() - began_s
    try:
        # Cookies of numeric hosts are refused unless asked for.
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(ready.removeprefix("ready: "), cookie_jar=jar) as session:
            await _took_ms(session, "/login", {"passphrase": PASSPHRASE})
            return await _looks(session, size, start_s)
    finally:
        await program.stop()


async def _looks(session: aiohttp.ClientSession, size: Size, start_s: float) -> list[Row]:
    for address in (*INBOX_ADDRESSES, *map(_search, SEARCHES)):
        await _took_ms(session, address)
    inbox_ms = [await _took_ms(session, a) for a in _often(INBOX_ADDRESSES, size.looks)]
    search_ms = [await _took_ms(session, a) for a in _often([*map(_search, SEARCHES)], size.looks)]
    # The notes came last, and each is asked for once: nothing of them was decoded before.
    newest = size.messages + size.notes
    sound_ms = [
        await _took_ms(session, f"/messages/{number}/sound.wav")
        for number in range(newest, newest - size.notes, -1)
    ]
    memory = _desk_process().memory_info().rss / MEGABYTE
    return [
        _speed(INBOX, inbox_ms, 150, {"messages": size.messages, "cases": size.cases}),
        _speed(SEARCH, search_ms, 150, {}),
        Row(row=MEMORY, unit="MB", measured=memory, target=350, also={"seconds to start": start_s}),
        Row(
            row=SOUND,
            unit="ms",
            measured=statistics.median(sound_ms),
            target=300,
            also={"slowest": max(sound_ms)},
        ),
    ]


def _speed(name: str, took_ms: Sequence[float], target_ms: float, also: dict[str, float]) -> Row:
    ordered = sorted(took_ms)
    at = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    spread = {"median": statistics.median(ordered), "slowest": ordered[-1], "looks": len(ordered)}
    return Row(row=name, unit="ms", measured=at, target=target_ms, also=spread | also)


def _often(addresses: Sequence[str], count: int) -> list[str]:
    return list(itertools.islice(itertools.cycle(addresses), count))


def _search(query: str) -> str:
    return f"/search?q={query}"


async def _took_ms(session: aiohttp.ClientSession, address: str, form: dict[str, str] | None = None) -> float:
    began_s = time.monotonic()
    async with session.request("POST" if form else "GET", address, data=form) as answer:
        await answer.read()
        if answer.status != HTTPStatus.OK:
            raise ProgramFailed(f"The desk answered {address} with {answer.status}")
    return (time.monotonic() - began_s) * 1_000


def _desk_process() -> psutil.Process:
    return next(child for child in psutil.Process().children() if "shore_relay.desk.cli" in child.cmdline())
