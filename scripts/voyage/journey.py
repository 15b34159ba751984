"""The journey of five messages to shore and of one answer back, measured as it happens."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from protocol.speech.note import decode_clear, encode_note
from protocol.speech.wav import read_wav, write_wav
from scripts.voyage.beside import Crossing
from scripts.voyage.programs import ProgramFailed
from scripts.voyage.world import POLL_S, STEP_S_MAX, World

RECORDING = Path("tests/data/librivox_austen_note_16k.wav")
REPORT = (
    "The captain keeps our passports and we have had no pay for five months. "
    "Two of us are ill. Please help us before we are moved to another vessel."
)
URGENT = "A man fell overboard last night and they did not stop to look for him."
ANSWER = "We have heard you. You are not alone. An inspector will meet your vessel in port on Friday."

AFTER_LEAVING = ("left the boat", "reached the NGO", "opened by a person")
AFTER_REACHING = AFTER_LEAVING[1:]

Say = Callable[[str], None]


@dataclass(kw_only=True)
class Leg:
    """One bundle on its way to shore."""

    kind: str
    number: int
    size_bytes: int
    began_s: float
    left_s: float = 0.0
    """Link seconds from "on the box" to "left the boat"."""
    reached_s: float = 0.0
    up_bytes: int = 0
    down_bytes: int = 0
    """What came down while this one was waited for: acknowledgements and the desk's receipts."""
    duplicate_bytes: int = 0
    states: list[str] = field(default_factory=list)
    https: Crossing | None = None
    """What HTTPS took for as many bytes on a link like this."""


@dataclass(kw_only=True)
class Journey:
    """What the demonstration found out."""

    legs: list[Leg] = field(default_factory=list)
    down_bytes: int = 0
    up_bytes: int = 0
    duplicate_bytes: int = 0
    cuts: int = 0
    restarts: int = 0
    link_seconds: float = 0.0
    answer_opened: bool = False
    answer_equal: bool = False
    opened_proved: bool = False
    unchanged: dict[str, bool] = field(default_factory=dict)
    code: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything arrived unchanged and the answer came back."""
        return (
            len(self.unchanged) == 4
            and all(self.unchanged.values())
            and self.answer_opened
            and self.answer_equal
            and self.opened_proved
            and all(leg.states[-1] == "opened by a person" for leg in self.legs)
        )


_LEDGER = {
    "text": "text",
    "check-in": "check-in",
    "urgent": "urgent",
    "voice, thin": "thin-voice",
    "voice, clear": "clear-voice",
}


async def travel(world: World, say: Say) -> Journey:
    """Send everything, lose the relay once on the way, answer, and open the answer."""
    journey = Journey()
    await _confirm_box(world, say)
    say("A fisher writes: no pay for five months, passports kept.")
    text, code = await _send(world, journey, ("text",), "--text", REPORT, "--category", "unpaid-wages")
    journey.code = code
    await _follow(world, journey, text)
    say("A check-in: I am not well.")
    check_in, _ = await _send(world, journey, ("check-in",), "--checkin", "unwell")
    await _follow(world, journey, check_in)
    say("A fisher speaks for twelve seconds: a thin form goes first, a clear one behind it.")
    voice, _ = await _send(world, journey, ("voice, thin", "voice, clear"), "--voice", str(RECORDING))
    await _follow(world, journey, voice[:1])
    say("In the middle of the clear form the relay is killed, and started again …")
    await world.relay.kill_and_restart()
    say("… and something urgent overtakes what is left of it.")
    urgent, _ = await _send(world, journey, ("urgent",), "--text", URGENT, "--urgent")
    await _follow(world, journey, urgent)
    await _follow(world, journey, voice[1:])
    say("Everything has reached the NGO. A caseworker opens it, listens, and answers.")
    await _open_and_compare(world, journey)
    await _bring_answer(world, journey)
    await _account(world, journey)
    return journey


async def _confirm_box(world: World, say: Say) -> None:
    """Compare the fingerprint that the box printed with the one the desk shows, as two people would."""
    expected = str((await world.box("/v1/box"))["fingerprint"])
    give_up_s = world.sky.now_s + STEP_S_MAX
    while True:
        shown = await world.desk.run_json("vessels")
        vessels = shown.get("vessels")
        if isinstance(vessels, list) and vessels and vessels[0]["boxes"]:
            break
        if world.sky.now_s > give_up_s:
            raise ProgramFailed("the desk never heard of the box")
        await asyncio.sleep(POLL_S)
    await world.desk.run("confirm", "FV Marlin", "--yes", expected)
    say(f"The desk has confirmed the box by its fingerprint, {expected}.")


async def _send(
    world: World, journey: Journey, kinds: tuple[str, ...], *arguments: str
) -> tuple[list[Leg], str]:
    printed = await world.vessel.run_json("send", *arguments)
    numbers, code = printed["numbers"], printed["code"]
    assert isinstance(numbers, list)
    assert isinstance(code, str)
    legs = []
    for kind, number in zip(kinds, numbers, strict=True):
        bundle = await world.box(f"/v1/bundles/{number}")
        size_bytes = bundle["size_bytes"]
        assert isinstance(size_bytes, int)
        leg = Leg(kind=kind, number=number, size_bytes=size_bytes, began_s=world.sky.now_s)
        leg.states.append("on the box")
        legs.append(leg)
        world.https.send(leg.number, leg.size_bytes)
    journey.legs += legs
    return legs, code


async def _follow(world: World, journey: Journey, legs: list[Leg]) -> None:
    for leg in legs:
        before, held_twice = world.sky.meter.snapshot(), journey.duplicate_bytes
        await world.until_state(leg.number, AFTER_LEAVING)
        leg.left_s = world.sky.now_s - leg.began_s
        leg.states.append("left the boat")
        await world.until_state(leg.number, AFTER_REACHING)
        leg.reached_s = world.sky.now_s - leg.began_s
        leg.states.append("reached the NGO")
        leg.down_bytes = (world.sky.meter.snapshot() - before).down.air.size_bytes
        journey.duplicate_bytes = await _duplicates(world)
        leg.duplicate_bytes = journey.duplicate_bytes - held_twice


async def _open_and_compare(world: World, journey: Journey) -> None:
    """Open every message at the desk, and compare it with what was said on board."""
    entries = (await world.desk.run_json("inbox"))["messages"]
    assert isinstance(entries, list)
    with tempfile.TemporaryDirectory() as out:
        await asyncio.gather(*(world.desk.run("export", str(entry["id"]), "--out", out) for entry in entries))
        shown = {
            entry["id"]: json.loads((Path(out) / f"message-{entry['id']}.json").read_text())
            for entry in entries
        }
        for identity, document in shown.items():
            kind, equal = _compare(document, Path(out) / f"message-{identity}.wav")
            journey.unchanged[kind] = equal
            if kind == "text":
                await world.desk.run("answer", str(identity), "--text", ANSWER)
    for leg in journey.legs:
        await world.until_state(leg.number, ("opened by a person",))
        leg.states.append("opened by a person")


def _compare(document: Mapping[str, object], sound: Path) -> tuple[str, bool]:
    content = document["message"]
    assert isinstance(content, dict)
    if content["kind"] == "voice":
        clear = encode_note(read_wav(RECORDING.read_bytes())).clear
        expected = write_wav(decode_clear(clear))
        return "voice", sound.read_bytes() == expected
    if content["kind"] == "check-in":
        return "check-in", content["well_being"] == "unwell"
    if document["urgent"]:
        return "urgent", content["text"] == URGENT
    return "text", content["text"] == REPORT and content["categories"] == ["unpaid-wages"]


async def _bring_answer(world: World, journey: Journey) -> None:
    """Wait on the box until the answer opens with the receipt code."""
    give_up_s = world.sky.now_s + STEP_S_MAX
    while world.sky.now_s < give_up_s:
        # The code goes in by standard input: an argument would be seen by every process of the machine.
        opened = await world.vessel.run_json("answers", "-", text=journey.code + "\n")
        answers, proved = opened["answers"], opened["opened"]
        assert isinstance(answers, list)
        assert isinstance(proved, list)
        if answers:
            journey.answer_opened = "problem" not in answers[0]
            journey.answer_equal = answers[0].get("text") == ANSWER
            journey.opened_proved = journey.legs[0].number in proved
            return


async def _account(world: World, journey: Journey) -> None:
    crossings = await world.https.crossings()
    for leg in journey.legs:
        leg.https = crossings[leg.number]
    status = await world.box("/v1/status")
    spent = status["spent"]
    assert isinstance(spent, list)
    by_priority: dict[str, int] = {}
    for entry in spent:
        by_priority[entry["priority"]] = by_priority.get(entry["priority"], 0) + entry["up_bytes"]
    reading = world.sky.meter.snapshot()
    journey.up_bytes, journey.down_bytes = reading.up.air.size_bytes, reading.down.air.size_bytes
    _share_out(journey, by_priority)
    journey.cuts, journey.restarts = reading.cuts, world.relay.restarts
    journey.link_seconds = world.sky.now_s
    journey.duplicate_bytes = await _duplicates(world)


def _share_out(journey: Journey, handed_bytes: Mapping[str, int]) -> None:
    """Say which message the bytes in the air belonged to.

    Each bundle arrived, so its own bytes crossed. What the sky counted beyond them is shared as the box
    handed the link more than the bundle for each: of what it hands over, a cut keeps some from leaving.
    """
    beyond = {
        leg.kind: max(1, handed_bytes.get(_LEDGER[leg.kind], 0) - leg.size_bytes) for leg in journey.legs
    }
    more_in_air = max(0, journey.up_bytes - sum(leg.size_bytes for leg in journey.legs))
    for leg in journey.legs:
        leg.up_bytes = leg.size_bytes + more_in_air * beyond[leg.kind] // sum(beyond.values())


async def _duplicates(world: World) -> int:
    return _sum_of(await world.relay.run_json("status"), "duplicate_bytes")


def _sum_of(document: object, key: str) -> int:
    """Add up a figure wherever the relay's status names it."""
    if isinstance(document, list):
        return sum(_sum_of(entry, key) for entry in document)
    if not isinstance(document, dict):
        return 0
    own = document.get(key, 0)
    assert isinstance(own, int)
    return own + sum(_sum_of(value, key) for name, value in document.items() if name != key)
