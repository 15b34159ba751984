"""The crossings of LXMF and of HTTPS, under the same skies."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from functools import partial

from scripts.benchmarks import scenes
from scripts.benchmarks.cargo import CLEAR_BYTES, NOTE_BYTES, TEXT_BYTES
from scripts.benchmarks.https_peer import HttpsPeer, https_peer
from scripts.benchmarks.lxmf_cut import (
    CHANGED_MTU_BYTES,
    OWN_MTU_BYTES,
    CountingSky,
    CutCounter,
    copy_with_mtu,
)
from scripts.benchmarks.lxmf_peer import DeliveryFailed, LxmfPair, Node, lxmf_pair
from scripts.benchmarks.outcome import Outcome
from scripts.benchmarks.runs import LIMIT_S, Lab, Run
from scripts.benchmarks.scenes import MIDDLE_S, Scene, weather
from scripts.benchmarks.seavoice_runs import FAST_S_MAX, TEN, URGENT_AT_S
from scripts.sky.messages import MessageProfile
from scripts.sky.model import CutSchedule

LARGER_THAN_A_PACKET_BYTES = 400
"""More than one of Reticulum's packets carries: such a message needs a link, and waits for it."""

CHECK_IN_BYTES = 52
"""A check-in with a mailbox key, neither padded nor sealed: LXMF pads nothing and seals by itself."""

REPORT_BYTES = 194
"""A report of as many letters in a script of one byte a letter."""

THIN_BYTES = {10: 1_835, 30: 5_055}
"""What the thin form of so many seconds of the recordings has: SeaVoice's rows send the same notes."""

CUT_CARGO: Mapping[str, tuple[int, str]] = {
    "check-in alone": (CHECK_IN_BYTES, "opportunistic"),
    "check-in cold": (CHECK_IN_BYTES, "direct"),
    "check-in": (CHECK_IN_BYTES, "direct"),
    "report": (REPORT_BYTES, "direct"),
    "4500": (NOTE_BYTES, "direct"),
    "10 s": (THIN_BYTES[10], "direct"),
    "30 s": (THIN_BYTES[30], "direct"),
}
"""What LXMF sends in place of each message, one after the other: alone, or over a link that then stays."""

OPENED_S = 3.0
"""A Reticulum node goes on preparing for this long after it says that it is ready."""

AFTERWARDS_S = 6.0
"""A node says something about a message that was confirmed, at its next round of every four seconds."""


async def _lxmf_quick(sizes: Mapping[int, int], warm: bool, scene: Scene, lab: Lab, name: str) -> Outcome:
    async with lab.opened(lxmf_pair(lab.room(name), scene)) as pair:
        await asyncio.sleep(OPENED_S)
        if warm:
            await pair.cross({TEXT_BYTES: 1}, limit_s=FAST_S_MAX)
            await asyncio.sleep(AFTERWARDS_S)
            await pair.settle()
        try:
            return await pair.cross(sizes, limit_s=FAST_S_MAX)
        except (DeliveryFailed, TimeoutError):
            return Outcome(seconds=FAST_S_MAX, reading=pair.reading(), failure="not delivered")


async def _lxmf_long(
    size_bytes: int, cuts: CutSchedule, killed: str, scene: Scene, lab: Lab, name: str
) -> Outcome:
    async with lab.opened(lxmf_pair(lab.room(name), scene)) as pair:
        await asyncio.sleep(OPENED_S)
        before, began_s = pair.reading(), pair.skies[0].now_s
        async with weather(pair.skies, cuts):
            failure = await _failure(_lxmf_deliver(pair, size_bytes, killed))
            seconds = pair.skies[0].now_s - began_s
        return Outcome(seconds=seconds, reading=pair.reading() - before, failure=failure)


async def _failure(delivery: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(LIMIT_S):
            await delivery
    except DeliveryFailed:
        return "given up"
    except TimeoutError:
        return "not delivered"
    return ""


async def _lxmf_deliver(pair: LxmfPair, size_bytes: int, killed: str) -> None:
    outcome = await pair.vessel.send(size_bytes)
    if killed:
        await asyncio.sleep(MIDDLE_S)
        node: Node = pair.vessel if killed == "vessel" else pair.shore
        await node.kill()
        await node.start()
        if killed == "vessel":
            # LXMF keeps no queue on disk: whoever wrote the message has to send it again.
            outcome = await pair.vessel.send(size_bytes)
    if not await outcome:
        raise DeliveryFailed


async def _lxmf_urgent(lab: Lab, name: str) -> Outcome:
    async with lab.opened(lxmf_pair(lab.room(name), scenes.SLOW)) as pair:
        await asyncio.sleep(OPENED_S)
        before, began_s = pair.reading(), pair.skies[0].now_s
        marks: dict[str, float] = {}
        await pair.vessel.send(CLEAR_BYTES)
        await asyncio.sleep(URGENT_AT_S)
        waits = [
            asyncio.create_task(_lxmf_wait(pair, TEXT_BYTES, "opportunistic", "small_s", marks)),
            asyncio.create_task(_lxmf_wait(pair, LARGER_THAN_A_PACKET_BYTES, "direct", "larger_s", marks)),
        ]
        failure = await _failure(_all(waits))
        seconds = pair.skies[0].now_s - began_s
        return Outcome(seconds=seconds, reading=pair.reading() - before, failure=failure, marks=marks)


async def _all(tasks: "Sequence[asyncio.Task[None]]") -> None:
    await asyncio.gather(*tasks)


async def _lxmf_wait(
    pair: LxmfPair, size_bytes: int, method: str, mark: str, marks: dict[str, float]
) -> None:
    began_s = pair.skies[0].now_s
    if not await (await pair.vessel.send(size_bytes, method)):
        raise DeliveryFailed
    marks[mark] = pair.skies[0].now_s - began_s


async def _lxmf_cut(mtu_bytes: int, lab: Lab, name: str) -> Outcome:
    """Send what the modem's rows are about, and count the short messages that it would take."""
    room, profile = lab.room(name), MessageProfile()
    library = copy_with_mtu(room, mtu_bytes) if mtu_bytes != OWN_MTU_BYTES else None
    pairing = lxmf_pair(room, scenes.FAST_DATAGRAM, over=CountingSky, library=library)
    marks: dict[str, float] = {}
    async with lab.opened(pairing) as pair:
        await asyncio.sleep(OPENED_S)
        counter = CutCounter(pair, profile)
        counter.take()
        for what, (size_bytes, method) in CUT_CARGO.items():
            await pair.cross({size_bytes: 1}, limit_s=FAST_S_MAX, method=method)
            count = counter.take()
            marks[f"{what} up"], marks[f"{what} down"] = len(count.up), len(count.down)
            marks[f"{what} credits"] = count.credits_spent(profile)
            await asyncio.sleep(AFTERWARDS_S)
            # What a node says at its next round belongs to the message before; nobody has to pay it here.
            counter.take()
        return Outcome(seconds=0.0, marks=marks)


async def _https_quick(sizes: Sequence[int], resumed: bool, lab: Lab, name: str) -> Outcome:
    async with lab.opened(https_peer(lab.room(name), scenes.FAST)) as peer:
        if resumed:
            await peer.cross([TEXT_BYTES], limit_s=FAST_S_MAX)
        return await peer.cross(sizes, limit_s=FAST_S_MAX)


async def _https_long(size_bytes: int, cuts: CutSchedule, lab: Lab, name: str) -> Outcome:
    async with lab.opened(https_peer(lab.room(name), scenes.SLOW)) as peer:
        before, began_s = peer.sky.meter.snapshot(), peer.sky.now_s
        async with weather((peer.sky,), cuts):
            failure = await _failure(peer.insist([size_bytes]))
            seconds = peer.sky.now_s - began_s
        if failure:
            failure = f"{failure}, {peer.tries} tries from byte 0,"
        else:
            await peer.sky.until_settled()
        reading = peer.sky.meter.snapshot() - before
        return Outcome(seconds=seconds, reading=reading, failure=failure, marks={"tries": peer.tries})


async def _https_urgent(lab: Lab, name: str) -> Outcome:
    async with lab.opened(https_peer(lab.room(name), scenes.SLOW)) as peer:
        bulk = asyncio.create_task(peer.insist([CLEAR_BYTES]))
        await asyncio.sleep(URGENT_AT_S)
        other = HttpsPeer(sky=peer.sky, context=peer.context)
        before, began_s = peer.sky.meter.snapshot(), peer.sky.now_s
        failure = await _failure(other.insist([TEXT_BYTES]))
        seconds = peer.sky.now_s - began_s
        bulk.cancel()
        await asyncio.gather(bulk, return_exceptions=True)
        return Outcome(seconds=seconds, reading=peer.sky.meter.snapshot() - before, failure=failure)


def _lxmf_slowly(
    size_bytes: int, cuts: CutSchedule = scenes.STEADY, *, killed: str = "", scene: Scene = scenes.SLOW
) -> Run:
    return partial(_lxmf_long, size_bytes, cuts, killed, scene)


def _lxmf_quickly(size_bytes: int, *, count: int = 1, warm: bool, scene: Scene = scenes.FAST) -> Run:
    return partial(_lxmf_quick, {size_bytes: count}, warm, scene)


SLOW_RUNS: Mapping[str, Run] = {
    "https outage": partial(_https_long, CLEAR_BYTES, scenes.OUTAGE),
    "https 60000 cut": partial(_https_long, CLEAR_BYTES, scenes.CUT_OFTEN),
    "https 4500 cut": partial(_https_long, NOTE_BYTES, scenes.CUT_EARLY),
    "https cut once": partial(_https_long, CLEAR_BYTES, scenes.CUT_ONCE),
    "https urgent": _https_urgent,
    "https steady": partial(_https_long, CLEAR_BYTES, scenes.STEADY),
    "lxmf outage": _lxmf_slowly(CLEAR_BYTES, scenes.OUTAGE),
    "lxmf 60000 cut": _lxmf_slowly(CLEAR_BYTES, scenes.CUT_OFTEN),
    "lxmf 4500 cut": _lxmf_slowly(NOTE_BYTES, scenes.CUT_EARLY),
    **{f"lxmf {fault}": _lxmf_slowly(CLEAR_BYTES, scene=scene) for fault, scene in scenes.FAULTS.items()},
    "lxmf kill vessel": _lxmf_slowly(CLEAR_BYTES, killed="vessel"),
    "lxmf kill relay": _lxmf_slowly(CLEAR_BYTES, killed="shore"),
    "lxmf urgent": _lxmf_urgent,
    "lxmf steady": _lxmf_slowly(CLEAR_BYTES),
    "lxmf 40 s each way": _lxmf_slowly(CHECK_IN_BYTES, scene=scenes.SESSIONS),
}

FAST_RUNS: Mapping[str, Run] = {
    "lxmf 120 cold": _lxmf_quickly(TEXT_BYTES, warm=False),
    "lxmf 120 warm": _lxmf_quickly(TEXT_BYTES, warm=True),
    "lxmf 4500 cold": _lxmf_quickly(NOTE_BYTES, warm=False),
    "lxmf 4500 warm": _lxmf_quickly(NOTE_BYTES, warm=True),
    "lxmf 60000 cold": _lxmf_quickly(CLEAR_BYTES, warm=False),
    "lxmf 60000 warm": _lxmf_quickly(CLEAR_BYTES, warm=True),
    "lxmf ten": _lxmf_quickly(TEXT_BYTES, count=TEN, warm=True),
    "lxmf 120 udp": _lxmf_quickly(TEXT_BYTES, warm=True, scene=scenes.FAST_DATAGRAM),
    "lxmf 4500 udp": _lxmf_quickly(NOTE_BYTES, warm=True, scene=scenes.FAST_DATAGRAM),
    "lxmf 60000 udp": _lxmf_quickly(CLEAR_BYTES, warm=True, scene=scenes.FAST_DATAGRAM),
    "lxmf cut": partial(_lxmf_cut, OWN_MTU_BYTES),
    "lxmf cut 340": partial(_lxmf_cut, CHANGED_MTU_BYTES),
    "https 120 cold": partial(_https_quick, [TEXT_BYTES], False),
    "https 120 resumed": partial(_https_quick, [TEXT_BYTES], True),
    "https 4500 cold": partial(_https_quick, [NOTE_BYTES], False),
    "https 4500 resumed": partial(_https_quick, [NOTE_BYTES], True),
    "https 60000 cold": partial(_https_quick, [CLEAR_BYTES], False),
    "https 60000 resumed": partial(_https_quick, [CLEAR_BYTES], True),
    "https ten": partial(_https_quick, [TEXT_BYTES] * TEN, False),
}
