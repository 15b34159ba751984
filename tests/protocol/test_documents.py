"""The documents that people carry and programs exchange."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from protocol.deskfeed import (
    Dispatch,
    FeedItem,
    FeedPage,
    ItemKind,
    read_dispatch,
    read_page,
    write_dispatch,
    write_page,
)
from protocol.deskkeys import DeskKey
from protocol.documents import MalformedDocument
from protocol.frames import Priority
from protocol.ids import UnixSeconds, VesselId
from protocol.provisioning import (
    BearerKind,
    DeskCard,
    Provisioning,
    RelayAddress,
    read_card,
    read_provisioning,
    write_card,
    write_provisioning,
)


def exactly(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


TIMES = st.integers(0, 2**40).map(UnixSeconds)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
DESK_KEYS = st.builds(DeskKey, public=exactly(32), not_before=TIMES, not_after=TIMES)
CARDS = st.builds(
    DeskCard, name=NAMES, signing_public=exactly(32), keys=st.lists(DESK_KEYS, max_size=8).map(tuple)
)
ADDRESSES = st.builds(RelayAddress, kind=st.sampled_from(BearerKind), url=NAMES)
PROVISIONINGS = st.builds(
    Provisioning,
    vessel=exactly(8).map(VesselId),
    vessel_name=NAMES,
    issued_at=TIMES,
    link_secret=exactly(32),
    relay_public=exactly(32),
    addresses=st.lists(ADDRESSES, max_size=4).map(tuple),
    desk=CARDS,
)


@st.composite
def items(draw: st.DrawFn) -> FeedItem:
    kind = draw(st.sampled_from(ItemKind))
    return FeedItem(
        cursor=draw(st.integers(0, 2**53)),
        kind=kind,
        vessel=VesselId(draw(exactly(8))),
        vessel_name=draw(NAMES),
        at=draw(TIMES),
        number=draw(st.integers(0, limits.BUNDLE_NUMBER_MAX)),
        priority=draw(st.sampled_from(Priority)),
        bearer=draw(NAMES),
        bundle=draw(st.binary(max_size=200)),
        ref=draw(exactly(16)) if kind is ItemKind.DELIVERED else b"",
    )


PAGES = st.lists(items(), max_size=3).map(lambda drawn: FeedPage(items=tuple(drawn)))
DISPATCHES = st.builds(
    Dispatch, ref=exactly(16), priority=st.sampled_from(Priority), bundle=st.binary(max_size=200)
)


@given(CARDS, PROVISIONINGS, PAGES, DISPATCHES)
def test_every_document_survives(
    card: DeskCard, provisioning: Provisioning, page: FeedPage, dispatch: Dispatch
) -> None:
    assert read_card(write_card(card)) == card
    assert read_provisioning(write_provisioning(provisioning)) == provisioning
    assert read_page(write_page(page)) == page
    assert read_dispatch(write_dispatch(dispatch)) == dispatch


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
READERS = (read_card, read_provisioning, read_page, read_dispatch)


@given(st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
def test_random_documents_raise_only_the_declared_error(data: bytes) -> None:
    for read in READERS:
        with pytest.raises(MalformedDocument):
            read(data)


@given(PROVISIONINGS, PAGES, DISPATCHES, st.data())
def test_a_document_with_one_strange_value_raises_only_the_declared_error(
    provisioning: Provisioning, page: FeedPage, dispatch: Dispatch, data: st.DataObject
) -> None:
    for read, written in (
        (read_provisioning, write_provisioning(provisioning)),
        (read_page, write_page(page)),
        (read_dispatch, write_dispatch(dispatch)),
    ):
        document = json.loads(written)
        place = document
        while isinstance(place, dict | list) and place:
            key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
                place = place[key]
                continue
            place[key] = data.draw(JSON)
            break
        try:
            read(json.dumps(document).encode())
        except MalformedDocument:
            continue


def test_an_extra_and_a_missing_key_are_named() -> None:
    dispatch = Dispatch(ref=bytes(16), priority=Priority.TEXT, bundle=b"x")
    document = json.loads(write_dispatch(dispatch))
    with pytest.raises(MalformedDocument, match="colour"):
        read_dispatch(json.dumps(document | {"colour": 1}).encode())
    del document["ref"]
    with pytest.raises(MalformedDocument, match="ref"):
        read_dispatch(json.dumps(document).encode())


@pytest.mark.parametrize("key", ["\ud800", "x" * 100_000, "\x1b[31mred", "line\nbreak"])
def test_a_strange_key_is_named_in_a_sentence_that_can_be_shown(key: str) -> None:
    with pytest.raises(MalformedDocument, match="a key that is not known") as refusal:
        read_dispatch(json.dumps({"ref": "00" * 16, "priority": 0, "bundle": "", key: 1}).encode())
    sentence = str(refusal.value)
    sentence.encode()
    assert len(sentence) < 200
    assert sentence.isprintable()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ref", "zz" * 16),
        ("ref", "00 " * 16),
        ("ref", 5),
        ("bundle", "a!b"),
        ("bundle", "YR"),  # Bits are set that stand for nothing.
        ("bundle", "ü"),
        ("priority", 5),
        ("priority", True),
        ("priority", "2"),
    ],
)
def test_a_value_that_is_not_what_its_key_demands_is_refused(key: str, value: object) -> None:
    document = json.loads(write_dispatch(Dispatch(ref=bytes(16), priority=Priority.TEXT, bundle=b"x")))
    with pytest.raises(MalformedDocument, match=key):
        read_dispatch(json.dumps(document | {key: value}).encode())


def test_half_a_surrogate_pair_cannot_enter_by_a_name() -> None:
    card = DeskCard(name="name", signing_public=bytes(32), keys=())
    with pytest.raises(MalformedDocument, match="name"):
        read_card(write_card(card).replace(b'"name": "name"', b'"name": "\\ud800"'))


def test_documents_of_another_kind_and_unknown_bearers_are_named() -> None:
    card = write_card(DeskCard(name="name", signing_public=bytes(32), keys=()))
    with pytest.raises(MalformedDocument, match="seavoice desk card 1"):
        read_provisioning(card)
    with pytest.raises(MalformedDocument, match="JSON"):
        read_card(b"[" * 100_000)
