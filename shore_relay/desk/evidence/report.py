"""The pack on paper: what was said, and the way it came."""

from protocol.message import Category, WellBeing
from shore_relay.desk.evidence.model import (
    Answer,
    Custody,
    Message,
    Number,
    Pack,
    Removed,
    Sound,
    Words,
    shown_words,
)
from shore_relay.desk.evidence.typesetting.paper import Paper
from shore_relay.desk.store.records import DispatchState
from shore_relay.desk.trust import Origin
from shore_relay.desk.words import Words as Catalogue


def render(pack: Pack, words: Catalogue) -> bytes:
    """Return the PDF of a pack."""
    paper = Paper(
        title=shown_words(pack.title),
        foot=words("evidence.foot", desk=pack.desk, pack=pack.pack),
        language=words.language,
        made_at=pack.made_at,
    )
    _Report(paper, words).write(pack)
    return paper.bytes()


class _Report:
    def __init__(self, paper: Paper, words: Catalogue) -> None:
        self._paper = paper
        self._words = words

    def write(self, pack: Pack) -> None:
        w, paper = self._words, self._paper
        paper.title(shown_words(pack.title) or w("evidence.title"))
        if pack.redacted:
            paper.warning(w("evidence.redacted.note"))
        paper.row(w("evidence.desk"), f"{pack.desk} ({pack.desk_id})")
        paper.row(w("evidence.made"), f"{w.day(pack.made_at)}, {pack.made_by} ({w(f'role.{pack.role}')})")
        paper.row(w("evidence.messages"), str(len(pack.messages)))
        if pack.times != "exact":
            paper.row(w("evidence.times"), w(f"evidence.times.{pack.times}"))
        paper.row(w("evidence.pack"), pack.pack)
        paper.row(w("evidence.fingerprint"), pack.fingerprint)
        paper.note(w("evidence.read-me.check", fingerprint=pack.fingerprint))
        paper.note(w("evidence.read-me.proves"))
        for number, message in enumerate(pack.messages, start=1):
            paper.heading(w("evidence.message", number=number))
            if isinstance(message, Removed):
                paper.warning(w("evidence.message.removed"))
            else:
                self._message(message)

    def _message(self, message: Message) -> None:
        w, row = self._words, self._paper.row
        if message.urgent:
            self._paper.warning(w("inbox.urgent"))
        vessel_id = message.vessel_id if isinstance(message.vessel_id, str) else ""
        row(w("message.from"), _joined(self._text(message.vessel), vessel_id))
        row(w("evidence.kind"), w(f"kind.{message.kind}") if message.kind else w("kind.unopened"))
        if message.spoken_at:
            row(w("message.created"), self._day(message.spoken_at))
        if message.language:
            row(w("message.language"), w(f"language.{message.language}"))
        if message.categories:
            row(w("message.about"), ", ".join(map(self._category, message.categories)))
        if message.well_being:
            row(w("kind.check-in"), w(f"well-being.{WellBeing[message.well_being.upper()].value}"))
        for one in message.questions:
            row(w("question", number=one.question), w("yes") if one.yes else w("no"))
        self._words_of(message)
        for at, sound in enumerate(message.sounds if isinstance(message.sounds, tuple) else (), start=1):
            self._sound(at, sound)
        for custody in message.custody:
            self._custody(custody)
        row(w("evidence.opened"), self._opened(message))
        for answer in message.answers:
            self._answer(answer, message.language)

    def _words_of(self, message: Message) -> None:
        w = self._words
        text, in_unicode = self._text(message.text), self._text(message.text_in_unicode)
        if in_unicode:
            self._paper.note(w("evidence.unicode"))
            self._paper.quote(in_unicode, message.language)
            self._paper.note(w("evidence.zawgyi"))
        if text:
            self._paper.quote(text, message.language)
        if isinstance(message.sounds, Removed):
            self._paper.note(w("evidence.transcript"))
            self._paper.quote(message.sounds.instead, message.language)

    def _sound(self, at: int, sound: Sound) -> None:
        w = self._words
        if sound.fault:
            value = w.fault(sound.fault)
        else:
            value = f"{w.duration(sound.duration_ms)}, {sound.codec}: {sound.file}"
        self._paper.row(w("evidence.sound", number=at), value)

    def _custody(self, one: Custody) -> None:
        w, row = self._words, self._paper.row
        row(w("message.numbers"), self._text(str(one.number) if isinstance(one.number, int) else one.number))
        row(w("evidence.left"), w("evidence.left.unknown"))
        row(w("message.arrived"), _joined(self._day(one.arrived_at), one.over))
        row(w("evidence.fetched"), self._day(one.fetched_at) if one.fetched_at else w("evidence.not-noted"))
        row(w("evidence.seal"), w("evidence.seal.opens") if one.seal == "opens" else w.fault(one.seal))
        origin = w(f"origin.{Origin[one.origin.upper()].value}")
        row(w("evidence.origin"), _joined(origin, self._text(one.box)))
        if one.sealed_sha256 and not isinstance(one.sealed_sha256, Removed):
            row("SHA-256", one.sealed_sha256)

    def _opened(self, message: Message) -> str:
        if not message.opened_at:
            return self._words("evidence.not-opened")
        return _joined(self._day(message.opened_at), message.opened_by)

    def _answer(self, answer: Answer, language: str) -> None:
        w = self._words
        state = DispatchState[answer.state.upper().replace("-", "_")]
        self._paper.row(w("evidence.answer"), f"{self._day(answer.made_at)}. {w(f'dispatch.{state.value}')}")
        if text := self._text(answer.text):
            self._paper.quote(text, language)
        elif answer.duration_ms:
            self._paper.note(w("answer.spoken", length=w.duration(answer.duration_ms)))

    def _category(self, name: str) -> str:
        return self._words(f"category.{Category[name.upper().replace('-', '_')].value}")

    def _day(self, at: Number) -> str:
        return self._text(at) if isinstance(at, Removed) else self._words.day(at)

    def _text(self, words: Words) -> str:
        if isinstance(words, Removed):
            return words.instead or self._words("evidence.removed")
        return words


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
