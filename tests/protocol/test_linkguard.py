"""Link keys: replay windows, generations that follow one another, and crashes that reuse nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import limits
from protocol.errors import CountersSpent, MalformedPacket, NotAuthentic, RemoteError, Replayed, UnknownKey
from protocol.linkguard import GuardState, LinkGuard, ReplayWindow, read_flags, read_key_id
from protocol.links import Side
from tests.memory_link import SECRET
from tests.protocol.passage import watched_nonces


class Held:
    """A guard together with what it has on disk."""

    def __init__(self, side: Side, state: GuardState | None = None) -> None:
        self.side = side
        self.state = state or GuardState(secret=SECRET)
        self.restart()

    def restart(self) -> None:
        self.guard = LinkGuard(self.state, self.side, self._save)

    def _save(self, state: GuardState) -> None:
        self.state = state


def both() -> tuple[Held, Held]:
    return Held(Side.VESSEL), Held(Side.RELAY)


@given(st.lists(st.integers(0, 5_000), max_size=60))
def test_a_replay_window_takes_each_counter_once(counters: list[int]) -> None:
    window, seen = ReplayWindow(), set[int]()
    for counter in counters:
        too_old = bool(seen) and counter <= max(seen) - limits.REPLAY_WINDOW_PACKETS
        if counter in seen or too_old:
            with pytest.raises(Replayed):
                window.accept(counter)
        else:
            window = window.accept(counter)
            seen.add(counter)
    assert window.seen.bit_length() <= limits.REPLAY_WINDOW_PACKETS


@given(st.binary(max_size=200), st.booleans(), st.sampled_from(Side))
def test_a_packet_opens_once_on_the_other_side_alone(plaintext: bytes, named: bool, side: Side) -> None:
    vessel, relay = both()
    sender, receiver = (vessel, relay) if side is Side.VESSEL else (relay, vessel)
    packet = sender.guard.seal(plaintext, named=named)
    with pytest.raises(NotAuthentic):
        sender.guard.open(packet)
    assert receiver.guard.open(packet) == plaintext
    receiver.restart()
    with pytest.raises(Replayed):
        receiver.guard.open(packet)


@given(st.binary(max_size=60), st.data())
def test_changed_packets_are_refused_and_change_nothing(plaintext: bytes, data: st.DataObject) -> None:
    vessel, relay = both()
    packet = bytearray(vessel.guard.seal(plaintext, named=True))
    packet[data.draw(st.integers(0, len(packet) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    before = relay.state
    with pytest.raises(RemoteError):
        relay.guard.open(bytes(packet))
    assert relay.state == before


@given(st.binary(max_size=60))
def test_random_bytes_raise_only_refusals(data: bytes) -> None:
    for read in (Held(Side.RELAY).guard.open, Held(Side.VESSEL).guard.open, read_flags, read_key_id):
        try:
            read(data)
        except RemoteError:
            continue


STEPS = st.lists(
    st.sampled_from(["up", "up lost", "down", "down lost", "contact", "crash vessel", "crash relay", "late"]),
    max_size=40,
)


@settings(max_examples=200)
@given(STEPS)
def test_the_sides_never_lose_each_other_and_never_use_a_nonce_twice(steps: list[str]) -> None:
    with watched_nonces():
        vessel, relay = both()
        late: bytes | None = None
        for step in steps:
            if step == "contact":
                vessel.guard.begin_contact()
            elif step.startswith("crash"):
                (vessel if step.endswith("vessel") else relay).restart()
            elif step == "late" and late is not None:
                try:
                    relay.guard.open(late)
                except (Replayed, UnknownKey):
                    late = None
            elif step.startswith("up"):
                packet = vessel.guard.seal(b"up", named=True)
                assert read_key_id(packet) in relay.guard.key_ids()
                late = packet
                if step == "up":
                    assert relay.guard.open(packet) == b"up"
            elif step.startswith("down"):
                packet = relay.guard.seal(b"down", named=False)
                if step == "down":
                    assert vessel.guard.open(packet) == b"down"
        assert vessel.state.generation - relay.state.generation in (0, 1)
        assert relay.guard.open(vessel.guard.seal(b"x", named=False)) == b"x"
        assert vessel.guard.open(relay.guard.seal(b"y", named=False)) == b"y"


def test_streams_go_on_under_their_generation_while_others_ratchet() -> None:
    vessel, relay = both()
    sealer = vessel.guard.seal_stream(named=True)
    plaintext, opener = relay.guard.open_stream(sealer.seal(b"one"))
    assert plaintext == b"one"
    for _ in range(3):
        vessel.guard.open(relay.guard.seal(b"", named=False))
        vessel.guard.begin_contact()
        relay.guard.open(vessel.guard.seal(b"", named=True))
    assert opener.open(sealer.seal(b"two")) == b"two"


def test_a_record_of_a_stream_that_is_lost_changed_or_too_short_is_refused() -> None:
    vessel, relay = both()
    sealer = vessel.guard.seal_stream(named=True)
    _, opener = relay.guard.open_stream(sealer.seal(b"one"))
    second, third = sealer.seal(b"two"), sealer.seal(b"three")
    with pytest.raises(NotAuthentic):
        opener.open(third)
    with pytest.raises((NotAuthentic, MalformedPacket)):
        opener.open(b"short")
    assert opener.open(second) == b"two"


def test_the_overhead_of_a_record_is_what_the_sealer_says() -> None:
    sealer = Held(Side.VESSEL).guard.seal_stream(named=True)
    for overhead_bytes in (16, 8, 8):
        assert sealer.overhead_bytes == overhead_bytes
        assert len(sealer.seal(b"x" * 50)) == 50 + overhead_bytes


def test_a_pending_secret_waits_until_the_vessel_uses_it() -> None:
    vessel, relay = both()
    relay.guard.rekey(bytes(32))
    assert relay.guard.open(vessel.guard.seal(b"old", named=True)) == b"old"
    relay.restart()
    late = vessel.guard.seal(b"late", named=True)
    vessel.guard.rekey(bytes(32))
    assert relay.guard.open(vessel.guard.seal(b"new", named=True)) == b"new"
    assert relay.state == GuardState(secret=bytes(32), confirmed=True, window=ReplayWindow().accept(0))
    assert vessel.guard.open(relay.guard.seal(b"back", named=False)) == b"back"
    with pytest.raises(UnknownKey):
        relay.guard.open(late)


def test_a_generation_whose_counters_are_used_up_seals_no_more() -> None:
    spent = GuardState(secret=SECRET, counter_reserved=limits.PACKET_COUNTER_MAX + 1)
    with pytest.raises(CountersSpent):
        Held(Side.VESSEL, spent).guard.seal(b"", named=True)
