"""A whole voyage, and then a search of every byte that it left behind."""

import base64
import os
import signal
from pathlib import Path

import pytest
import pytest_asyncio

from protocol.mailbox import ReceiptCode
from protocol.priming import Language
from protocol.speech.note import EncodedNote, decode_clear, encode_note
from protocol.speech.wav import read_wav, write_wav
from protocol.textpack import pack_text
from protocol.voicepack import VoiceCodec, VoiceNote, pack_voice
from shore_relay.desk.keyring import Keyring
from tests.e2e.harbour import PASSPHRASE, Harbour, founded_once, open_harbour, until
from tests.e2e.traces import GRAM_BYTES, Searcher, forms, text_forms

RECORDING = Path("tests/data/librivox_austen_note_16k.wav")
ENGLISH = "They took our passports at sea and nobody has been paid since the monsoon began."
BURMESE = "ကျွန်တော်တို့ကို လစာ မပေးတာ ငါးလ ရှိပါပြီ။ ကျေးဇူးပြု၍ ကူညီပါ။"
ANSWER = "We have read this. An inspector waits on the quay at Songkhla; ask for Malee."
SAMPLES = slice(40_000, 48_000)
"""Part of a WAV file, out of the middle of the speech: whoever keeps the sound keeps this too."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return await founded_once(tmp_path_factory)


@pytest.fixture(scope="module")
def note() -> EncodedNote:
    return encode_note(read_wav(RECORDING.read_bytes()))


async def test_no_byte_that_a_voyage_leaves_behind_gives_anything_away(
    founded: Path, tmp_path: Path, note: EncodedNote
) -> None:
    async with open_harbour(founded, tmp_path) as harbour:
        codes = await sail(harbour, tmp_path / "export")
        searcher = Searcher()
        for name, text in texts(codes).items():
            searcher.add(name, text_forms(text))
        for name, data in (contents(note) | keys(harbour, codes)).items():
            searcher.add(name, forms(data))

        # While everything runs, with what SQLite keeps beside its files.
        assert list(harbour.vessel.data.glob("*-wal"))
        assert list(harbour.relay.data.glob("*-wal"))
        assert searcher.search_folder(tmp_path, leaving_out="export") == set()
        # As a thief finds it who pulls the plug.
        programs = (harbour.vessel, harbour.relay, harbour.desk)
        for program in programs:
            await program.stop(signal.SIGKILL)
        assert searcher.search_folder(tmp_path, leaving_out="export") == set()
        # And after an orderly end.
        for program in programs:
            await program.start()
        for program in programs:
            await program.stop()
        # Two contacts on the link has other keys, and an orderly end wipes the first out of the files.
        searcher.add("link secret as provisioned", forms(harbour.provisioning.link_secret))
        assert searcher.search_folder(tmp_path, leaving_out="export") == set()

        for link in (harbour.sea, harbour.shore):
            for direction, overheard in link.overheard.items():
                assert len(overheard) > 500
                assert searcher.search(f"the air, {direction.value}", bytes(overheard)) == set()

        # The search is worth something: the same texts are found where the desk was asked to write them.
        found = searcher.search_folder(tmp_path)
        assert {trace.secret for trace in found} >= {"english", "burmese", "sound"}


@pytest.mark.parametrize("name", ["english", "burmese", "code", "mailbox key", "thin voice"])
def test_the_search_finds_what_is_planted_in_any_form(name: str, tmp_path: Path, note: EncodedNote) -> None:
    code = ReceiptCode.draw(bytes(range(32)))
    secrets: dict[str, bytes] = contents(note) | {
        "english": ENGLISH.encode(),
        "burmese": BURMESE.encode(),
        "code": code.digits().encode(),
        "mailbox key": code.open_mailbox().private,
    }
    searcher = Searcher()
    searcher.add(name, forms(secrets[name]))
    noise = os.urandom(5_001)
    assert searcher.search("noise", noise) == set()
    plain = secrets[name]
    for disguised in (plain, base64.b64encode(plain), plain.hex().encode()):
        for lead in range(3):
            planted = tmp_path / "deep" / "planted"
            planted.parent.mkdir(exist_ok=True)
            planted.write_bytes(noise[: 4_000 + lead] + disguised + noise[4_000:])
            assert {trace.secret for trace in searcher.search_folder(tmp_path)} == {name}
    for lead in range(3):
        planted.write_bytes(noise + base64.b64encode(noise[: 3_000 + lead] + plain + noise[:100]))
        assert {trace.secret for trace in searcher.search_folder(tmp_path)} == {name}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [ENGLISH, BURMESE])
def test_the_search_finds_a_part_of_a_text_in_any_encoding(text: str, encoding: str) -> None:
    searcher = Searcher()
    searcher.add("text", text_forms(text))
    part = text[len(text) // 3 :].encode(encoding)
    for lead in range(GRAM_BYTES):
        assert searcher.search("a page of a store", bytes(lead) + part) != set()


async def sail(harbour: Harbour, export: Path) -> list[str]:
    """Send one message of each kind, answer the first, open the answer; return the receipt codes."""
    codes: list[str] = []
    for arguments in (
        ("--text", ENGLISH, "--category", "papers-kept"),
        ("--text", BURMESE, "--language", "my"),
        ("--checkin", "unwell"),
        ("--voice", str(RECORDING)),
    ):
        sent = await harbour.vessel.run_json("send", *arguments)
        codes.append(str(sent["code"]))
        assert isinstance(sent["numbers"], list)
        await harbour.until_at_the_desk(*sent["numbers"])
        # Each further contact leaves older keys of the link behind.
        harbour.sea.cut(0.1)
    messages = (await harbour.desk.run_json("inbox"))["messages"]
    assert isinstance(messages, list)
    assert {message["message"]["text"] for message in messages} == {ENGLISH, BURMESE, ""}
    for entry in messages:
        await harbour.desk.run("export", str(entry["id"]), "--out", str(export))
        if entry["message"]["text"] == ENGLISH:
            await harbour.desk.run("answer", str(entry["id"]), "--text", ANSWER)

    async def answer() -> object:
        # By standard input: an argument would be seen by every process of the machine.
        opened = await harbour.vessel.run_json("answers", "-", text=codes[0] + "\n")
        return opened["answers"]

    answers = await until(answer, "the answer reaches the box")
    assert isinstance(answers, list)
    assert [answer["text"] for answer in answers] == [ANSWER]
    return codes


def texts(codes: list[str]) -> dict[str, str]:
    """Return what was written, and what opens the answers."""
    written = {"english": ENGLISH, "burmese": BURMESE, "answer": ANSWER, "passphrase": PASSPHRASE}
    for at, code in enumerate(codes):
        digits = code.replace(" ", "")
        written |= {f"code {at}": code, f"digits of code {at}": digits, f"secret of code {at}": digits[:15]}
    return written


def contents(note: EncodedNote) -> dict[str, bytes]:
    """Return what was said, as every step before the seal had it."""
    sound = decode_clear(note.clear)
    return {
        "recording": RECORDING.read_bytes()[SAMPLES],
        "sound": write_wav(sound)[SAMPLES],
        "thin frames": b"".join(note.thin),
        "clear packets": b"".join(note.clear),
        "thin voice": pack_voice(VoiceNote(codec=VoiceCodec.CODEC2_2400, frames=note.thin)),
        "clear voice": pack_voice(VoiceNote(codec=VoiceCodec.OPUS_NARROWBAND_60MS, frames=note.clear)),
        "packed english": pack_text(ENGLISH, Language.ENGLISH),
        "packed burmese": pack_text(BURMESE, Language.BURMESE),
        "packed answer": pack_text(ANSWER, Language.ENGLISH),
    }


def keys(harbour: Harbour, codes: list[str]) -> dict[str, bytes]:
    """Return every key that opens something, and the numbers behind the receipt codes."""
    desk = Keyring.unlock(harbour.desk.data, PASSPHRASE).keys
    found = {"desk's signing key": desk.signing_private}
    found |= {f"desk's store key {at}": key for at, key in enumerate(desk.store_keys)}
    found |= {f"desk's key {at}": epoch.private for at, epoch in enumerate(desk.epochs)}
    for at, code in enumerate(codes):
        number = int(code.replace(" ", "")[:15])
        found[f"mailbox key {at}"] = ReceiptCode.from_digits(code).open_mailbox().private
        found[f"number of code {at}"] = number.to_bytes((number.bit_length() + 7) // 8)
        found[f"number of code {at}, turned round"] = number.to_bytes(7, "little").rstrip(b"\0")
    return found
