"""One contact: its pace, and what its silences and acknowledgements say of what is on its way."""

from dataclasses import replace

from protocol.contact import PACE_AHEAD_S, REORDER_PACKETS, STREAM_PACE, Contact
from protocol.frames import Ack
from protocol.ids import Instant
from protocol.linkguard import GuardState, LinkGuard
from protocol.links import LinkProfile, Side
from protocol.outbox import Piece
from tests.memory_link import DATAGRAM, MESSAGE, SECRET, STREAM


def made(link: LinkProfile) -> Contact:
    guard = LinkGuard(GuardState(secret=SECRET), Side.VESSEL, lambda _state: None)
    return Contact(link, Side.VESSEL, guard, Instant(0.0))


def flying(contact: Contact, count: int) -> None:
    for at in range(count):
        contact.on_sent(100, [Piece(1, at * 100, at * 100 + 100)], Instant(float(at)))


def test_a_datagram_is_lost_only_when_enough_later_ones_arrived() -> None:
    contact = made(DATAGRAM)
    flying(contact, 5)
    assert contact.on_ack(Ack(number=1, end=0, beyond=((100, 300),))) == []
    lost = contact.on_ack(Ack(number=1, end=0, beyond=((100, 400),)))
    assert lost == [Piece(1, 0, 100)]
    assert REORDER_PACKETS == 2
    assert list(contact.in_flight()) == [Piece(1, 400, 500)]


def test_an_acknowledgement_of_another_bundle_loses_nothing_on_a_stream() -> None:
    contact = made(STREAM)
    flying(contact, 5)
    assert contact.on_ack(Ack(number=1, end=0, beyond=((400, 500),))) == []
    assert len(list(contact.in_flight())) == 4


def test_what_an_answer_to_a_question_does_not_name_is_lost_and_later_bytes_are_not() -> None:
    contact = made(DATAGRAM)
    flying(contact, 2)
    contact.on_asked(Instant(2.0))
    flying(contact, 3)
    flying_after = list(contact.in_flight())[3:]
    assert len(contact.missed()) == 3, "the packet that asked counts as sent before the question"
    assert list(contact.in_flight()) == flying_after
    assert contact.missed() == [], "an answer without a question denies nothing"


def test_packets_keep_the_pace_of_the_link() -> None:
    contact = made(replace(DATAGRAM, rate_up_bps=2_400.0))
    contact.on_sent(300, [], Instant(0.0))
    assert contact.may_send_at() == 1.0 - PACE_AHEAD_S
    contact.on_sent(300, [], Instant(0.75))
    assert contact.may_send_at() == 2.0 - PACE_AHEAD_S


def test_a_stream_is_filled_a_little_slower_than_its_number_says() -> None:
    contact = made(replace(STREAM, rate_up_bps=2_400.0))
    contact.on_sent(298, [], Instant(0.0))
    assert contact.may_send_at() == 1.0 / STREAM_PACE - PACE_AHEAD_S
    assert contact.may_send_at() > 1.0 - PACE_AHEAD_S


def test_the_window_closes_when_too_much_is_on_its_way_and_opens_again() -> None:
    contact = made(replace(DATAGRAM, rate_up_bps=2_400.0))
    contact.on_sent(100, [Piece(1, 0, 9_600)], Instant(0.0))
    assert not contact.window_open()
    assert contact.overdue_at() is not None
    contact.on_ack(Ack(number=1, end=9_600))
    assert contact.window_open()


def test_silence_means_something_else_on_each_kind_of_link() -> None:
    for link in (STREAM, DATAGRAM, MESSAGE):
        contact = made(link)
        assert contact.give_up_at(tail=True) is None
        assert contact.stalled_at() is None
        contact.on_sent(100, [Piece(1, 0, 100)], Instant(5.0))
        give_up_at = contact.give_up_at(tail=True)
        if link is STREAM:
            assert give_up_at is None
            assert contact.stalled_at() == 5.0 + 8.0 + 4.0 + 30.0
        else:
            assert give_up_at == 5.0 + (1.75 if link is DATAGRAM else 1_800.0)
            assert contact.give_up() == [Piece(1, 0, 100)]
            assert contact.give_up_at(tail=True) is None


def test_questions_on_a_datagram_link_become_rarer_up_to_a_minute() -> None:
    contact = made(DATAGRAM)
    now, waits = Instant(0.0), []
    for _ in range(10):
        contact.on_asked(now)
        waits.append(contact.ask_at() - now)
        now = contact.ask_at()
    assert waits == sorted(waits)
    assert waits[0] == 1.75
    assert waits[-1] == 60.0
