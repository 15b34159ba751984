"""SeaVoice's crossings."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import partial

from protocol.frames import Priority
from protocol.provisioning import BearerKind
from scripts.benchmarks import scenes
from scripts.benchmarks.cargo import CLEAR_BYTES, NOTE_BYTES, Parcel, bulk, packed_text, small
from scripts.benchmarks.outcome import Outcome
from scripts.benchmarks.runs import LIMIT_S, Lab, Run
from scripts.benchmarks.scenes import Scene, weather
from scripts.benchmarks.seavoice_side import READY_S_MAX, Voyage, sail
from scripts.sky.model import CutSchedule
from scripts.voyage.programs import Program

FAST_S_MAX = 60.0
URGENT_AT_S = 120.3
KILLED_AT_S = (60.1, 80.7, 100.3, 120.9, 141.2)
TEN = 10
INTRODUCTION_NUMBER = 1

Incident = Callable[[Voyage], Coroutine[None, None, dict[str, float]]]


async def _quick(
    parcels: Sequence[Parcel], scene: Scene, bearer: BearerKind, closed: bool, lab: Lab, name: str
) -> Outcome:
    async with lab.opened(sail(lab.fleet, lab.room(name), scene, bearer=bearer)) as voyage:
        await voyage.until_linked(limit_s=READY_S_MAX)
        return await voyage.cross(parcels, limit_s=FAST_S_MAX, closed=closed)


async def _cold(lab: Lab, name: str) -> Outcome:
    """Let a vessel that never spoke say who it is and its first message."""
    async with lab.opened(sail(lab.new_fleet, lab.room(name), scenes.FAST)) as voyage:
        # Whatever it said before the message was queued counts too: the sky is new.
        await voyage.queue(small())
        await voyage.until_left([INTRODUCTION_NUMBER, INTRODUCTION_NUMBER + 1], limit_s=READY_S_MAX)
        await voyage.sky.until_settled()
        return Outcome(seconds=voyage.sky.now_s, reading=voyage.sky.meter.snapshot())


async def _long(
    parcel: Parcel,
    cuts: CutSchedule,
    incident: Incident | None,
    scene: Scene,
    bearer: BearerKind,
    lab: Lab,
    name: str,
) -> Outcome:
    async with lab.opened(sail(lab.fleet, lab.room(name), scene, bearer=bearer)) as voyage:
        # The programs run and know each other when the message comes, as at sea.
        await voyage.until_linked(limit_s=READY_S_MAX)
        before, began_s = voyage.sky.meter.snapshot(), voyage.sky.now_s
        failure, marks = "", {}
        async with weather((voyage.sky,), cuts):
            number = await voyage.queue(parcel)
            happening = asyncio.create_task(incident(voyage)) if incident is not None else None
            try:
                await voyage.until_left([number], limit_s=LIMIT_S)
            except TimeoutError:
                failure = "not delivered"
            seconds = voyage.sky.now_s - began_s
            if happening is not None:
                marks = await happening
        await voyage.sky.until_settled()
        reading = voyage.sky.meter.snapshot() - before
        marks["duplicate_bytes"] = await voyage.duplicate_bytes()
        return Outcome(seconds=seconds, reading=reading, failure=failure, marks=marks)


async def _kill(which: Callable[[Voyage], Program], voyage: Voyage) -> dict[str, float]:
    """Kill a program again and again: how much of a packet a single kill wastes is chance."""
    began_s = voyage.sky.now_s
    for at_s in KILLED_AT_S:
        await asyncio.sleep(began_s + at_s - voyage.sky.now_s)
        await which(voyage).kill_and_restart()
    return {}


async def _say_something_urgent(voyage: Voyage) -> dict[str, float]:
    await asyncio.sleep(URGENT_AT_S)
    began_s = voyage.sky.now_s
    number = await voyage.queue(replace(small(), priority=Priority.URGENT))
    await voyage.until_left([number], limit_s=LIMIT_S)
    return {"urgent_s": voyage.sky.now_s - began_s}


def _quickly(
    *parcels: Parcel, scene: Scene = scenes.FAST, bearer: BearerKind = BearerKind.TCP, closed: bool = True
) -> Run:
    return partial(_quick, parcels, scene, bearer, closed)


def _slowly(
    size_bytes: int,
    cuts: CutSchedule = scenes.STEADY,
    incident: Incident | None = None,
    scene: Scene = scenes.SLOW,
    bearer: BearerKind = BearerKind.TCP,
) -> Run:
    return partial(_long, bulk(size_bytes), cuts, incident, scene, bearer)


SLOW_RUNS: Mapping[str, Run] = {
    "seavoice outage": _slowly(CLEAR_BYTES, scenes.OUTAGE_AND_CUTS),
    "seavoice 60000 cut 13 times": _slowly(CLEAR_BYTES, scenes.CUT_13_TIMES),
    "seavoice 60000 cut": _slowly(CLEAR_BYTES, scenes.CUT_OFTEN),
    "seavoice 60000 cut udp": _slowly(
        CLEAR_BYTES, scenes.CUT_OFTEN, scene=scenes.SLOW_DATAGRAM, bearer=BearerKind.UDP
    ),
    **{
        f"seavoice {fault}": _slowly(CLEAR_BYTES, scene=scene, bearer=BearerKind.UDP)
        for fault, scene in scenes.FAULTS.items()
    },
    "seavoice kill vessel": _slowly(CLEAR_BYTES, incident=partial(_kill, lambda voyage: voyage.vessel)),
    "seavoice kill relay": _slowly(CLEAR_BYTES, incident=partial(_kill, lambda voyage: voyage.relay)),
    "seavoice urgent": _slowly(CLEAR_BYTES, incident=_say_something_urgent),
    "seavoice steady": _slowly(CLEAR_BYTES),
    "seavoice 4500 cut": _slowly(NOTE_BYTES, scenes.CUT_EARLY),
}

FAST_RUNS: Mapping[str, Run] = {
    "seavoice 120": _quickly(small()),
    "seavoice 120 open": _quickly(small(), closed=False),
    "seavoice 120 packed": _quickly(packed_text()),
    "seavoice 120 padded": _quickly(small(padded=True)),
    "seavoice 120 cold": _cold,
    "seavoice 4500": _quickly(bulk(NOTE_BYTES)),
    "seavoice 4500 padded": _quickly(bulk(NOTE_BYTES, padded=True)),
    "seavoice 60000": _quickly(bulk(CLEAR_BYTES)),
    "seavoice 60000 padded": _quickly(bulk(CLEAR_BYTES, padded=True)),
    "seavoice ten": _quickly(*[small()] * TEN),
    "seavoice ten packed": _quickly(*[packed_text()] * TEN),
    "seavoice ten padded": _quickly(*[small(padded=True)] * TEN),
    "seavoice 120 udp": _quickly(small(), scene=scenes.FAST_DATAGRAM, bearer=BearerKind.UDP, closed=False),
    "seavoice 4500 udp": _quickly(
        bulk(NOTE_BYTES), scene=scenes.FAST_DATAGRAM, bearer=BearerKind.UDP, closed=False
    ),
    "seavoice 60000 udp": _quickly(
        bulk(CLEAR_BYTES), scene=scenes.FAST_DATAGRAM, bearer=BearerKind.UDP, closed=False
    ),
    "seavoice 120 websocket": _quickly(small(), bearer=BearerKind.WEBSOCKET),
    "seavoice 60000 websocket": _quickly(bulk(CLEAR_BYTES), bearer=BearerKind.WEBSOCKET),
}
