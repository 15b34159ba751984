"""The clear form of a voice note on a metered link: Opus at 8 kbit/s in packets of 60 ms."""

import ctypes.util
import functools
import importlib
from collections.abc import Sequence
from types import ModuleType

import numpy as np

from protocol.errors import LimitExceeded, MalformedVoice
from protocol.limits import OPUS_PACKETS_MAX
from protocol.speech.denoise import Denoised
from protocol.speech.errors import NoOpus
from protocol.speech.sound import Sound, float_samples, int16_samples, with_peak

RATE_HZ = 16_000
PACKET_SAMPLES = RATE_HZ * 60 // 1000
_CHANNELS = 1
_PEAK = 0.9

_BITS_PER_SECOND = 8_000
_COMPLEXITY_MAX = 10
"""Costs a few milliseconds more for a second of sound and is heard (docs/decisions/0003)."""


def encode_clear(denoised: Denoised) -> tuple[bytes, ...]:
    """Opus packets of 60 ms for the whole recording, pauses included.

    Raises: NoOpus.
    """
    opus = _opus()
    encoder = opus.Encoder(RATE_HZ, _CHANNELS, opus.APPLICATION_VOIP)
    encoder.bitrate = _BITS_PER_SECOND
    # Variable, so that vowels get what pauses save, but bounded, so that no note exceeds its rate.
    encoder.vbr = True
    encoder.vbr_constraint = True
    encoder.complexity = _COMPLEXITY_MAX
    encoder.signal = opus.SIGNAL_VOICE
    encoder.max_bandwidth = opus.BANDWIDTH_MEDIUMBAND
    samples = with_peak(denoised.sound.samples, _PEAK)
    padded = int16_samples(np.pad(samples, (0, -len(samples) % PACKET_SAMPLES)))
    packets = padded.reshape(-1, PACKET_SAMPLES)
    return tuple(encoder.encode(packet.tobytes(), PACKET_SAMPLES) for packet in packets)


def decode_clear(packets: Sequence[bytes]) -> Sound:
    """The sound of Opus packets of at most 60 ms each, at 16 kHz.

    Raises: NoOpus, MalformedVoice, LimitExceeded.
    """
    if len(packets) > OPUS_PACKETS_MAX:
        raise LimitExceeded(f"A voice note has {len(packets)} Opus packets and may have {OPUS_PACKETS_MAX}.")
    if not all(packets):
        raise MalformedVoice("A voice note has an empty Opus packet; it cannot be played.")
    opus = _opus()
    decoder = opus.Decoder(RATE_HZ, _CHANNELS)
    try:
        # A packet that wants to play longer than 60 ms does not fit and is refused: this bounds what we hold.
        decoded = [decoder.decode(bytes(packet), PACKET_SAMPLES) for packet in packets]
    except opus.OpusError as error:
        raise MalformedVoice(
            f"An Opus packet of a voice note is damaged ({error}); ask for it again."
        ) from error
    return Sound(samples=float_samples(np.frombuffer(b"".join(decoded), "<i2")), rate_hz=RATE_HZ)


@functools.cache
def _opus() -> ModuleType:
    # Looked for here and not at the top, because importing the binding without the library fails without a
    # class of its own, and the thin form must work on a box that has no Opus.
    if ctypes.util.find_library("opus") is None:
        raise NoOpus("The Opus library is missing on this computer; install the system package libopus0.")
    return importlib.import_module("opuslib_next")
