"""What is inside the seal (SPEC §5.3): a report, a voice note, a check-in, or an answer.

One msgpack map with whole numbers as keys, then zeros up to a size that says nothing about the content. What
a message is follows from which body key it has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from protocol import limits
from protocol.errors import MalformedMessage, TooLarge
from protocol.ids import UnixSeconds
from protocol.priming import Language
from protocol.textpack import pack_text, unpack_text
from protocol.wire import WireValue, as_array, as_bytes, as_int, as_map, pack, unpack_prefix


class Category(IntEnum):
    """What a report is about (people.md). Numbers never change their meaning."""

    UNPAID_WAGES = 1
    DEDUCTIONS = 2
    REMITTANCE_NOT_SENT = 3
    DEBT = 4
    CONTRACT_NOT_UNDERSTOOD = 5
    CONTRACT_REPLACED = 6
    CONTRACT_EXPIRED = 7
    MOVED_TO_ANOTHER_VESSEL = 8
    PAPERS_KEPT = 9
    VIOLENCE = 10
    SEXUAL_VIOLENCE = 11
    THREATS = 12
    SUICIDE = 13
    TOO_LITTLE_REST = 14
    FOOD_OR_WATER = 15
    PLACE_TO_SLEEP = 16
    SAFETY_GEAR = 17
    INJURY = 18
    ILLNESS = 19
    SWOLLEN_OR_BREATHLESS = 20
    NOT_ALLOWED_ASHORE = 21
    NOT_TAKEN_HOME = 22
    ABANDONED = 23
    MISSING = 24
    OVERBOARD = 25
    DEAD = 26
    CHILD_WORKING = 27
    ILLEGAL_FISHING = 28
    OFFICIAL_MISCONDUCT = 29
    PUNISHED_FOR_SPEAKING = 30


URGENT_CATEGORIES = frozenset(
    {
        Category.SUICIDE,
        Category.INJURY,
        Category.ILLNESS,
        Category.SWOLLEN_OR_BREATHLESS,
        Category.ABANDONED,
        Category.MISSING,
        Category.OVERBOARD,
        Category.DEAD,
    }
)
"""Urgent without asking; violence is asked about, since only violence now is (people.md)."""


class WellBeing(IntEnum):
    """What a check-in says. `DURESS` is made by the same gesture as `WELL`, held long."""

    WELL = 1
    UNWELL = 2
    HELP = 3
    DURESS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Something written."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Something spoken, as `voicepack` packs it; unpack it only after the seal has opened."""

    packed: bytes
    note_id: bytes = b""
    """6 bytes that the thin and the clear form of one note share; empty where there is only one form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """How somebody is, with yes/no answers by question number."""

    well_being: WellBeing
    answers: Mapping[int, bool]


Body = Text | Voice | CheckIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, in either direction."""

    created_at: UnixSeconds
    language: Language
    body: Body
    mailbox_public: bytes = b""
    """32 bytes to which answers are sealed; empty where no answer is wanted, and in answers themselves."""
    categories: tuple[Category, ...] = ()


class _Key(IntEnum):
    CREATED_AT = 0
    LANGUAGE = 1
    MAILBOX = 2
    CATEGORIES = 3
    TEXT = 4
    VOICE = 5
    NOTE_ID = 6
    CHECK_IN = 7
    ANSWERS = 8


_BODY_KEYS = (_Key.TEXT, _Key.VOICE, _Key.CHECK_IN)


def encode(message: Message, *, padded: bool = True) -> bytes:
    """Return the plaintext to seal. `padded=False` is for measuring beside protocols that do not pad.

    Raises `TooLarge` where a text, a note or a list is longer than its limit.
    """
    fields: dict[int, WireValue] = {_Key.CREATED_AT: message.created_at}
    if message.language:
        fields[_Key.LANGUAGE] = int(message.language)
    if message.mailbox_public:
        fields[_Key.MAILBOX] = message.mailbox_public
    if len(message.categories) > limits.CATEGORIES_MAX:
        raise TooLarge(f"a message has at most {limits.CATEGORIES_MAX} categories; choose the main ones")
    if message.categories:
        fields[_Key.CATEGORIES] = tuple(int(category) for category in message.categories)
    fields |= _body_fields(message)
    plain = pack({int(key): value for key, value in fields.items()})
    return plain + bytes(padded_size(len(plain)) - len(plain)) if padded else plain


def _body_fields(message: Message) -> dict[int, WireValue]:
    match message.body:
        case Text(text=text):
            if len(text) > limits.TEXT_CHARACTERS_MAX:
                raise TooLarge(
                    f"This text has {len(text)} characters; {limits.TEXT_CHARACTERS_MAX} fit. "
                    "Send it as two messages."
                )
            return {_Key.TEXT: pack_text(text, message.language)}
        case Voice(packed=packed, note_id=note_id):
            if len(packed) > limits.VOICE_PACKED_BYTES_MAX:
                raise TooLarge("this recording is too long; record it again in two parts")
            fields: dict[int, WireValue] = {_Key.VOICE: packed}
            return fields | ({_Key.NOTE_ID: note_id} if note_id else {})
        case CheckIn(well_being=well_being, answers=answers):
            fields = {_Key.CHECK_IN: int(well_being)}
            listed = {int(question): int(answer) for question, answer in sorted(answers.items())}
            return fields | ({_Key.ANSWERS: listed} if listed else {})


def decode(plain: bytes) -> Message:
    """Read what a seal contained; raises `MalformedMessage` or `MalformedText`."""
    error = MalformedMessage
    value, end = unpack_prefix(plain, error)
    if any(plain[end:]):
        raise error("the padding is not all zeros")
    fields = as_map(value, error, "a message")
    bodies = [key for key in _BODY_KEYS if key in fields]
    if len(bodies) != 1:
        raise error("a message has exactly one body")
    language = Language(as_int(fields.get(_Key.LANGUAGE, 0), error, "a language", most=max(Language)))
    mailbox = as_bytes(fields.get(_Key.MAILBOX, b""), error, "a mailbox", most=limits.X25519_KEY_BYTES)
    if len(mailbox) not in (0, limits.X25519_KEY_BYTES):
        raise error("a mailbox key has 32 bytes")
    return Message(
        created_at=UnixSeconds(
            as_int(fields.get(_Key.CREATED_AT), error, "a time", most=limits.UNIX_SECONDS_MAX)
        ),
        language=language,
        body=_read_body(bodies[0], fields, language),
        mailbox_public=mailbox,
        categories=_read_categories(fields.get(_Key.CATEGORIES, ())),
    )


def _read_categories(value: WireValue) -> tuple[Category, ...]:
    error = MalformedMessage
    listed = as_array(value, error, "categories", most=limits.CATEGORIES_MAX)
    numbers = [as_int(number, error, "a category", most=255) for number in listed]
    # A newer page may know categories that this desk does not; the message matters more.
    return tuple(Category(number) for number in numbers if number in set(Category))


def _read_body(key: _Key, fields: Mapping[int, WireValue], language: Language) -> Body:
    error = MalformedMessage
    if key is _Key.TEXT:
        packed = as_bytes(fields[key], error, "a text", most=limits.TEXT_UTF8_BYTES_MAX + 1)
        return Text(text=unpack_text(packed, language))
    if key is _Key.VOICE:
        voice = as_bytes(fields[key], error, "a voice note", least=1, most=limits.VOICE_PACKED_BYTES_MAX)
        note_id = as_bytes(fields.get(_Key.NOTE_ID, b""), error, "a note id", most=limits.NOTE_ID_BYTES)
        if len(note_id) not in (0, limits.NOTE_ID_BYTES):
            raise error(f"a note id has {limits.NOTE_ID_BYTES} bytes")
        return Voice(packed=voice, note_id=note_id)
    well_being = WellBeing(as_int(fields[key], error, "a check-in", least=1, most=max(WellBeing)))
    listed = as_map(fields.get(_Key.ANSWERS, {}), error, "answers")
    answers = {
        as_int(question, error, "a question", most=255): bool(as_int(answer, error, "an answer", most=1))
        for question, answer in listed.items()
    }
    return CheckIn(well_being=well_being, answers=answers)


def padded_size(size_bytes: int) -> int:
    """Return the size to which a plaintext of `size_bytes` is filled up.

    Two small sizes, so that a check-in and a short report look alike and whole satellite messages are used;
    above them Padmé, which leaks O(log log n) bits and costs 2-3 % for voice.
    """
    if size_bytes <= limits.PADDED_SMALL_BYTES:
        return limits.PADDED_SMALL_BYTES
    if size_bytes <= limits.PADDED_MEDIUM_BYTES:
        return limits.PADDED_MEDIUM_BYTES
    exponent = size_bytes.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return (size_bytes + step - 1) // step * step
