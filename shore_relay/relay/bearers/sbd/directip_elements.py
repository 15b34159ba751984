"""Iridium DirectIP's messages: information elements within one frame, both ways. Pure, strict and bounded.

A frame is revision 1, length 2, and elements of id 1, length 2, content. All numbers are big-endian.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocol.ids import UnixSeconds
from shore_relay.relay.bearers.sbd.gateway import IMEI_DIGITS, Refusal, Scope
from shore_relay.relay.errors import MalformedMessage, MessageTooLong
from shore_relay.relay.store.sbd_rows import MobileOriginated, Position

REVISION = 1
HEAD = struct.Struct(">BH")
_ELEMENT_HEAD = struct.Struct(">BH")
_ELEMENTS_MAX = 8
HEADERS_BYTES_MAX = 256
"""All elements but the payload, with room for some that are unknown."""

_MO_HEADER, _MO_PAYLOAD, _MO_LOCATION, _MO_CONFIRMATION = 0x01, 0x02, 0x03, 0x05
_MT_HEADER, _MT_PAYLOAD, _MT_CONFIRMATION = 0x41, 0x42, 0x44

_MO_HEADER_BODY = struct.Struct(">I15sBHHI")
_MO_LOCATION_BODY = struct.Struct(">BBHBHI")
_MT_HEADER_BODY = struct.Struct(">I15sH")
_MT_CONFIRMATION_BODY = struct.Struct(">I15sIh")

_FLUSH_QUEUE = 1
_SOUTH, _WEST = 2, 1
_MINUTE_PARTS = 60_000

_SESSIONS_WITH_DATA = range(3)
"""Session statuses 0 to 2: the modem's message came whole, whatever became of one for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upward:
    """A frame from the gateway."""

    message: MobileOriginated
    session_status: int

    @property
    def came_whole(self) -> bool:
        """Whether the modem's session delivered its message."""
        return self.session_status in _SESSIONS_WITH_DATA


def frame_bytes(head: bytes, *, most: int) -> int:
    """Return how many bytes follow a frame's head; raises `MalformedMessage` or `MessageTooLong`."""
    revision, size_bytes = HEAD.unpack(head)
    if revision != REVISION:
        raise MalformedMessage(f"A DirectIP frame has revision {REVISION}.")
    if size_bytes > most:
        raise MessageTooLong(
            f"A frame has more than {most} bytes; raise sbd.mtu_up_bytes if the modem can send more."
        )
    return int(size_bytes)


def read_upward(body: bytes, *, data_bytes_max: int) -> Upward:
    """Return what a frame's elements say; raises `MalformedMessage` or `MessageTooLong`."""
    elements = _elements(body)
    header = _content(elements, _MO_HEADER, _MO_HEADER_BODY.size, "MO header")
    _reference, imei, status, momsn, _mtmsn, at = _MO_HEADER_BODY.unpack(header)
    data = elements.get(_MO_PAYLOAD, b"")
    if len(data) > data_bytes_max:
        raise MessageTooLong(
            f"A message has more than {data_bytes_max} bytes; raise sbd.mtu_up_bytes if modems send more."
        )
    message = MobileOriginated(
        imei=_imei(imei),
        momsn=momsn,
        transmitted_at=UnixSeconds(at),
        data=data,
        position=_position(elements) if _MO_LOCATION in elements else None,
    )
    return Upward(message=message, session_status=status)


def write_confirmation(*, taken: bool) -> bytes:
    """Return what the gateway hears about a message up."""
    return _frame([(_MO_CONFIRMATION, bytes([taken]))])


def write_downward(message_id: int, imei: str, packet: bytes, *, flush: bool) -> bytes:
    """Return a message for a modem."""
    header = _MT_HEADER_BODY.pack(message_id, imei.encode("ascii"), _FLUSH_QUEUE if flush else 0)
    return _frame([(_MT_HEADER, header), (_MT_PAYLOAD, packet)])


_REFUSALS: dict[int, tuple[Scope, str]] = {
    -1: (Scope.MODEM, "The gateway finds the IMEI malformed; check it."),
    -2: (Scope.MODEM, "The gateway does not know this modem; have it provisioned for DirectIP."),
    -3: (Scope.MESSAGE, "A message was too long for this modem; lower sbd.mtu_down_bytes and restart."),
    -4: (Scope.MESSAGE, "The gateway found a message empty; report this to SeaVoice."),
    -5: (Scope.PASSING, "The modem's queue at the gateway is full; messages are tried again."),
    -6: (Scope.PASSING, "The gateway has no room now; messages are tried again."),
    -7: (Scope.MESSAGE, "The gateway could not read a message; report this to SeaVoice."),
    -8: (Scope.MODEM, "Ring alerts are off for this modem; have them turned on."),
    -9: (Scope.ACCOUNT, "The gateway takes no messages from this address; have it allowed."),
}


def read_downward_confirmation(body: bytes, message_id: int, imei: str) -> Refusal | None:
    """Return why the gateway did not take a message, or None; raises `MalformedMessage`."""
    content = _content(_elements(body), _MT_CONFIRMATION, _MT_CONFIRMATION_BODY.size, "MT confirmation")
    confirmed_id, confirmed_imei, _reference, status = _MT_CONFIRMATION_BODY.unpack(content)
    if confirmed_id != message_id or _imei(confirmed_imei) != imei:
        raise MalformedMessage("The gateway confirmed another message than the one it was given.")
    if status >= 0:
        return None
    scope, advice = _REFUSALS.get(
        status, (Scope.PASSING, "The gateway refuses messages for a reason that is new; ask its operator.")
    )
    return Refusal(code=f"directip{status}", scope=scope, advice=advice)


def _elements(body: bytes) -> Mapping[int, bytes]:
    elements: dict[int, bytes] = {}
    at = 0
    while at < len(body):
        if len(body) - at < _ELEMENT_HEAD.size:
            raise MalformedMessage("A frame ends within the head of an element.")
        kind, size_bytes = _ELEMENT_HEAD.unpack_from(body, at)
        at += _ELEMENT_HEAD.size
        if size_bytes > len(body) - at:
            raise MalformedMessage("An element is longer than its frame.")
        if kind in elements or len(elements) == _ELEMENTS_MAX:
            raise MalformedMessage(f"An element comes once, and a frame has at most {_ELEMENTS_MAX}.")
        elements[kind] = body[at : at + size_bytes]
        at += size_bytes
    return elements


def _content(elements: Mapping[int, bytes], kind: int, size_bytes: int, name: str) -> bytes:
    content = elements.get(kind)
    if content is None or len(content) != size_bytes:
        raise MalformedMessage(f"A frame needs one {name} of {size_bytes} bytes.")
    return content


def _imei(raw: bytes) -> str:
    if len(raw) != IMEI_DIGITS or not raw.isdigit():
        raise MalformedMessage(f"An IMEI has {IMEI_DIGITS} digits.")
    return raw.decode("ascii")


def _position(elements: Mapping[int, bytes]) -> Position:
    content = _content(elements, _MO_LOCATION, _MO_LOCATION_BODY.size, "location")
    flags, latitude, latitude_parts, longitude, longitude_parts, radius_km = _MO_LOCATION_BODY.unpack(content)
    north = latitude + latitude_parts / _MINUTE_PARTS
    east = longitude + longitude_parts / _MINUTE_PARTS
    if north > 90 or east > 180 or max(latitude_parts, longitude_parts) >= _MINUTE_PARTS:
        raise MalformedMessage("A location lies on the globe.")
    return Position(
        latitude=-north if flags & _SOUTH else north,
        longitude=-east if flags & _WEST else east,
        radius_km=float(radius_km),
    )


def _frame(elements: Iterable[tuple[int, bytes]]) -> bytes:
    body = b"".join(_ELEMENT_HEAD.pack(kind, len(content)) + content for kind, content in elements)
    return HEAD.pack(REVISION, len(body)) + body
