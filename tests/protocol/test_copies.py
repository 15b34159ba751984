"""Copies for somebody to carry, and urgent bundles that go over every link at once."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import bundle as bundles
from protocol.bundle import Mail, Report
from protocol.container import STICK
from protocol.engine import SyncEngine
from protocol.events import BundleArrived, CustodyAccepted, NumberTaken
from protocol.frames import Priority
from protocol.ids import DeskKeyId, Instant, MailboxId
from protocol.journal import OutgoingBegun
from protocol.links import LinkProfile
from protocol.outbox import Outgoing
from protocol.rekey import open_request
from tests.memory_link import DATAGRAM, RELAY_PRIVATE, STREAM, Pair

NOW = Instant(0.0)


def report(size_bytes: int, fill: int = 1) -> bytes:
    sealed = bytes((fill + at) % 251 for at in range(size_bytes))
    return bundles.encode(Report(desk_key=DeskKeyId(b"desk"), origin_tag=bytes(8), sealed=sealed))


def stored(number: int, size_bytes: int, priority: Priority = Priority.TEXT) -> Outgoing:
    return Outgoing(number=number, priority=priority, data=report(size_bytes, number))


def carry(packets: list[bytes], to: SyncEngine) -> list[int]:
    """Read a stick, and return the numbers of the bundles that came whole."""
    to.contact_opened(STICK, NOW)
    events = [event for packet in packets for event in to.receive(packet, STICK, NOW)]
    to.contact_closed(STICK, NOW)
    return [event.number for event in events if isinstance(event, BundleArrived)]


def offered(pair: Pair, number: int, size_bytes: int, priority: Priority = Priority.TEXT) -> Outgoing:
    outgoing = stored(number, size_bytes, priority)
    pair.vessel.offer(number, priority, outgoing.data)
    return outgoing


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(49, 90_000), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_a_stick_carries_everything_in_any_order(sizes: list[int], random: Random) -> None:
    pair = Pair()
    packets = pair.vessel.copies(
        STICK, [stored(number, size) for number, size in enumerate(sizes, 1)], NOW, account=True
    )
    assert all(len(packet) <= STICK.mtu_up_bytes for packet in packets)
    random.shuffle(packets)
    assert sorted(carry(packets, pair.relay)) == list(range(1, len(sizes) + 1))


def test_a_stick_read_twice_delivers_once() -> None:
    pair = Pair()
    packets = pair.vessel.copies(STICK, [stored(1, 500)], NOW, account=True)
    assert carry(packets + packets, pair.relay) == [1]
    assert carry(packets, pair.relay) == []


def test_every_writing_copies_all_that_is_not_acknowledged() -> None:
    pair = Pair()
    first = pair.vessel.copies(STICK, [stored(1, 500)], NOW, account=True)
    second = pair.vessel.copies(STICK, [stored(1, 500)], NOW, account=True)
    assert first != second
    assert carry(second, pair.relay) == [1]


def test_the_way_back_settles_what_arrived() -> None:
    pair = Pair()
    outgoing = offered(pair, 1, 500)
    carry(pair.vessel.copies(STICK, [outgoing], NOW, account=True), pair.relay)
    back = pair.relay.copies(STICK, [], NOW, account=True)
    pair.vessel.contact_opened(STICK, NOW)
    events = [event for packet in back for event in pair.vessel.receive(packet, STICK, NOW)]
    assert events == [CustodyAccepted(number=1)]


def test_what_came_in_part_is_not_copied_again() -> None:
    pair = Pair()
    outgoing = offered(pair, 1, 90_000)
    packets = pair.vessel.copies(STICK, [outgoing], NOW, account=True)
    carry(packets[:10], pair.relay)
    back = pair.relay.copies(STICK, [], NOW, account=True)
    carry(back, pair.vessel)
    again = pair.vessel.copies(STICK, [outgoing], NOW, account=True)
    assert sum(map(len, again)) < sum(map(len, packets)) - 20_000
    assert carry(again, pair.relay) == [1]
    assert pair.relay.duplicate_bytes == 0


def test_copies_hold_up_no_other_link() -> None:
    pair = Pair()
    outgoing = offered(pair, 1, 500)
    pair.vessel.copies(STICK, [outgoing], NOW, account=True)
    pair.exchange(STREAM, 0.0)
    assert BundleArrived in {type(event) for event in pair.relay_events}


def test_what_the_stick_brought_after_the_link_did_arrives_once() -> None:
    pair = Pair()
    packets = pair.vessel.copies(STICK, [offered(pair, 1, 500)], NOW, account=True)
    pair.exchange(STREAM, 0.0)
    assert carry(packets, pair.relay) == []
    assert not [event for event in pair.vessel_events if isinstance(event, NumberTaken)]


def test_an_old_account_takes_back_nothing() -> None:
    pair = Pair()
    outgoing = offered(pair, 1, 90_000)
    packets = pair.vessel.copies(STICK, [outgoing], NOW, account=True)
    carry(packets[:5], pair.relay)
    old = pair.relay.copies(STICK, [], NOW, account=True)
    carry(packets[5:20], pair.relay)
    carry(pair.relay.copies(STICK, [], NOW, account=True), pair.vessel)
    carry(old, pair.vessel)
    again = pair.vessel.copies(STICK, [outgoing], NOW, account=True)
    assert sum(map(len, again)) < 90_000 - 60_000


def test_a_copy_of_a_bundle_that_is_not_offered_counts_as_begun() -> None:
    pair = Pair()
    pair.vessel.copies(STICK, [stored(7, 100)], NOW, account=True)
    assert OutgoingBegun(number=7) in pair.vessel_journal.drain()


def test_sticks_alone_keep_the_keys_moving() -> None:
    pair = Pair()
    ids = set()
    for number in range(1, 6):
        carry(pair.vessel.copies(STICK, [stored(number, 100)], NOW, account=True), pair.relay)
        carry(pair.relay.copies(STICK, [], NOW, account=True), pair.vessel)
        ids.add(pair.vessel.key_ids()[0])
    assert len(ids) >= 4


def test_a_stick_written_before_the_last_contact_still_counts() -> None:
    pair = Pair()
    carry(pair.vessel.copies(STICK, [stored(1, 100)], NOW, account=True), pair.relay)
    old = pair.relay.copies(STICK, [stored_mail()], NOW, account=True)
    pair.exchange(STREAM, 0.0)
    pair.vessel.contact_closed(STREAM, NOW)
    assert carry(old, pair.vessel) == [1]


def stored_mail() -> Outgoing:
    mail = Mail(mailbox=MailboxId(bytes(16)), desk_key=DeskKeyId(b"desk"), tag=bytes(16), sealed=bytes(100))
    return Outgoing(number=1, priority=Priority.TEXT, data=bundles.encode(mail))


def test_a_relay_that_lost_the_keys_gives_new_ones_over_sticks() -> None:
    pair = Pair()
    vessel = pair.vessel
    vessel.contact_opened(STICK, NOW)
    vessel.receive(bytes([0x22]) + vessel.key_ids()[0], STICK, NOW)
    vessel.contact_closed(STICK, NOW)
    packets = vessel.copies(STICK, [offered(pair, 1, 100)], NOW, account=True)
    answer = pair.relay.answer_rekey(
        open_request(packets[0], RELAY_PRIVATE), lambda size: bytes([9]) * size, STICK, NOW
    )
    carry([answer], vessel)
    assert carry(vessel.copies(STICK, [stored(1, 100)], NOW, account=True), pair.relay) == [1]


# --- urgent over everything, the rest where it is allowed ---


def drained(engine: SyncEngine, link: LinkProfile) -> list[bytes]:
    packets = []
    while (packet := engine.transmit(link, NOW)) is not None:
        packets.append(packet)
    return packets


def test_an_urgent_bundle_goes_over_every_link_at_once_and_arrives_once() -> None:
    pair = Pair()
    pair.vessel.contact_opened(STREAM, NOW)
    pair.vessel.contact_opened(DATAGRAM, NOW)
    offered(pair, 1, 2_000, Priority.URGENT)
    over_stream = drained(pair.vessel, STREAM)
    over_datagram = drained(pair.vessel, DATAGRAM)
    assert sum(map(len, over_stream)) > 2_000
    assert sum(map(len, over_datagram)) > 2_000
    for packet in over_datagram:
        pair.relay_events += pair.relay.receive(packet, DATAGRAM, NOW)
    for packet in over_stream:
        pair.relay_events += pair.relay.receive(packet, STREAM, NOW)
    assert [type(event) for event in pair.relay_events] == [BundleArrived]


def test_what_does_not_hurry_goes_over_one_link() -> None:
    pair = Pair()
    pair.vessel.contact_opened(STREAM, NOW)
    pair.vessel.contact_opened(DATAGRAM, NOW)
    offered(pair, 1, 2_000, Priority.TEXT)
    drained(pair.vessel, STREAM)
    assert sum(map(len, drained(pair.vessel, DATAGRAM))) == 0


def test_a_link_carries_only_what_it_may() -> None:
    pair = Pair()
    pair.vessel.contact_opened(STREAM, NOW, lambda _number, priority: priority is Priority.CHECK_IN)
    offered(pair, 1, 300, Priority.TEXT)
    offered(pair, 2, 300, Priority.CHECK_IN)
    for packet in drained(pair.vessel, STREAM):
        pair.relay_events += pair.relay.receive(packet, STREAM, NOW)
    assert [event.number for event in pair.relay_events if isinstance(event, BundleArrived)] == [2]
    deadline = pair.vessel.deadline(STREAM)
    assert deadline is None or deadline > NOW


def test_a_link_that_may_carry_nothing_of_it_asks_nothing_about_it() -> None:
    pair = Pair()
    pair.vessel.contact_opened(DATAGRAM, NOW)
    offered(pair, 1, 300, Priority.CLEAR_VOICE)
    drained(pair.vessel, DATAGRAM)
    pair.vessel.contact_closed(DATAGRAM, NOW)
    pair.vessel.contact_opened(DATAGRAM, NOW, lambda _number, priority: priority is Priority.URGENT)
    assert drained(pair.vessel, DATAGRAM) == []
