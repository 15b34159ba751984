"""What a message says, as the desk keeps it: everything but the sound, as one JSON document."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from protocol import limits
from protocol.documents import MalformedDocument, Reader, dump, load, to_text
from protocol.ids import UnixSeconds
from protocol.message import URGENT_CATEGORIES, Category, CheckIn, Message, Text, WellBeing
from protocol.priming import Language


class ContentKind(Enum):
    """What somebody made: wrote, spoke, or pressed."""

    TEXT = "text"
    VOICE = "voice"
    CHECK_IN = "check-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One message, opened."""

    kind: ContentKind
    created_at: UnixSeconds
    """By the clock of the sender's device, which may be wrong."""
    language: Language
    categories: tuple[Category, ...] = ()
    text: str = ""
    well_being: WellBeing | None = None
    answers: Mapping[int, bool]
    mailbox_public: bytes = b""
    duration_ms: int = 0
    codec: int = 0
    """`VoiceCodec` of the sound; the higher, the clearer. 0 where there is none that plays."""

    @property
    def needs_help_now(self) -> bool:
        """Whether what it says is urgent, whatever its envelope says: duress travels as if all were well."""
        asks = self.well_being in (WellBeing.HELP, WellBeing.DURESS)
        return asks or bool(URGENT_CATEGORIES & set(self.categories))


def content_of(message: Message) -> Content:
    """Return what a message says; the sound's length and codec are for `opening` to add."""
    body = message.body
    kind = ContentKind.VOICE
    text, well_being, answers = "", None, dict[int, bool]()
    if isinstance(body, Text):
        kind, text = ContentKind.TEXT, body.text
    elif isinstance(body, CheckIn):
        kind, well_being, answers = ContentKind.CHECK_IN, body.well_being, dict(body.answers)
    return Content(
        kind=kind,
        created_at=message.created_at,
        language=message.language,
        categories=message.categories,
        text=text,
        well_being=well_being,
        answers=answers,
        mailbox_public=message.mailbox_public,
    )


def write_content(content: Content) -> bytes:
    """Return the document to encrypt."""
    return dump(
        {
            "kind": content.kind.value,
            "created_at": content.created_at,
            "language": int(content.language),
            "categories": [{"number": int(category)} for category in content.categories],
            "text": content.text,
            "well_being": int(content.well_being or 0),
            "answers": [{"question": q, "yes": int(a)} for q, a in content.answers.items()],
            "mailbox_public": to_text(content.mailbox_public),
            "duration_ms": content.duration_ms,
            "codec": content.codec,
        }
    )


def read_content(data: bytes) -> Content:
    """Read what `write_content` wrote; raises `MalformedDocument`."""
    with load(data, "A stored message") as reader:
        well_being = reader.integer("well_being", most=max(WellBeing))
        return Content(
            kind=_read_kind(reader),
            created_at=UnixSeconds(reader.integer("created_at")),
            language=Language(reader.integer("language", most=max(Language))),
            categories=tuple(
                _read_category(entry) for entry in reader.each("categories", most=limits.CATEGORIES_MAX)
            ),
            text=reader.text("text", most=limits.TEXT_UTF8_BYTES_MAX),
            well_being=WellBeing(well_being) if well_being else None,
            answers=dict(_read_answer(entry) for entry in reader.each("answers", most=256)),
            mailbox_public=reader.binary("mailbox_public"),
            duration_ms=reader.integer("duration_ms"),
            codec=reader.integer("codec"),
        )


def _read_kind(reader: Reader) -> ContentKind:
    kind = reader.text("kind")
    if kind not in {known.value for known in ContentKind}:
        raise MalformedDocument(f"A stored message is of a kind that this desk does not know: {kind}.")
    return ContentKind(kind)


def _read_category(entry: Reader) -> Category:
    with entry as reader:
        number = reader.integer("number")
    if number not in set(Category):
        raise MalformedDocument(f"A stored message has a category that this desk does not know: {number}.")
    return Category(number)


def _read_answer(entry: Reader) -> tuple[int, bool]:
    with entry as reader:
        return reader.integer("question", most=255), bool(reader.integer("yes", most=1))
