"""What one side still has to send, and what it believes the other holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from protocol.errors import QueueFull, TooLarge
from protocol.events import BundleRefused, CustodyAccepted, NumberTaken
from protocol.fragment import RangeSet
from protocol.frames import Ack, Priority, Refusal, Refuse, Resync
from protocol.ids import Instant
from protocol.journal import MemoryJournal, OutgoingAcked, OutgoingSettled
from protocol.outbox import Outbox, Outgoing, Piece

NOW = Instant(0.0)


def sent(outbox: Outbox, number: int, start: int, end: int) -> Piece:
    """Do what the scheduler does with bytes that leave."""
    outgoing = outbox.get(number)
    assert outgoing is not None
    outgoing.begun = True
    outgoing.claimed.add(start, end)
    return Piece(number, start, end)


def gap(outbox: Outbox, number: int) -> tuple[int, int] | None:
    outgoing = outbox.get(number)
    assert outgoing is not None
    return outgoing.next_gap()


def test_bytes_that_a_restored_peer_lost_are_sent_again() -> None:
    outbox = Outbox(MemoryJournal())
    outbox.offer(1, Priority.TEXT, bytes(100))
    sent(outbox, 1, 0, 80)
    outbox.on_ack(Ack(number=1, end=80))
    outbox.on_resync(Resync(partial=(Ack(number=1, end=30),)))
    assert gap(outbox, 1) == (30, 100)


def test_a_restored_peer_that_holds_nothing_gets_everything_again() -> None:
    journal = MemoryJournal()
    outbox = Outbox(journal)
    outbox.offer(1, Priority.TEXT, bytes(100), begun=True, acked=[(0, 80)])
    outbox.on_resync(Resync())
    assert gap(outbox, 1) == (0, 100)
    assert OutgoingAcked(number=1, ranges=()) in journal.drain()


def test_an_incomplete_account_takes_back_only_what_it_denies() -> None:
    outbox = Outbox(MemoryJournal())
    outbox.offer(1, Priority.TEXT, bytes(100), begun=True, acked=[(0, 50), (60, 80)])
    outbox.offer(2, Priority.TEXT, bytes(100), begun=True, acked=[(0, 100)])
    outbox.on_resync(Resync(partial=(Ack(number=1, end=40),), complete=False))
    assert outbox.get(1) is not None
    assert gap(outbox, 1) == (50, 60), "what lies behind the last range named may be held"
    assert gap(outbox, 2) is None


def test_nothing_in_doubt_is_sent_before_the_peer_has_spoken() -> None:
    outbox = Outbox(MemoryJournal())
    outbox.offer(1, Priority.TEXT, bytes(100), begun=True, acked=[(0, 30)])
    assert outbox.in_doubt()
    assert gap(outbox, 1) is None
    outbox.on_resync(Resync(partial=(Ack(number=1, end=70),)))
    assert gap(outbox, 1) == (70, 100)
    assert not outbox.in_doubt()


def test_a_receipt_settles_only_what_was_begun() -> None:
    journal = MemoryJournal()
    outbox = Outbox(journal)
    outbox.offer(1, Priority.TEXT, bytes(10))
    outbox.offer(2, Priority.TEXT, bytes(10))
    sent(outbox, 1, 0, 10)
    assert outbox.on_receipt([(1, 9)]) == [CustodyAccepted(number=1), NumberTaken(number=2, highest=8)]
    assert journal.drain() == [OutgoingSettled(number=1)]
    assert not len(outbox)


def test_a_refused_bundle_stays_and_is_tried_anew_after_its_pause() -> None:
    outbox = Outbox(MemoryJournal())
    outbox.offer(1, Priority.TEXT, bytes(10))
    sent(outbox, 1, 0, 10)
    events = outbox.on_refuse(Refuse(number=1, reason=Refusal.BUSY), NOW)
    assert events == [BundleRefused(number=1, reason=Refusal.BUSY)]
    assert outbox.next_to_send(NOW) is None
    assert outbox.pause_deadline(NOW) == 60.0
    again = outbox.next_to_send(Instant(60.0))
    assert again is not None
    assert again.next_gap() == (0, 10)


def test_a_peer_that_stays_full_is_asked_ever_less_often() -> None:
    outbox = Outbox(MemoryJournal())
    outbox.offer(1, Priority.TEXT, bytes(10))
    now, pauses = 0.0, []
    for _ in range(12):
        sent(outbox, 1, 0, 10)
        outbox.on_refuse(Refuse(number=1, reason=Refusal.BUSY), Instant(now))
        # The same refusal comes by another link while the bundle waits already.
        outbox.on_refuse(Refuse(number=1, reason=Refusal.BUSY), Instant(now + 1))
        until = outbox.pause_deadline(Instant(now))
        assert until is not None
        pauses.append(until - now)
        now = until
    assert pauses[:9] == [60.0 * 2**turn for turn in range(9)]
    assert pauses[9:] == [21_600.0] * 3


def test_a_restarted_sender_does_not_wait_as_long_as_its_last_life_did() -> None:
    journal = MemoryJournal()
    for _ in range(3):
        outbox = Outbox(journal)
        outbox.offer(1, Priority.TEXT, bytes(10), begun=True)
        outbox.on_refuse(Refuse(number=1, reason=Refusal.BUSY), NOW)
        assert outbox.pause_deadline(NOW) == 60.0


def test_urgent_goes_first_and_is_taken_into_a_full_queue() -> None:
    outbox = Outbox(MemoryJournal())
    for number in range(1, limits.BUNDLES_OFFERED_MAX + 1):
        outbox.offer(number, Priority.CLEAR_VOICE, bytes(10))
    with pytest.raises(QueueFull):
        outbox.offer(900, Priority.CHECK_IN, bytes(10))
    outbox.offer(999, Priority.URGENT, bytes(10))
    first = outbox.next_to_send(NOW)
    assert first is not None
    assert first.number == 999


@pytest.mark.parametrize("size_bytes", [0, limits.BUNDLE_BYTES_MAX + 1])
def test_a_bundle_of_no_size_or_too_large_is_refused_at_once(size_bytes: int) -> None:
    with pytest.raises(TooLarge):
        Outbox(MemoryJournal()).offer(1, Priority.TEXT, bytes(size_bytes))


PLACES = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from(Priority), st.booleans()),
    max_size=30,
    unique_by=lambda p: p[0],
)


@given(PLACES, st.data())
def test_whatever_comes_and_goes_the_oldest_of_the_highest_priority_goes_first(
    places: list[tuple[int, Priority, bool]], data: st.DataObject
) -> None:
    outbox = Outbox(MemoryJournal())
    held: dict[int, Priority] = {}
    for number, priority, leaves in places:
        outbox.offer(number, priority, b"bundle")
        held[number] = priority
        if leaves:
            gone = data.draw(st.sampled_from(sorted(held)))
            outbox.withdraw(gone)
            del held[gone]
    line = sorted((priority, number) for number, priority in held.items())
    urgent = [number for priority, number in line if priority is Priority.URGENT]
    assert [each.number for each in outbox.urgent()] == urgent
    for _, number in line:
        following = outbox.next_to_send(NOW)
        assert following is not None
        assert following.number == number
        outbox.withdraw(number)
    assert outbox.next_to_send(NOW) is None


RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


@given(RANGES, RANGES)
def test_the_next_gap_is_the_first_run_that_nobody_has_or_waits_for(
    acked: list[tuple[int, int]], claimed: list[tuple[int, int]]
) -> None:
    outgoing = Outgoing(
        number=1, priority=Priority.TEXT, data=bytes(60), acked=RangeSet(acked), claimed=RangeSet(claimed)
    )
    free = [at for at in range(60) if not any(start <= at < end for start, end in (*acked, *claimed))]
    run = [at for index, at in enumerate(free) if at == free[0] + index]
    assert outgoing.next_gap() == ((run[0], run[-1] + 1) if run else None)
