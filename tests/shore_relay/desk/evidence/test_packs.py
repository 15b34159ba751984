"""A pack says what came and how; whoever receives it can tell that it is whole."""

import asyncio
import hashlib
import warnings
import zipfile
from pathlib import Path

import pytest

from protocol.speech.wav import read_wav
from protocol.voicepack import VoiceCodec
from shore_relay.desk.answering import answer_with_text
from shore_relay.desk.app import Desk
from shore_relay.desk.cli import main
from shore_relay.desk.errors import BadSignature, NotAPack, NothingChosen, PackChanged, WrongSigner
from shore_relay.desk.evidence.gathering import Choice, gather
from shore_relay.desk.evidence.making import make_pack
from shore_relay.desk.evidence.manifest import Listed, sign, write_manifest
from shore_relay.desk.evidence.redaction import Redaction
from shore_relay.desk.evidence.sinks import FolderSink
from shore_relay.desk.evidence.verifying import examine, verify
from shore_relay.desk.handovers import load_handovers
from shore_relay.desk.inbox import open_entry
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.words import Words
from tests.shore_relay.desk.boat import Boat, tampered
from tests.shore_relay.desk.evidence import pdf
from tests.shore_relay.desk.evidence.conftest import BURMESE, CHECK_IN, TEXT, VOICE, ZAWGYI
from tests.shore_relay.desk.evidence.packs import facts, files, made, rewritten, zipped
from tests.shore_relay.desk.small_relay import SmallRelay
from tests.shore_relay.desk.steps import receive

ALL = (TEXT, VOICE, BURMESE, CHECK_IN)


async def test_a_pack_holds_what_was_said_and_the_whole_chain_of_custody(
    received: Desk, boat: Boat, tmp_path: Path
) -> None:
    await open_entry(received, TEXT, received.actor)
    await answer_with_text(received, TEXT, "We are coming.")

    path = await made(received, tmp_path / "pack.zip", *ALL, with_answers=True, with_sealed=True)

    said = facts(path)
    text, voice, burmese, check_in = said["messages"]
    assert [message["entry"] for message in said["messages"]] == list(ALL)
    assert text["text"].startswith("Captain Somchai")
    assert (text["opened_by"], text["opened_at"] > 0) == ("desk", True)
    assert text["answers"][0]["text"] == "We are coming."
    assert check_in["well_being"] == "duress"
    assert burmese["text"] == ZAWGYI
    assert burmese["text_in_unicode"].startswith("ကပ္ပတိန် အောင်ကြည်")
    (custody,) = text["custody"]
    held = files(path)
    assert custody["number"] == 2
    assert (custody["origin"], custody["box"]) == ("verified", boat.fingerprint)
    assert (custody["over"], custody["seal"]) == ("tcp", "opens")
    assert custody["arrived_at"] < custody["fetched_at"] <= said["made_at"]
    assert custody["sealed_sha256"] == hashlib.sha256(held[custody["sealed_file"]]).hexdigest()
    assert [sound["codec"] for sound in voice["sounds"]] == ["codec2-2400", "opus-narrowband-60ms"]
    for sound in voice["sounds"]:
        assert read_wav(held[sound["file"]]).duration_ms == sound["duration_ms"] > 3_000
    shown = pdf.text(held["evidence.pdf"])
    for words in ("Captain Somchai", boat.fingerprint, "We are coming.", "Under duress", "tcp"):
        assert words in shown


async def test_what_the_desk_noted_falsely_since_does_not_reach_a_pack(
    received: Desk, tmp_path: Path
) -> None:
    async with received.database.transaction() as connection:
        await connection.execute(
            "UPDATE bundle SET origin = 2, fault = 'cannot-open' WHERE entry = ?", (TEXT,)
        )

    said = facts(await made(received, tmp_path / "pack.zip", TEXT))

    assert said["messages"][0]["custody"][0]["origin"] == "verified"
    assert said["messages"][0]["text"].startswith("Captain Somchai")


async def test_forged_and_damaged_messages_are_in_the_pack_as_what_they_are(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat, tmp_path: Path
) -> None:
    garbage = bytes([2, int(VoiceCodec.OPUS_NARROWBAND_60MS), 0, 3]) + b"\xff" * 40
    await receive(
        desk,
        client,
        relay,
        boat,
        boat.introduction(),
        tampered(boat.text("not ours")),
        boat.voice(VoiceCodec.OPUS_NARROWBAND_60MS, packed=garbage),
        boat.sealed(b"no message at all"),
        boat.text("\u202e<script>alert(1)</script>\x07 {nb} 😀" + "e" + "\u0301" * 300 + " " + "W" * 900),
    )

    path = await made(desk, tmp_path / "pack.zip", 1, 2, 3, 4, title="<b>\u202eTitle</b>")

    forged, voice, none, hostile = facts(path)["messages"]
    assert forged["custody"][0]["origin"] == "forged"
    assert (voice["sounds"][0]["file"], voice["sounds"][0]["fault"] != "") == ("", True)
    assert (none["kind"], none["custody"][0]["seal"]) == ("", "malformed-message")
    assert hostile["text"].startswith("\u202e<script>")
    shown = pdf.text(files(path)["evidence.pdf"])
    assert "[U+202E RIGHT-TO-LEFT" in shown
    assert "\u202e" not in shown
    assert "<script>alert(1)</script>" in shown
    assert verify(path).files


async def test_an_untouched_pack_verifies_without_any_desk_also_as_a_folder(
    received: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = await made(received, tmp_path / "pack.zip", TEXT, VOICE)
    await make_pack(
        received,
        received.actor,
        Choice(entries=(TEXT,), title="T"),
        Redaction(),
        Words.load("th"),
        FolderSink(tmp_path / "folder"),
    )
    fingerprint = verify(path).fingerprint

    assert await asyncio.to_thread(main, ["verify", str(path), "--fingerprint", fingerprint]) == 0
    said = capsys.readouterr().out
    assert "Harbour Aid" in said
    assert fingerprint in said
    assert await asyncio.to_thread(main, ["verify", str(tmp_path / "folder")]) == 0
    assert "จัดท" in pdf.text((tmp_path / "folder" / "evidence.pdf").read_bytes())
    assert await asyncio.to_thread(main, ["verify", str(path), "--fingerprint", "1234"]) == 85
    with pytest.raises(WrongSigner):
        verify(path, "0" * 24)


async def test_each_way_to_change_a_pack_is_named(received: Desk, tmp_path: Path) -> None:
    path = await made(received, tmp_path / "pack.zip", TEXT, VOICE)
    held = files(path)
    sound = next(name for name in held if name.startswith("sounds/"))

    changed = rewritten(
        path, tmp_path / "changed.zip", {sound: held[sound][:-1] + bytes([held[sound][-1] ^ 1])}
    )
    longer = rewritten(path, tmp_path / "longer.zip", {sound: held[sound] + b"\0" * 9})
    missing = rewritten(path, tmp_path / "missing.zip", {"evidence.pdf": None})
    added = rewritten(path, tmp_path / "added.zip", {"sounds/more.wav": b"RIFF"})
    assert examine(changed).changed == (sound,)
    assert examine(longer).changed == (sound,)
    assert examine(missing).missing == ("evidence.pdf",)
    assert examine(added).added == ("sounds/more.wav",)
    for broken, word in ((changed, sound), (missing, "missing: evidence.pdf"), (added, "added: sounds/more")):
        with pytest.raises(PackChanged, match=word):
            verify(broken)
        assert await asyncio.to_thread(main, ["verify", str(broken)]) == 83

    edited = held["manifest.json"].replace(b'"redacted": 0', b'"redacted": 1')
    with pytest.raises(BadSignature):
        verify(rewritten(path, tmp_path / "edited.zip", {"manifest.json": edited}))
    with pytest.raises(BadSignature):
        verify(rewritten(path, tmp_path / "unsigned.zip", {"manifest.sig": b"00" * 64}))
    with pytest.raises(NotAPack):
        verify(rewritten(path, tmp_path / "no-list.zip", {"manifest.json": None}))


async def test_a_file_that_comes_twice_under_one_name_is_no_evidence(received: Desk, tmp_path: Path) -> None:
    path = await made(received, tmp_path / "pack.zip", TEXT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("evidence.pdf", files(path)["evidence.pdf"])

    assert examine(path).changed == ("evidence.pdf",)


async def test_links_and_hidden_files_in_a_folder_are_no_part_of_a_pack(
    received: Desk, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    choice = Choice(entries=(TEXT,), title="T")
    await make_pack(received, received.actor, choice, Redaction(), Words.load(), FolderSink(folder))
    report = (folder / "evidence.pdf").read_bytes()
    (tmp_path / "elsewhere.pdf").write_bytes(report)
    (folder / "evidence.pdf").unlink()
    (folder / "evidence.pdf").symlink_to(tmp_path / "elsewhere.pdf")
    (folder / ".hidden").write_bytes(b"x")

    verdict = examine(folder)

    assert (verdict.changed, verdict.added) == (("evidence.pdf",), (".hidden",))


def test_what_is_no_pack_is_said_in_one_sentence(tmp_path: Path) -> None:
    for name, data in {
        "empty": b"",
        "text": b"hello",
        "zip": zipped(("a", b"b")),
        "list": zipped(("manifest.json", b"[]"), ("manifest.sig", b"")),
        "deep": zipped(("manifest.json", b"[" * 100_000), ("manifest.sig", b"")),
        "huge": zipped(("manifest.json", b" " * 9_000_000), ("manifest.sig", b"")),
        "cut": zipped(("manifest.json", b"{}"), ("manifest.sig", b""))[:-30],
    }.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(NotAPack):
            verify(tmp_path / name)
    assert main(["verify", str(tmp_path / "nowhere")]) == 31


async def test_a_signed_list_that_claims_to_unfold_without_end_is_not_read(
    received: Desk, tmp_path: Path
) -> None:
    path = await made(received, tmp_path / "pack.zip", TEXT)
    keys = received.keyring.keys
    pack = (await gather(received, received.actor, Choice(entries=(TEXT,), title="T"), bytes(16))).pack
    huge = {f"{at}.bin": Listed(size_bytes=3 * 1024**3, sha256=bytes(32)) for at in range(2)}
    manifest = write_manifest(pack, huge)
    trap = rewritten(
        path, tmp_path / "trap.zip", {"manifest.json": manifest, "manifest.sig": sign(manifest, keys.signer)}
    )

    with pytest.raises(NotAPack, match="larger"):
        verify(trap)


async def test_the_desk_keeps_who_took_what_out(received: Desk, tmp_path: Path) -> None:
    path = await made(received, tmp_path / "pack.zip", TEXT, VOICE)

    (handover,) = await load_handovers(received)

    assert (handover.kind, handover.person, handover.entries) == ("evidence", "desk", (TEXT, VOICE))
    assert handover.manifest_sha256 == hashlib.sha256(files(path)["manifest.json"]).digest()
    raw = (received.data / "desk.sqlite").read_bytes() + (received.data / "desk.sqlite-wal").read_bytes()
    assert b"Case 7" not in raw


async def test_no_message_and_too_many_are_refused(received: Desk, tmp_path: Path) -> None:
    with pytest.raises(NothingChosen):
        await made(received, tmp_path / "pack.zip")
    with pytest.raises(NothingChosen):
        await made(received, tmp_path / "pack.zip", *range(501))
