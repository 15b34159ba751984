"""WAV files as bytes, read strictly and written plainly.

The standard library's reader is not used: on Python 3.11 it refuses the header that many recorders write
for 24 bits, and it believes the sizes in a header whose recorder was switched off before it could correct
them. A recording cut short by a dead battery must still be readable.
"""

import io
import struct
import wave
from dataclasses import dataclass

import numpy as np

from protocol.speech.errors import NotSound
from protocol.speech.sound import Samples, Sound, int16_samples, require_length, require_rate

_FORMAT_PCM = 1
_FORMAT_EXTENSIBLE = 0xFFFE
_EXTENSIBLE_FORMAT_OFFSET = 24
"""Where the extensible header keeps the number that a plain one has first (WAVEFORMATEXTENSIBLE)."""

_CHUNK_HEADER_BYTES = 8
_RIFF_HEADER_BYTES = 12
_CHUNKS_MAX = 64
"""Recorders write three or four; a file of thousands of empty chunks is made to waste time."""

_CONVERT = "record again or convert it to a mono 16-bit WAV."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    channels: int
    rate_hz: int
    sample_bytes: int

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.sample_bytes


def read_wav(data: bytes) -> Sound:
    """The sound in a WAV file of 8, 16, 24 or 32-bit PCM; two channels are mixed into one.

    Raises: NotSound, and RecordingTooLong before a single sample is decoded.
    """
    layout, body = _find_chunks(data)
    require_rate(layout.rate_hz)
    # An incomplete last frame is what a recorder leaves that lost its power; the rest is good.
    frame_count = len(body) // layout.frame_bytes
    require_length(frame_count, layout.rate_hz)
    samples = _decode(body[: frame_count * layout.frame_bytes], layout.sample_bytes)
    mono = samples.reshape(frame_count, layout.channels).mean(axis=1, dtype=np.float32)
    return Sound(samples=mono, rate_hz=layout.rate_hz)


def write_wav(sound: Sound) -> bytes:
    """The sound as a mono 16-bit WAV file."""
    target = io.BytesIO()
    with wave.open(target, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sound.rate_hz)
        writer.writeframes(int16_samples(sound.samples).tobytes())
    return target.getvalue()


def _find_chunks(data: bytes) -> tuple[_Layout, memoryview]:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise NotSound(f"This file is no WAV recording; {_CONVERT}")
    view = memoryview(data)
    layout: _Layout | None = None
    offset = _RIFF_HEADER_BYTES
    for _ in range(_CHUNKS_MAX):
        if offset + _CHUNK_HEADER_BYTES > len(data):
            break
        name, size = struct.unpack_from("<4sI", data, offset)
        offset += _CHUNK_HEADER_BYTES
        if name == b"fmt ":
            layout = _read_layout(data[offset : offset + size])
        elif name == b"data" and layout is not None:
            # A recorder that never came to correct its header leaves a size of zero or of gigabytes.
            is_unfinished = size == 0 or offset + size > len(data)
            return layout, view[offset:] if is_unfinished else view[offset : offset + size]
        offset += size + size % 2
    raise NotSound(f"This WAV file has no sound in it; {_CONVERT}")


def _read_layout(chunk: bytes) -> _Layout:
    if len(chunk) < 16:
        raise NotSound(f"The header of this WAV file is damaged; {_CONVERT}")
    encoding, channels, rate_hz, _, frame_bytes, sample_bits = struct.unpack_from("<HHIIHH", chunk)
    if encoding == _FORMAT_EXTENSIBLE and len(chunk) >= _EXTENSIBLE_FORMAT_OFFSET + 2:
        (encoding,) = struct.unpack_from("<H", chunk, _EXTENSIBLE_FORMAT_OFFSET)
    if encoding != _FORMAT_PCM or sample_bits not in (8, 16, 24, 32):
        raise NotSound(f"This WAV file is compressed or has an unusual sample form; {_CONVERT}")
    if channels not in (1, 2):
        raise NotSound(f"This WAV file has {channels} channels and at most two can be read; {_CONVERT}")
    layout = _Layout(channels=channels, rate_hz=rate_hz, sample_bytes=sample_bits // 8)
    if frame_bytes != layout.frame_bytes:
        raise NotSound(f"The header of this WAV file contradicts itself; {_CONVERT}")
    return layout


def _decode(body: memoryview, sample_bytes: int) -> Samples:
    if sample_bytes == 1:
        # Eight bits are the only unsigned width, with silence in the middle.
        return (np.frombuffer(body, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)
    if sample_bytes == 2:
        return np.frombuffer(body, "<i2").astype(np.float32) / np.float32(2**15)
    if sample_bytes == 4:
        return np.frombuffer(body, "<i4").astype(np.float32) / np.float32(2**31)
    # Numpy has no 24-bit number: each is put into the upper three bytes of a 32-bit one.
    wide = np.zeros((len(body) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(body, np.uint8).reshape(-1, 3)
    return wide.view("<i4").reshape(-1).astype(np.float32) / np.float32(2**31)
