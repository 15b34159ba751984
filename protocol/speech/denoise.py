"""Takes engine and wind out of a recording, and marks where somebody speaks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from webrtc_noise_gain import AudioProcessor

from protocol.speech.resample import resample
from protocol.speech.sound import Samples, Sound, float_samples, int16_samples

RATE_HZ = 16_000
"""The only rate that the library takes."""

CHUNK_SAMPLES = RATE_HZ // 100
"""The library works on 10 ms at a time."""

_AUTOMATIC_GAIN_OFF = 0
_SUPPRESSION_MODERATE = 2
"""Of 0 to 4: above it speech loses more than noise does (docs/decisions/0003)."""

_PRIMING_CHUNKS = 200
"""Two seconds, after which the library's estimate of the noise has settled."""

_WORKING_LEVEL = 0.25
"""The magnitude that loud speech is brought to, so that a quiet recording is not taken for silence."""

_LOUD_QUANTILE = 0.995
"""What counts as loud: not the very loudest, which is often a knock on the microphone."""

_LOUD_SHARE = 0.1
"""A chunk within 20 dB of the loud speech is kept, whatever the detector thinks: a cry is no vowel."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Denoised:
    """A sound at 16 kHz with less noise, and for each of its 10 ms chunks whether a voice is in it."""

    sound: Sound
    is_voice: NDArray[np.bool_]


def denoise(sound: Sound) -> Denoised:
    """Suppress steady noise and find the voice; the same sound always gives the same answer."""
    chunks = _chunks(_levelled(resample(sound, RATE_HZ).samples))
    processor = AudioProcessor(_AUTOMATIC_GAIN_OFF, _SUPPRESSION_MODERATE)
    # The beginning runs twice, the first time only so that the noise is known from the first word on.
    for chunk in chunks[:_PRIMING_CHUNKS]:
        processor.Process10ms(chunk)
    results = [processor.Process10ms(chunk) for chunk in chunks]
    pcm = np.frombuffer(b"".join(result.audio for result in results), "<i2")
    samples = float_samples(pcm)
    detected = np.array([bool(result.is_speech) for result in results], dtype=np.bool_)
    return Denoised(
        sound=Sound(samples=samples, rate_hz=RATE_HZ),
        is_voice=detected | _is_loud(samples, detected),
    )


def _levelled(samples: Samples) -> Samples:
    loud = float(np.quantile(np.abs(samples), _LOUD_QUANTILE))
    return samples if loud == 0.0 else samples * np.float32(_WORKING_LEVEL / loud)


def _chunks(samples: Samples) -> list[bytes]:
    padded = np.pad(samples, (0, -len(samples) % CHUNK_SAMPLES))
    return [chunk.tobytes() for chunk in int16_samples(padded).reshape(-1, CHUNK_SAMPLES)]


def _is_loud(samples: Samples, detected: NDArray[np.bool_]) -> NDArray[np.bool_]:
    level = np.sqrt(np.mean(samples.reshape(-1, CHUNK_SAMPLES) ** 2, axis=1))
    if not detected.any():
        return np.zeros_like(detected)
    return np.asarray(level > _LOUD_SHARE * np.quantile(level[detected], 0.95), dtype=np.bool_)
