"""The commands as a caseworker types them."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from protocol.bundle import DeskState
from protocol.deskfeed import VesselContact
from protocol.documents import to_text
from protocol.ids import UnixSeconds
from protocol.message import WellBeing
from protocol.provisioning import read_card
from protocol.speech.wav import read_wav
from protocol.voicepack import VoiceCodec
from shore_relay.desk.cli import main
from shore_relay.desk.keyring import Keyring
from shore_relay.desk.relay_lock import relay_lock
from tests.shore_relay.desk.boat import WAV, Boat, packed_voice, tampered
from tests.shore_relay.desk.conftest import PASSPHRASE
from tests.shore_relay.desk.small_relay import SmallRelay, running_relay

Capture = pytest.CaptureFixture[str]


class Terminal:
    """Runs commands on one data folder and returns code, output and complaints."""

    def __init__(self, data: Path, capture: Capture) -> None:
        self.data = data
        self._capture = capture

    def __call__(self, *words: str) -> tuple[int, str, str]:
        self._capture.readouterr()
        code = main([*words, "--data", str(self.data)])
        said = self._capture.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err


@pytest.fixture
def relay() -> Iterator[SmallRelay]:
    with running_relay() as relay:
        yield relay


@pytest.fixture
def run(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("SEAVOICE_DESK_PASSPHRASE", PASSPHRASE)
    return Terminal(tmp_path / "desk", capsys)


@pytest.fixture
def boat(run: Terminal, relay: SmallRelay) -> Boat:
    """A vessel of the desk that `init` made."""
    assert run("init", "--name", "Harbour Aid", "--relay", relay.url)[0] == 0
    card = read_card(run("card")[1].encode())
    relay.card = card
    return Boat(card)


def test_init_makes_a_folder_for_its_owner_only_and_a_card_without_secrets(
    run: Terminal, boat: Boat, tmp_path: Path
) -> None:
    assert stat.S_IMODE(run.data.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in run.data.iterdir()} == {0o600}
    assert run("card", "--out", str(tmp_path / "desk.card"))[0] == 0
    assert read_card((tmp_path / "desk.card").read_bytes()) == boat.card
    assert boat.card.name == "Harbour Aid"
    key = boat.card.keys[0]
    assert key.not_after - key.not_before == 365 * 86_400


def test_a_report_is_listed_confirmed_shown_answered_and_exported(
    run: Terminal, boat: Boat, relay: SmallRelay, tmp_path: Path
) -> None:
    relay.put(
        boat.introduction(), boat.text("They keep \x1b[31mmy passport."), boat.voice(VoiceCodec.CODEC2_2400)
    )

    code, out, _ = run("inbox", "--json")
    listed = json.loads(out)
    text = next(m for m in listed["messages"] if m["message"]["kind"] == "text")
    voice = next(m for m in listed["messages"] if m["message"]["kind"] == "voice")
    assert code == 0
    assert text["origin"] == "unconfirmed"
    assert run("confirm", "Blue Dolphin", "--yes", boat.fingerprint)[0] == 0
    code, out, _ = run("show", str(text["id"]))
    assert code == 0
    assert "They keep  [31mmy passport." in out
    assert "Unpaid or late wages" in out
    assert run("answer", str(text["id"]), "--text", "We are coming.")[0] == 0
    assert run("answer", str(text["id"]), "--voice", str(WAV), "--language", "my")[0] == 0
    assert run("export", str(voice["id"]), "--out", str(tmp_path / "out"))[0] == 0

    assert len(boat.answers(relay.raw)) == 2
    states = [receipt.state for receipt in boat.receipts(relay.raw)]
    assert states.count(DeskState.OPENED) == 2
    exported = json.loads((tmp_path / "out" / f"message-{voice['id']}.json").read_text())
    assert exported["message"]["kind"] == "voice"
    assert exported["origin"] == "verified"
    sound = read_wav((tmp_path / "out" / f"message-{voice['id']}.wav").read_bytes())
    assert sound.duration_ms == exported["message"]["duration_ms"] > 3_000
    assert "Left for the relay" in run("show", str(text["id"]))[1]


def test_the_inbox_says_what_is_pressing_missing_and_doubtful(
    run: Terminal, boat: Boat, relay: SmallRelay
) -> None:
    relay.put(
        boat.introduction(),
        boat.check_in(WellBeing.DURESS),
        boat.text("lost on its way"),
        tampered(boat.text("somebody else's")),
        boat.text("\u202eturned round"),
    )
    relay.items[:] = [item for item in relay.items if item.number != 3]

    code, out, _ = run("inbox")

    assert code == 0
    assert "URGENT" in out.splitlines()[0]
    assert "open this one first" in out.splitlines()[0]
    assert "duress" not in out
    assert "Not from this vessel’s box" in out
    # Number 4 came as a forgery, so the vessel's own is still missing.
    assert "Numbers 3 to 4 are missing" in out
    assert "\u202e" not in out


def test_the_vessels_are_listed_with_their_fingerprints(run: Terminal, boat: Boat, relay: SmallRelay) -> None:
    relay.put(boat.introduction())

    assert boat.fingerprint in run("vessels")[1]
    code, out, _ = run("vessels", "--json")
    (vessel,) = json.loads(out)["vessels"]
    assert code == 0
    assert vessel["boxes"] == [{"fingerprint": boat.fingerprint, "confirmed": False}]


def test_a_wrong_fingerprint_confirms_nothing(run: Terminal, boat: Boat, relay: SmallRelay) -> None:
    relay.put(boat.introduction(), boat.text("hello"))

    code, _, err = run("confirm", "blue dolphin", "--yes", "0000 0000 0000 0000 0000 0000")

    assert code == 20
    assert "nothing was confirmed" in err
    assert json.loads(run("status", "--json")[1])["vessels_unconfirmed"] == 1
    assert run("confirm", "Blue Dolphin")[0] == 19  # Nobody at the keyboard.
    assert run("confirm", "Red Herring", "--yes", "1")[0] == 18


def test_a_new_key_reaches_the_vessels_and_the_next_card(
    run: Terminal, boat: Boat, relay: SmallRelay
) -> None:
    relay.put(boat.introduction())
    run("inbox")

    code, out, _ = run("keys", "roll", "--key-days", "30")

    assert code == 0
    assert "1 vessels" in out
    assert len(boat.keys(relay.raw)) == 1
    card = read_card(run("card")[1].encode())
    assert card.keys[0].public == boat.key.public
    assert len(card.keys) == 2


def test_an_answer_made_while_the_relay_is_away_is_kept_and_goes_out_later(
    run: Terminal, boat: Boat, relay: SmallRelay
) -> None:
    relay.put(boat.introduction(), boat.text("Help us."))
    run("inbox")
    run("confirm", "Blue Dolphin", "--yes", boat.fingerprint)
    relay.answer_with = (503, b"")

    code, out, err = run("answer", "1", "--text", "We are coming.")

    assert code == 13
    assert "do not write it again" in out
    assert "kept" in err
    relay.answer_with = None
    assert run("inbox")[0] == 0
    assert len(boat.answers(relay.raw)) == 1


def test_while_another_process_serves_a_command_leaves_the_relay_to_it(
    run: Terminal, boat: Boat, relay: SmallRelay
) -> None:
    relay.put(boat.introduction(), boat.text("Help us."))
    with relay_lock(run.data) as is_ours:
        assert is_ours
        assert run("inbox")[0] == 0
        assert json.loads(run("status", "--json")[1])["serving"]
        code, _, err = run("serve")

    assert relay.taken == 0
    assert code == 30
    assert "already" in err


def test_each_wrong_input_has_its_own_exit_code_and_one_sentence(
    run: Terminal, boat: Boat, relay: SmallRelay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay.put(boat.introduction(), boat.text("Help us."), boat.text("No answer.", mailbox=False))
    run("inbox")
    run("confirm", "Blue Dolphin", "--yes", boat.fingerprint)
    no_sound = tmp_path / "note.wav"
    no_sound.write_bytes(b"RIFFnope")
    monkeypatch.setenv("SEAVOICE_DESK_PORT", str(relay.port))

    def outcome(*words: str) -> tuple[int, int]:
        code, _, err = run(*words)
        return code, err.count("seavoice-desk: ")

    assert outcome("init", "--name", "Again") == (5, 1)
    assert outcome("show", "99") == (17, 1)
    assert outcome("answer", "2", "--text", "Hello?") == (21, 1)
    assert outcome("answer", "1", "--voice", str(no_sound)) == (24, 1)
    assert outcome("answer", "1", "--voice", str(tmp_path / "none.wav")) == (31, 1)
    assert outcome("answer", "1", "--text", "x" * 4_001) == (28, 1)
    code, _, err = run("serve")
    assert (code, str(relay.port) in err) == (29, True)
    monkeypatch.setenv("SEAVOICE_DESK_PASSPHRASE", "not the right one")
    assert outcome("inbox") == (6, 1)
    monkeypatch.setenv("SEAVOICE_DESK_COLOUR", "blue")
    assert outcome("inbox") == (3, 1)
    monkeypatch.delenv("SEAVOICE_DESK_COLOUR")
    run.data = tmp_path / "nowhere"
    assert outcome("inbox") == (4, 1)


def test_a_passphrase_can_come_from_a_file_and_nobody_is_asked_without_a_terminal(
    run: Terminal, boat: Boat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEAVOICE_DESK_PASSPHRASE")
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")

    assert run("status", "--passphrase-file", str(tmp_path / "passphrase"))[0] == 0
    assert run("status")[0] == 7


def test_an_unknown_setting_in_the_file_is_named(run: Terminal, boat: Boat) -> None:
    with (run.data / "settings.toml").open("a") as file:
        file.write("colour = 1\n")

    code, _, err = run("status")

    assert code == 3
    assert "colour" in err


def test_the_data_folder_holds_no_plaintext_and_no_key(run: Terminal, boat: Boat, relay: SmallRelay) -> None:
    spoken = boat.voice(VoiceCodec.CODEC2_2400)
    relay.put(boat.introduction(), boat.text("The skipper Somchai beats us."), spoken)
    run("inbox")
    run("confirm", "Blue Dolphin", "--yes", boat.fingerprint)
    run("show", "1")
    run("answer", "1", "--text", "Inspector Kanya boards at dawn.")
    run("answer", "1", "--voice", str(WAV))
    run("keys", "roll")
    keys = Keyring.unlock(run.data, PASSPHRASE).keys
    secrets = [
        b"Somchai",
        b"Kanya",
        b"Blue Dolphin",
        PASSPHRASE.encode(),
        packed_voice(VoiceCodec.CODEC2_2400)[4:40],
        boat.mailbox.public,
        boat.code.digits().encode(),
        keys.signing_private,
        *keys.store_keys,
        *(epoch.private for epoch in keys.epochs),
    ]

    held = [(path, path.read_bytes()) for path in run.data.rglob("*") if path.is_file()]

    assert sum(len(data) for _, data in held) > 30_000
    for path, data in held:
        for secret in secrets:
            for form in (secret, secret.hex().encode(), b64encode(secret), to_text(secret).encode()):
                assert form not in data, f"{path.name} holds a secret"


def test_serve_says_when_it_is_ready_answers_orderly_to_sigterm_and_logs_no_content(
    run: Terminal, boat: Boat, relay: SmallRelay
) -> None:
    relay.put(boat.introduction(), boat.text("The skipper Somchai beats us."))
    serving = subprocess.Popen(
        [sys.executable, "-m", "shore_relay.desk.cli", "serve", "--data", str(run.data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"SEAVOICE_DESK_PORT": "0"},
    )
    with serving:
        assert serving.stdout is not None
        ready = serving.stdout.readline()
        relay.wait_until(lambda: relay.taken == 2)
        # The next round begins after the first has been logged.
        relay.put(boat.text("And Somchai again."))
        relay.wait_until(lambda: relay.taken == 3)
        with urllib.request.urlopen(ready.removeprefix("ready: ").strip()) as page:
            assert b"Open the desk" in page.read()
        serving.send_signal(signal.SIGTERM)
        _, log = serving.communicate(timeout=20)

    assert serving.returncode == 0
    assert "event=fetched items=2" in log
    assert "Somchai" not in log
    assert "Traceback" not in log


def test_a_desk_killed_in_the_middle_goes_on_where_it_was(
    run: Terminal, boat: Boat, relay: SmallRelay
) -> None:
    serving = subprocess.Popen(
        [sys.executable, "-m", "shore_relay.desk.cli", "serve", "--data", str(run.data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"SEAVOICE_DESK_PORT": "0"},
    )
    with serving:
        assert serving.stdout is not None
        serving.stdout.readline()
        relay.put(boat.introduction(), *(boat.text(f"message {at}") for at in range(40)))
        relay.wait_until(lambda: relay.taken > 0)
        relay.put(*(boat.text(f"message {at}") for at in range(40, 60)))
        serving.kill()

    code, out, _ = run("inbox", "--json")

    texts = sorted(message["message"]["text"] for message in json.loads(out)["messages"])
    assert code == 0
    assert texts == sorted(f"message {at}" for at in range(60))


def test_cases_are_listed_shown_and_their_history_verified(
    run: Terminal, boat: Boat, relay: SmallRelay
) -> None:
    relay.put(boat.introduction(), boat.text("One."), boat.text("\x1b[2JTwo."), boat.check_in(WellBeing.HELP))
    run("inbox")

    code, out, _ = run("cases", "--json")
    assert code == 0
    listed = json.loads(out)["cases"]
    assert [(case["id"], case["messages"], case["attention"]) for case in listed] == [
        (2, 1, "urgent"),
        (1, 2, "new"),
    ]
    assert "Blue Dolphin" in run("cases")[1]
    assert run("cases", "--which", "closed")[1] == "No such cases.\n"
    shown = json.loads(run("case", "1", "--json")[1])
    assert [entry["what"] for entry in shown["history"]] == ["opened", "message-in", "message-in"]
    code, out, _ = run("case", "1")
    assert code == 0
    assert "The desk: filed message 2 here" in out
    assert "\x1b" not in out
    assert run("case", "9")[0] == 70

    found = json.loads(run("verify", "--json")[1])
    assert found["entries"] == 5
    assert run("verify", "--mark", found["mark"])[0] == 0
    with closing(sqlite3.connect(run.data / "desk.sqlite")) as connection:
        connection.execute("UPDATE case_file SET case_sealed = x'00' WHERE id = 1")
        connection.commit()
    code, _, err = run("verify")
    assert code == 73
    assert "Case 1 does not open" in err


def test_the_board_tells_vessels_from_people(run: Terminal, boat: Boat, relay: SmallRelay) -> None:
    assert "Nobody is expected" in run("board")[1]
    relay.put(boat.introduction(), boat.text("Hello."))
    relay.contacts = (VesselContact(vessel=boat.vessel, at=UnixSeconds(2**32), bearer="sbd"),)

    code, out, _ = run("board", "--json")

    board = json.loads(out)
    assert (code, board["people"]) == (0, [])
    (vessel,) = board["vessels"]
    assert (vessel["name"], vessel["bearer"], vessel["silent"]) == ("Blue Dolphin", "sbd", False)
    assert "Blue Dolphin  Talks" in run("board")[1]
