"""Leaves out the silence of a recording and never a word of it."""

import numpy as np

from protocol.speech.denoise import CHUNK_SAMPLES, Denoised
from protocol.speech.sound import Sound

MARGIN_CHUNKS = 20
"""200 ms are kept on either side of a voice: no consonant is clipped at 5 dB of noise (docs/decisions/0003).

A pause therefore lasts at most 400 ms, which the ear still takes for a pause."""


def keep_voice(denoised: Denoised) -> Sound:
    """The parts in which somebody speaks, with margins; everything, if no voice was found.

    The detector may be wrong about a whisper, and who is heard badly must still be heard.
    """
    if not denoised.is_voice.any():
        return denoised.sound
    window = np.ones(2 * MARGIN_CHUNKS + 1)
    near_voice = np.convolve(denoised.is_voice, window)[MARGIN_CHUNKS:-MARGIN_CHUNKS] > 0.5
    chunks = denoised.sound.samples.reshape(-1, CHUNK_SAMPLES)
    return Sound(samples=chunks[near_voice].reshape(-1), rate_hz=denoised.sound.rate_hz)
