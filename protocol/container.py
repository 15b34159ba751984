"""Packets as one file that anybody may carry: a USB stick, a phone, a card (SPEC §11).

A file is one line that says what it is, then records that know nothing of one another. Each begins with a
marker and ends with a checksum, so that damage costs only the records that it hits: the reader looks for the
next marker and goes on. The checksum finds damage, not forgery; each packet proves by itself whose it is.
"""

import zlib
from dataclasses import dataclass
from enum import IntEnum

from protocol import limits
from protocol.errors import LimitExceeded, LocalError, MalformedContainer, UnknownVersion
from protocol.linkguard import KEY_ID_BYTES
from protocol.links import LinkKind, LinkProfile

STICK = LinkProfile(
    name="stick",
    kind=LinkKind.MESSAGE,
    mtu_up_bytes=limits.STICK_PACKET_BYTES,
    mtu_down_bytes=limits.STICK_PACKET_BYTES,
    carried=True,
)
"""How the engine sees every stick."""

VERSION = 1
FILE_LINE = b"SeaVoice stick 1\r\n"
"""The line's end shows damage by programs that "correct" the ends of lines."""

MARKER = bytes.fromhex("f05661c49be2d31a")
"""Where a record begins. Eight bytes that no text and no run of one byte contains."""

_LINE_START = b"SeaVoice stick "
_HEAD_BYTES = len(MARKER) + 3
_CHECKSUM_BYTES = 4


class Direction(IntEnum):
    """Which way a packet goes."""

    UP = 0
    """To a relay. Its packet is NAMED, or a rekey request: any relay can tell whether it is for it."""
    DOWN = 1
    """To the vessel whose link key has the record's key id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One packet on its way."""

    direction: Direction
    packet: bytes
    key_id: bytes = b""
    """DOWN only: for whom the packet is, as 4 bytes."""


def encode(record: Record) -> bytes:
    """Return a record's bytes; raises `LocalError` for one that no reader would take."""
    if len(record.key_id) != _key_id_bytes(record.direction):
        raise LocalError("a record to a vessel names a key, a record to a relay names none")
    if not 1 <= len(record.packet) <= limits.PACKET_BYTES_MAX:
        raise LocalError(f"a packet has 1 to {limits.PACKET_BYTES_MAX} bytes")
    body = bytes([record.direction]) + len(record.packet).to_bytes(2) + record.key_id + record.packet
    return MARKER + body + zlib.crc32(body).to_bytes(_CHECKSUM_BYTES)


def _key_id_bytes(direction: Direction) -> int:
    return KEY_ID_BYTES if direction is Direction.DOWN else 0


class ContainerReader:
    """Takes the records out of a file, block by block; keeps no more than one record in memory."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._begun = False
        self._ended = False
        self._in_order = True
        self._failures = 0
        self.has_line = False
        """Whether the file says at its beginning that it is a stick file."""
        self.records = 0
        self.damaged = 0
        """Stretches that hold no whole record."""

    def feed(self, data: bytes) -> list[Record]:
        """Take the next block and return the records that are whole by now.

        Raises `UnknownVersion` for a file of a later version, `LimitExceeded` where there is more damage than
        can come about by itself; the records returned before stand.
        """
        assert not self._ended, "a file ends once"
        self._buffer += data
        return self._take()

    def finish(self) -> list[Record]:
        """Take the end of the file; raises `MalformedContainer` where it was none of ours."""
        self._ended = True
        records = self._take()
        if not self.has_line and not self.records:
            raise MalformedContainer("this file was not written by SeaVoice, or nothing of it can be read")
        return records

    def _take(self) -> list[Record]:
        if not self._begun and not self._read_line():
            return []
        found: list[Record] = []
        at = 0
        while True:
            start = self._buffer.find(MARKER, at)
            if start < 0:
                # The beginning of a marker may stand at the end of what has come so far.
                kept = 0 if self._ended else len(MARKER) - 1
                end = max(at, len(self._buffer) - kept)
                if end > at:
                    self._out_of_order()
                at = end
                break
            if start > at:
                self._out_of_order()
            record, end = self._read_record(start)
            if record is None and end == start:
                at = start
                break
            at = end
            if record is not None:
                self._in_order = True
                self.records += 1
                found.append(record)
        del self._buffer[:at]
        return found

    def _read_line(self) -> bool:
        """Return whether the file's first line has been dealt with."""
        if len(self._buffer) < len(FILE_LINE) and not self._ended:
            return False
        self._begun = True
        line = bytes(self._buffer[: len(FILE_LINE)])
        if line == FILE_LINE:
            self.has_line = True
            del self._buffer[: len(FILE_LINE)]
        elif line.startswith(_LINE_START) and line.endswith(b"\r\n"):
            version = line[len(_LINE_START) : -2]
            if version.isdigit() and int(version) > VERSION:
                raise UnknownVersion("a later version wrote this stick file; upgrade this side")
        return True

    def _read_record(self, start: int) -> tuple[Record | None, int]:
        """Return the record at a marker and its end; the same place again where more bytes must come."""
        head = self._buffer[start + len(MARKER) : start + _HEAD_BYTES]
        if len(head) == _HEAD_BYTES - len(MARKER) and head[0] in tuple(Direction):
            direction = Direction(head[0])
            key_at = start + _HEAD_BYTES
            packet_at = key_at + _key_id_bytes(direction)
            packet_end = packet_at + int.from_bytes(head[1:])
            end = packet_end + _CHECKSUM_BYTES
            if end > len(self._buffer):
                if not self._ended:
                    return None, start
            elif packet_end > packet_at and self._matches(start + len(MARKER), packet_end):
                key_id, packet = (
                    bytes(self._buffer[key_at:packet_at]),
                    bytes(self._buffer[packet_at:packet_end]),
                )
                return Record(direction=direction, packet=packet, key_id=key_id), end
        elif len(head) < _HEAD_BYTES - len(MARKER) and not self._ended:
            return None, start
        self._out_of_order()
        return None, start + 1

    def _matches(self, start: int, end: int) -> bool:
        checksum = zlib.crc32(memoryview(self._buffer)[start:end])
        if checksum == int.from_bytes(self._buffer[end : end + _CHECKSUM_BYTES]):
            return True
        self._failures += 1
        if self._failures > limits.STICK_FAILURES_MAX:
            # Each failure costs a checksum over a packet, and a forged file could be made of nothing else.
            raise LimitExceeded("this stick file is damaged in more places than any accident explains")
        return False

    def _out_of_order(self) -> None:
        if self._in_order:
            self.damaged += 1
        self._in_order = False
