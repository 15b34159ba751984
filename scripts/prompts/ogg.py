"""Opus packets as an Ogg file, which is what a browser plays (RFC 3533 and RFC 7845)."""

import struct
from collections.abc import Sequence

_CLOCK_HZ = 48_000
"""Ogg counts Opus at this rate, whatever rate was coded (RFC 7845 section 4)."""

_DELAY_SAMPLES = 312
"""What libopus holds back at the start, 6.5 ms: a player leaves it out."""

_FIRST_PAGE, _LAST_PAGE = 2, 4
_SEGMENT_BYTES_MAX = 255
_SEGMENTS_MAX = 255
_CRC_POLYNOMIAL = 0x04C11DB7
_SERIAL = 1
"""A file has one stream, so any number names it, and the same input gives the same file."""


def write_ogg(packets: Sequence[bytes], packet_samples: int, sample_count: int, rate_hz: int) -> bytes:
    """Return a file of one channel that plays the first `sample_count` samples of the packets."""
    ratio = _CLOCK_HZ // rate_hz
    head = struct.pack("<8sBBHIhB", b"OpusHead", 1, 1, _DELAY_SAMPLES, rate_hz, 0, 0)
    pages = [_page([head], 0, 0, _FIRST_PAGE), _page([_tags("SeaVoice")], 0, 1, 0)]
    groups = _groups(packets)
    done = 0
    for number, group in enumerate(groups, start=2):
        done += len(group) * packet_samples
        is_last = number == len(groups) + 1
        position = _DELAY_SAMPLES + ratio * (sample_count if is_last else done)
        pages.append(_page(group, position, number, _LAST_PAGE if is_last else 0))
    return b"".join(pages)


def _tags(vendor: str) -> bytes:
    name = vendor.encode()
    return b"OpusTags" + struct.pack("<I", len(name)) + name + struct.pack("<I", 0)


def _groups(packets: Sequence[bytes]) -> list[list[bytes]]:
    """Split the packets so that no page has more segments than its table can hold."""
    groups: list[list[bytes]] = [[]]
    room = _SEGMENTS_MAX
    for packet in packets:
        segments = len(packet) // _SEGMENT_BYTES_MAX + 1
        if segments > room:
            groups.append([])
            room = _SEGMENTS_MAX
        groups[-1].append(packet)
        room -= segments
    return groups


def _page(packets: Sequence[bytes], position: int, number: int, flags: int) -> bytes:
    table = b"".join(
        bytes([_SEGMENT_BYTES_MAX]) * (len(packet) // _SEGMENT_BYTES_MAX)
        + bytes([len(packet) % _SEGMENT_BYTES_MAX])
        for packet in packets
    )
    body = table + b"".join(packets)
    start = struct.pack("<4sBBQII", b"OggS", 0, flags, position, _SERIAL, number)
    # The sum is taken over the page with zeros in its own place.
    checksum = page_checksum(start + bytes(4) + bytes([len(table)]) + body)
    return start + struct.pack("<IB", checksum, len(table)) + body


def page_checksum(data: bytes) -> int:
    """Return the sum of RFC 3533 section 6: CRC-32 that starts at zero and reflects nothing."""
    crc = 0
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (_CRC_POLYNOMIAL if crc & 0x80000000 else 0)
        crc &= 0xFFFFFFFF
    return crc
