"""Sound in memory: one channel, floating point, full scale at one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocol.limits import VOICE_SECONDS_MAX
from protocol.speech.errors import NotSound, RecordingSilent, RecordingTooLong

Samples = NDArray[np.float32]

RATE_HZ_MIN = 8_000
"""Telephone sound; below it consonants are gone."""

RATE_HZ_MAX = 48_000
"""What phones and sound cards record at most by default."""

INT16_FULL_SCALE = 32_768
"""The magnitude that a sample of one has in the 16-bit form that every codec here takes."""

AUDIBLE_PEAK_MIN = 2.0**-10
"""60 dB under full scale. A working microphone's own hiss is louder, a muted one's is not."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sound:
    """One channel of samples between -1 and 1, and how many of them make a second."""

    samples: Samples
    rate_hz: int

    @property
    def duration_ms(self) -> int:
        """How long the sound plays, rounded down."""
        return len(self.samples) * 1000 // self.rate_hz


def int16_samples(samples: Samples) -> NDArray[np.int16]:
    """The 16-bit form of the samples; what is louder than full scale is clipped, never wrapped."""
    scaled = np.rint(samples * INT16_FULL_SCALE)
    return np.clip(scaled, -INT16_FULL_SCALE, INT16_FULL_SCALE - 1).astype("<i2")


def float_samples(pcm: NDArray[np.int16]) -> Samples:
    """The floating point form of 16-bit samples."""
    return pcm.astype(np.float32) / np.float32(INT16_FULL_SCALE)


def sound_of_pcm(pcm: bytes, rate_hz: int) -> Sound:
    """The sound of 16-bit little-endian samples; half a sample at the end is left out.

    Raises: NotSound, RecordingTooLong.
    """
    require_rate(rate_hz)
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.int16)
    require_length(len(samples), rate_hz)
    return Sound(samples=float_samples(samples), rate_hz=rate_hz)


def pcm_of(sound: Sound) -> bytes:
    """The sound as 16-bit little-endian samples."""
    return int16_samples(sound.samples).tobytes()


def with_peak(samples: Samples, peak: float) -> Samples:
    """The samples scaled so that the loudest has this magnitude; silence stays silence."""
    loudest = float(np.max(np.abs(samples), initial=0.0))
    return samples if loudest == 0.0 else samples * np.float32(peak / loudest)


def require_rate(rate_hz: int) -> None:
    """Refuse a sample rate outside what the filters are made for.

    Raises: NotSound.
    """
    if not RATE_HZ_MIN <= rate_hz <= RATE_HZ_MAX:
        raise NotSound(
            f"This recording has {rate_hz} samples a second; "
            f"record again with {RATE_HZ_MIN} to {RATE_HZ_MAX}, for instance 16000."
        )


def require_length(sample_count: int, rate_hz: int) -> None:
    """Refuse what is longer than a voice note may be.

    Raises: RecordingTooLong.
    """
    if sample_count > VOICE_SECONDS_MAX * rate_hz:
        raise RecordingTooLong(
            f"This recording lasts {sample_count // rate_hz} s; "
            f"cut it into parts of at most {VOICE_SECONDS_MAX} s and send each."
        )


def require_audible(sound: Sound) -> None:
    """Refuse a recording in which there is nothing to hear, before it costs anything to send.

    Raises: RecordingSilent.
    """
    # A cheap sound card adds a constant offset, which is not sound.
    offset = np.mean(sound.samples) if len(sound.samples) else np.float32(0)
    if float(np.max(np.abs(sound.samples - offset), initial=0.0)) < AUDIBLE_PEAK_MIN:
        raise RecordingSilent(
            "There is nothing to hear in this recording; check that the microphone is on and record again."
        )
