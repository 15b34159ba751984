"""Recordings that somebody gives to the box or the desk as a WAV file.

Invariant: `read_wav` either raises `NotSound` or `RecordingTooLong`, or returns one channel of finite
samples within full scale, no more of them than the file has bytes.
"""

import struct
from collections.abc import Iterator

import numpy as np

from protocol.speech.errors import NotSound, RecordingTooLong
from protocol.speech.sound import RATE_HZ_MAX, RATE_HZ_MIN, Sound
from protocol.speech.wav import read_wav, write_wav
from tests.fuzz.target import Target, hold_to_manners


def check(data: bytes) -> None:
    """Read the recording."""
    try:
        sound = read_wav(data)
    except (NotSound, RecordingTooLong) as refused:
        hold_to_manners(refused)
        return
    assert RATE_HZ_MIN <= sound.rate_hz <= RATE_HZ_MAX
    assert sound.samples.ndim == 1
    assert len(sound.samples) <= len(data)
    assert np.all(np.abs(sound.samples) <= 1)


def seeds() -> Iterator[bytes]:
    """Give a recording as we write it, and one of each other form that is read."""
    yield write_wav(Sound(samples=np.linspace(-1, 1, 40, dtype=np.float32), rate_hz=16_000))
    for channels, sample_bytes in ((1, 1), (2, 2), (1, 3), (2, 3), (1, 4)):
        frame_bytes = channels * sample_bytes
        head = struct.pack("<HHIIHH", 1, channels, 8_000, 8_000 * frame_bytes, frame_bytes, 8 * sample_bytes)
        body = _chunk(b"LIST", b"abc\0") + _chunk(b"fmt ", head) + _chunk(b"data", bytes(range(48)))
        yield _chunk(b"RIFF", b"WAVE" + body)
    extensible = struct.pack("<HHIIHHHHIH", 0xFFFE, 1, 48_000, 96_000, 2, 16, 22, 16, 4, 1) + bytes(14)
    yield _chunk(b"RIFF", b"WAVE" + _chunk(b"fmt ", extensible) + struct.pack("<4sI", b"data", 0) + bytes(9))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content


TARGET = Target(check=check, seeds=seeds, words=(b"RIFF", b"WAVE", b"fmt ", b"data"), largest_bytes=160)
