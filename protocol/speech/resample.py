"""Changing the sample rate of a sound."""

import numpy as np
import soxr

from protocol.speech.sound import Sound


def resample(sound: Sound, rate_hz: int) -> Sound:
    """The same sound at another rate, without aliases and without delay."""
    if sound.rate_hz == rate_hz:
        return sound
    samples = soxr.resample(sound.samples, sound.rate_hz, rate_hz, quality="HQ")
    return Sound(samples=np.asarray(samples, dtype=np.float32), rate_hz=rate_hz)
