"""DirectIP frames as the gateway writes them."""

import struct

from tests.shore_relay.relay.sbd.sky import IMEI


def element(kind: int, content: bytes) -> bytes:
    return struct.pack(">BH", kind, len(content)) + content


def frame(*elements: bytes) -> bytes:
    body = b"".join(elements)
    return struct.pack(">BH", 1, len(body)) + body


def header(imei: str = IMEI, status: int = 0, momsn: int = 65_535, at: int = 1_635_676_910) -> bytes:
    return element(1, struct.pack(">I15sBHHI", 1_234, imei.encode(), status, momsn, 0, at))


def location(latitude: int = 12, longitude: int = 100, flags: int = 0) -> bytes:
    return element(3, struct.pack(">BBHBHI", flags, latitude, 35_000, longitude, 59_999, 8))


def upward(packet: bytes) -> bytes:
    return frame(header(), element(2, packet))


TAKEN = frame(element(5, b"\1"))
