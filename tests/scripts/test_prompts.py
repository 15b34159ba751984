"""The spoken labels: the Ogg file that a browser plays, and the list of what can be heard."""

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.priming import Language
from scripts.prompts.folder import Sounds
from scripts.prompts.ogg import page_checksum, write_ogg

PACKET_SAMPLES = 960
RATE_HZ = 16_000


def pages(data: bytes) -> list[tuple[int, int, list[bytes]]]:
    """The flags, the position and the pieces of each page, read as RFC 3533 says."""
    found: list[tuple[int, int, list[bytes]]] = []
    at = 0
    while at < len(data):
        magic, _, flags, position, _, number, _, count = struct.unpack_from("<4sBBQIIIB", data, at)
        assert (magic, number) == (b"OggS", len(found))
        lengths = data[at + 27 : at + 27 + count]
        at += 27 + count
        pieces, piece = [], b""
        for length in lengths:
            piece += data[at : at + length]
            at += length
            if length < 255:
                pieces.append(piece)
                piece = b""
        assert piece == b""
        found.append((flags, position, pieces))
    return found


@given(st.lists(st.binary(min_size=1, max_size=600), min_size=1, max_size=600))
def test_a_file_holds_the_packets_in_their_order(packets: list[bytes]) -> None:
    head, tags, *sound = pages(write_ogg(packets, PACKET_SAMPLES, PACKET_SAMPLES * len(packets), RATE_HZ))
    assert head[0] == 2
    assert head[2][0].startswith(b"OpusHead")
    assert tags[2][0].startswith(b"OpusTags")
    assert [piece for _, _, pieces in sound for piece in pieces] == packets
    assert [flags for flags, _, _ in sound] == [0] * (len(sound) - 1) + [4]


def test_the_last_page_says_where_the_sound_ends() -> None:
    position = pages(write_ogg([b"a"] * 3, PACKET_SAMPLES, 2_500, RATE_HZ))[-1][1]
    assert position == 312 + 2_500 * 3


def test_the_checksum_is_the_one_of_the_standard() -> None:
    # The check value of CRC-32/CKSUM is 0x765E7680; without its last inversion that is this sum.
    assert page_checksum(b"123456789") == 0x765E7680 ^ 0xFFFFFFFF


@pytest.fixture
def folder(tmp_path: Path) -> Sounds:
    sounds, locales = tmp_path / "sounds", tmp_path / "locales"
    locales.mkdir()
    for language in Language:
        (sounds / language.tag).mkdir(parents=True)
        texts = {
            "_meta": {},
            "home.speak": "Speak",
            "home.write": "Write",
            "write.left": "{count} left",
            "when.now": "now",
        }
        (locales / f"{language.tag}.json").write_text(json.dumps(texts), "utf-8")
    (sounds / "index.json").write_text("{}", "utf-8")
    return Sounds(sounds=sounds, locales=locales)


def listed(folder: Sounds, language: Language) -> dict[str, object]:
    entry = json.loads((folder.sounds / "index.json").read_text("utf-8"))[language.tag]
    assert isinstance(entry, dict)
    return entry


def test_only_whole_labels_are_spoken(folder: Sounds) -> None:
    assert set(folder.texts(Language.KHMER)) == {"home.speak", "home.write"}


def test_a_recording_put_into_an_empty_language_is_listed_as_native(folder: Sounds) -> None:
    folder.path(Language.KHMER, "home.speak").write_bytes(b"sound")
    folder.write_index({})
    assert listed(folder, Language.KHMER) == {"source": "native", "format": "ogg", "keys": ["home.speak"]}
    assert listed(folder, Language.LAO) == {"source": "none", "format": "ogg", "keys": []}


def test_a_synthetic_language_stays_synthetic_when_it_is_listed_again(folder: Sounds) -> None:
    folder.path(Language.ENGLISH, "home.speak").write_bytes(b"sound")
    folder.write_index({Language.ENGLISH: "synthetic"})
    folder.write_index({})
    assert listed(folder, Language.ENGLISH)["source"] == "synthetic"


def test_a_sound_of_no_label_is_not_listed(folder: Sounds) -> None:
    folder.path(Language.LAO, "home.gone").write_bytes(b"sound")
    folder.write_index({})
    assert listed(folder, Language.LAO)["keys"] == []
