"""What voice notes weigh, and how long a processor works on each second of them."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from protocol.speech.clear import encode_clear
from protocol.speech.denoise import denoise
from protocol.speech.resample import resample
from protocol.speech.sound import Sound
from protocol.speech.thin import encode_thin
from protocol.speech.wav import read_wav
from protocol.voicepack import VoiceCodec, VoiceNote, pack_voice, unpack_voice
from scripts.benchmarks.report import Row

RECORDINGS = (
    Path("tests/data/librivox_austen_note_16k.wav"),
    Path("tests/data/librivox_austen_0890_16k.wav"),
    Path("tests/data/librivox_austen_0870_8k.wav"),
)
RATE_HZ = 16_000
LENGTHS_S = {10: 1_800, 30: 5_600}
"""Seconds of recording, and the bytes that the thin form of it may have (voice.md)."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """One recording in both forms, and the processor time that each step took."""

    thin: bytes
    clear: bytes
    codec2_bytes: int
    """What the thin form would be without the entropy coder; silence is left out of both."""
    cost_ms: dict[str, float]
    """Milliseconds for each second of the recording, by step."""


def measure(wanted: Callable[[str], bool]) -> list[Row]:
    """Measure the wanted rows."""
    whole = spoken(max(LENGTHS_S))
    rows: list[Row] = []
    for length_s, target_bytes in LENGTHS_S.items():
        rows += _size_rows(length_s, target_bytes, [code(part) for part in _parts(whole, length_s)])
    coded = code(whole)
    rows += [
        Row(row=f"processor time, {step}", unit="ms for 1 s", measured=cost)
        for step, cost in coded.cost_ms.items()
    ]
    return [row for row in rows if wanted(row.row)]


def spoken(length_s: int) -> Sound:
    """Return so many seconds of read speech; the recordings begin anew where they are too short."""
    samples = np.concatenate([resample(read_wav(path.read_bytes()), RATE_HZ).samples for path in RECORDINGS])
    return Sound(samples=np.resize(samples, length_s * RATE_HZ), rate_hz=RATE_HZ)


def _parts(sound: Sound, length_s: int) -> list[Sound]:
    """Cut a recording into as many of this length as there are in it."""
    size = length_s * RATE_HZ
    starts = range(0, len(sound.samples) - size + 1, size)
    return [Sound(samples=sound.samples[at : at + size], rate_hz=RATE_HZ) for at in starts]


def code(sound: Sound) -> Coded:
    """Make both forms of a recording, step by step, and unpack the thin one again."""
    length_s = sound.duration_ms / 1_000
    cost_ms: dict[str, float] = {}

    def timed(step: str, work: Callable[[], Result]) -> Result:
        began_s = time.process_time()
        result = work()
        cost_ms[step] = (time.process_time() - began_s) * 1_000 / length_s
        return result

    denoised = timed("denoise", lambda: denoise(sound))
    frames = timed("thin: trim, tilt, Codec2", lambda: encode_thin(denoised))
    note = VoiceNote(codec=VoiceCodec.CODEC2_2400, frames=frames)
    thin = timed("thin: entropy coder, packing", lambda: pack_voice(note))
    unpacked = timed("thin: entropy coder, unpacking", lambda: unpack_voice(thin))
    assert unpacked == note, "the entropy coder changed a note"
    packets = timed("clear: Opus", lambda: encode_clear(denoised))
    clear = pack_voice(VoiceNote(codec=VoiceCodec.OPUS_NARROWBAND_60MS, frames=packets))
    return Coded(thin=thin, clear=clear, codec2_bytes=sum(map(len, frames)), cost_ms=cost_ms)


def _size_rows(length_s: int, target_bytes: int, parts: list[Coded]) -> list[Row]:
    sizes = [len(part.thin) for part in parts]
    return [
        Row(
            row=f"{length_s} s note, thin: Codec2 2400 and our entropy coder",
            unit="bytes",
            measured=statistics.fmean(sizes),
            target=target_bytes,
            also={
                "smallest": min(sizes),
                "largest": max(sizes),
                "Codec2 as it is": statistics.fmean(part.codec2_bytes for part in parts),
            },
        ),
        Row(
            row=f"{length_s} s note, clear: Opus 8k",
            unit="bytes",
            measured=statistics.fmean(len(part.clear) for part in parts),
        ),
    ]
