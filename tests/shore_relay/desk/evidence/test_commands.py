"""Packs and tables as they are made and checked at the command line."""

import json
import stat
from pathlib import Path

import pytest

from protocol.voicepack import VoiceCodec
from shore_relay.desk.commands.arguments import part, transcript
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.evidence.packs import facts, files
from tests.shore_relay.desk.small_relay import SmallRelay
from tests.shore_relay.desk.test_cli import Terminal, boat, relay, run

__all__ = ["boat", "relay", "run"]


@pytest.fixture
def filled(run: Terminal, boat: Boat, relay: SmallRelay) -> Terminal:
    """A desk with a text (1) and a voice note (2) of a confirmed vessel."""
    relay.put(
        boat.introduction(),
        boat.text("Captain Somchai keeps my passport."),
        boat.voice(VoiceCodec.CODEC2_2400),
    )
    assert run("inbox")[0] == 0
    assert run("confirm", "Blue Dolphin", "--yes", boat.fingerprint)[0] == 0
    return run


def test_a_pack_is_made_redacted_checked_tied_listed_and_a_table_written(
    filled: Terminal, tmp_path: Path
) -> None:
    make = ("evidence", "make", "--message", "1", "--message", "2", "--title", "Papers")
    whole, redacted = tmp_path / "whole.zip", tmp_path / "redacted.zip"
    (tmp_path / "names.txt").write_text("somchai\n\n")

    assert filled(*make, "--out", str(whole))[0] == 0
    code, out, _ = filled(
        *make,
        *("--out", str(redacted), "--remove-from", str(tmp_path / "names.txt"), "--remove-part", "1:23-25"),
        *("--transcript", "2:He says that nobody is paid.", "--round-times", "month", "--remove-vessels"),
    )

    assert code == 0
    assert "signed by the key" in out
    assert stat.S_IMODE(redacted.stat().st_mode) == 0o600
    text, voice = facts(redacted)["messages"]
    assert text["text"]["instead"] == "Captain [removed] keeps [removed]passport."
    assert voice["sounds"]["instead"] == "He says that nobody is paid."
    assert filled("verify", str(redacted))[0] == 0
    assert filled("evidence", "tie", str(whole), str(redacted))[0] == 0
    assert filled("evidence", "tie", str(redacted), str(whole))[0] == 86
    assert filled(*make, "--out", str(tmp_path / "no.zip"), "--remove", "Nobody")[0] == 80
    assert filled(*make, "--out", str(tmp_path))[0] == 31
    assert not (tmp_path / "no.zip").exists()
    listed = json.loads(filled("evidence", "list", "--json")[1])["handovers"]
    assert sorted(one["kind"] for one in listed) == ["evidence", "evidence-redacted"]
    assert "somchai" in next(one["removed"] for one in listed if one["kind"] == "evidence-redacted")

    table = tmp_path / "messages.csv"
    assert filled("export", "--format", "csv", "--out", str(table))[0] == 0
    assert "Captain Somchai" in table.read_text(encoding="utf-8-sig")
    assert filled("export", "--out", str(tmp_path / "folder"))[0] == 81
    assert len(files(whole)) == 6


@pytest.mark.parametrize("text", ["", "1", "1:2", "1:0-3", "1:a-b", "x:1-2", "1:-1-2", "١:1-2"])
def test_a_part_that_names_no_characters_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="must be like"):
        part(text)


@pytest.mark.parametrize("text", ["", "1", "1:", "1:  ", "x:words"])
def test_a_transcript_without_message_or_words_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="must be like"):
        transcript(text)
