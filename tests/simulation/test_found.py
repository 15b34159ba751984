"""What the simulation found, each as the shortest story that once went wrong."""

from dataclasses import replace

from protocol.bundle import Mail, Report, encode
from protocol.events import NumberTaken, PacketRefused
from protocol.frames import Ack, Priority, Refusal, Refuse, Resync
from protocol.ids import DeskKeyId, Instant, MailboxId
from protocol.inbox import Inbox
from protocol.journal import FragmentsDropped, MemoryJournal, OutgoingAcked
from protocol.linkguard import Form, read_flags, unknown_key_hint
from protocol.outbox import Outbox
from protocol.rekey import open_request
from tests.memory_link import DATAGRAM, MESSAGE, RELAY_PRIVATE, STREAM, Pair, admit_all

REPORT = encode(Report(desk_key=DeskKeyId(bytes(4)), origin_tag=bytes(8), sealed=bytes(100)))
MAIL = encode(
    Mail(mailbox=MailboxId(bytes(16)), desk_key=DeskKeyId(bytes(4)), tag=bytes(16), sealed=bytes(100))
)
LONG_AGO = -1_000_000.0


def test_a_refused_bundle_without_any_contact_gives_no_deadline() -> None:
    pair = Pair()
    pair.relay.contact_opened(DATAGRAM, Instant(0))
    outbox = pair.relay._outbox
    outbox.offer(1, Priority.TEXT, REPORT, begun=True)
    outbox.on_refuse(Refuse(number=1, reason=Refusal.BUSY), Instant(0))
    assert pair.relay.deadline() is not None
    pair.relay.contact_closed(DATAGRAM, Instant(0))
    assert pair.relay.deadline() is None


def test_a_clock_that_began_below_zero_delays_no_answer() -> None:
    pair = Pair()
    pair.vessel.offer(1, Priority.TEXT, REPORT)
    pair.vessel.contact_opened(STREAM, Instant(LONG_AGO))
    pair.relay.contact_opened(STREAM, Instant(LONG_AGO))
    pair.exchange(STREAM, LONG_AGO)
    assert pair.vessel.queued == 0


def test_a_clock_that_began_below_zero_delays_no_rekey() -> None:
    pair = Pair()
    pair.vessel.contact_opened(DATAGRAM, Instant(LONG_AGO))
    pair.vessel.receive(unknown_key_hint(pair.vessel.key_ids()[0]), DATAGRAM, Instant(LONG_AGO))
    request = pair.vessel.transmit(DATAGRAM, Instant(LONG_AGO))
    assert request is not None
    open_request(request, RELAY_PRIVATE)


def test_acknowledgements_that_cover_a_bundle_without_receipt_are_doubted() -> None:
    # The peer refused the bundle and let go of it; then an acknowledgement from before came by a slow link.
    journal = MemoryJournal()
    outbox = Outbox(journal)
    outbox.offer(1, Priority.TEXT, bytes(1_000), begun=True)
    outbox.release_doubt()
    outbox.on_refuse(Refuse(number=1, reason=Refusal.BUSY), Instant(0))
    outbox.on_ack(Ack(number=1, end=600))
    held_now = Ack(number=1, end=0, beyond=((600, 1_000),))
    outbox.on_ack(held_now)
    assert outbox.in_doubt()
    assert journal.drain()[-1] == OutgoingAcked(number=1, ranges=())
    outbox.on_resync(Resync(partial=(held_now,)))
    outgoing = outbox.get(1)
    assert outgoing is not None
    assert outgoing.next_gap() == (0, 600)


def test_a_number_of_which_the_peer_holds_pieces_is_not_given_to_another_bundle() -> None:
    outbox = Outbox(MemoryJournal())
    outbox.offer(4, Priority.TEXT, bytes(50))
    events = outbox.on_resync(Resync(floor=3, beyond=((6, 7),), partial=(Ack(number=4, end=20),)))
    assert events == [NumberTaken(number=4, highest=6)]
    assert 4 not in outbox


def test_a_sender_that_begins_another_bundle_under_a_number_is_refused_and_not_for_ever() -> None:
    journal = MemoryJournal()
    kinds = frozenset({Report.KIND})
    inbox = Inbox(taken=(), fragments=(), journal=journal, admit=admit_all, kinds=kinds)
    inbox.take(1, 0, bytes(10), Instant(0), (500, Priority.TEXT))
    journal.drain()
    assert inbox.take(1, 0, REPORT[:10], Instant(0), (len(REPORT), Priority.TEXT)) == []
    assert journal.drain() == [FragmentsDropped(number=1)]
    assert inbox.answer_due(Instant(0), STREAM)
    arrived = inbox.take(1, 0, REPORT, Instant(60), (len(REPORT), Priority.TEXT))
    assert [type(event).__name__ for event in arrived] == ["BundleArrived"]


def test_cuts_of_idle_contacts_do_not_ask_for_new_keys() -> None:
    pair = Pair()
    for turn in range(10):
        pair.vessel.contact_opened(STREAM, Instant(turn))
        greeting = pair.vessel.transmit(STREAM, Instant(turn))
        assert greeting is not None
        assert read_flags(greeting)[0] is Form.NAMED
        pair.vessel.contact_closed(STREAM, Instant(turn))


def test_an_opened_packet_ends_the_wish_for_new_keys() -> None:
    pair = Pair()
    pair.vessel.offer(1, Priority.TEXT, REPORT)
    pair.vessel.contact_opened(DATAGRAM, Instant(0))
    packet = pair.vessel.transmit(DATAGRAM, Instant(0))
    assert packet is not None
    pair.relay.receive(packet, DATAGRAM, Instant(0))
    answer = pair.relay.transmit(DATAGRAM, Instant(0))
    assert answer is not None
    pair.vessel.receive(unknown_key_hint(pair.vessel.key_ids()[0]), DATAGRAM, Instant(0))
    pair.vessel.receive(answer, DATAGRAM, Instant(0))
    assert pair.vessel.transmit(DATAGRAM, Instant(0)) is None


def test_a_rekey_request_never_follows_a_record_that_the_relay_may_have_opened() -> None:
    pair = Pair()
    slow = replace(STREAM, round_trip_s=1.0)
    pair.vessel.offer(1, Priority.TEXT, REPORT)
    for turn in range(3):
        pair.vessel.contact_opened(slow, Instant(turn))
        pair.vessel.transmit(slow, Instant(turn))
        if turn < 2:
            pair.vessel.contact_closed(slow, Instant(turn))
    # The third contact stands, and another bearer's silence makes the vessel wish for new keys.
    pair.vessel._rekey.due = True
    later = pair.vessel.transmit(slow, Instant(3))
    assert later is None
    pair.vessel.contact_closed(slow, Instant(4))
    pair.vessel.contact_opened(slow, Instant(5))
    request = pair.vessel.transmit(slow, Instant(5))
    assert request is not None
    events = pair.relay.receive(request, slow, Instant(5))
    assert all(isinstance(event, PacketRefused) for event in events)
    open_request(request, RELAY_PRIVATE)


def test_a_vessel_that_can_open_nothing_of_its_own_bearer_asks_for_new_keys() -> None:
    # Nothing on a link that names no key ever tells a vessel that its keys are stale, and it may have
    # nothing of its own to send.
    pair = Pair()
    pair.vessel.contact_opened(MESSAGE, Instant(0))
    stranger = bytes([0x21]) + bytes(30)
    for _ in range(3):
        assert pair.vessel.transmit(MESSAGE, Instant(0)) is None
        pair.vessel.receive(stranger, MESSAGE, Instant(0))
    request = pair.vessel.transmit(MESSAGE, Instant(0))
    assert request is not None
    open_request(request, RELAY_PRIVATE)


def test_a_number_that_the_peer_knows_is_not_begun_even_if_it_is_offered_after_the_account() -> None:
    outbox = Outbox(MemoryJournal())
    account = Resync(floor=7)
    assert outbox.on_resync(account) == []
    outbox.offer(5, Priority.TEXT, REPORT)
    assert outbox.next_to_send(Instant(0)) is None
    assert outbox.in_doubt()
    assert outbox.on_resync(account) == [NumberTaken(number=5, highest=7)]


def test_a_session_that_is_held_for_mail_takes_along_what_is_owed() -> None:
    # A modem that fetched an answer of five messages held empty sessions until the receipt was due after six
    # hours; the relay took what was not acknowledged for lost, and sent it again and again.
    pair = Pair()
    patient = replace(MESSAGE, answer_wait_s=21_600.0)
    pair.relay.offer(1, Priority.TEXT, MAIL)
    pair.vessel.contact_opened(patient, Instant(0))
    pair.relay.contact_opened(MESSAGE, Instant(0))
    packet = pair.relay.transmit(MESSAGE, Instant(0))
    assert packet is not None
    pair.vessel.receive(packet, patient, Instant(60))
    assert pair.vessel.transmit(patient, Instant(60)) is None
    receipt = pair.vessel.transmit(patient, Instant(60), going=True)
    assert receipt is not None
    pair.relay.receive(receipt, MESSAGE, Instant(120))
    assert pair.relay.queued == 0
    assert pair.vessel.transmit(patient, Instant(120), going=True) is None


def test_a_closed_window_whose_question_may_not_be_repeated_yet_does_not_spin() -> None:
    pair = Pair()
    quick = replace(DATAGRAM, round_trip_s=0.6)
    pair.vessel.contact_opened(quick, Instant(0))
    pair.vessel.offer(1, Priority.TEXT, REPORT, begun=True)
    now = 0.0
    while now < 30.0:
        if now >= 8.0 and not pair.vessel.holds(2):
            pair.vessel.offer(2, Priority.TEXT, bytes(200_000))
        while pair.vessel.transmit(quick, Instant(now)) is not None:
            pass
        deadline = pair.vessel.deadline()
        assert deadline is not None
        assert deadline > now
        # The second bundle comes when three questions about the first have stayed without an answer.
        now = min(deadline, 8.7) if now < 8.7 else deadline
