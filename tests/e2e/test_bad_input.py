"""What goes wrong in front of people: one clear sentence, a code of its own, and nothing lost."""

import os
import shutil
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from protocol.frames import Priority
from protocol.message import Text
from scripts.voyage.programs import Program
from tests.e2e.harbour import DESK, VESSEL, Harbour, founded_once, open_harbour
from tests.e2e.terminal import holdings, require_one_sentence, run

DAY_S = 86_400
YEARS_2_S = 730 * DAY_S
FROM_THE_FUTURE = 99

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A harbour in which something waits everywhere, and files that are wrong."""

    harbour: Harbour
    files: Path
    kept: dict[str, object]
    """What each program says that it holds, before anything went wrong."""


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """One mistake at the command line, and what must come of it."""

    name: str
    program: str
    arguments: tuple[str, ...]
    code: int
    words: str
    """Part of the sentence: what is wrong, or what to do."""
    clock_s: int = 0
    """How wrong this machine's date is."""
    settings: tuple[tuple[str, str], ...] = ()
    elsewhere: bool = False
    """Whether the command is about a data folder that is still empty."""


WRONG = (
    Wrong(
        name="a desk's card in place of a provisioning file",
        program="vessel",
        arguments=("init", "{files}/desk-card.json"),
        code=3,
        words="seavoice-relay vessel add",
        elsewhere=True,
    ),
    Wrong(
        name="random bytes in place of a provisioning file",
        program="vessel",
        arguments=("init", "{files}/noise"),
        code=3,
        words="seavoice-relay vessel add",
        elsewhere=True,
    ),
    Wrong(
        name="a provisioning file from the future",
        program="vessel",
        arguments=("init", "{files}/future.json"),
        code=3,
        words="seavoice provisioning 99",
        elsewhere=True,
    ),
    Wrong(
        name="a provisioning file for a box that is one already",
        program="vessel",
        arguments=("init", "{files}/marlin.json"),
        code=4,
        words="would be lost",
    ),
    Wrong(
        name="no box here yet",
        program="vessel",
        arguments=("serve",),
        code=5,
        words="seavoice-vessel init FILE",
        elsewhere=True,
    ),
    Wrong(
        name="a box's clock two years slow",
        program="vessel",
        arguments=("send", "--text", "help"),
        code=6,
        words="Set date and time",
        clock_s=-YEARS_2_S,
    ),
    Wrong(
        name="a box's clock two years fast",
        program="vessel",
        arguments=("send", "--text", "help"),
        code=8,
        words="Check the clock",
        clock_s=YEARS_2_S,
    ),
    Wrong(
        name="an expired desk key",
        program="vessel",
        arguments=("send", "--text", "help"),
        code=8,
        words="desk's next key",
        clock_s=366 * DAY_S,
    ),
    Wrong(
        name="no service",
        program="vessel",
        arguments=("send", "--text", "help", "--service", "http://127.0.0.1:9"),
        code=7,
        words="seavoice-vessel serve",
    ),
    Wrong(
        name="a file that is no sound",
        program="vessel",
        arguments=("send", "--voice", "{files}/noise"),
        code=9,
        words="no WAV recording",
    ),
    Wrong(
        name="a recording of an hour",
        program="vessel",
        arguments=("send", "--voice", "{files}/hour.wav"),
        code=10,
        words="3600 s",
    ),
    Wrong(
        name="a file that is not there",
        program="vessel",
        arguments=("send", "--voice", "{files}/nothing.wav"),
        code=22,
        words="nothing.wav",
    ),
    Wrong(
        name="a wrong receipt code",
        program="vessel",
        arguments=("answers", "1234 5678 1234 5678"),
        code=15,
        words="16 digits",
    ),
    Wrong(
        name="a box that runs already",
        program="vessel",
        arguments=("serve",),
        code=31,
        words="running already",
    ),
    Wrong(
        name="a setting that the box does not have",
        program="vessel",
        arguments=("status",),
        code=19,
        words="queue_bites_max",
        settings=(("QUEUE_BITES_MAX", "1"),),
    ),
    Wrong(
        name="no desk card",
        program="relay",
        arguments=("desk", "add", "{files}/noise"),
        code=11,
        words="not JSON",
    ),
    Wrong(
        name="a vessel for an unknown desk",
        program="relay",
        arguments=("vessel", "add", "FV Tuna", "--desk", "Nobody", "--out", "{files}/tuna.json"),
        code=12,
        words="seavoice-relay desk add",
    ),
    Wrong(
        name="a vessel whose name is taken",
        program="relay",
        arguments=("vessel", "add", VESSEL, "--desk", DESK, "--out", "{files}/again.json"),
        code=14,
        words=VESSEL,
    ),
    Wrong(
        name="a second relay on one folder",
        program="relay",
        arguments=("serve",),
        code=9,
        words="stop that one first",
    ),
    Wrong(
        name="no relay here yet",
        program="relay",
        arguments=("serve",),
        code=4,
        words="seavoice-relay init",
        elsewhere=True,
    ),
    Wrong(
        name="a setting that the relay does not have",
        program="relay",
        arguments=("serve",),
        code=3,
        words="SEAVOICE_RELAY_TCP_PROT",
        settings=(("TCP_PROT", "1"),),
    ),
    Wrong(
        name="a wrong passphrase",
        program="desk",
        arguments=("inbox",),
        code=6,
        words="passphrase does not open",
        settings=(("PASSPHRASE", "the anchor holds in sand"),),
    ),
    Wrong(
        name="an unknown vessel",
        program="desk",
        arguments=("confirm", "FV Tuna"),
        code=18,
        words="FV Tuna",
    ),
    Wrong(
        name="a fingerprint of another box",
        program="desk",
        arguments=("confirm", VESSEL, "--yes", "0000 0000"),
        code=20,
        words="fingerprint",
    ),
    Wrong(
        name="an unknown message",
        program="desk",
        arguments=("show", "4711"),
        code=17,
        words="4711",
    ),
    Wrong(
        name="an answer that is no sound",
        program="desk",
        arguments=("answer", "1", "--voice", "{files}/noise"),
        code=24,
        words="no WAV recording",
    ),
    Wrong(
        name="an answer of an hour",
        program="desk",
        arguments=("answer", "1", "--voice", "{files}/hour.wav"),
        code=25,
        words="180 s",
    ),
    Wrong(
        name="a second desk on one folder",
        program="desk",
        arguments=("serve",),
        code=30,
        words="stop it first",
    ),
    Wrong(
        name="no desk here yet",
        program="desk",
        arguments=("inbox",),
        code=4,
        words="seavoice-desk init",
        elsewhere=True,
    ),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    founded = await founded_once(tmp_path_factory)
    files = tmp_path_factory.mktemp("files")
    write_wrong_files(founded, files)
    async with open_harbour(founded, tmp_path_factory.mktemp("harbour")) as harbour:
        number = await harbour.queue(harbour.seal(Text(text="This one is ashore.")), Priority.TEXT)
        await harbour.until_at_the_desk(number)
        harbour.sea.cut(1e9)
        await harbour.queue(harbour.seal(Text(text="This one waits on the box.")), Priority.TEXT)
        scene = Scene(harbour=harbour, files=files, kept={})
        for name in ("vessel", "relay", "desk"):
            scene.kept[name] = await holdings(harbour.program(name))
        yield scene


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
async def test_a_mistake_gets_one_sentence_and_a_code_and_costs_nothing(
    wrong: Wrong, scene: Scene, tmp_path: Path
) -> None:
    program = scene.harbour.program(wrong.program)
    if wrong.elsewhere:
        program = Program(name=program.name, data=tmp_path / "data", environment=program.environment)
    arguments = [argument.format(files=scene.files) for argument in wrong.arguments]

    ended = await run(program, *arguments, clock_s=wrong.clock_s, settings=dict(wrong.settings))

    assert ended.code == wrong.code, ended
    require_one_sentence(ended)
    assert wrong.words in ended.complained
    kept = await holdings(scene.harbour.program(wrong.program))
    assert kept == scene.kept[wrong.program]


def write_wrong_files(founded: Path, files: Path) -> None:
    """Write what people give to programs by mistake."""
    for name in ("desk-card.json", "marlin.json"):
        shutil.copy(founded / name, files / name)
    (files / "noise").write_bytes(os.urandom(4_000))
    provisioning = (files / "marlin.json").read_text("utf-8")
    future = provisioning.replace("seavoice provisioning 1", f"seavoice provisioning {FROM_THE_FUTURE}")
    (files / "future.json").write_text(future, "utf-8")
    write_silence(files / "hour.wav", seconds=3_600)


def write_silence(path: Path, *, seconds: int, rate_hz: int = 8_000) -> None:
    """Write a recording that takes no room on the disk, however long it is."""
    size_bytes = seconds * rate_hz * 2
    layout = struct.pack("<HHIIHH", 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    with path.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + size_bytes) + b"WAVEfmt " + struct.pack("<I", 16))
        file.write(layout + b"data" + struct.pack("<I", size_bytes))
        file.truncate(44 + size_bytes)
