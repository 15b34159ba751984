"""Crossings over several links at once: a modem beside streams, and a stick beside a modem."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace

from protocol.deskfeed import ItemKind
from protocol.frames import Priority
from protocol.provisioning import BearerKind
from scripts.benchmarks import scenes
from scripts.benchmarks.cargo import CLEAR_BYTES, bulk, small
from scripts.benchmarks.desk_side import DeskClient
from scripts.benchmarks.outcome import Outcome
from scripts.benchmarks.runs import Lab, Run
from scripts.benchmarks.satellite_runs import FAILURE, LIMIT_S, check_in_parcel, clear_parcel, thin_parcel
from scripts.benchmarks.seavoice_side import READY_S_MAX, Voyage, embark, until
from scripts.benchmarks.short_sky import SPEED, ShortPassage, ShortScene
from scripts.sky.model import Reading

NOTE_S = 10
HIDDEN_S = 2_000.0
"""Link seconds without a cheap stream: long enough for a thin note of ten seconds to cross by the modem."""

SLOW = replace(scenes.SLOW, speed=SPEED)
SLOW_DATAGRAM = replace(scenes.SLOW_DATAGRAM, speed=SPEED)


async def _thin_now_clear_later(lab: Lab, name: str) -> Outcome:
    """Queue both forms of a note while only the modem works; the cheap stream comes back later."""
    thin, clear = thin_parcel(NOTE_S), clear_parcel(NOTE_S)
    links = {BearerKind.TCP: SLOW}
    short = ShortScene(failure=FAILURE)
    async with lab.opened(embark(lab.fleet, lab.room(name), links, short=short)) as voyage:
        await voyage.until_linked(limit_s=READY_S_MAX)
        before, sky_before, hidden_at_s = voyage.modem.mark(), voyage.sky.meter.snapshot(), voyage.sky.now_s
        voyage.sky.cut(HIDDEN_S)
        numbers = [await voyage.queue(thin), await voyage.queue(clear)]
        await voyage.until_left(numbers[:1], limit_s=LIMIT_S)
        if voyage.sky.is_up or await voyage.has_left(numbers[1]):
            return Outcome(seconds=HIDDEN_S, failure="the stream came back before the thin form had left")
        by_modem = voyage.modem.since(before)
        await voyage.until_left(numbers, limit_s=LIMIT_S)
        await voyage.sky.until_settled()
        return Outcome(
            seconds=voyage.sky.now_s - hidden_at_s - HIDDEN_S,
            reading=voyage.sky.meter.snapshot() - sky_before,
            credits_spent=voyage.modem.since(before).reading.credits_spent,
            marks=_modem_marks(by_modem)
            | {
                "later_messages_up": voyage.modem.since(before).reading.up_messages
                - by_modem.reading.up_messages,
                "duplicate_bytes": await voyage.duplicate_bytes(),
            },
        )


async def _urgent_on_all(lab: Lab, name: str) -> Outcome:
    """Queue something urgent while a stream, datagrams and a modem are open."""
    links = {BearerKind.TCP: SLOW, BearerKind.UDP: SLOW_DATAGRAM}
    async with lab.opened(embark(lab.fleet, lab.room(name), links, short=ShortScene())) as voyage:
        await voyage.until_linked(limit_s=READY_S_MAX)
        before, began_s = voyage.modem.mark(), time.monotonic()
        readings = {bearer: sky.meter.snapshot() for bearer, sky in voyage.skies.items()}
        number = await voyage.queue(replace(small(padded=True), priority=Priority.URGENT))
        await voyage.until_left([number], limit_s=LIMIT_S)
        seconds = (time.monotonic() - began_s) * SPEED
        await _until_quiet(voyage)
        spent = {bearer: sky.meter.snapshot() - readings[bearer] for bearer, sky in voyage.skies.items()}
        modem = voyage.modem.since(before)
        return Outcome(
            seconds=seconds,
            reading=_sum(spent),
            credits_spent=modem.reading.credits_spent,
            marks=_modem_marks(modem)
            | {f"{bearer.name} bytes": reading.air_bytes for bearer, reading in spent.items()}
            | {
                "deliveries": await _deliveries(voyage, number),
                "duplicate_bytes": await voyage.duplicate_bytes(),
            },
        )


async def _stick_and_receipt(lab: Lab, name: str) -> Outcome:
    """Let somebody carry a clear note ashore on a stick; its receipt rides with that of a check-in."""
    room = lab.room(name)
    stick = room / "stick"
    stick.mkdir()
    async with lab.opened(embark(lab.fleet, room, {}, short=ShortScene())) as voyage:
        before = voyage.modem.mark()
        number = await voyage.queue(replace(bulk(CLEAR_BYTES), priority=Priority.CLEAR_VOICE))
        written = await voyage.vessel.run_json("stick", "write", str(stick))
        stick_bytes = sum(path.stat().st_size for path in stick.rglob("*") if path.is_file())
        taken = await voyage.relay.run_json("stick", "read", str(stick))
        by_stick = voyage.modem.since(before)
        check_in = await voyage.queue(check_in_parcel())
        await voyage.until_left([check_in, number], limit_s=LIMIT_S)
        passage = voyage.modem.since(before)
        return Outcome(
            seconds=passage.seconds,
            credits_spent=passage.reading.credits_spent,
            marks=_modem_marks(passage)
            | {
                "stick_bytes": stick_bytes,
                "before_check_in": by_stick.reading.credits_spent,
                "stick_packets": float(str(written["own"])),
                "packets_taken": float(str(taken["taken"])),
            },
        )


def _modem_marks(passage: ShortPassage) -> dict[str, float]:
    return {
        "messages_up": passage.reading.up_messages,
        "bytes_up": passage.reading.up_bytes,
        "credits_up": passage.credits_up,
        "messages_down": passage.reading.down_messages,
        "credits": passage.reading.credits_spent,
    }


async def _until_quiet(voyage: Voyage) -> None:
    """Return when no copy of a message is on its way over any link any more."""

    async def is_quiet() -> bool:
        sessions = voyage.modem.sky.snapshot().sessions
        # A session under way ends within two of the longest.
        await asyncio.sleep(3 * voyage.modem.sky.profile.session_s / SPEED)
        return voyage.modem.sky.snapshot().sessions == sessions

    await until(is_quiet, limit_s=LIMIT_S)
    for sky in voyage.skies.values():
        await sky.until_settled()


async def _deliveries(voyage: Voyage, number: int) -> int:
    """Return how often the relay offers a bundle to the desk."""
    items = await DeskClient(voyage.fleet.desk, voyage.relay_url, voyage.session).feed()
    return sum(item.kind is ItemKind.BUNDLE and item.number == number for item in items)


def _sum(readings: Mapping[BearerKind, Reading]) -> Reading:
    whole = Reading()
    for reading in readings.values():
        whole = Reading(up=whole.up + reading.up, down=whole.down + reading.down)
    return whole


RUNS: Mapping[str, Run] = {
    "mixed note": _thin_now_clear_later,
    "mixed urgent": _urgent_on_all,
    "mixed stick": _stick_and_receipt,
}
