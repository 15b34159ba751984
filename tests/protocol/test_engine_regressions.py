"""Faults that the engine once had: each test failed before its repair."""

from dataclasses import replace

from protocol import bundle as bundles
from protocol import limits
from protocol.bundle import Mail, Report
from protocol.engine import SyncEngine
from protocol.events import CustodyAccepted, LinkRekeyed, NumberTaken
from protocol.frames import Ack, More, Next, Priority, Resync, Start, decode_all, encode
from protocol.ids import DeskKeyId, Instant, MailboxId
from protocol.inbox import Inbox
from protocol.journal import MemoryJournal, Snapshot
from protocol.linkguard import GuardState, rekey_secret, unknown_key_hint
from protocol.links import LinkProfile, Side
from protocol.rekey import open_request
from tests.memory_link import (
    DATAGRAM,
    MESSAGE,
    RELAY_PRIVATE,
    SECRET,
    STREAM,
    VESSEL,
    Pair,
    admit_all,
)

OTHER_SECRET = bytes(reversed(range(32)))


def report(size_bytes: int) -> bytes:
    return bundles.encode(Report(desk_key=DeskKeyId(b"desk"), origin_tag=bytes(8), sealed=bytes(size_bytes)))


def mail() -> bytes:
    return bundles.encode(
        Mail(mailbox=MailboxId(bytes(16)), desk_key=DeskKeyId(b"desk"), tag=bytes(16), sealed=bytes(80))
    )


def restored_relay(*taken: tuple[int, int]) -> SyncEngine:
    """A relay whose store is of another age than the keys in use."""
    state = Snapshot(guard=GuardState(secret=OTHER_SECRET), rekey_key=rekey_secret(SECRET), taken=taken)
    return SyncEngine(Side.RELAY, VESSEL, state, MemoryJournal(), admit=admit_all)


def rekeyed(pair: Pair, link: LinkProfile, now: float, *taken: tuple[int, int]) -> None:
    """Let the vessel meet a relay that does not know its keys, up to the relay's answer."""
    pair.relay = restored_relay(*taken)
    at = Instant(now)
    while (greeting := pair.vessel.transmit(link, at)) is not None:
        assert pair.relay.receive(greeting, link, at)
    pair.vessel.receive(unknown_key_hint(pair.vessel.key_ids()[0]), link, at)
    request = pair.vessel.transmit(link, at)
    assert request is not None
    answer = pair.relay.answer_rekey(open_request(request, RELAY_PRIVATE), bytes_of_seven, link, at)
    pair.vessel_events += pair.vessel.receive(answer, link, at)
    assert any(isinstance(event, LinkRekeyed) for event in pair.vessel_events)


def bytes_of_seven(count: int) -> bytes:
    return bytes([7]) * count


def test_after_a_rekey_on_a_stream_the_peer_is_asked_even_if_it_was_asked_before() -> None:
    pair = Pair()
    pair.vessel.offer(1, Priority.TEXT, report(3_000), begun=True)
    rekeyed(pair, STREAM, 10.0)
    pair.exchange(STREAM, 10.0)
    assert CustodyAccepted(number=1) in pair.vessel_events


def test_a_question_that_nobody_answers_is_asked_again_and_never_leaves_a_deadline_behind() -> None:
    pair = Pair()
    rekeyed(pair, STREAM, 10.0)
    now = 10.0
    for _ in range(20):
        while pair.vessel.transmit(STREAM, Instant(now)) is not None:
            pass
        deadline = pair.vessel.deadline()
        assert deadline is not None
        assert deadline > now
        now = deadline


def test_a_silent_datagram_link_wakes_for_a_new_bundle_after_another_link_settled_the_old_one() -> None:
    pair = Pair()
    pair.vessel.offer(1, Priority.TEXT, report(100))
    assert pair.vessel.transmit(DATAGRAM, Instant(0.0)) is not None
    assert pair.vessel.transmit(DATAGRAM, Instant(60.0)) is not None, "it asks what became of it"
    pair.exchange(STREAM, 61.0)
    assert CustodyAccepted(number=1) in pair.vessel_events
    assert pair.vessel.transmit(DATAGRAM, Instant(200.0)) is None, "nothing is in doubt any more"
    pair.vessel.offer(2, Priority.TEXT, report(100))
    deadline = pair.vessel.deadline()
    assert deadline is not None
    pair.exchange(DATAGRAM, max(200.0, deadline))
    assert CustodyAccepted(number=2) in pair.vessel_events


def test_a_withdrawn_bundle_leaves_nothing_to_ask_about() -> None:
    pair = Pair()
    pair.vessel.offer(1, Priority.TEXT, report(100), begun=True)
    pair.vessel.withdraw(1)
    pair.vessel.contact_opened(DATAGRAM, Instant(0.0))
    assert pair.vessel.transmit(DATAGRAM, Instant(0.0)) is None
    assert pair.vessel.deadline() is None


def test_a_restored_relay_gives_a_new_number_to_an_answer_whose_number_the_vessel_knows() -> None:
    pair = Pair()
    pair.relay.offer(1, Priority.TEXT, mail())
    pair.exchange(STREAM, 0.0)
    assert CustodyAccepted(number=1) in pair.relay_events
    pair.vessel.contact_opened(DATAGRAM, Instant(1.0))
    pair.vessel.report_status({1: 1})
    rekeyed(pair, DATAGRAM, 1.0)
    pair.relay_events.clear()
    pair.relay.offer(1, Priority.TEXT, mail())
    for _ in range(3):  # What it says under keys that the vessel no longer has must not carry a bundle.
        down = pair.relay.transmit(DATAGRAM, Instant(1.0))
        if down is not None:
            pair.vessel.receive(down, DATAGRAM, Instant(1.0))
    pair.exchange(DATAGRAM, 1.0)
    assert pair.relay_events == [NumberTaken(number=1, highest=1)]


def test_a_relay_that_answered_a_rekey_on_a_stream_waits_for_the_vessel() -> None:
    pair = Pair()
    pair.relay.offer(1, Priority.TEXT, mail())
    rekeyed(pair, STREAM, 10.0)
    assert pair.relay.transmit(STREAM, Instant(10.0)) is None
    pair.relay.offer(1, Priority.TEXT, mail())
    assert pair.relay.transmit(STREAM, Instant(10.0)) is None
    pair.exchange(STREAM, 10.0)
    assert CustodyAccepted(number=1) in pair.relay_events


def test_a_vessel_that_asked_for_a_rekey_on_a_stream_says_nothing_under_the_old_keys_meanwhile() -> None:
    pair = Pair()
    pair.vessel.offer(1, Priority.TEXT, report(100))
    for at in range(3):
        pair.vessel.contact_opened(STREAM, Instant(at))
        assert pair.vessel.transmit(STREAM, Instant(at)) is not None
        pair.vessel.contact_closed(STREAM, Instant(at))
    pair.vessel.contact_opened(STREAM, Instant(9.0))
    assert pair.vessel.transmit(STREAM, Instant(9.0)) is not None, "the request"
    assert pair.vessel.transmit(STREAM, Instant(9.0)) is None
    deadline = pair.vessel.deadline()
    assert deadline is not None
    assert pair.vessel.transmit(STREAM, deadline) is not None, "a relay that never answers costs a pause"


def test_a_next_behind_a_refused_frame_is_refused_instead_of_landing_in_another_place() -> None:
    pair = Pair()
    stream = pair.vessel._guard.seal_stream(named=True)
    first = Start(number=1, total_bytes=300, priority=Priority.TEXT, data=bytes(100))
    wrong = bytes.fromhex("94020a00c400")
    behind = encode(More(number=2, offset=50, data=bytes(10)))
    pair.relay.receive(stream.seal(encode(first) + wrong + behind), STREAM, Instant(0.0))
    pair.relay.receive(stream.seal(encode(Next(data=b"x" * 10))), STREAM, Instant(0.0))
    assert pair.relay.counters["malformed-frame"] == 2
    said = pair.relay._inbox.resync(reply_wanted=False, room_bytes=500)
    assert list(decode_all(said)) == [Resync(partial=(Ack(number=1, end=100),))]


def inbox(journal: MemoryJournal) -> Inbox:
    return Inbox(taken=(), fragments=(), journal=journal, admit=admit_all, kinds=frozenset(bundles.Kind))


def test_what_is_said_fits_a_satellite_message_however_much_is_held_in_pieces() -> None:
    pair = Pair()
    now = Instant(0.0)
    for number in range(1, 200, 2):
        pair.relay._inbox.take(number + 1_000, 0, report(60), now, (73, Priority.TEXT))
    for number in range(40):
        for offset in range(100, 9_000, 200):
            pair.relay._inbox.take(5_000 + number, offset, bytes(100), now, None)
    pair.relay.contact_opened(MESSAGE, now)
    pair.relay._contacts["message"].reply_due = True
    packets = []
    while (packet := pair.relay.transmit(MESSAGE, now)) is not None:
        packets.append(packet)
    assert packets
    assert max(len(packet) for packet in packets) <= 270
    deadline = pair.relay.deadline()
    assert deadline is None or deadline > now


def test_bundles_that_their_sender_gave_up_do_not_keep_new_ones_out() -> None:
    journal = MemoryJournal()
    holder = inbox(journal)
    for number in range(1, 2 * limits.BUNDLES_OPEN_MAX):
        holder.take(number, 0, bytes(10), Instant(0.0), (100, Priority.TEXT))
    arrived = holder.take(1_000, 0, report(60), Instant(0.0), (73, Priority.TEXT))
    assert arrived
    assert len(holder._partial) <= limits.BUNDLES_OPEN_MAX


def test_a_peer_cannot_make_us_hold_more_bytes_than_the_limit() -> None:
    holder = inbox(MemoryJournal())
    for number in range(1, limits.BUNDLES_OPEN_MAX):
        holder.take(number, 1, b"x", Instant(0.0), None)
    for number in range(1, limits.BUNDLES_OPEN_MAX):
        holder.take(number, limits.BUNDLE_BYTES_MAX - 1, b"x", Instant(0.0), None)
    assert sum(len(held.data) for held in holder._partial.values()) <= limits.OPEN_BYTES_MAX
    assert len(holder._refusals) <= limits.REFUSALS_OWED_MAX


def test_a_peer_with_four_hundred_refused_bundles_costs_bounded_memory() -> None:
    holder = inbox(MemoryJournal())
    for number in range(1, 400):
        holder.take(number, 0, b"\xff", Instant(0.0), (1, Priority.TEXT))
    assert len(holder._refusals) == limits.REFUSALS_OWED_MAX


def test_an_expected_contact_of_no_bytes_still_lets_packets_go() -> None:
    link = replace(STREAM, contact_bytes_expected=0)
    pair = Pair()
    pair.vessel.offer(1, Priority.TEXT, report(1_000))
    pair.exchange(link, 0.0)
    assert CustodyAccepted(number=1) in pair.vessel_events


def test_a_question_that_finds_no_room_settles_nothing() -> None:
    holder = inbox(MemoryJournal())
    holder.take(1, 0, report(60), Instant(0.0), (73, Priority.TEXT))
    assert holder.resync(reply_wanted=True, room_bytes=2) == b""
    assert holder.answer_due(Instant(0.0), STREAM), "the receipt is still owed"


def test_a_full_window_that_was_lost_is_asked_about_while_the_peer_goes_on_talking() -> None:
    pair = Pair()
    pair.vessel.offer(1, Priority.TEXT, report(200_000))
    while pair.vessel.transmit(DATAGRAM, Instant(0.0)) is not None:
        pass
    for second in range(1, 60):
        pair.relay.report_status({1: second})
        pair.exchange(DATAGRAM, float(second))
        if CustodyAccepted(number=1) in pair.vessel_events:
            return
    raise AssertionError("the vessel waits for ever as long as the relay talks")


def test_a_relay_says_nothing_on_a_stream_before_the_vessel_since_that_may_want_new_keys() -> None:
    pair = Pair()
    pair.relay.offer(1, Priority.TEXT, mail())
    pair.relay.contact_opened(STREAM, Instant(0.0))
    assert pair.relay.transmit(STREAM, Instant(0.0)) is None
    pair.exchange(STREAM, 0.0)
    assert CustodyAccepted(number=1) in pair.relay_events


def test_what_a_restored_vessel_sent_under_lost_keys_is_not_taken_for_its_earlier_bundle() -> None:
    pair = Pair()
    pair.vessel.offer(1, Priority.TEXT, report(100))
    rekeyed(pair, STREAM, 0.0, (1, 2))
    pair.exchange(STREAM, 0.0)
    assert NumberTaken(number=1, highest=1) in pair.vessel_events
    assert CustodyAccepted(number=1) not in pair.vessel_events
