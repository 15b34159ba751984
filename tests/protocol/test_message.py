"""What is inside the seal, and that its size says little."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import bundle as bundles
from protocol import limits
from protocol.bundle import Report
from protocol.errors import MalformedMessage, MalformedText, TooLarge
from protocol.frames import Priority
from protocol.ids import DeskKeyId, Instant, UnixSeconds
from protocol.message import (
    Body,
    Category,
    CheckIn,
    Message,
    Text,
    Voice,
    WellBeing,
    decode,
    encode,
    padded_size,
)
from protocol.priming import Language
from tests.memory_link import MESSAGE, Pair

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
BODIES: st.SearchStrategy[Body] = st.one_of(
    st.builds(Text, text=TEXTS),
    st.builds(
        Voice,
        packed=st.binary(min_size=1, max_size=500),
        note_id=st.just(b"") | st.binary(min_size=6, max_size=6),
    ),
    st.builds(
        CheckIn,
        well_being=st.sampled_from(WellBeing),
        answers=st.dictionaries(st.integers(0, 255), st.booleans(), max_size=20),
    ),
)
MESSAGES = st.builds(
    Message,
    created_at=st.integers(0, 2**40).map(UnixSeconds),
    language=st.sampled_from(Language),
    body=BODIES,
    mailbox_public=st.just(b"") | st.binary(min_size=32, max_size=32),
    categories=st.lists(st.sampled_from(Category), max_size=8).map(tuple),
)


@settings(deadline=None)
@given(MESSAGES, st.booleans())
def test_every_message_survives(message: Message, padded: bool) -> None:
    assert decode(encode(message, padded=padded)) == message


@given(st.binary(max_size=200))
def test_random_bytes_raise_only_the_declared_errors(data: bytes) -> None:
    try:
        decode(data)
    except (MalformedMessage, MalformedText):
        return


@settings(deadline=None)
@given(MESSAGES, st.data())
def test_changed_messages_raise_only_the_declared_errors(message: Message, data: st.DataObject) -> None:
    changed = bytearray(encode(message))
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, min(40, len(changed) - 1)))] = data.draw(st.integers(0, 255))
    try:
        decode(bytes(changed))
    except (MalformedMessage, MalformedText):
        return


@given(st.integers(1, 1_000_000))
def test_padding_leaves_few_sizes_and_costs_little(size_bytes: int) -> None:
    padded = padded_size(size_bytes)
    assert padded >= size_bytes
    assert padded_size(padded) == padded
    if size_bytes > limits.PADDED_MEDIUM_BYTES:
        assert padded < size_bytes * (1 + 2 / math.log2(size_bytes))
    if size_bytes > 4_000:
        assert padded < size_bytes * 1.07


def packet_of(message: Message, number: int) -> bytes:
    """Return the satellite message that carries it."""
    sealed = bytes(limits.SEAL_OVERHEAD_BYTES) + encode(message)
    bundle = Report(desk_key=DeskKeyId(b"desk"), origin_tag=bytes(8), sealed=sealed)
    pair = Pair()
    pair.vessel.offer(number, Priority.TEXT, bundles.encode(bundle))
    packet = pair.vessel.transmit(MESSAGE, Instant(0.0))
    assert packet is not None
    assert pair.vessel.transmit(MESSAGE, Instant(0.0)) is None
    return packet


MAILBOX = bytes(range(32))


@settings(deadline=None)
@given(st.sampled_from(WellBeing), st.dictionaries(st.integers(0, 127), st.booleans(), max_size=24))
def test_every_check_in_is_one_satellite_message_of_200_bytes(
    well_being: WellBeing, answers: dict[int, bool]
) -> None:
    message = Message(
        created_at=UnixSeconds(1_760_000_000),
        language=Language.KHMER,
        body=CheckIn(well_being=well_being, answers=answers),
        mailbox_public=MAILBOX,
    )
    assert len(packet_of(message, 300)) == 200
    assert len(packet_of(message, 3)) <= 200


@pytest.mark.parametrize("language", Language)
def test_a_report_of_200_characters_is_one_satellite_message_of_300_bytes_at_most(language: Language) -> None:
    path = Path(__file__).parent.parent / "data" / "reports" / f"{language.tag}.txt"
    for report in path.read_text(encoding="utf-8").splitlines():
        message = Message(
            created_at=UnixSeconds(1_760_000_000),
            language=language,
            body=Text(text=report[:200]),
            mailbox_public=MAILBOX,
            categories=(Category.UNPAID_WAGES, Category.PAPERS_KEPT, Category.ILLNESS),
        )
        assert len(packet_of(message, 300)) <= 300


def test_a_category_of_the_future_is_passed_over() -> None:
    message = Message(
        created_at=UnixSeconds(1), language=Language.ENGLISH, body=Text(text="x"), categories=(Category.DEAD,)
    )
    plain = encode(message).replace(bytes([0x91, Category.DEAD]), bytes([0x91, 99]))
    assert decode(plain).categories == ()


def test_what_is_too_large_is_refused_before_it_is_sealed() -> None:
    bodies: list[Body] = [Text(text="x" * 4_001), Voice(packed=bytes(limits.VOICE_PACKED_BYTES_MAX + 1))]
    for body in bodies:
        with pytest.raises(TooLarge):
            encode(Message(created_at=UnixSeconds(1), language=Language.ENGLISH, body=body))
    with pytest.raises(TooLarge):
        encode(
            Message(
                created_at=UnixSeconds(1),
                language=Language.ENGLISH,
                body=Text(text="x"),
                categories=(Category.DEBT,) * 9,
            )
        )
