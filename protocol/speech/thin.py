"""The thin form of a voice note: Codec2 at 2,400 bit/s, for the most expensive link."""

from collections.abc import Sequence

import numpy as np
from pycodec2 import Codec2

from protocol.errors import LimitExceeded, MalformedVoice
from protocol.limits import CODEC2_FRAMES_MAX
from protocol.speech.denoise import Denoised
from protocol.speech.resample import resample
from protocol.speech.sound import Samples, Sound, float_samples, int16_samples, with_peak
from protocol.speech.trim import keep_voice

RATE_HZ = 8_000
FRAME_SAMPLES = 160
FRAME_BYTES = 6
_MODE_BITS_PER_SECOND = 2400

_TILT = 0.5
"""Speech falls off with frequency; taking half of the last sample away lifts consonants (voice.md)."""

_TILT_MEMORY_SAMPLES = 32
"""After so many samples half to the power of them is less than a bit of any sample."""

_RUMBLE_HZ_MAX = 200
_HIGH_PASS_TAPS = 161
_PEAK = 0.9


def encode_thin(denoised: Denoised) -> tuple[bytes, ...]:
    """Codec2 frames of 6 bytes and 20 ms, with long silence left out."""
    narrow = resample(keep_voice(denoised), RATE_HZ).samples
    shaped = with_peak(_high_pass(_tilt(narrow)), _PEAK)
    padded = int16_samples(np.pad(shaped, (0, -len(shaped) % FRAME_SAMPLES)))
    codec = Codec2(_MODE_BITS_PER_SECOND)
    # One frame for each call: the library's call for many fills only the first.
    return tuple(codec.encode(frame) for frame in padded.reshape(-1, FRAME_SAMPLES))


def decode_thin(frames: Sequence[bytes]) -> Sound:
    """The sound of Codec2 frames, at 8 kHz.

    The decoder draws the phases of hissing sounds from a counter that the library shares between all
    decoders, so a second decoding sounds the same and does not have the same samples.

    Raises: MalformedVoice, LimitExceeded.
    """
    if len(frames) > CODEC2_FRAMES_MAX:
        raise LimitExceeded(f"A voice note has {len(frames)} Codec2 frames and may have {CODEC2_FRAMES_MAX}.")
    if any(len(frame) != FRAME_BYTES for frame in frames):
        raise MalformedVoice(f"A Codec2 frame must have {FRAME_BYTES} bytes; the note cannot be played.")
    codec = Codec2(_MODE_BITS_PER_SECOND)
    decoded = [codec.decode(bytes(frame)) for frame in frames]
    pcm = np.concatenate(decoded) if decoded else np.zeros(0, np.int16)
    samples = _untilt(float_samples(pcm))
    # Undoing the tilt may double a low tone; a loud note is made quieter as a whole, never clipped.
    is_clipping = float(np.max(np.abs(samples), initial=0.0)) > 1.0
    return Sound(samples=with_peak(samples, _PEAK) if is_clipping else samples, rate_hz=RATE_HZ)


def _tilt(samples: Samples) -> Samples:
    return np.convolve(samples, np.array([1.0, -_TILT], np.float32))[: len(samples)]


def _untilt(samples: Samples) -> Samples:
    # The inverse filter y[n] = x[n] + y[n-1] / 2, written as the short sum that it is.
    response = (_TILT ** np.arange(_TILT_MEMORY_SAMPLES)).astype(np.float32)
    return np.convolve(samples, response)[: len(samples)] if len(samples) else samples


def _high_pass(samples: Samples) -> Samples:
    """Take out rumble with a windowed sinc: symmetric, so that it delays every frequency alike."""
    middle = _HIGH_PASS_TAPS // 2
    positions = np.arange(_HIGH_PASS_TAPS) - middle
    cutoff = 2 * _RUMBLE_HZ_MAX / RATE_HZ
    low_pass = cutoff * np.sinc(cutoff * positions) * np.hamming(_HIGH_PASS_TAPS)
    kernel = -low_pass / low_pass.sum()
    kernel[middle] += 1.0
    return np.convolve(samples, kernel.astype(np.float32))[middle : middle + len(samples)]
