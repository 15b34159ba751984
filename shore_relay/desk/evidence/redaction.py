"""Takes things out of a pack so that they are nowhere in it, and says at each place that something is gone.

The JSON, the PDF and the files are made from what this leaves, so nothing that was removed can hide in them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum

from protocol.documents import Json
from shore_relay.desk.errors import BadRedaction
from shore_relay.desk.evidence.commitments import commit
from shore_relay.desk.evidence.finding import Span, merged, occurrences
from shore_relay.desk.evidence.model import (
    Answer,
    Custody,
    Message,
    Number,
    Pack,
    Removed,
    Sound,
    Words,
    as_json,
    shown_words,
)
from shore_relay.desk.evidence.zawgyi import to_unicode


class Rounding(Enum):
    """How exact the times stay."""

    EXACT = "exact"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


_FORMATS: Mapping[Rounding, str] = {
    Rounding.HOUR: "%Y-%m-%d %H:00 UTC",
    Rounding.DAY: "%Y-%m-%d",
    Rounding.MONTH: "%Y-%m",
}


_NAME_ALONE_BELOW = 4
"""Vessels' names shorter than that are looked for as whole words only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What to take out. Messages are named by their number at the desk."""

    words: tuple[str, ...] = ()
    """Wherever they stand: in texts, answers, transcripts, names and the title."""
    spans: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)
    """Parts of a message's text."""
    messages: frozenset[int] = frozenset()
    """Whole messages; that there was one stays visible."""
    vessels: bool = False
    """Names, numbers and fingerprints of vessels and boxes; a letter stands for each vessel."""
    rounding: Rounding = Rounding.EXACT
    voices: frozenset[int] = frozenset()
    transcripts: Mapping[int, str] = field(default_factory=dict)
    """Takes the place of a voice; names a message of `voices`."""

    @property
    def removes_anything(self) -> bool:
        """Whether there is anything to take out."""
        return self != Redaction()


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What readers see, in the language of the pack."""

    removed: str
    vessel: str
    """With `{letter}`."""


def redact(pack: Pack, redaction: Redaction, seed: bytes, marks: Marks) -> Pack:
    """Return the pack without what is to be removed.

    Raises: BadRedaction, where something would stay that the redaction names, or names what is not there.
    """
    _check(pack, redaction)
    redactor = _Redactor(pack, redaction, seed, marks)
    done = redactor.pack()
    redactor.check_nothing_left(done)
    return done


def _check(pack: Pack, redaction: Redaction) -> None:
    texts = {m.entry: shown_words(m.text) for m in pack.messages if isinstance(m, Message)}
    named = [*redaction.spans, *redaction.messages, *redaction.voices, *redaction.transcripts]
    for entry in named:
        if entry not in texts:
            raise BadRedaction(
                f"Message {entry} is not in this pack, so nothing of it can be removed.", str(entry)
            )
    for entry, spans in redaction.spans.items():
        for start, end in spans:
            if not 0 <= start < end <= len(texts[entry]):
                raise BadRedaction(
                    f"Message {entry} has {len(texts[entry])} characters; {start}-{end} is not a part of it."
                )
    for entry in redaction.transcripts:
        if entry not in redaction.voices:
            raise BadRedaction(
                f"Message {entry} has a transcript, and its voice is still there; leave it out.", str(entry)
            )


class _Redactor:
    def __init__(self, whole: Pack, redaction: Redaction, seed: bytes, marks: Marks) -> None:
        self._whole = whole
        self._redaction = redaction
        self._seed = seed
        self._marks = marks
        self._found: set[str] = set()
        self._instead = dict.fromkeys(redaction.words, marks.removed)
        self._vessels = self._letters()
        if redaction.vessels:
            for message in self._messages():
                self._instead.setdefault(
                    shown_words(message.vessel), self._vessels[shown_words(message.vessel_id)]
                )

    def pack(self) -> Pack:
        messages = tuple(
            self._removed(f"/messages/{at}", message)
            if message.entry in self._redaction.messages
            else self._message(f"/messages/{at}", message)
            for at, message in enumerate(self._messages())
        )
        return replace(
            self._whole,
            title=self._text("/title", self._whole.title),
            redacted=True,
            times=self._redaction.rounding.value,
            messages=messages,
        )

    def check_nothing_left(self, done: Pack) -> None:
        """Hold the result to what was asked for, as a reader would search it."""
        unfound = [word for word in self._redaction.words if word not in self._found]
        if unfound:
            raise BadRedaction(
                f"These words stand nowhere in these texts, so no pack was made: {', '.join(unfound)}. "
                "Look how they are spelt; what is spoken must be left out as a whole.",
                ", ".join(unfound),
            )
        marks = (self._marks.removed, *self._vessels.values())
        for place, text in _texts("", as_json(done)):
            for word in self._instead:
                if any(self._where(part, word) for part in _apart(text, marks)):
                    raise BadRedaction(f"“{word}” would still stand in the pack, at {place}.", word)

    def _where(self, text: str, word: str) -> list[Span]:
        # A vessel called "K1" must not take letters out of other words; what a person typed is meant so.
        is_typed = word in self._redaction.words
        return occurrences(text, word, whole=not is_typed and len(word) < _NAME_ALONE_BELOW)

    def _messages(self) -> list[Message]:
        return [message for message in self._whole.messages if isinstance(message, Message)]

    def _letters(self) -> dict[str, str]:
        letters: dict[str, str] = {}
        for message in self._messages():
            name = self._marks.vessel.format(letter=_letter(len(letters)))
            letters.setdefault(shown_words(message.vessel_id), name)
        return letters

    def _message(self, place: str, message: Message) -> Message:
        text, in_unicode = self._both_texts(place, message)
        sounds = self._sounds(place, message)
        hides = self._redaction.vessels
        return replace(
            message,
            # What would tie this pack to the whole one is for the desk to show, not for a reader to find.
            entry=self._removed(f"{place}/entry", message.entry),
            vessel=self._removed(
                f"{place}/vessel", message.vessel, self._vessels[shown_words(message.vessel_id)]
            )
            if hides
            else self._text(f"{place}/vessel", message.vessel),
            vessel_id=self._removed(f"{place}/vessel_id", message.vessel_id) if hides else message.vessel_id,
            spoken_at=self._time(f"{place}/spoken_at", message.spoken_at),
            text=text,
            text_in_unicode=in_unicode,
            sounds=sounds,
            custody=tuple(
                self._custody(f"{place}/custody/{at}", one) for at, one in enumerate(message.custody)
            ),
            opened_at=self._time(f"{place}/opened_at", message.opened_at),
            answers=tuple(
                self._answer(f"{place}/answers/{at}", one) for at, one in enumerate(message.answers)
            ),
        )

    def _both_texts(self, place: str, message: Message) -> tuple[Words, Words]:
        text, in_unicode = shown_words(message.text), shown_words(message.text_in_unicode)
        assert isinstance(message.entry, int)
        spans = list(self._redaction.spans.get(message.entry, ()))
        if not in_unicode:
            return self._text(f"{place}/text", text, spans), ""
        _, cut = self._cut(text, spans)
        new, cut_new = self._cut(in_unicode, [])
        if not cut and not cut_new:
            return text, in_unicode
        if spans:
            # The places are known in the old encoding only; each part between them is converted by itself.
            new, _ = self._cut(self._marks.removed.join(map(to_unicode, _between(text, merged(spans)))), [])
        # The old encoding may spell a word so that it is not found; only what was searched is shown.
        return self._removed(f"{place}/text", text), self._removed(
            f"{place}/text_in_unicode", in_unicode, new
        )

    def _sounds(self, place: str, message: Message) -> tuple[Sound, ...] | Removed:
        assert isinstance(message.sounds, tuple)
        assert isinstance(message.entry, int)
        if message.entry in self._redaction.voices:
            if not message.sounds:
                raise BadRedaction(f"Message {message.entry} has no voice to leave out.", str(message.entry))
            transcript, _ = self._cut(self._redaction.transcripts.get(message.entry, ""), [])
            return self._removed(f"{place}/sounds", message.sounds, transcript or self._marks.removed)
        return tuple(
            replace(one, spoken_sha256=self._removed(f"{place}/sounds/{at}/spoken_sha256", one.spoken_sha256))
            for at, one in enumerate(message.sounds)
        )

    def _custody(self, place: str, one: Custody) -> Custody:
        hides = self._redaction.vessels
        return replace(
            one,
            number=self._removed(f"{place}/number", one.number) if hides else one.number,
            arrived_at=self._time(f"{place}/arrived_at", one.arrived_at),
            fetched_at=self._time(f"{place}/fetched_at", one.fetched_at),
            box=self._removed(f"{place}/box", one.box) if hides else one.box,
            sealed_sha256=self._removed(f"{place}/sealed_sha256", one.sealed_sha256),
        )

    def _answer(self, place: str, one: Answer) -> Answer:
        return replace(
            one,
            made_at=self._time(f"{place}/made_at", one.made_at),
            changed_at=self._time(f"{place}/changed_at", one.changed_at),
            text=self._text(f"{place}/text", one.text),
        )

    def _time(self, place: str, at: Number) -> Number:
        if self._redaction.rounding is Rounding.EXACT or not at:
            return at
        assert isinstance(at, int)
        return self._removed(place, at, rounded(at, self._redaction.rounding))

    def _text(self, place: str, words: Words, spans: Iterable[Span] = ()) -> Words:
        text = shown_words(words)
        left, is_cut = self._cut(text, list(spans))
        return self._removed(place, text, left) if is_cut else text

    def _cut(self, text: str, spans: list[Span]) -> tuple[str, bool]:
        """Return a text without these parts and without every word that must go."""
        holes = dict.fromkeys(spans, self._marks.removed)
        for word, instead in self._instead.items():
            for span in self._where(text, word):
                self._found.add(word)
                holes.setdefault(span, instead)
        places = merged(list(holes))
        between = _between(text, places)
        left = between[0]
        for place, after in zip(places, between[1:], strict=True):
            left += holes.get(place, self._marks.removed) + after
        return left, bool(places)

    def _removed(self, place: str, value: object, instead: str = "") -> Removed:
        return Removed(removed=commit(self._seed, place, as_json(value)), instead=instead)


def rounded(at: int, rounding: Rounding) -> str:
    """Return a time as it is shown when it was rounded; empty for one that no calendar has."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime(_FORMATS[rounding])
    except (ValueError, OverflowError, OSError):
        return ""


def _between(text: str, places: list[Span]) -> list[str]:
    starts = [0, *(end for _, end in places)]
    ends = [*(start for start, _ in places), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _letter(at: int) -> str:
    return chr(ord("A") + at) if at < 26 else f"A{at}"


_FREE_TEXTS = frozenset(
    {"title", "made_by", "desk", "vessel", "text", "text_in_unicode", "opened_by", "instead"}
)
"""The keys of the pack under which people's own words stand."""


def _texts(place: str, value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, one in value.items():
            if not isinstance(one, str) or key in _FREE_TEXTS:
                yield from _texts(f"{place}/{key}", one)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _texts(f"{place}/{at}", item)
    elif isinstance(value, str):
        yield place, value


def _apart(text: str, marks: Iterable[str]) -> list[str]:
    parts = [text]
    for mark in marks:
        parts = [piece for part in parts for piece in part.split(mark)]
    return parts


def write_redaction(redaction: Redaction) -> str:
    """Return what was asked for in one line, for the desk's own record."""
    return json.dumps(
        {
            "words": list(redaction.words),
            "spans": {str(entry): [list(span) for span in spans] for entry, spans in redaction.spans.items()},
            "messages": sorted(redaction.messages),
            "vessels": redaction.vessels,
            "rounding": redaction.rounding.value,
            "voices": sorted(redaction.voices),
            "transcripts": sorted(redaction.transcripts),
        },
        ensure_ascii=False,
    )
