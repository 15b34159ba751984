"""What a pack says, as data: everything that its JSON and its PDF hold, and nothing else.

Where something was taken out stands a `Removed` in its place: that it is gone, what stands there instead, and
a commitment by which the desk, and nobody else, can show later what it was.
"""

import dataclasses
from dataclasses import dataclass

from protocol.documents import Json

FORMAT = "seavoice evidence 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """The place of something that was taken out."""

    removed: str
    """Salted commitment, in hexadecimal; see `commitments`."""
    instead: str = ""
    """What a reader sees there; empty for nothing."""


Words = str | Removed
Number = int | Removed
"""Times are seconds since 1970, in UTC; 0 where nobody recorded any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """One form of what was spoken."""

    file: str
    """Its WAV in the pack; empty where it does not play."""
    codec: str
    duration_ms: int
    spoken_sha256: Words
    """Of the encoded sound as it was sealed on board; the WAV is made from that."""
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody:
    """One bundle's way from the box to this desk."""

    number: Number
    """What the box counted it as; a missing number shows."""
    form: str
    priority: str
    arrived_at: Number
    """When it was whole at the relay: the latest that it left the boat, which nobody records."""
    over: str
    """The bearer by which its last piece came."""
    fetched_at: Number
    desk_key: str
    seal: str
    """"opens", or why not: tried anew when the pack was made."""
    origin: str
    """Whether its box's tag is right: checked anew when the pack was made."""
    box: Words
    """Fingerprint of the box whose tag it carries; empty where it carries none that is known."""
    sealed_sha256: Words
    sealed_file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One answer in a check-in."""

    question: int
    yes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the desk answered."""

    made_at: Number
    changed_at: Number
    state: str
    text: Words
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the pack."""

    number: int
    """In this pack, from 1."""
    entry: Number
    """At the desk."""
    vessel: Words
    vessel_id: Words
    urgent: bool
    kind: str
    """Empty where it did not open."""
    spoken_at: Number
    """By the clock of the sender's device."""
    language: str
    categories: tuple[str, ...]
    well_being: str
    questions: tuple[Question, ...]
    text: Words
    text_in_unicode: Words
    """The same where `text` is written in the old Zawgyi encoding; else empty."""
    sounds: tuple[Sound, ...] | Removed
    custody: tuple[Custody, ...]
    opened_at: Number
    opened_by: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A whole pack."""

    format: str = FORMAT
    pack: str
    """Its name: 16 random bytes in hexadecimal."""
    title: Words
    made_at: int
    made_by: str
    role: str
    desk: str
    desk_id: str
    signing_key: str
    fingerprint: str
    """Of the signing key."""
    redacted: bool
    times: str
    """"exact", or to what they were rounded."""
    messages: tuple[Message | Removed, ...]


def as_json(value: object) -> Json:
    """Return any part of a pack as JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [as_json(one) for one in value]
    assert value is None or isinstance(value, str | int | bool)
    return value


def shown_words(words: Words) -> str:
    """Return what a reader sees."""
    return words.instead if isinstance(words, Removed) else words
