"""The partner's end: opens what another desk gave, keeps it encrypted, and says how far it is."""

from dataclasses import dataclass, replace

from aiosqlite import Connection

from protocol.documents import Json, Reader, dump, load, to_text
from protocol.ids import UnixSeconds
from protocol.origin import fingerprint
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.reading import read_enum
from shore_relay.desk.cases.referral import REFERRAL_STEPS, REPLIES, ReferralState
from shore_relay.desk.cases.work import clean_text
from shore_relay.desk.errors import (
    NotForThisDesk,
    PartnerNotConfirmed,
    TakenBack,
    UnknownEntry,
    WrongStep,
)
from shore_relay.desk.log import log
from shore_relay.desk.people.roles import Permission, require
from shore_relay.desk.referrals.given import Given, read_given
from shore_relay.desk.referrals.partners import (
    Partner,
    PartnerKind,
    admit_sender,
    check_digits,
    partner_in,
    partner_signing,
    renew_card,
)
from shore_relay.desk.referrals.post import LetterKind, Opened, names_of, open_file, read_body, write
from shore_relay.desk.referrals.sending import REPLY_CHARACTERS_MAX, Reply, take_opened_reply
from shore_relay.desk.store import referrals as stored

_LETTER, _STATE, _WITHDRAWN = "received.letter", "received.state", "withdrawn.withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A letter that another desk gave, and how far this one is with it."""

    number: int
    kind: LetterKind
    id: bytes
    partner: int
    """Whoever gave it."""
    signing_public: bytes
    received_at: UnixSeconds
    state: ReferralState = ReferralState.RECEIVED
    changed_at: UnixSeconds
    replies: int = 0
    """Replies that were written so far."""
    is_taken_back: bool = False
    """The sender took it back after it was opened here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a file. One of the three says something."""

    received: Received | None = None
    reply: Reply | None = None
    revoked: Received | None = None
    """What was taken back, where it had been opened already."""
    sender: Partner | None = None
    is_new: bool = False


async def take_in(desk: Desk, actor: Actor, data: bytes, *, digits: str = "") -> Taken:
    """Open a file that another desk gave, of whatever kind.

    `digits` is the sender's fingerprint, where a person has just compared it. Raises: NotPermitted,
    MalformedDocument, NotForThisDesk, CannotOpen, NotAuthentic, PartnerNotConfirmed (with the fingerprint to
    compare), WrongFingerprint, TakenBack, OldReply.
    """
    require(actor, Permission.REFER)
    opened = open_file(desk, data)
    if opened.kind is LetterKind.REPLY:
        return Taken(reply=await take_opened_reply(desk, actor, opened))
    async with desk.database.transaction() as connection:
        sender = await _sender(connection, desk, actor, opened, digits)
        if opened.kind is LetterKind.REVOCATION:
            return Taken(sender=sender, revoked=await _withdraw(connection, desk, opened))
        taken = await _keep(connection, desk, opened, sender)
    log("letter-taken-in", kind=opened.kind.value, id=opened.id.hex(), person=actor.id.hex())
    return taken


async def _sender(connection: Connection, desk: Desk, actor: Actor, opened: Opened, digits: str) -> Partner:
    known = await partner_signing(connection, desk, opened.card.signing_public)
    if known is not None and known.is_confirmed:
        return await renew_card(connection, desk, known, opened.card)
    shown = fingerprint(opened.card.signing_public)
    if not digits.strip():
        raise PartnerNotConfirmed(
            f"This was written by a desk that calls itself {opened.card.name}, with the fingerprint {shown}. "
            "Compare it with what that desk says by telephone or in person, then give it."
        )
    if known is not None:
        # Somebody said what this partner does, so things may be given to it: not for everybody to confirm.
        require(actor, Permission.MANAGE_PARTNERS)
    check_digits(shown, digits, opened.card.name)
    return await admit_sender(connection, desk, actor, opened.card, PartnerKind.REFERRER)


async def _keep(connection: Connection, desk: Desk, opened: Opened, sender: Partner) -> Taken:
    names = names_of(desk.vault, opened.card.signing_public, opened.id)
    if await stored.is_withdrawn(connection, names):
        raise TakenBack(f"{sender.name} has taken this back. It was not opened; destroy the file.")
    number = await stored.received_named(connection, names)
    if number is not None:
        # A second copy of the same file says nothing new.
        return Taken(received=await _load(connection, desk, number), sender=sender)
    if opened.kind is LetterKind.REFERRAL:
        # Read whole before it is kept: what nobody can read is not taken for received.
        read_given(_content(opened))
    received = Received(
        number=0,
        kind=opened.kind,
        id=opened.id,
        partner=sender.number,
        signing_public=opened.card.signing_public,
        received_at=desk.now(),
        changed_at=desk.now(),
    )
    row = names[0]
    letter = desk.vault.seal(opened.raw.rstrip(), _LETTER, row)
    fresh = await stored.add_received(connection, row, letter, desk.vault.seal(_write(received), _STATE, row))
    return Taken(received=replace(received, number=fresh), sender=sender, is_new=True)


def _content(opened: Opened) -> Reader:
    return read_body(opened.raw, opened.card.signing_public).content


async def _withdraw(connection: Connection, desk: Desk, opened: Opened) -> Received | None:
    names = names_of(desk.vault, opened.card.signing_public, opened.id)
    sealed = desk.vault.seal(dump({"at": desk.now()}), _WITHDRAWN, names[0])
    await stored.withdraw(connection, names[0], sealed)
    number = await stored.received_named(connection, names)
    if number is None:
        return None
    received = await _load(connection, desk, number)
    taken_back = replace(received, is_taken_back=True)
    await _keep_state(connection, desk, taken_back)
    return taken_back


async def load_received(desk: Desk) -> list[Received]:
    """Return everything that other desks gave, the newest first."""
    async with desk.database.reading() as connection:
        rows = await stored.received_states(connection)
        return [_read(row.id, desk.vault.open(row.sealed, _STATE, row.name)) for row in rows]


async def load_received_letter(desk: Desk, number: int) -> tuple[Received, Opened, Partner]:
    """Return one letter, what it says and who gave it; raises `UnknownEntry`."""
    async with desk.database.reading() as connection:
        row = await stored.received(connection, number)
        if row is None:
            raise UnknownEntry(
                f"Nothing was received under {number}; `seavoice-desk received list` lists it."
            )
        received = _read(number, desk.vault.open(row.state_sealed, _STATE, row.name))
        raw = desk.vault.open(row.letter_sealed, _LETTER, row.name)
        partner = await partner_in(connection, desk, received.partner)
    return received, read_body(raw, received.signing_public), partner


async def load_received_given(desk: Desk, number: int) -> tuple[Received, Given, Partner]:
    """Return one referral that another desk gave; raises `UnknownEntry`, `NotForThisDesk`."""
    received, opened, partner = await load_received_letter(desk, number)
    if opened.kind is not LetterKind.REFERRAL:
        raise NotForThisDesk("These are statistics and no referral; there is nothing to reply to.")
    return received, read_given(opened.content), partner


async def reply(desk: Desk, actor: Actor, number: int, state: ReferralState, words: str = "") -> bytes:
    """Say how far this desk is with a referral; return the file for whoever gave it.

    Raises: NotPermitted, UnknownEntry, NotForThisDesk, WrongStep, BadCaseText, KeyExpired.
    """
    require(actor, Permission.REFER)
    said = clean_text(words, REPLY_CHARACTERS_MAX) if words.strip() else ""
    received, opened, partner = await load_received_letter(desk, number)
    if opened.kind is not LetterKind.REFERRAL:
        raise NotForThisDesk("These are statistics and no referral; there is nothing to reply to.")
    is_again = state is received.state
    if state not in REPLIES or not (is_again or state in REFERRAL_STEPS[received.state]):
        raise WrongStep(f"This referral is {received.state.value} here and cannot become {state.value}.")
    # The same word again is the same reply: a file that was lost is written once more.
    count = received.replies if is_again and received.replies else received.replies + 1
    content: dict[str, Json] = {"number": count, "state": state.value, "words": said}
    letter = write(desk, partner, LetterKind.REPLY, received.id, content)
    async with desk.database.transaction() as connection:
        changed = replace(received, state=state, replies=count, changed_at=desk.now())
        await _keep_state(connection, desk, changed)
    return letter


async def _load(connection: Connection, desk: Desk, number: int) -> Received:
    row = await stored.received(connection, number)
    assert row is not None
    return _read(number, desk.vault.open(row.state_sealed, _STATE, row.name))


async def _keep_state(connection: Connection, desk: Desk, received: Received) -> None:
    row = await stored.received(connection, received.number)
    assert row is not None
    sealed = desk.vault.seal(_write(received), _STATE, row.name)
    await stored.set_received_state(connection, received.number, sealed)


def _write(received: Received) -> bytes:
    return dump(
        {
            "kind": received.kind.value,
            "id": received.id.hex(),
            "partner": received.partner,
            "signing_public": to_text(received.signing_public),
            "received_at": received.received_at,
            "state": received.state.value,
            "changed_at": received.changed_at,
            "replies": received.replies,
            "taken_back": int(received.is_taken_back),
        }
    )


def _read(number: int, data: bytes) -> Received:
    with load(data, "A stored letter") as reader:
        return Received(
            number=number,
            kind=read_enum(LetterKind, reader.text("kind")),
            id=reader.hexadecimal("id", size_bytes=16),
            partner=reader.integer("partner"),
            signing_public=reader.binary("signing_public", size_bytes=32),
            received_at=UnixSeconds(reader.integer("received_at")),
            state=read_enum(ReferralState, reader.text("state")),
            changed_at=UnixSeconds(reader.integer("changed_at")),
            replies=reader.integer("replies"),
            is_taken_back=bool(reader.integer("taken_back", most=1)),
        )
