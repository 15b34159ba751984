"""What a fisher says, sealed in this process: only the command line imports this, never the service."""

from collections.abc import Sequence
from dataclasses import dataclass

from protocol import limits, message
from protocol.deskkeys import DeskKey
from protocol.frames import Priority
from protocol.ids import DeskKeyId, UnixSeconds, VesselId
from protocol.mailbox import Mailbox
from protocol.message import URGENT_CATEGORIES, Body, Category, CheckIn, Message, Text, Voice, WellBeing
from protocol.priming import Language
from protocol.seal import seal_report
from protocol.voicepack import VoiceCodec, VoiceNote, pack_voice
from vessel_client.errors import TextTooLong, UnknownCategory, UnknownLanguage, VoiceMissing


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedMessage:
    """Bytes for the desk alone, and how much they hurry."""

    priority: Priority
    desk_key: DeskKeyId
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealer:
    """Seals messages of one fisher, so that answers come to `mailbox`."""

    vessel: VesselId
    desk_key: DeskKey
    mailbox: Mailbox
    now: UnixSeconds
    language: Language
    categories: tuple[Category, ...] = ()
    urgent: bool = False

    def text(self, text: str) -> SealedMessage:
        """Seal something written; raises `TextTooLong`."""
        require_text(text)
        return self._seal(Text(text=text), Priority.TEXT)

    def check_in(self, well_being: WellBeing) -> SealedMessage:
        """Seal how somebody is; help is always urgent."""
        usual = Priority.URGENT if well_being is WellBeing.HELP else Priority.CHECK_IN
        return self._seal(CheckIn(well_being=well_being, answers={}), usual)

    def voice(self, packed: "PackedRecording", note_id: bytes) -> tuple[SealedMessage, SealedMessage]:
        """Seal both forms of a recording, the thin one first; only that one hurries."""
        thin = self._seal(Voice(packed=packed.thin, note_id=note_id), Priority.THIN_VOICE)
        clear = self._seal(Voice(packed=packed.clear, note_id=note_id), Priority.CLEAR_VOICE)
        return thin, clear

    def _seal(self, body: Body, usual: Priority) -> SealedMessage:
        plain = message.encode(
            Message(
                created_at=self.now,
                language=self.language,
                body=body,
                mailbox_public=self.mailbox.public,
                categories=self.categories,
            )
        )
        hurries = self.urgent or bool(URGENT_CATEGORIES & set(self.categories))
        return SealedMessage(
            priority=Priority.URGENT if hurries and usual is not Priority.CLEAR_VOICE else usual,
            desk_key=self.desk_key.id,
            sealed=seal_report(plain, self.desk_key.public, self.vessel),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedRecording:
    """A recording in both forms, packed for the inside of a message."""

    thin: bytes
    clear: bytes


def pack_recording(wav: bytes) -> PackedRecording:
    """Encode a WAV recording.

    Raises: NotSound, RecordingTooLong, RecordingSilent, NoOpus, TooLarge, VoiceMissing.
    """
    try:
        # Loaded here, since a box without a microphone installs none of it.
        from protocol.speech.note import encode_note
        from protocol.speech.wav import read_wav
    except ImportError as reason:
        raise _voice_missing() from reason
    encoded = encode_note(read_wav(wav))
    return PackedRecording(
        thin=pack_voice(VoiceNote(codec=VoiceCodec.CODEC2_2400, frames=encoded.thin)),
        clear=pack_voice(VoiceNote(codec=VoiceCodec.OPUS_NARROWBAND_60MS, frames=encoded.clear)),
    )


def unpack_recording(note: VoiceNote) -> bytes:
    """Return a voice note as a WAV file.

    Raises: MalformedVoice, LimitExceeded, NoOpus, VoiceMissing.
    """
    try:
        from protocol.speech.note import decode_clear, decode_thin
        from protocol.speech.wav import write_wav
    except ImportError as reason:
        raise _voice_missing() from reason
    is_thin = note.codec is VoiceCodec.CODEC2_2400
    return write_wav(decode_thin(note.frames) if is_thin else decode_clear(note.frames))


def require_text(text: str) -> None:
    """Raise `TextTooLong` where a text does not fit into one message."""
    if len(text) > limits.TEXT_CHARACTERS_MAX:
        raise TextTooLong(
            f"This text has {len(text)} characters and {limits.TEXT_CHARACTERS_MAX} fit: "
            "send it as two messages, the second with --code and the code of the first."
        )


def read_categories(names: Sequence[str]) -> tuple[Category, ...]:
    """Return categories by their names, such as unpaid-wages; raises `UnknownCategory`."""
    known = {category_name(category): category for category in Category}
    for name in names:
        if name not in known:
            raise UnknownCategory(f"There is no category {name}. Choose from: {', '.join(known)}.")
    chosen = tuple(dict.fromkeys(known[name] for name in names))
    if len(chosen) > limits.CATEGORIES_MAX:
        raise UnknownCategory(
            f"A message has at most {limits.CATEGORIES_MAX} categories; choose the main ones."
        )
    return chosen


def category_name(category: Category) -> str:
    """Return a category's name as the command line has it."""
    return category.name.lower().replace("_", "-")


def read_language(tag: str) -> Language:
    """Return the language of a tag such as "my"; raises `UnknownLanguage`."""
    try:
        return Language.from_tag(tag)
    except ValueError:
        tags = ", ".join(language.tag for language in Language)
        raise UnknownLanguage(f"There is no language {tag} here. Choose from: {tags}.") from None


def _voice_missing() -> VoiceMissing:
    return VoiceMissing(
        "The parts for sound are not installed on this machine. "
        "Install them with `pip install 'seavoice[voice]'`, or send a text."
    )
