"""The inbox as a caseworker sees it: one entry for each message, the pressing ones first."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from protocol.frames import Priority
from protocol.ids import UnixSeconds, VesselId
from protocol.priming import Language
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.content import Content, ContentKind
from shore_relay.desk.errors import UnknownEntry
from shore_relay.desk.receipts import queue_receipts
from shore_relay.desk.sealed import (
    open_answer,
    open_answer_voice,
    open_box,
    open_message,
    open_name,
    open_voice,
)
from shore_relay.desk.store import inbox, listing, outbox
from shore_relay.desk.store.records import BundleRow, DispatchState
from shore_relay.desk.trust import Box, Origin

_TRUST = {Origin.VERIFIED: 2, Origin.UNCONFIRMED: 1, Origin.FORGED: 0, Origin.UNCHECKABLE: 0}
"""A clearer sound never takes the place of one from a more trusted origin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One bundle of an entry: a text, or one of the forms of a voice note."""

    row: BundleRow
    content: Content | None
    """None where the bundle did not open."""

    @property
    def codec(self) -> int:
        """The sound's codec, the higher the clearer; 0 where nothing plays."""
        return self.content.codec if self.content else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message."""

    id: int
    vessel: VesselId
    vessel_name: str
    fingerprint: str
    """Of the vessel's newest box; empty before it introduced itself."""
    forms: tuple[Form, ...]
    """In the order in which they came."""

    @property
    def best(self) -> Form:
        """The form to show: one that opened, from the most trusted origin, with the clearest sound."""
        return max(
            self.forms,
            key=lambda form: (form.content is not None, _TRUST[Origin(form.row.origin)], form.codec),
        )

    def form_with(self, codec: int) -> Form | None:
        """Return the most trusted form with this codec; None where there is none."""
        found = [form for form in self.forms if codec and form.codec == codec]
        return max(found, key=lambda form: _TRUST[Origin(form.row.origin)], default=None)

    @property
    def content(self) -> Content | None:
        """What the message says; None where no form of it opened."""
        return self.best.content

    @property
    def origin(self) -> Origin:
        """Where the shown form comes from."""
        return Origin(self.best.row.origin)

    @property
    def fault(self) -> str:
        """Code of what hinders the shown form; empty where all is well."""
        return self.best.row.fault

    @property
    def arrived_at(self) -> UnixSeconds:
        """When the first form reached the relay."""
        return self.forms[0].row.arrived_at

    @property
    def is_urgent(self) -> bool:
        """Whether the envelope or the content asks for help now."""
        return any(
            form.row.priority is Priority.URGENT or (form.content is not None and form.content.needs_help_now)
            for form in self.forms
        )

    @property
    def is_opened(self) -> bool:
        """Whether a person has opened any form."""
        return any(form.row.opened_at for form in self.forms)

    @property
    def has_new_form(self) -> bool:
        """Whether a clearer form came after a person had opened the entry."""
        return self.is_opened and not all(form.row.opened_at for form in self.forms)

    @property
    def has_sound(self) -> bool:
        """Whether there is anything to play."""
        return self.best.codec > 0

    @property
    def language(self) -> Language:
        """The language of the message; that of the desk's texts where it did not open."""
        return self.content.language if self.content else Language.ENGLISH

    @property
    def answer_key(self) -> bytes:
        """The mailbox key to which answers are sealed; empty where none are wanted."""
        return self.content.mailbox_public if self.content else b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer to a message, and how far it has come."""

    id: int
    content: Content
    state: DispatchState
    made_at: UnixSeconds
    changed_at: UnixSeconds
    refusal: str


async def load_inbox(desk: Desk) -> list[Entry]:
    """Return every entry: urgent first, then unopened, then newest."""
    async with desk.database.reading() as connection:
        rows = await inbox.bundles(connection)
        names = {row.id: open_name(desk.vault, row) for row in await inbox.vessels(connection)}
        boxes = {row.vessel: open_box(desk.vault, row) for row in await inbox.boxes(connection)}
    grouped = defaultdict[int, list[BundleRow]](list)
    for row in rows:
        if row.entry is not None:
            grouped[row.entry].append(row)
    entries = [_entry(desk, number, found, names, boxes) for number, found in grouped.items()]
    # By id and not by date: the id grows in the order of arrival, clocks may not.
    return sorted(
        entries,
        key=lambda entry: (not entry.is_urgent, entry.is_opened, -entry.id),
    )


async def load_entry(desk: Desk, number: int) -> Entry:
    """Return one entry; raises `UnknownEntry`."""
    async with desk.database.reading() as connection:
        rows = await inbox.bundles(connection, entry=number)
        names = {row.id: open_name(desk.vault, row) for row in await inbox.vessels(connection)}
        boxes = {row.vessel: open_box(desk.vault, row) for row in await inbox.boxes(connection)}
    if not rows:
        raise UnknownEntry(f"There is no message {number}; `seavoice-desk inbox` lists those that came.")
    return _entry(desk, number, rows, names, boxes)


def _entry(
    desk: Desk, number: int, rows: list[BundleRow], names: dict[VesselId, str], boxes: dict[VesselId, Box]
) -> Entry:
    vessel = rows[0].vessel
    return Entry(
        id=number,
        vessel=vessel,
        vessel_name=names[vessel],
        fingerprint=boxes[vessel].fingerprint if vessel in boxes else "",
        forms=tuple(Form(row=row, content=open_message(desk.vault, row)) for row in rows),
    )


async def load_entries(desk: Desk, numbers: Iterable[int]) -> list[Entry]:
    """Return these entries, in this order; one that is not there is left out."""
    wanted = list(numbers)
    async with desk.database.reading() as connection:
        names = {row.id: open_name(desk.vault, row) for row in await inbox.vessels(connection)}
        boxes = {row.vessel: open_box(desk.vault, row) for row in await inbox.boxes(connection)}
        found = await listing.bundles_of(connection, wanted)
    return [_entry(desk, number, found[number], names, boxes) for number in wanted if number in found]


def veiled(entry: Entry) -> Entry:
    """Return an entry for somebody who only reads, to whom no check-in says anything.

    Every check-in looks the same, so that a hidden sign does not tell itself by looking different.
    """
    return replace(entry, forms=tuple(_veiled(form) for form in entry.forms))


def _veiled(form: Form) -> Form:
    if form.content is None or form.content.kind is not ContentKind.CHECK_IN:
        return form
    return replace(form, content=replace(form.content, well_being=None, answers={}))


async def open_entry(desk: Desk, number: int, actor: Actor) -> Entry:
    """Return one entry because this person looks at it now, and queue the receipt that says so.

    Raises: UnknownEntry, StoreFailed.
    """
    entry = await load_entry(desk, number)
    async with desk.database.transaction() as connection:
        if await inbox.mark_opened(connection, number, desk.now(), actor.id):
            await queue_receipts(connection, desk, entry.vessel)
    return entry


async def load_voice(desk: Desk, form: Form) -> bytes:
    """Return the sound of one form of an entry, for `sound.wav_of`; empty where there is none."""
    row = form.row
    async with desk.database.reading() as connection:
        sealed = await inbox.voice_sealed(connection, row.id)
    return open_voice(desk.vault, row.digest, sealed)


async def load_answers(desk: Desk, number: int) -> list[Answer]:
    """Return the answers to one message, oldest first."""
    async with desk.database.reading() as connection:
        rows = await outbox.for_entry(connection, number)
    return [
        Answer(
            id=row.id,
            content=open_answer(desk.vault, row),
            state=row.state,
            made_at=row.made_at,
            changed_at=row.changed_at,
            refusal=row.refusal,
        )
        for row in rows
    ]


async def load_answer_voice(desk: Desk, number: int, answer: int) -> bytes:
    """Return the sound of one answer, packed; empty where it has none or is no answer to this message."""
    async with desk.database.reading() as connection:
        rows = [row for row in await outbox.for_entry(connection, number) if row.id == answer]
        sealed = await outbox.voice_sealed(connection, answer) if rows else b""
    return open_answer_voice(desk.vault, rows[0].ref, sealed) if rows else b""
