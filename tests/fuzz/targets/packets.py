"""Packets of a link, and the frames in them, from whoever can reach a port.

Invariant: `LinkGuard.open` either returns a plaintext that is exactly as much shorter than its packet as
header and tag are long, remembers its counter, and refuses the same packet the next time; or raises a
`RemoteError` and leaves the state as it was. Frames inside are read or refused by a `RemoteError`,
whoever sealed them.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from random import Random

from protocol import limits
from protocol.errors import RemoteError, Replayed
from protocol.frames import decode_all
from protocol.linkguard import (
    COUNTER_BYTES,
    KEY_ID_BYTES,
    TAG_BYTES,
    Form,
    GuardState,
    LinkGuard,
    ratchet,
    read_flags,
    read_key_id,
)
from protocol.links import Side
from tests.fuzz.seeds import hexadecimal, vectors
from tests.fuzz.target import Mutate, Target, hold_to_manners

SECRET = bytes.fromhex(vectors("packets")[0]["secret"])
_PENDING_SECRET = bytes(range(32))
_LAST = limits.PACKET_COUNTER_MAX
_COUNTERS = (0, 1, 255, limits.REPLAY_WINDOW_PACKETS, _LAST)


def _guard(state: GuardState, side: Side) -> LinkGuard:
    return LinkGuard(state, side, lambda _state: None)


_PRESENT = GuardState(secret=SECRET, generation=4, previous_secret=bytes(32), pending_secret=_PENDING_SECRET)
_STATES = (
    _PRESENT,
    replace(_PRESENT, secret=ratchet(SECRET), generation=5, previous_secret=SECRET),
    GuardState(secret=_PENDING_SECRET),
)
# To derive keys takes longer than to open a packet, so it is done once, and each input works on copies.
_RECEIVERS = tuple(_guard(_PRESENT, side) for side in Side)
_SENDERS = tuple(
    _guard(replace(state, counter_reserved=counter), side)
    for side in Side
    for state in _STATES
    for counter in _COUNTERS
)


def check(data: bytes) -> None:
    """Let both sides open the packet."""
    try:
        assert len(read_key_id(data)) == KEY_ID_BYTES
    except RemoteError as refused:
        hold_to_manners(refused)
    for receiver in _RECEIVERS:
        guard = copy(receiver)
        before = guard.state
        try:
            plaintext = guard.open(data)
        except RemoteError as refused:
            hold_to_manners(refused)
            assert guard.state is before, "a refused packet changed the state"
            continue
        _check_opened(guard, data, plaintext)


def _check_opened(guard: LinkGuard, data: bytes, plaintext: bytes) -> None:
    named = read_flags(data)[0] is Form.NAMED
    assert len(plaintext) == len(data) - 1 - COUNTER_BYTES - TAG_BYTES - (KEY_ID_BYTES if named else 0)
    state = guard.state
    try:
        guard.open(data)
    except Replayed:
        assert guard.state is state, "a replay changed the state"
    else:
        raise AssertionError("a packet was accepted twice")
    try:
        assert len(list(decode_all(plaintext))) <= limits.FRAMES_PER_PACKET_MAX
    except RemoteError as refused:
        hold_to_manners(refused)


def remake(data: bytes, mutate: Mutate, random: Random) -> bytes:
    """Open the packet with the right key, change what is inside, and seal it as the peer would."""
    plaintext = data
    for receiver in _RECEIVERS:
        try:
            plaintext = copy(receiver).open(data)
        except RemoteError:
            continue
    sender = copy(random.choice(_SENDERS))
    return sender.seal(mutate(plaintext), named=bool(random.getrandbits(1)))


def seeds() -> Iterator[bytes]:
    """Give the vectors' packets, and their frames sealed one by one."""
    yield from hexadecimal("packets", "packet")
    for number, frame in enumerate(hexadecimal("frames", "bytes")):
        yield copy(_SENDERS[number % len(_SENDERS)]).seal(frame, named=bool(number % 2))


TARGET = Target(check=check, seeds=seeds, remake=remake, largest_bytes=160)
