"""What goes into one packet."""

from hypothesis import given
from hypothesis import strategies as st

from protocol.contact import Contact
from protocol.frames import More, Next, Priority, Start, decode_all
from protocol.ids import Instant
from protocol.journal import MemoryJournal, OutgoingBegun
from protocol.linkguard import GuardState, LinkGuard
from protocol.links import LinkProfile, Side
from protocol.outbox import Outbox
from protocol.scheduler import PIECE_BYTES_MIN, fill
from tests.memory_link import DATAGRAM, SECRET, STREAM

NOW = Instant(0.0)


def ready(link: LinkProfile) -> tuple[Contact, Outbox, MemoryJournal]:
    journal = MemoryJournal()
    guard = LinkGuard(GuardState(secret=SECRET), Side.VESSEL, lambda _state: None)
    return Contact(link, Side.VESSEL, guard, NOW), Outbox(journal), journal


CARGO = st.lists(st.tuples(st.sampled_from(Priority), st.integers(1, 2_000)), min_size=1, max_size=6)


@given(CARGO, st.integers(40, 1_500), st.sampled_from([STREAM, DATAGRAM]))
def test_packets_fit_and_carry_every_byte_once(
    cargo: list[tuple[Priority, int]], room_bytes: int, link: LinkProfile
) -> None:
    contact, outbox, journal = ready(link)
    for number, (priority, size_bytes) in enumerate(cargo, 1):
        outbox.offer(number, priority, bytes([number]) * size_bytes)
    carried: dict[int, bytes] = {}
    position = (0, 0)
    while outbox.next_to_send(NOW) is not None:
        said, pieces = fill(contact, outbox, room_bytes, NOW, empty=True)
        assert 0 < len(said) <= room_bytes
        for frame, piece in zip(decode_all(said), pieces, strict=True):
            assert isinstance(frame, Start | More | Next)
            if isinstance(frame, Next):
                assert position == (piece.number, piece.start)
            position = (piece.number, piece.end)
            assert len(carried.get(piece.number, b"")) == piece.start
            carried[piece.number] = carried.get(piece.number, b"") + frame.data
    assert carried == {number: bytes([number]) * size for number, (_, size) in enumerate(cargo, 1)}
    begun = [change.number for change in journal.drain() if isinstance(change, OutgoingBegun)]
    assert sorted(begun) == list(range(1, len(cargo) + 1))


def test_a_scrap_goes_only_into_an_empty_packet() -> None:
    contact, outbox, _ = ready(STREAM)
    outbox.offer(1, Priority.TEXT, bytes(500))
    assert fill(contact, outbox, PIECE_BYTES_MIN, NOW, empty=False) == (b"", [])
    said, _ = fill(contact, outbox, PIECE_BYTES_MIN, NOW, empty=True)
    assert said


def test_nothing_goes_behind_an_urgent_bundle_in_its_packet() -> None:
    contact, outbox, _ = ready(STREAM)
    outbox.offer(1, Priority.CLEAR_VOICE, bytes(500))
    outbox.offer(2, Priority.URGENT, bytes(100))
    outbox.offer(3, Priority.URGENT, bytes(100))
    _, pieces = fill(contact, outbox, 1_000, NOW, empty=True)
    assert [piece.number for piece in pieces] == [2, 3]
