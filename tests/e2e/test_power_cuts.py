"""SIGKILL, as a power cut does it, to each program in the middle of a message of 60 kB."""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from protocol import bundle as bundles
from protocol.bundle import Report
from protocol.frames import Priority
from protocol.message import CheckIn, Text, Voice, WellBeing
from protocol.speech.note import decode_clear, encode_note
from protocol.speech.wav import read_wav, write_wav
from protocol.voicepack import VoiceCodec, VoiceNote, pack_voice
from scripts.sky.model import Direction, SkyProfile
from tests.e2e.harbour import VESSEL, Harbour, founded_once, open_harbour

RECORDING = Path("tests/data/librivox_austen_note_16k.wav")
BULK_BYTES = 60_000

# 12 kB in a second: a cut of some milliseconds falls between two packets, and a test still ends soon.
SEA = SkyProfile(rate_up_bps=96_000, rate_down_bps=96_000, delay_s=0.05)
# The desk takes a page of 80 kB of text in one answer: this makes it last long enough to die in it.
SHORE = SkyProfile(rate_up_bps=320_000, rate_down_bps=320_000)

WASTED_BYTES_MAX = 600
"""For each cut (protocol.md, "resumes; ≤ 0.6 kB wasted for each cut")."""

TEXTS = ("Queued before the long one.", "Queued while the long one was on its way.")


@dataclass(frozen=True, kw_only=True)
class Cargo:
    """What was handed to the box."""

    bulk: int
    bulk_sealed: bytes
    texts: dict[int, str]
    check_in: int
    """Behind the long one: it waits on the box while everything happens."""

    @property
    def numbers(self) -> list[int]:
        return sorted([self.bulk, self.check_in, *self.texts])


@pytest.fixture(scope="module")
def spoken() -> tuple[bytes, ...]:
    """Return the packets of a recording as long as 60 kB: a real one, said again and again."""
    packets = encode_note(read_wav(RECORDING.read_bytes())).clear
    repeated = packets * (BULK_BYTES // sum(map(len, packets)) + 1)
    kept, size_bytes = 0, 0
    while size_bytes < BULK_BYTES:
        size_bytes += len(repeated[kept])
        kept += 1
    return repeated[:kept]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return await founded_once(tmp_path_factory)


@pytest.mark.parametrize("victim", ["vessel", "relay"])
async def test_a_power_cut_at_either_end_of_the_link_loses_nothing_and_repeats_nothing(
    victim: str, founded: Path, tmp_path: Path, spoken: tuple[bytes, ...]
) -> None:
    async with open_harbour(founded, tmp_path, sea=SEA) as harbour:
        cargo = await load_cargo(harbour, spoken)
        for up_bytes in (20_000, 40_000):
            await harbour.sea.until_delivered(Direction.UP, up_bytes)
            await harbour.program(victim).kill_and_restart()
            assert await harbour.state(cargo.bulk) == "on the box"

        await harbour.until_at_the_desk(*cargo.numbers)
        await require_everything_once(harbour, cargo, spoken, tmp_path)
        assert await duplicate_bytes(harbour) <= 2 * WASTED_BYTES_MAX


async def test_a_power_cut_at_the_desk_while_it_fetches_and_opens_loses_nothing_and_repeats_nothing(
    founded: Path, tmp_path: Path, spoken: tuple[bytes, ...]
) -> None:
    async with open_harbour(founded, tmp_path, shore=SHORE) as harbour:
        down_bytes = len(harbour.shore.overheard[Direction.DOWN])
        cargo = await load_cargo(harbour, spoken)
        # In the middle of the page that holds the long message.
        await harbour.shore.until_delivered(Direction.DOWN, down_bytes + BULK_BYTES // 2)
        await harbour.desk.kill_and_restart()
        # And when the last byte of it has just come: while it is opened, stored, or said to be taken.
        down_bytes = len(harbour.shore.overheard[Direction.DOWN])
        await harbour.shore.until_delivered(Direction.DOWN, down_bytes + len(cargo.bulk_sealed) * 4 // 3)
        await harbour.desk.kill_and_restart()

        await harbour.until_at_the_desk(*cargo.numbers)
        await require_everything_once(harbour, cargo, spoken, tmp_path)
        assert await duplicate_bytes(harbour) == 0


async def load_cargo(harbour: Harbour, spoken: tuple[bytes, ...]) -> Cargo:
    """Queue a text, the long message, something behind it, and a text that overtakes it."""
    note = VoiceNote(codec=VoiceCodec.OPUS_NARROWBAND_60MS, frames=spoken)
    bulk_sealed = harbour.seal(Voice(packed=pack_voice(note)))
    assert len(bulk_sealed) >= BULK_BYTES
    before = await harbour.queue(harbour.seal(Text(text=TEXTS[0])), Priority.TEXT)
    bulk = await harbour.queue(bulk_sealed, Priority.THIN_VOICE)
    check_in = await harbour.queue(
        harbour.seal(CheckIn(well_being=WellBeing.UNWELL, answers={})), Priority.CLEAR_VOICE
    )
    during = await harbour.queue(harbour.seal(Text(text=TEXTS[1])), Priority.TEXT)
    return Cargo(
        bulk=bulk,
        bulk_sealed=bulk_sealed,
        texts={before: TEXTS[0], during: TEXTS[1]},
        check_in=check_in,
    )


async def require_everything_once(
    harbour: Harbour, cargo: Cargo, spoken: tuple[bytes, ...], place: Path
) -> None:
    """Compare what the desk has with what the box was given, to the byte."""
    listed = await harbour.desk.run_json("inbox")
    messages, vessels = listed["messages"], listed["vessels"]
    assert isinstance(messages, list)
    assert isinstance(vessels, list)
    by_number = {entry["bundles"][0]["number"]: entry for entry in messages}
    assert sorted(form["number"] for entry in messages for form in entry["bundles"]) == cargo.numbers
    assert [vessel["missing"] for vessel in vessels] == [[]]
    assert {entry["origin"] for entry in messages} == {"verified"}
    assert {entry["fault"] for entry in messages} == {""}
    for number, text in cargo.texts.items():
        assert by_number[number]["message"]["text"] == text
    assert by_number[cargo.check_in]["message"]["well_being"] == "unwell"

    bulk = by_number[cargo.bulk]["id"]
    await harbour.desk.run("export", str(bulk), "--out", str(place / "out"))
    document = json.loads((place / "out" / f"message-{bulk}.json").read_text("utf-8"))
    (raw,) = document["bundles_base64"]
    report = bundles.decode(base64.b64decode(raw))
    assert isinstance(report, Report)
    assert hashlib.sha256(report.sealed).digest() == hashlib.sha256(cargo.bulk_sealed).digest()
    sound = (place / "out" / f"message-{bulk}.wav").read_bytes()
    assert sound == write_wav(decode_clear(spoken))

    vessel = await at_the_relay(harbour)
    # The box's introduction came before, and the desk has taken over all of it.
    assert vessel["up"]["bundles_taken"] == len(cargo.numbers) + 1
    assert vessel["up"]["bundles_held"] == 0


async def duplicate_bytes(harbour: Harbour) -> int:
    """Return how many bytes of messages the relay was given twice."""
    counted = (await at_the_relay(harbour))["duplicate_bytes"]
    assert isinstance(counted, int)
    return counted


async def at_the_relay(harbour: Harbour) -> dict[str, Any]:
    vessels = (await harbour.relay.run_json("status"))["vessels"]
    assert isinstance(vessels, list)
    (vessel,) = vessels
    assert isinstance(vessel, dict)
    assert vessel["name"] == VESSEL
    return vessel
