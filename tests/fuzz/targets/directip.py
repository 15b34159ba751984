"""Iridium DirectIP's frames, both those that bring messages up and those that confirm messages down.

Invariant: `frame_bytes`, `read_upward` and `read_downward_confirmation` either raise a `MessageRefused`,
or return a size within its bound, a message within every bound that the store relies on, or a refusal
that repeats nothing of what was read.
"""

import struct
from collections.abc import Iterator
from random import Random

from shore_relay.relay.bearers.sbd.directip_elements import (
    HEAD,
    HEADERS_BYTES_MAX,
    frame_bytes,
    read_downward_confirmation,
    read_upward,
    write_confirmation,
    write_downward,
)
from shore_relay.relay.errors import MessageRefused
from tests.fuzz.satellite import DATA_BYTES_MAX, IMEI, hold_to_bounds
from tests.fuzz.target import Mutate, Target, hold_to_manners

_MESSAGE_ID = 77
_FRAME_BYTES_MAX = DATA_BYTES_MAX + HEADERS_BYTES_MAX
_ELEMENT_HEAD = struct.Struct(">BH")


def check(data: bytes) -> None:
    """Read the frame's head where there is one, then its elements both ways."""
    body = data[HEAD.size :]
    try:
        if len(data) >= HEAD.size:
            assert 0 <= frame_bytes(data[: HEAD.size], most=_FRAME_BYTES_MAX) <= _FRAME_BYTES_MAX
        upward = read_upward(body, data_bytes_max=DATA_BYTES_MAX)
    except MessageRefused as refused:
        hold_to_manners(refused)
    else:
        hold_to_bounds(upward.message)
    try:
        refusal = read_downward_confirmation(body, _MESSAGE_ID, IMEI)
    except MessageRefused as refused:
        hold_to_manners(refused)
    else:
        assert refusal is None or refusal.code.startswith("directip-")


def remake(data: bytes, mutate: Mutate, random: Random) -> bytes:
    """Change the content of one element, and give it and the frame their right lengths."""
    elements = _elements(data[HEAD.size :])
    if not elements:
        return mutate(data)
    at = random.randrange(len(elements))
    kind, content = elements[at]
    elements[at] = (kind, mutate(content))
    body = b"".join(_ELEMENT_HEAD.pack(kind, len(content)) + content for kind, content in elements)
    return HEAD.pack(1, len(body)) + body


def _elements(body: bytes) -> list[tuple[int, bytes]]:
    elements = []
    at = 0
    while at + _ELEMENT_HEAD.size <= len(body):
        kind, size_bytes = _ELEMENT_HEAD.unpack_from(body, at)
        at += _ELEMENT_HEAD.size
        elements.append((kind, body[at : at + size_bytes]))
        at += size_bytes
    return elements


def seeds() -> Iterator[bytes]:
    """Give a message with its place and without, a failed session, confirmations, and a message down."""
    for status, latitude, longitude in ((0, 12, 100), (2, 89, 179), (10, 90, 180)):
        header = struct.pack(">I15sBHHI", 1_234, IMEI.encode(), status, 65_535, 0, 1_635_676_910)
        place = struct.pack(">BBHBHI", 3, latitude, 35_000 * (latitude < 90), longitude, 0, 8)
        payload = _ELEMENT_HEAD.pack(2, 6) + b"packet"
        located = (
            _ELEMENT_HEAD.pack(1, len(header)) + header + payload + _ELEMENT_HEAD.pack(3, len(place)) + place
        )
        yield HEAD.pack(1, len(located)) + located
    for result in (1, -1, -5, -99):
        confirmed = struct.pack(">I15sIh", _MESSAGE_ID, IMEI.encode(), 5, result)
        body = _ELEMENT_HEAD.pack(0x44, len(confirmed)) + confirmed
        yield HEAD.pack(1, len(body)) + body
    yield write_confirmation(taken=True)
    yield write_downward(_MESSAGE_ID, IMEI, b"packet", flush=True)


TARGET = Target(check=check, seeds=seeds, remake=remake, largest_bytes=128)
