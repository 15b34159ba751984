"""A shaped link tells nothing: the same packets at the same times, whether anybody speaks or not."""

import heapq
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from protocol.errors import MalformedFrame
from protocol.frames import Pad, Priority, decode_all, encode
from protocol.ids import Instant
from protocol.links import LinkProfile
from protocol.shape import Shape, Slots, padding, padding_bytes_min
from protocol.wire import WireValue, pack
from tests.memory_link import DATAGRAM, MESSAGE, Pair
from tests.protocol.passage import mail, report

SHAPED = replace(DATAGRAM, shape=Shape(packet_bytes=200, answer_bytes=160, interval_s=900.0))
SHAPED_MESSAGE = replace(MESSAGE, shape=Shape(packet_bytes=200, interval_s=3_600.0))
DAY_S = 86_400.0
DELAY_S = 0.6

Seen = list[tuple[float, str, int]]


class Passage:
    """A day on one link as a listener sees it: when a packet went, which way, and how large it was."""

    def __init__(self, link: LinkProfile) -> None:
        self.pair = Pair()
        self.seen: Seen = []
        self._link = link
        self._coming: list[tuple[float, int, str, bytes]] = []
        self._count = 0
        self._heard_ashore = False

    def sail(self, until_s: float, said: Mapping[float, int], *, relay_is_there: bool = True) -> None:
        """Offer the bundles of `said`, numbers by time, on board, and mail of the same number ashore."""
        self.pair.vessel.contact_opened(self._link, Instant(0.0))
        offers = sorted(said.items())
        now = 0.0
        while now < until_s:
            while offers and offers[0][0] <= now:
                number = offers.pop(0)[1]
                self.pair.vessel.offer(number, Priority(number % 3), report(900 + number))
                self.pair.relay.offer(number, Priority.TEXT, mail(300 + number))
            while self._coming and self._coming[0][0] <= now:
                self._arrive(*heapq.heappop(self._coming), relay_is_there=relay_is_there)
            self._transmit(now)
            due = [each[0] for each in self._coming[:1]] + [each[0] for each in offers[:1]]
            due += [
                at
                for at in (self.pair.vessel.deadline(), self.pair.relay.deadline())
                if at is not None and at > now
            ]
            now = min(due)

    def _arrive(self, at: float, _order: int, way: str, packet: bytes, *, relay_is_there: bool) -> None:
        if way == "down":
            self.pair.vessel_events += self.pair.vessel.receive(packet, self._link, Instant(at))
        elif relay_is_there:
            ashore = replace(self._link, shape=None)
            self._heard_ashore = True
            self.pair.relay_events += self.pair.relay.receive(packet, ashore, Instant(at))

    def _transmit(self, now: float) -> None:
        ashore = replace(self._link, shape=None)
        while (up := self.pair.vessel.transmit(self._link, Instant(now))) is not None:
            self._send(now, "up", up)
        if self._heard_ashore:  # Before, no relay knows where to send a datagram.
            while (down := self.pair.relay.transmit(ashore, Instant(now))) is not None:
                self._send(now, "down", down)

    def _send(self, now: float, way: str, packet: bytes) -> None:
        self.seen.append((now, way, len(packet)))
        self._count += 1
        heapq.heappush(self._coming, (now + DELAY_S, self._count, way, packet))


SAID = {1_000.0: 1, 1_001.0: 2, 20_000.0: 3, 20_000.5: 4, 50_000.0: 5}


def test_a_listener_sees_the_same_day_whether_anybody_speaks_or_not() -> None:
    silent, spoken = Passage(SHAPED), Passage(SHAPED)
    silent.sail(DAY_S, {})
    spoken.sail(DAY_S, SAID)
    assert spoken.seen == silent.seen
    assert spoken.pair.vessel.queued == 0
    assert spoken.pair.relay.queued == 0


def test_every_slot_has_one_packet_and_one_answer_of_the_set_sizes() -> None:
    passage = Passage(SHAPED)
    passage.sail(DAY_S, SAID)
    ups = [(at, size) for at, way, size in passage.seen if way == "up"]
    downs = [(at, size) for at, way, size in passage.seen if way == "down"]
    assert ups == [(900.0 * slot, 200) for slot in range(1, 96)]
    assert downs == [(at + DELAY_S, 160) for at, _ in ups]


def test_a_dead_relay_makes_no_difference_that_would_tell_of_a_message() -> None:
    silent, spoken = Passage(SHAPED), Passage(SHAPED)
    silent.sail(DAY_S, {}, relay_is_there=False)
    spoken.sail(DAY_S, SAID, relay_is_there=False)
    assert spoken.seen == silent.seen
    assert spoken.pair.vessel.queued == len(SAID)


def test_on_a_message_link_one_message_of_the_set_size_goes_in_each_slot() -> None:
    passage = Passage(SHAPED_MESSAGE)
    passage.sail(DAY_S, {1_000.0: 1})
    ups = [(at, size) for at, way, size in passage.seen if way == "up"]
    assert ups == [(3_600.0 * slot, 200) for slot in range(1, 24)]


def test_a_relay_answers_freely_again_when_the_vessel_gives_its_shape_up() -> None:
    passage = Passage(SHAPED)
    passage.sail(1_000.0, {})
    pair = passage.pair
    pair.vessel.contact_closed(SHAPED, Instant(1_000.0))
    pair.vessel.contact_opened(DATAGRAM, Instant(1_001.0))
    pair.vessel.offer(1, Priority.TEXT, report(2_000))
    pair.exchange(DATAGRAM, 1_001.0)
    pair.exchange(DATAGRAM, 1_012.0)
    assert pair.vessel.queued == 0


def test_a_slot_that_was_missed_is_not_made_up_for() -> None:
    slots = Slots(900.0, Instant(0.0))
    assert slots.open_at() == 900.0
    slots.use(Instant(4_000.0))
    assert slots.open_at() == 4_500.0


@given(
    room_bytes=st.integers(padding_bytes_min(0), 3_000),
    answer_bytes=st.sampled_from([0, 120, 200, 1_200, 65_535]),
)
def test_padding_fills_any_room_to_the_byte(room_bytes: int, answer_bytes: int) -> None:
    if room_bytes < padding_bytes_min(answer_bytes):
        room_bytes = padding_bytes_min(answer_bytes)
    filled = padding(room_bytes, answer_bytes)
    assert len(filled) == room_bytes
    for frame in decode_all(filled):
        assert isinstance(frame, Pad)
        assert frame.answer_bytes == answer_bytes


@given(st.integers(0, limits.PACKET_BYTES_MAX))
def test_padding_can_be_read_back(size_bytes: int) -> None:
    pad = Pad(answer_bytes=200, size_bytes=size_bytes)
    assert list(decode_all(encode(pad))) == [pad]


@pytest.mark.parametrize(
    ("fields", "words"),
    [((9, 0, b"\0\1\0"), "zero bytes"), ((9, 7, b""), "no room"), ((9, 0), "2 fields")],
)
def test_padding_that_could_carry_anything_is_refused(fields: tuple[WireValue, ...], words: str) -> None:
    with pytest.raises(MalformedFrame, match=words):
        list(decode_all(pack(fields)))
