from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from protocol.speech.sound import Sound
from protocol.speech.wav import read_wav

DATA = Path(__file__).parents[2] / "data"

AddNoise = Callable[[Sound, float], Sound]


@pytest.fixture(scope="session")
def narrow_speech() -> Sound:
    """Seven seconds of a woman reading, at 8 kHz."""
    return read_wav((DATA / "librivox_austen_0870_8k.wav").read_bytes())


@pytest.fixture(scope="session")
def wide_speech() -> Sound:
    """Five seconds of the same book, at 16 kHz."""
    return read_wav((DATA / "librivox_austen_0890_16k.wav").read_bytes())


@pytest.fixture(params=["narrow_speech", "wide_speech"])
def speech(request: pytest.FixtureRequest) -> Sound:
    """Each of the recordings in turn."""
    sound = request.getfixturevalue(request.param)
    assert isinstance(sound, Sound)
    return sound


@pytest.fixture(scope="session")
def with_engine() -> AddNoise:
    """Adds the noise of a ship's engine, 100 to 4,000 Hz, so many decibels under the speech."""

    def add(sound: Sound, below_db: float) -> Sound:
        count = len(sound.samples)
        spectrum = np.fft.rfft(np.random.default_rng(7).standard_normal(count))
        frequency = np.fft.rfftfreq(count, 1 / sound.rate_hz)
        spectrum[(frequency < 100) | (frequency > 4000)] = 0
        noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(frequency, 50)), count)
        noise *= np.std(sound.samples) / np.std(noise) * 10 ** (-below_db / 20)
        return Sound(samples=(sound.samples + noise).astype(np.float32), rate_hz=sound.rate_hz)

    return add
