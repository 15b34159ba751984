"""Gives parts of a case to a partner, takes them back, and takes in how far the partner is."""

import hashlib
import secrets
from dataclasses import dataclass

from aiosqlite import Connection

from protocol.documents import MalformedDocument
from protocol.ids import UnixSeconds
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import Book, load_case, load_case_in
from shore_relay.desk.cases.deeds import Deed, Kind
from shore_relay.desk.cases.model import NOTE_CHARACTERS_MAX, Case
from shore_relay.desk.cases.reading import read_enum
from shore_relay.desk.cases.referral import (
    REFERRAL_ID_BYTES,
    REFERRAL_STEPS,
    REPLIES,
    Consent,
    Referral,
    ReferralState,
)
from shore_relay.desk.cases.work import clean_text
from shore_relay.desk.errors import (
    NotForThisDesk,
    OldReply,
    OnlyStatistics,
    PartnerNotConfirmed,
    PreviewChanged,
    TooLateToRevoke,
    UnknownPartner,
)
from shore_relay.desk.log import log
from shore_relay.desk.people.keys import DAY_S
from shore_relay.desk.people.roles import Permission, require
from shore_relay.desk.referrals.choosing import Choice, choose, consent_day
from shore_relay.desk.referrals.given import Given, describe_given, parse_given, write_given
from shore_relay.desk.referrals.partners import (
    Partner,
    PartnerKind,
    partner_in,
    partner_numbered,
    renew_card,
)
from shore_relay.desk.referrals.post import LetterKind, Opened, open_file, write
from shore_relay.desk.store import referrals as stored
from shore_relay.desk.store.referrals import ReferralRow
from shore_relay.desk.words import harmless

_GIVEN = "referral.given"
_NONE = Consent()
REPLY_CHARACTERS_MAX = 1_000
_REPLIES_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How the fisher agreed: a message or a note of the case, or words that become a note now."""

    consent: Consent = _NONE
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a partner said."""

    case: int
    partner: str
    state: ReferralState
    words: str
    was_revoked: bool
    """The partner opened it although it was revoked: before the revocation reached it, or against it."""


async def preview(
    desk: Desk, actor: Actor, number: int, partner: int, choice: Choice, agreement: Agreement
) -> Given:
    """Return exactly what a partner would read; nothing is written down, and nobody is told.

    Raises: NotPermitted, UnknownCase, UnknownPartner, OnlyStatistics, NoConsent, NothingChosen, UnknownEntry.
    """
    require(actor, Permission.REFER)
    check_kind(await partner_numbered(desk, partner))
    case = await load_case(desk, number)
    return await choose(desk, case, await check_agreement(desk, case, agreement), choice)


async def check_agreement(desk: Desk, case: Case, agreement: Agreement) -> UnixSeconds:
    """Return the day on which the fisher agreed; raises `NoConsent`, `BadCaseText`."""
    if agreement.words.strip():
        clean_text(agreement.words, NOTE_CHARACTERS_MAX)
        return UnixSeconds(desk.now() - desk.now() % DAY_S)
    return await consent_day(desk, case, agreement.consent)


def check_kind(partner: Partner) -> None:
    """Keep the parts of a case from a buyer, and from who is no partner any more.

    Raises: OnlyStatistics, UnknownPartner, PartnerNotConfirmed.
    """
    if partner.removed_at:
        raise UnknownPartner(f"{partner.name} is no partner any more.")
    if partner.kind is PartnerKind.REFERRER:
        raise PartnerNotConfirmed(
            f"{partner.name} is known here only because it refers people to this desk. A supervisor says "
            "first what it does, with `seavoice-desk partners add`."
        )
    if partner.kind is PartnerKind.BUYER:
        raise OnlyStatistics(
            f"{partner.name} is a buyer: nothing of a case is given to it, only statistics of many people."
        )


async def refer(
    desk: Desk,
    actor: Actor,
    number: int,
    partner: int,
    choice: Choice,
    agreement: Agreement,
    *,
    seen: str = "",
) -> tuple[Referral, bytes]:
    """Seal parts of a case to a partner; return the referral and the file to carry.

    `seen` is the digest of the preview that a person looked at; empty where nobody was shown one.
    Raises: as `preview`, and PreviewChanged, PartnerNotConfirmed, KeyExpired, TooLarge, WrongStep.
    """
    given = await preview(desk, actor, number, partner, choice, agreement)
    if seen and seen != given.digest:
        raise PreviewChanged("The case has changed since you looked at what is given; look again.")
    whom = await partner_numbered(desk, partner)
    reference = secrets.token_bytes(REFERRAL_ID_BYTES)
    letter = write(desk, whom, LetterKind.REFERRAL, reference, describe_given(given))
    async with desk.database.transaction() as connection:
        book = Book(connection, desk, actor.id)
        consent = await agreed(book, number, agreement)
        referral = Referral(
            id=reference,
            partner=whom.number,
            partner_name=whom.name,
            consent=consent,
            letter_sha256=hashlib.sha256(letter).digest(),
            made_at=desk.now(),
            changed_at=desk.now(),
        )
        await book.write(number, Deed(kind=Kind.REFERRED, referral=referral))
        sealed = desk.vault.seal(write_given(given.without_sounds), _GIVEN, reference)
        await stored.add_referral(connection, ReferralRow(id=reference, case=number, sealed=sealed))
        await book.save()
    log("referred", id=reference.hex(), case=number, person=actor.id.hex())
    return referral, letter


async def agreed(book: Book, number: int, agreement: Agreement) -> Consent:
    """Write down how the fisher agreed, where that was said in words, and return where it stands now.

    The caller has let `check_agreement` look at it. Raises `UnknownCase`, `BadCaseText`, `WrongStep`.
    """
    if not agreement.words.strip():
        return agreement.consent
    note = clean_text(agreement.words, NOTE_CHARACTERS_MAX)
    case = await book.write(number, Deed(kind=Kind.NOTE, text=note))
    return Consent(note_at=case.notes[-1].at)


async def load_given(desk: Desk, reference: bytes) -> Given:
    """Return what was given in one referral, without sounds; raises `NotForThisDesk`."""
    async with desk.database.reading() as connection:
        row = await stored.referral(connection, reference)
    if row is None:
        raise NotForThisDesk("This desk has given nothing under that number.")
    return parse_given(desk.vault.open(row.sealed, _GIVEN, reference))


async def load_referrals(desk: Desk) -> list[tuple[int, Referral]]:
    """Return every referral with the number of its case, the newest first."""
    async with desk.database.reading() as connection:
        numbers = await stored.referred_cases(connection)
        found: dict[bytes, tuple[int, Referral]] = {}
        for number in numbers:
            case = await _merged(connection, desk, number)
            found |= {referral.id: (case.id, referral) for referral in case.referrals}
    return sorted(found.values(), key=lambda pair: (-pair[1].made_at, pair[1].id))


async def _merged(connection: Connection, desk: Desk, number: int) -> Case:
    """Return the case that holds now what this one held."""
    case = await load_case_in(connection, desk.vault, number)
    while case.merged_into:
        case = await load_case_in(connection, desk.vault, case.merged_into)
    return case


async def find_referral(desk: Desk, beginning: str) -> tuple[int, Referral]:
    """Return the referral whose id begins so, and its case; raises `NotForThisDesk`."""
    found = [pair for pair in await load_referrals(desk) if pair[1].id.hex().startswith(beginning.lower())]
    if len(found) != 1 or not beginning:
        raise NotForThisDesk(
            f"{len(found)} referrals have an id that begins with {beginning}; `seavoice-desk referrals` "
            "lists them."
        )
    return found[0]


async def revoke(desk: Desk, actor: Actor, reference: bytes) -> bytes:
    """Take a referral back and return the file that makes the partner's desk refuse to open it.

    Raises: NotPermitted, NotForThisDesk, TooLateToRevoke, UnknownPartner, PartnerNotConfirmed, KeyExpired.
    """
    require(actor, Permission.REFER)
    case, referral = await find_referral(desk, reference.hex())
    partner = await partner_numbered(desk, referral.partner)
    if referral.state is not ReferralState.SENT:
        raise TooLateToRevoke(
            f"This referral is {referral.state.value}: it can be revoked only while nobody has said that it "
            "was opened. Call the partner."
        )
    letter = write(desk, partner, LetterKind.REVOCATION, reference, {})
    async with desk.database.transaction() as connection:
        book = Book(connection, desk, actor.id)
        deed = Deed(kind=Kind.REFERRAL_STEP, reference=referral.id, text=ReferralState.REVOKED.value)
        await book.write(case, deed)
        await book.save()
    return letter


async def take_reply(desk: Desk, actor: Actor, data: bytes) -> Reply:
    """Take in the file in which a partner says how far it is.

    Raises: NotPermitted, MalformedDocument, CannotOpen, NotAuthentic, NotForThisDesk, OldReply.
    """
    require(actor, Permission.REFER)
    opened = open_file(desk, data)
    if opened.kind is not LetterKind.REPLY:
        raise NotForThisDesk("This is no reply to a referral; open it with `seavoice-desk open`.")
    return await take_opened_reply(desk, actor, opened)


async def take_opened_reply(desk: Desk, actor: Actor, opened: Opened) -> Reply:
    """Take in a reply that was opened; raises as `take_reply`."""
    number, state, words = _reply_in(opened)
    async with desk.database.transaction() as connection:
        row = await stored.referral(connection, opened.id)
        case = await _merged(connection, desk, row.case) if row else None
        referral = case.referral(opened.id) if case else None
        if case is None or referral is None:
            raise NotForThisDesk("This desk has given nothing under the number that this reply names.")
        sender = await partner_in(connection, desk, referral.partner)
        if sender.card.signing_public != opened.card.signing_public:
            raise NotForThisDesk(
                f"This reply is about what was given to {sender.name}, and another desk signed it. It was "
                "not believed."
            )
        if number <= referral.reply or state not in REFERRAL_STEPS[referral.state]:
            raise OldReply(
                f"This reply says {state.value}; this desk knows already that the referral is "
                f"{referral.state.value}. Nothing was changed."
            )
        await renew_card(connection, desk, sender, opened.card)
        book = Book(connection, desk, actor.id)
        deed = Deed(kind=Kind.REFERRAL_STEP, reference=referral.id, number=number, text=state.value)
        await book.write(case.id, deed)
        if words:
            note = Deed(kind=Kind.NOTE, text=clean_text(f"{sender.name}: {words}", NOTE_CHARACTERS_MAX))
            await book.write(case.id, note)
        await book.save()
    return Reply(case=case.id, partner=sender.name, state=state, words=words, was_revoked=referral.is_revoked)


def _reply_in(opened: Opened) -> tuple[int, ReferralState, str]:
    with opened.content as reader:
        number = reader.integer("number", least=1, most=_REPLIES_MAX)
        state = read_enum(ReferralState, reader.text("state"))
        words = harmless(reader.text("words", most=REPLY_CHARACTERS_MAX)).strip()
    if state not in REPLIES:
        raise MalformedDocument(f"No partner can say that a referral is {state.value}.")
    return number, state, words
