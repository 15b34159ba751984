"""A recording as the two forms that a voice note travels in."""

from dataclasses import dataclass

from protocol.speech.clear import decode_clear, encode_clear
from protocol.speech.denoise import denoise
from protocol.speech.sound import Sound, require_audible, require_length, require_rate
from protocol.speech.thin import decode_thin, encode_thin

__all__ = ["EncodedNote", "decode_clear", "decode_thin", "encode_note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedNote:
    """Codec2 frames that go first, Opus packets that follow on a cheaper link, and the recording's length."""

    thin: tuple[bytes, ...]
    clear: tuple[bytes, ...]
    duration_ms: int


def encode_note(sound: Sound) -> EncodedNote:
    """Both forms of a recording; the noise is taken out once for both.

    Raises: NotSound, RecordingTooLong, RecordingSilent, NoOpus.
    """
    require_rate(sound.rate_hz)
    require_length(len(sound.samples), sound.rate_hz)
    require_audible(sound)
    denoised = denoise(sound)
    return EncodedNote(
        thin=encode_thin(denoised), clear=encode_clear(denoised), duration_ms=sound.duration_ms
    )
