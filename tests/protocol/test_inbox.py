"""What one side holds, and what it owes for it."""

from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from protocol.bundle import Bundle, Kind
from protocol.events import BundleArrived
from protocol.frames import Ack, Priority, Receipt, Refusal, Refuse, Resync, decode_all
from protocol.ids import Instant
from protocol.inbox import Inbox
from protocol.journal import BundleTaken, FragmentHeld, FragmentsDropped, HeldFragment, MemoryJournal
from tests.memory_link import DATAGRAM, MESSAGE, STREAM, admit_all
from tests.protocol.passage import mail, report

NOW = Instant(100.0)


def made(journal: MemoryJournal, refusal: Refusal | None = None) -> Inbox:
    def admit(_number: int, _bundle: Bundle) -> Refusal | None:
        return refusal

    return Inbox(taken=(), fragments=(), journal=journal, admit=admit, kinds=frozenset({Kind.REPORT}))


def test_a_whole_bundle_is_taken_and_owed_a_receipt_at_once() -> None:
    journal = MemoryJournal()
    inbox = made(journal)
    data = report(100)
    (event,) = inbox.take(5, 0, data, NOW, (len(data), Priority.TEXT))
    assert isinstance(event, BundleArrived)
    assert [type(change) for change in journal.drain()] == [BundleTaken]
    assert inbox.answer_due(NOW, MESSAGE)
    assert list(decode_all(inbox.answers(100))) == [Receipt(numbers=((5, 6),))]
    assert inbox.deadline(STREAM) is None


def test_a_bundle_that_comes_again_is_owed_its_receipt_again_and_nothing_else() -> None:
    inbox = made(MemoryJournal())
    data = report(100)
    inbox.take(5, 0, data, NOW, (len(data), Priority.TEXT))
    inbox.answers(100)
    assert inbox.take(5, 0, data, NOW, (len(data), Priority.TEXT)) == []
    assert inbox.duplicate_bytes == len(data)
    assert list(decode_all(inbox.answers(100))) == [Receipt(numbers=((5, 6),))]


def test_an_acknowledgement_waits_unless_enough_or_the_end_has_come() -> None:
    inbox = made(MemoryJournal())
    inbox.take(1, 0, bytes(100), NOW, (10_000, Priority.TEXT))
    assert inbox.deadline(DATAGRAM) == NOW + limits.ACK_DELAY_S
    assert inbox.deadline(MESSAGE) is None
    inbox.take(1, 100, bytes(limits.ACK_BYTES), NOW, None)
    assert inbox.deadline(DATAGRAM) == NOW
    assert list(decode_all(inbox.answers(100))) == [Ack(number=1, end=100 + limits.ACK_BYTES)]
    inbox.take(1, 9_999, b"x", NOW, None)
    assert inbox.answer_due(NOW, DATAGRAM), "the end came, so what is missing is lost"


def test_a_bundle_that_is_not_admitted_or_of_the_wrong_kind_is_forgotten_and_refused() -> None:
    for refusal, data, reason in (
        (Refusal.UNKNOWN_DESK, report(100), Refusal.UNKNOWN_DESK),
        (None, mail(100), Refusal.MALFORMED),
        (None, b"\xff", Refusal.MALFORMED),
    ):
        journal = MemoryJournal()
        inbox = made(journal, refusal)
        assert inbox.take(1, 0, data, NOW, (len(data), Priority.TEXT)) == []
        assert journal.drain() == [FragmentsDropped(number=1)]
        assert list(decode_all(inbox.answers(100))) == [Refuse(number=1, reason=reason)]


@given(st.permutations(range(6)), st.integers(1, 40))
def test_pieces_survive_a_restart_at_any_moment(order: list[int], size_bytes: int) -> None:
    journal = MemoryJournal()
    inbox = made(journal)
    data = report(6 * size_bytes)
    pieces = [(start, data[start : start + len(data) // 5]) for start in range(0, len(data), len(data) // 5)]
    arrived = []
    fragments: list[FragmentHeld] = []
    for at in order:
        if at >= len(pieces):
            continue
        start, piece = pieces[at]
        first = (len(data), Priority.URGENT) if start == 0 else None
        arrived += inbox.take(1, start, piece, NOW, first)
        fragments += [change for change in journal.drain() if isinstance(change, FragmentHeld)]
        if arrived:
            break
        held = [
            HeldFragment(
                number=1,
                total_bytes=change.total_bytes,
                priority=change.priority,
                offset=change.offset,
                data=change.data,
            )
            for change in fragments
        ]
        inbox = Inbox(taken=(), fragments=held, journal=journal, admit=admit_all, kinds=frozenset(Kind))
    assert [(event.number, event.priority) for event in arrived if isinstance(event, BundleArrived)] == [
        (1, Priority.URGENT)
    ]


def test_an_account_names_everything_and_settles_it() -> None:
    inbox = made(MemoryJournal())
    data = report(100)
    for number in (1, 2, 4):
        inbox.take(number, 0, data, NOW, (len(data), Priority.TEXT))
    inbox.take(3, 10, bytes(10), NOW, None)
    (said,) = decode_all(inbox.resync(reply_wanted=True, room_bytes=100))
    assert said == Resync(
        reply_wanted=True, floor=2, beyond=((4, 5),), partial=(Ack(number=3, end=0, beyond=((10, 20),)),)
    )
    assert inbox.deadline(STREAM) is None


def test_an_account_without_room_for_all_says_so_and_goes_on_owing_the_rest() -> None:
    inbox = made(MemoryJournal())
    data = report(100)
    for number in range(2, 60, 2):
        inbox.take(number, 0, data, NOW, (len(data), Priority.TEXT))
    (said,) = decode_all(inbox.resync(reply_wanted=False, room_bytes=30))
    assert isinstance(said, Resync)
    assert not said.complete
    assert said.beyond[0] == (2, 3)
    (rest,) = decode_all(inbox.answers(1_000))
    assert isinstance(rest, Receipt)
    assert rest.numbers[0][0] > said.beyond[-1][0]
