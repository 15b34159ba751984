"""The command line, run as a user runs it, and everything that can be wrong."""

import asyncio
import io
import json
import os
import re
import signal
import socket
import sys
import wave
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from protocol import message
from protocol.bundle import DeskReceipt, DeskState, Mail, Report
from protocol.custody import Custody
from protocol.frames import Priority
from protocol.ids import BundleNumber, MailboxId, UnixSeconds
from protocol.mailbox import ReceiptCode
from protocol.message import Body, Category, CheckIn, Message, Text, Voice, WellBeing
from protocol.priming import Language
from protocol.seal import open_report, opened_proof, seal_mail
from protocol.voicepack import VoiceCodec, unpack_voice
from tests.memory_link import VESSEL
from tests.vessel_client.boxes import (
    DESK_KEY,
    DESK_PRIVATE,
    NOW,
    YEAR_S,
    BoxFolder,
    command,
    desk_origin_key,
    make_box,
    provisioning,
    sealed_request,
    state_when,
    write_file,
)
from tests.vessel_client.shore import Shore, tcp_shore
from vessel_client.app import RunningService
from vessel_client.errors import EXIT_CODES
from vessel_client.store import inbox

RECORDING = Path("tests/data/librivox_austen_0890_16k.wav")
Captured = pytest.CaptureFixture[str]


def read_json(captured: Captured) -> dict[str, object]:
    """Return the JSON that the last command printed."""
    document = json.loads(captured.readouterr().out.splitlines()[-1])
    assert isinstance(document, dict)
    return document


def listed(value: object) -> list[dict[str, object]]:
    """Return a JSON array of objects."""
    assert isinstance(value, list)
    assert all(isinstance(entry, dict) for entry in value)
    return value


@pytest.fixture
async def shore() -> AsyncIterator[Shore]:
    async with tcp_shore(Shore()) as opened:
        yield opened


@pytest.fixture
async def box(tmp_path: Path, shore: Shore) -> BoxFolder:
    return await make_box(tmp_path, shore.addresses.values())


@pytest.fixture
async def running(box: BoxFolder) -> AsyncIterator[RunningService]:
    async with box.running() as service:
        yield service


async def send(running: RunningService, box: BoxFolder, *arguments: str) -> int:
    """Run `send` against the running service."""
    return await command("send", *arguments, "--service", running.url, "--data", str(box.data_dir), "--json")


def opened(shore: Shore, number: int) -> Message:
    """Return what the desk reads in a bundle."""
    report = next(each.bundle for each in shore.arrived if each.number == number)
    assert isinstance(report, Report)
    return message.decode(open_report(report.sealed, DESK_PRIVATE, VESSEL))


# --- init -------------------------------------------------------------------------------------------------


async def test_init_prints_the_fingerprint_and_a_second_one_is_refused(
    tmp_path: Path, capsys: Captured
) -> None:
    box = await make_box(tmp_path)
    assert re.search(r"Fingerprint of the box: (\d{4} ){5}\d{4}\n", capsys.readouterr().out)
    file = str(tmp_path / "provisioning.json")
    assert await command("init", file, "--data", str(box.data_dir)) == EXIT_CODES["already-initialised"]
    assert "belongs to a box already" in capsys.readouterr().err


async def test_the_link_secret_stays_only_as_the_first_link_key(tmp_path: Path, shore: Shore) -> None:
    box = await make_box(tmp_path, shore.addresses.values())
    for _ in range(3):
        async with box.running() as running:
            number = (await running.service.queue(sealed_request())).number
            await state_when(running, number, lambda state: not state.waiting)
    for file in box.data_dir.iterdir():
        # After three contacts the keys have moved on, and a seized box opens no earlier packet.
        assert provisioning().link_secret not in file.read_bytes()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": "seavoice desk card 1"}', "\udcff"])
async def test_another_file_is_no_provisioning_file(tmp_path: Path, capsys: Captured, text: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(text.encode(errors="surrogateescape"))
    assert await command("init", str(file), "--data", str(tmp_path / "box")) == 3
    assert "seavoice-relay vessel add" in capsys.readouterr().err
    assert not (tmp_path / "box").exists()


async def test_a_missing_provisioning_file_is_named(tmp_path: Path, capsys: Captured) -> None:
    assert await command("init", str(tmp_path / "none"), "--data", str(tmp_path / "box")) == 22
    assert "cannot be read" in capsys.readouterr().err


async def test_a_clock_two_years_slow_is_said_to_be_wrong(tmp_path: Path, capsys: Captured) -> None:
    file = write_file(tmp_path, provisioning())
    slow = UnixSeconds(NOW - 2 * YEAR_S)
    assert await command("init", str(file), "--data", str(tmp_path / "box"), clock=lambda: slow) == 6
    assert "730 days slow" in capsys.readouterr().err


async def test_a_clock_two_years_fast_is_asked_about(tmp_path: Path, capsys: Captured) -> None:
    file = write_file(tmp_path, provisioning())
    fast = UnixSeconds(NOW + 2 * YEAR_S)
    assert await command("init", str(file), "--data", str(tmp_path / "box"), clock=lambda: fast) == 8
    assert "Check the clock" in capsys.readouterr().err


# --- send -------------------------------------------------------------------------------------------------


async def test_a_text_arrives_with_its_categories_and_mailbox(
    shore: Shore, box: BoxFolder, running: RunningService, capsys: Captured
) -> None:
    chosen = ("--category", "unpaid-wages", "papers-kept", "--language", "my")
    assert await send(running, box, "--text", "လစာမရဘူး", *chosen) == 0
    printed = read_json(capsys)
    assert printed["numbers"] == [2]
    await shore.until(lambda: 2 in shore.numbers())
    read = opened(shore, 2)
    mailbox = ReceiptCode.from_digits(str(printed["code"])).open_mailbox()
    assert read == Message(
        created_at=NOW,
        language=Language.BURMESE,
        body=Text(text="လစာမရဘူး"),
        mailbox_public=mailbox.public,
        categories=(Category.UNPAID_WAGES, Category.PAPERS_KEPT),
    )


@pytest.mark.parametrize(
    ("arguments", "priority"),
    [
        (("--text", "a"), Priority.TEXT),
        (("--text", "a", "--urgent"), Priority.URGENT),
        (("--text", "a", "--category", "overboard"), Priority.URGENT),
        (("--checkin", "well"), Priority.CHECK_IN),
        (("--checkin", "unwell"), Priority.CHECK_IN),
        (("--checkin", "help"), Priority.URGENT),
    ],
)
async def test_the_priority_follows_from_what_is_said(
    shore: Shore, box: BoxFolder, running: RunningService, arguments: tuple[str, ...], priority: Priority
) -> None:
    assert await send(running, box, *arguments) == 0
    await shore.until(lambda: 2 in shore.numbers())
    assert next(each.priority for each in shore.arrived if each.number == 2) is priority


async def test_a_check_in_says_how_somebody_is(shore: Shore, box: BoxFolder, running: RunningService) -> None:
    assert await send(running, box, "--checkin", "unwell") == 0
    await shore.until(lambda: 2 in shore.numbers())
    assert opened(shore, 2).body == CheckIn(well_being=WellBeing.UNWELL, answers={})


async def test_a_recording_goes_thin_first_and_clear_behind(
    shore: Shore, box: BoxFolder, running: RunningService, capsys: Captured
) -> None:
    assert await send(running, box, "--voice", str(RECORDING), "--urgent") == 0
    assert read_json(capsys)["numbers"] == [2, 3]
    await shore.until(lambda: {2, 3} <= set(shore.numbers()))
    priorities = {each.number: each.priority for each in shore.arrived}
    assert (priorities[2], priorities[3]) == (Priority.URGENT, Priority.CLEAR_VOICE)
    thin, clear = opened(shore, 2).body, opened(shore, 3).body
    assert isinstance(thin, Voice)
    assert isinstance(clear, Voice)
    assert thin.note_id == clear.note_id
    assert len(thin.note_id) == 6
    assert unpack_voice(thin.packed).codec is VoiceCodec.CODEC2_2400
    assert unpack_voice(clear.packed).codec is VoiceCodec.OPUS_NARROWBAND_60MS


async def test_a_second_message_goes_on_under_the_first_ones_code(
    shore: Shore, box: BoxFolder, running: RunningService, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    await send(running, box, "--text", "first")
    code = str(read_json(capsys)["code"])
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{code}\n"))
    await send(running, box, "--text", "second", "--code", "-")
    assert read_json(capsys)["code"] == code
    await shore.until(lambda: {2, 3} <= set(shore.numbers()))
    assert opened(shore, 2).mailbox_public == opened(shore, 3).mailbox_public


async def test_without_the_service_nothing_is_sent_and_one_is_told_so(
    tmp_path: Path, capsys: Captured
) -> None:
    box = await make_box(tmp_path)
    free_port = _free_port()
    url = f"http://127.0.0.1:{free_port}"
    assert await command("send", "--text", "a", "--service", url, "--data", str(box.data_dir)) == 7
    assert "seavoice-vessel serve" in capsys.readouterr().err


async def test_an_expired_desk_key_is_not_sealed_to(box: BoxFolder, running: RunningService) -> None:
    late = UnixSeconds(NOW + 2 * YEAR_S)
    arguments = ("send", "--text", "a", "--service", running.url, "--data", str(box.data_dir))
    assert await command(*arguments, clock=lambda: late) == 8


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--text", "a" * 4_001), "text-too-long", "4000 fit"),
        (("--text", "a", "--category", "weather"), "unknown-category", "unpaid-wages"),
        (("--text", "a", "--language", "fr"), "unknown-language", "en, my, km"),
        (("--text", "a", "--code", "1234 5678"), "wrong-code", "16 digits"),
        (("--voice", "pyproject.toml"), "not-sound", "no WAV recording"),
        (("--voice", "no/such.wav"), "unreadable-file", "cannot be read"),
    ],
)
async def test_a_wrong_message_is_refused_before_anything_is_queued(
    box: BoxFolder,
    running: RunningService,
    capsys: Captured,
    arguments: tuple[str, ...],
    code: str,
    words: str,
) -> None:
    assert await send(running, box, *arguments) == EXIT_CODES[code]
    captured = capsys.readouterr()
    assert words in captured.err
    assert len(captured.err.splitlines()) == 1
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(state_when(running, 2, lambda _state: True), 0.05)


@pytest.mark.parametrize(("seconds", "code"), [(3_600, "recording-too-long"), (2, "recording-silent")])
async def test_an_hour_and_a_silence_are_no_voice_notes(
    tmp_path: Path, box: BoxFolder, running: RunningService, seconds: int, code: str
) -> None:
    path = tmp_path / "recording.wav"
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8_000)
        writer.writeframes(bytes(2 * 8_000 * seconds))
    assert await send(running, box, "--voice", str(path)) == EXIT_CODES[code]


async def test_a_full_queue_and_a_full_disk_are_told_apart(tmp_path: Path, capsys: Captured) -> None:
    box = await make_box(tmp_path)
    bounded = replace(box.settings(), queue_bundles_max=1, reserve_bundles=1)
    async with box.running(bounded) as running:
        assert await send(running, box, "--text", "a") == 13
        assert await send(running, box, "--text", "a", "--urgent") == 0
        capsys.readouterr()
        async with running.database.reading() as connection:
            async with connection.execute("PRAGMA page_count") as cursor:
                row = await cursor.fetchone()
            assert row is not None
            await connection.execute(f"PRAGMA max_page_count = {row[0]}")
    async with box.running() as running:
        async with running.database.reading() as connection:
            await connection.execute("PRAGMA max_page_count = 1")
        assert await send(running, box, "--voice", str(RECORDING)) == 12
        assert "everything queued is still there" in capsys.readouterr().err
        assert (await state_when(running, 2, lambda _state: True)).waiting


# --- answers ----------------------------------------------------------------------------------------------


def answer(code: ReceiptCode, body: Body) -> Mail:
    """Return the desk's answer."""
    mailbox = code.open_mailbox()
    plain = message.encode(Message(created_at=NOW, language=Language.ENGLISH, body=body))
    return seal_mail(plain, mailbox=mailbox.id, mailbox_public=mailbox.public, desk_private=DESK_PRIVATE)


async def answers(running: RunningService, *arguments: str) -> int:
    """Run `answers` against the running service."""
    return await command("answers", *arguments, "--service", running.url)


async def test_answers_are_opened_with_the_code_and_the_desks_word_is_checked(
    shore: Shore, box: BoxFolder, running: RunningService, capsys: Captured, tmp_path: Path
) -> None:
    await send(running, box, "--voice", str(RECORDING))
    digits = str(read_json(capsys)["code"])
    code = ReceiptCode.from_digits(digits)
    await shore.until(lambda: {2, 3} <= set(shore.numbers()))
    spoken = opened(shore, 2).body
    shore.offer(answer(code, Text(text="We are coming.")))
    shore.offer(answer(code, spoken))
    shore.offer(await _opened_receipt(running, code, 2))
    await state_when(running, 2, lambda state: state.custody is Custody.OPENED_BY_A_PERSON)

    out = tmp_path / "answers"
    assert await answers(running, digits, "--number", "2", "--number", "3", "--out", str(out), "--json") == 0
    printed = read_json(capsys)
    assert printed["opened"] == [2]
    assert printed["messages"] == [
        {"number": 2, "state": "opened by a person", "proved": True},
        {"number": 3, "state": "left the boat", "proved": False},
    ]
    first, second = listed(printed["answers"])
    assert first["text"] == "We are coming."
    with wave.open(str(second["file"]), "rb") as sound:
        assert sound.getnframes() > 0
    assert [file.stat().st_mode & 0o777 for file in out.iterdir()] == [0o600]

    assert await answers(running, digits) == 0
    words = capsys.readouterr().out
    assert "Message 2 was opened by a person; the desk proved it." in words
    assert "We are coming." in words


async def test_a_proof_that_the_desk_did_not_make_proves_nothing(
    shore: Shore, box: BoxFolder, running: RunningService, capsys: Captured
) -> None:
    await send(running, box, "--text", "a")
    code = ReceiptCode.from_digits(str(read_json(capsys)["code"]))
    await shore.until(lambda: 2 in shore.numbers())
    origin = await desk_origin_key(running)
    proofs = (b"invented",)
    tag = origin.tag_receipt(DeskState.OPENED, ((2, 3),), proofs)
    shore.offer(
        DeskReceipt(desk_key=DESK_KEY.id, state=DeskState.OPENED, numbers=((2, 3),), tag=tag, proofs=proofs)
    )
    await state_when(running, 2, lambda state: state.custody is Custody.OPENED_BY_A_PERSON)
    assert await answers(running, code.digits(), "--json") == 0
    assert read_json(capsys)["opened"] == []


async def test_a_forged_answer_is_shown_as_one_and_hides_no_other(
    shore: Shore, running: RunningService, capsys: Captured
) -> None:
    code = ReceiptCode.draw(bytes(range(32)))
    genuine = answer(code, Text(text="genuine"))
    shore.offer(replace(genuine, tag=bytes(16)))
    last = shore.offer(genuine)
    mailbox = code.open_mailbox().id
    while last not in await _mail_numbers(running, mailbox):
        pass
    assert await answers(running, code.digits(), "--json") == 0
    forged, honest = listed(read_json(capsys)["answers"])
    assert "not-authentic" in str(forged["problem"])
    assert honest["text"] == "genuine"


async def test_a_mistyped_code_is_told_from_an_empty_mailbox(
    running: RunningService, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await answers(running, "1111 2222 3333 4444") == EXIT_CODES["wrong-code"]
    monkeypatch.setattr(sys, "stdin", io.StringIO(ReceiptCode.draw(bytes(32)).digits() + "\n"))
    assert await answers(running, "-") == 0
    assert "There is no answer yet." in capsys.readouterr().out


# --- status and doctor ------------------------------------------------------------------------------------


async def test_status_tells_states_links_and_cost(
    shore: Shore, box: BoxFolder, running: RunningService, capsys: Captured
) -> None:
    number = (await running.service.queue(sealed_request())).number
    await state_when(running, number, lambda state: not state.waiting)
    assert await command("status", "--json", "--service", running.url) == 0
    status = read_json(capsys)
    assert status["states"] == {
        "on the box": 0,
        "left the boat": 2,
        "reached the NGO": 0,
        "opened by a person": 0,
        "expired": 0,
    }
    assert status["last_contact_at"] == NOW
    assert await command("status", "--service", running.url) == 0
    words = capsys.readouterr().out
    assert "Message 2: left the boat, text" in words
    assert "Link tcp: connected" in words
    assert re.search(r"Carried by tcp for text: \d+ bytes up", words)


async def test_doctor_finds_a_healthy_box_in_order(
    shore: Shore, box: BoxFolder, running: RunningService, capsys: Captured
) -> None:
    await state_when(running, 1, lambda state: not state.waiting)
    assert await command("doctor", "--data", str(box.data_dir), "--service", running.url) == 0
    assert not [line for line in capsys.readouterr().out.splitlines() if not line.startswith("ok ")]


async def test_doctor_names_each_problem_and_what_to_do(tmp_path: Path, capsys: Captured) -> None:
    box = await make_box(tmp_path)
    box.data_dir.chmod(0o755)
    late = UnixSeconds(NOW + 2 * YEAR_S)
    arguments = ("doctor", "--json", "--data", str(box.data_dir))
    url = f"http://127.0.0.1:{_free_port()}"
    assert await command(*arguments, "--service", url, clock=lambda: late) == EXIT_CODES["problems-found"]
    findings = listed(read_json(capsys)["findings"])
    problems = [finding["name"] for finding in findings if not finding["ok"]]
    assert problems == ["folder", "desk key", "service", "relay by tcp", "last contact"]


async def test_doctor_of_an_empty_folder_says_what_to_do(tmp_path: Path, capsys: Captured) -> None:
    assert await command("doctor", "--data", str(tmp_path)) == EXIT_CODES["problems-found"]
    assert "seavoice-vessel init" in capsys.readouterr().out


async def test_a_wrong_setting_stops_every_command(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "settings.toml").write_text("colour = 'blue'")
    assert await command("status", "--data", str(tmp_path)) == EXIT_CODES["wrong-settings"]
    assert "colour" in capsys.readouterr().err


# --- as processes -----------------------------------------------------------------------------------------


async def test_serve_answers_stops_on_a_signal_and_loads_nothing_that_opens(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    environment = {**os.environ, "SEAVOICE_VESSEL_API_PORT": "0"}
    process = await _python(
        "-X", "importtime", "-m", "vessel_client.cli", "serve", "--data", str(box.data_dir),
        environment=environment,
    )  # fmt: skip
    assert process.stdout is not None
    ready = (await process.stdout.readline()).decode()
    assert re.fullmatch(r"ready: http://127\.0\.0\.1:\d+\n", ready)
    (tmp_path / "second").mkdir()
    second = await make_box(tmp_path / "second")
    for data_dir, code, words in (
        (box.data_dir, "already-running", "is running already"),
        (second.data_dir, "port-in-use", "is in use"),
    ):
        taken = await _python(
            "-m", "vessel_client.cli", "serve", "--data", str(data_dir),
            environment=environment | {"SEAVOICE_VESSEL_API_PORT": ready.rpartition(":")[2].strip()},
        )  # fmt: skip
        _, said = await taken.communicate()
        assert taken.returncode == EXIT_CODES[code]
        assert words in said.decode()
    mapped = await asyncio.to_thread(Path(f"/proc/{process.pid}/maps").read_text)
    process.send_signal(signal.SIGTERM)
    _, log = await process.communicate()
    assert process.returncode == 0
    loaded = set(re.findall(r"\| +([\w.]+)\n", log.decode()))
    assert "protocol.engine" in loaded
    text_and_voice = {"textmodel", "textpack", "voicepack", "speech", "priming"}
    plaintext_rooms = {"seal", "mailbox", "message", *text_and_voice}
    assert not loaded & {f"protocol.{room}" for room in plaintext_rooms}
    assert not loaded & {"numpy", "_ssl", "frozenlist._frozenlist", "vessel_client.sealing"}
    assert "libcrypto" not in mapped


async def test_serve_without_a_box_says_what_to_do(tmp_path: Path) -> None:
    process = await _python(
        "-m", "vessel_client.cli", "serve", "--data", str(tmp_path), environment=dict(os.environ)
    )
    _, said = await process.communicate()
    assert process.returncode == EXIT_CODES["not-initialised"]
    assert len(said.decode().splitlines()) == 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


async def _python(*arguments: str, environment: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**22,
    )


async def _opened_receipt(running: RunningService, code: ReceiptCode, number: int) -> DeskReceipt:
    mailbox = code.open_mailbox()
    proof = opened_proof(
        DESK_PRIVATE, mailbox.public, desk_key=DESK_KEY.id, vessel=VESSEL, number=BundleNumber(number)
    )
    numbers = ((number, number + 1),)
    tag = (await desk_origin_key(running)).tag_receipt(DeskState.OPENED, numbers, (proof,))
    return DeskReceipt(
        desk_key=DESK_KEY.id, state=DeskState.OPENED, numbers=numbers, tag=tag, proofs=(proof,)
    )


async def _mail_numbers(running: RunningService, mailbox: MailboxId) -> list[int]:
    async with running.database.reading() as connection:
        return [each.number for each in await inbox.list_mail(connection, mailbox, 10)]


async def test_a_box_without_a_modem_loads_nothing_for_one() -> None:
    program = (
        "import sys, vessel_client.app; "
        "print(sorted(name for name in sys.modules if name.startswith('serial') or '.sbd' in name))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert said.strip() == b"[]"


async def test_doctor_says_what_to_do_about_a_modem_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = await make_box(tmp_path)
    (box.data_dir / "settings.toml").write_text("[bearers.sbd]\nenabled = true\ndevice = '/dev/no-modem'\n")
    await command("doctor", "--data", str(box.data_dir))
    assert "There is no /dev/no-modem. Plug the modem in" in capsys.readouterr().out
