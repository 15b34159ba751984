"""Sound for a person's ears, and from a person's recording; both in memory only."""

import hashlib
from collections import OrderedDict

from protocol.codec2pack import CODEC2_FRAME_BYTES
from protocol.errors import MalformedVoice
from protocol.speech.note import decode_clear, decode_thin, encode_note
from protocol.speech.wav import read_wav, write_wav
from protocol.voicepack import VoiceCodec, VoiceNote, pack_voice, unpack_voice

RECORDING_BYTES_MAX = 80_000_000
"""Three minutes at 48 kHz, two channels, 32 bits, with room for a header."""

_SHELF_PLACES = 4

_UNPACKED = 0
"""Marks a thin note that is kept unpacked: a packed one begins with its version, which is never 0."""


def to_keep(note: VoiceNote, packed: bytes) -> bytes:
    """Return a note as the desk keeps it: ready to be played, also where unpacking it takes seconds."""
    if note.codec is not VoiceCodec.CODEC2_2400:
        return packed
    return bytes([_UNPACKED]) + b"".join(note.frames)


def _note_of(voice: bytes) -> VoiceNote:
    if voice[:1] != bytes([_UNPACKED]):
        return unpack_voice(voice)
    frames = (voice[at : at + CODEC2_FRAME_BYTES] for at in range(1, len(voice), CODEC2_FRAME_BYTES))
    return VoiceNote(codec=VoiceCodec.CODEC2_2400, frames=tuple(frames))


def wav_of(voice: bytes) -> bytes:
    """Return a voice note, packed or as `to_keep` made it, as a WAV file.

    Raises: MalformedVoice, LimitExceeded, NoOpus.
    """
    note = _note_of(voice)
    if not note.frames:
        raise MalformedVoice("This voice note holds no sound; ask for it again.")
    is_thin = note.codec is VoiceCodec.CODEC2_2400
    return write_wav(decode_thin(note.frames) if is_thin else decode_clear(note.frames))


def pack_recording(wav: bytes) -> tuple[bytes, int]:
    """Return a WAV recording in the thin form, packed, and its length in milliseconds.

    Raises: NotSound, RecordingTooLong, RecordingSilent, NoOpus, TooLarge.
    """
    encoded = encode_note(read_wav(wav))
    note = VoiceNote(codec=VoiceCodec.CODEC2_2400, frames=encoded.thin)
    return pack_voice(note), note.duration_ms


class SoundShelf:
    """The last few notes that were played, decoded: players ask for one file in many pieces.

    Decoding twice would not give the same samples (the Codec2 decoder draws phases), so pieces of two
    decodings must never meet.
    """

    def __init__(self) -> None:
        self._places: OrderedDict[bytes, bytes] = OrderedDict()

    def wav(self, voice: bytes) -> bytes:
        """Return the WAV of a note, decoded once while it is on the shelf; takes and raises as `wav_of`."""
        key = hashlib.sha256(voice).digest()
        found = self._places.pop(key, None) or wav_of(voice)
        self._places[key] = found
        while len(self._places) > _SHELF_PLACES:
            self._places.popitem(last=False)
        return found

    def clear(self) -> None:
        """Forget every note, when nobody is logged in any more."""
        self._places.clear()
