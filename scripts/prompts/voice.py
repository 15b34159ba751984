"""Speaks a label with eSpeak NG and codes it as the box codes a voice note's clear form."""

import subprocess
from collections.abc import Mapping

import numpy as np

from protocol.priming import Language
from protocol.speech.clear import PACKET_SAMPLES, RATE_HZ, encode_clear
from protocol.speech.denoise import CHUNK_SAMPLES, Denoised
from protocol.speech.resample import resample
from protocol.speech.sound import Samples, Sound
from protocol.speech.wav import read_wav
from scripts.prompts.ogg import write_ogg

VOICES: Mapping[Language, str] = {
    Language.ENGLISH: "en-gb",
    Language.INDONESIAN: "id",
    Language.VIETNAMESE: "vi",
}
"""The voices that say what is written. Why Burmese and Thai are not among them: docs/sounds.md."""

_WORDS_PER_MINUTE = 140
"""Slower than the synthesiser's 175, because its listener may hear it over an engine."""

_QUIET = 0.01
_MARGIN_SAMPLES = RATE_HZ // 25
"""40 ms stay on either side, so that no consonant is cut."""


def speak(language: Language, text: str) -> bytes:
    """Return the text as an Ogg file, without silence at its ends.

    Raises: FileNotFoundError without eSpeak NG, subprocess.CalledProcessError when it refuses, NoOpus.
    """
    command = ["espeak-ng", "-v", VOICES[language], "-s", str(_WORDS_PER_MINUTE), "--stdout", "--", text]
    spoken = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    samples = _trimmed(resample(read_wav(spoken), RATE_HZ).samples)
    # A synthesiser makes no noise, so there is none to take out.
    chunks = np.ones(len(samples) // CHUNK_SAMPLES, dtype=np.bool_)
    packets = encode_clear(Denoised(sound=Sound(samples=samples, rate_hz=RATE_HZ), is_voice=chunks))
    return write_ogg(packets, PACKET_SAMPLES, len(samples), RATE_HZ)


def _trimmed(samples: Samples) -> Samples:
    heard = np.flatnonzero(np.abs(samples) > _QUIET)
    start = max(0, int(heard[0]) - _MARGIN_SAMPLES)
    return samples[start : int(heard[-1]) + _MARGIN_SAMPLES]
