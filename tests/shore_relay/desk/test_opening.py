"""Hostile bytes: whatever comes is kept with a reason, and nothing it holds can stop the desk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import bundle as bundles
from protocol.bundle import Mail, Report
from protocol.deskkeys import DeskKey
from protocol.documents import MalformedDocument
from protocol.errors import MalformedVoice
from protocol.frames import Priority
from protocol.ids import DeskKeyId, MailboxId, UnixSeconds
from protocol.message import Category
from protocol.priming import Language
from protocol.provisioning import DeskCard
from protocol.seal import new_private_key
from protocol.voicepack import VoiceCodec, VoiceNote, pack_voice, unpack_voice
from shore_relay.desk.content import Content, ContentKind, read_content, write_content
from shore_relay.desk.opening import open_arrival
from shore_relay.desk.people.keys import DeskKeys, Epoch
from shore_relay.desk.sound import SoundShelf, wav_of
from tests.shore_relay.desk.boat import Boat

EPOCH = Epoch(private=new_private_key(), not_before=UnixSeconds(0), not_after=UnixSeconds(2**40))
KEYS = DeskKeys(name="Test", signing_private=bytes(32), store_keys=(bytes(32),), epochs=(EPOCH,))
CARD = DeskCard(
    name="Test",
    signing_public=bytes(32),
    keys=(DeskKey(public=EPOCH.key.public, not_before=EPOCH.not_before, not_after=EPOCH.not_after),),
)


@given(st.binary(max_size=300))
def test_no_bytes_inside_a_bundle_stop_the_desk(data: bytes) -> None:
    boat = Boat(CARD)

    arrival = open_arrival(boat.item(data), KEYS)

    assert arrival.bundle is not None or arrival.fault


@given(st.binary(max_size=300))
def test_no_bytes_inside_a_seal_stop_the_desk(plain: bytes) -> None:
    arrival = open_arrival(Boat(CARD).sealed(plain), KEYS)

    assert arrival.content is not None or arrival.fault


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_what_is_stored_of_a_message_reads_back_the_same(text: str) -> None:
    arrival = open_arrival(Boat(CARD).text(text, mailbox=False), KEYS)

    assert arrival.content is not None
    assert read_content(write_content(arrival.content)) == arrival.content
    assert arrival.content.text == text


@pytest.mark.parametrize(
    ("written", "damaged"),
    [
        (b'"kind": "text"', b'"kind": "song"'),
        (b'"number": 1', b'"number": 255'),
        (b'"yes": 1', b'"yes": 2'),
        (b'"yes": 1', b'"yes": 1, "no": 0'),
    ],
)
def test_a_stored_message_that_was_damaged_is_refused_in_an_orderly_way(
    written: bytes, damaged: bytes
) -> None:
    content = Content(
        kind=ContentKind.TEXT,
        created_at=UnixSeconds(0),
        language=Language.THAI,
        categories=(Category.UNPAID_WAGES,),
        answers={1: True},
    )
    document = write_content(content)
    assert written in document
    with pytest.raises(MalformedDocument):
        read_content(document.replace(written, damaged))


def test_each_way_of_not_opening_has_its_own_reason() -> None:
    boat = Boat(CARD)
    sealed = b"\x00" * 80
    unknown = Report(desk_key=DeskKeyId(b"none"), origin_tag=bytes(8), sealed=sealed)
    damaged = Report(desk_key=EPOCH.id, origin_tag=bytes(8), sealed=sealed)
    mail = Mail(mailbox=MailboxId(bytes(16)), desk_key=EPOCH.id, tag=bytes(16), sealed=sealed)

    faults = [open_arrival(boat.item(bundles.encode(b)), KEYS).fault for b in (unknown, damaged, mail)]

    assert faults == ["unknown-desk-key", "cannot-open", "unexpected-kind"]


def test_a_message_moved_to_another_vessel_does_not_open() -> None:
    moved = Boat(CARD, identity=1).text("mine", mailbox=False)
    other = Boat(CARD, identity=2).item(moved.bundle, Priority.TEXT)

    assert open_arrival(other, KEYS).fault == "cannot-open"


def test_a_note_without_sound_or_with_damaged_packets_is_not_played() -> None:
    empty = pack_voice(VoiceNote(codec=VoiceCodec.CODEC2_2400, frames=()))
    damaged = pack_voice(VoiceNote(codec=VoiceCodec.OPUS_NARROWBAND_60MS, frames=(b"\xff" * 40,)))

    for packed in (empty, damaged):
        with pytest.raises(MalformedVoice):
            wav_of(packed)


def test_a_thin_note_is_kept_ready_to_be_played_and_a_clear_one_as_it_came() -> None:
    boat = Boat(CARD)

    thin, clear = (open_arrival(boat.voice(codec), KEYS) for codec in list(VoiceCodec)[:2])

    note = unpack_voice(thin.voice)
    assert thin.kept_voice[1:] == b"".join(note.frames)
    assert len(wav_of(thin.kept_voice)) == len(wav_of(thin.voice))
    assert clear.kept_voice == clear.voice


def test_a_player_that_asks_twice_gets_the_same_samples() -> None:
    shelf = SoundShelf()
    packed = pack_voice(VoiceNote(codec=VoiceCodec.CODEC2_2400, frames=(b"\x5a" * 6,) * 50))

    assert shelf.wav(packed) == shelf.wav(packed)
