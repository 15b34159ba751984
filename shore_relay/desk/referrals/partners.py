"""Partner organisations: which keys are theirs, and whether a person has compared them."""

from dataclasses import dataclass, replace
from enum import StrEnum

from aiosqlite import Connection

from protocol.deskkeys import DeskKey, key_in_use
from protocol.documents import Json, Reader, dump, load, to_text
from protocol.ids import UnixSeconds
from protocol.letters import NAME_CHARACTERS_MAX, PartnerCard, read_partner_card
from protocol.origin import fingerprint
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.reading import read_enum
from shore_relay.desk.cases.work import clean_line
from shore_relay.desk.errors import PartnerNotConfirmed, UnknownPartner, WrongPartnerFingerprint
from shore_relay.desk.people.roles import Permission, require
from shore_relay.desk.store import referrals as stored
from shore_relay.desk.store.referrals import SealedRow

_KEYS_MAX = 8
_NEVER = UnixSeconds(0)


class PartnerKind(StrEnum):
    """What a partner does."""

    MEDICAL = "medical"
    LEGAL = "legal"
    LABOUR_RIGHTS = "labour-rights"
    UNION = "union"
    SHELTER = "shelter"
    """Shelter and trauma care."""
    TRAINING = "training"
    """Training and work."""
    INSPECTORATE = "inspectorate"
    FINANCIAL_CRIME = "financial-crime"
    BUYER = "buyer"
    """A seafood business or a traceability scheme: gets statistics, and nothing of any case."""
    REFERRER = "referrer"
    """A desk that refers people to this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """One organisation. Its signing key is what makes it the same one; the keys to seal to change."""

    number: int
    name: str
    kind: PartnerKind
    card: PartnerCard
    added_at: UnixSeconds
    confirmed_at: UnixSeconds = _NEVER
    """When a person compared the fingerprint; 0 for not yet."""
    confirmed_by: bytes = b""
    removed_at: UnixSeconds = _NEVER

    @property
    def fingerprint(self) -> str:
        """What two people read to each other: of the signing key, which signs all others."""
        return fingerprint(self.card.signing_public)

    @property
    def is_confirmed(self) -> bool:
        """Whether anything may be sealed to it or believed from it."""
        return bool(self.confirmed_at)

    def key_at(self, now: UnixSeconds) -> DeskKey:
        """Return the key to seal to; raises `KeyExpired`, `PartnerNotConfirmed`."""
        if not self.is_confirmed:
            raise PartnerNotConfirmed(
                f"Nobody has compared the fingerprint of {self.name} yet: do that first, by telephone or in "
                "person, with `seavoice-desk partners confirm`."
            )
        return key_in_use(self.card.keys, now)


async def load_partners(desk: Desk) -> list[Partner]:
    """Return the partners that there are, by name."""
    async with desk.database.reading() as connection:
        found = await _every(connection, desk)
    return sorted((p for p in found if not p.removed_at), key=lambda p: (p.name.casefold(), p.number))


async def partner_numbered(desk: Desk, number: int) -> Partner:
    """Return one partner, also one that was removed; raises `UnknownPartner`."""
    async with desk.database.reading() as connection:
        return await partner_in(connection, desk, number)


async def partner_in(connection: Connection, desk: Desk, number: int) -> Partner:
    """Return one partner as a connection sees it; raises as `partner_numbered`."""
    for partner in await _every(connection, desk):
        if partner.number == number:
            return partner
    raise UnknownPartner(f"There is no partner {number}; `seavoice-desk partners list` lists them.")


async def find_partner(desk: Desk, name: str) -> Partner:
    """Return the partner with this name or number; raises `UnknownPartner`."""
    every = await load_partners(desk)
    found = [p for p in every if str(p.number) == name] or [
        p for p in every if p.name.casefold() == name.casefold()
    ]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(str(partner.number) for partner in found)
        raise UnknownPartner(f"Several partners are called {name}; name one by its number: {numbers}.")
    raise UnknownPartner(f"There is no partner called {name}; `seavoice-desk partners list` lists them.")


async def partner_signing(connection: Connection, desk: Desk, signing_public: bytes) -> Partner | None:
    """Return the partner whose key signed something."""
    for partner in await _every(connection, desk):
        if partner.card.signing_public == signing_public and not partner.removed_at:
            return partner
    return None


async def add_partner(desk: Desk, actor: Actor, card: bytes, kind: PartnerKind, name: str = "") -> Partner:
    """Add a partner from its card, or take over a card with newer keys; nothing is confirmed by it.

    Raises: NotPermitted, MalformedDocument, NotAuthentic, BadCaseText.
    """
    require(actor, Permission.MANAGE_PARTNERS)
    read = read_partner_card(card)
    called = clean_line(name, NAME_CHARACTERS_MAX) if name.strip() else read.name
    async with desk.database.transaction() as connection:
        known = await partner_signing(connection, desk, read.signing_public)
        if known is not None:
            newest = read if read.issued_at > known.card.issued_at else known.card
            changed = replace(known, kind=kind, name=called, card=newest)
            await _keep(connection, desk, changed)
            return changed
        return await _keep_new(connection, desk, called, kind, read)


async def confirm_partner(desk: Desk, actor: Actor, number: int, digits: str) -> Partner:
    """Trust a partner's key, whose fingerprint a person has compared.

    Raises: NotPermitted, UnknownPartner, WrongFingerprint.
    """
    require(actor, Permission.MANAGE_PARTNERS)
    partner = await partner_numbered(desk, number)
    check_digits(partner.fingerprint, digits, partner.name)
    confirmed = replace(partner, confirmed_at=desk.now(), confirmed_by=actor.id)
    async with desk.database.transaction() as connection:
        await _keep(connection, desk, confirmed)
    return confirmed


async def remove_partner(desk: Desk, actor: Actor, number: int) -> None:
    """Take a partner off the list: nothing more is given to it. Raises `NotPermitted`, `UnknownPartner`."""
    require(actor, Permission.MANAGE_PARTNERS)
    partner = await partner_numbered(desk, number)
    async with desk.database.transaction() as connection:
        await _keep(connection, desk, replace(partner, removed_at=desk.now()))


async def admit_sender(
    connection: Connection, desk: Desk, actor: Actor, card: PartnerCard, kind: PartnerKind
) -> Partner:
    """Keep a sender whose fingerprint a person has just compared. Part of a transaction."""
    known = await partner_signing(connection, desk, card.signing_public)
    partner = known or await _keep_new(connection, desk, card.name, kind, card)
    confirmed = replace(partner, confirmed_at=desk.now(), confirmed_by=actor.id)
    await _keep(connection, desk, confirmed)
    return confirmed


async def renew_card(connection: Connection, desk: Desk, partner: Partner, card: PartnerCard) -> Partner:
    """Take over newer keys that came in a letter of this partner. Part of a transaction."""
    if card.issued_at <= partner.card.issued_at:
        return partner
    renewed = replace(partner, card=card)
    await _keep(connection, desk, renewed)
    return renewed


def check_digits(wanted: str, given: str, name: str) -> None:
    """Compare fingerprints, whatever stands between their digits; raises `WrongPartnerFingerprint`."""
    if _digits(given) != _digits(wanted):
        raise WrongPartnerFingerprint(
            f"The fingerprint of {name} is another one: {wanted}. Nothing was confirmed."
        )


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isascii() and each.isdigit())


async def _every(connection: Connection, desk: Desk) -> list[Partner]:
    return [_open(desk, row) for row in await stored.partners(connection)]


async def _keep_new(
    connection: Connection, desk: Desk, name: str, kind: PartnerKind, card: PartnerCard
) -> Partner:
    number = await stored.add_partner(connection)
    partner = Partner(number=number, name=name, kind=kind, card=card, added_at=desk.now())
    await _keep(connection, desk, partner)
    return partner


async def _keep(connection: Connection, desk: Desk, partner: Partner) -> None:
    sealed = desk.vault.seal(_write(partner), "partner.partner", partner.number.to_bytes(8))
    await stored.set_partner(connection, partner.number, sealed)


def _open(desk: Desk, row: SealedRow) -> Partner:
    return _read(row.id, desk.vault.open(row.sealed, "partner.partner", row.id.to_bytes(8)))


def _write(partner: Partner) -> bytes:
    keys: list[Json] = [
        {"public": to_text(key.public), "not_before": key.not_before, "not_after": key.not_after}
        for key in partner.card.keys
    ]
    return dump(
        {
            "name": partner.name,
            "kind": partner.kind.value,
            "own_name": partner.card.name,
            "signing_public": to_text(partner.card.signing_public),
            "issued_at": partner.card.issued_at,
            "keys": keys,
            "added_at": partner.added_at,
            "confirmed_at": partner.confirmed_at,
            "confirmed_by": partner.confirmed_by.hex(),
            "removed_at": partner.removed_at,
        }
    )


def _read(number: int, data: bytes) -> Partner:
    with load(data, "A stored partner") as reader:
        return Partner(
            number=number,
            name=reader.text("name"),
            kind=read_enum(PartnerKind, reader.text("kind")),
            card=PartnerCard(
                name=reader.text("own_name"),
                signing_public=reader.binary("signing_public", size_bytes=32),
                issued_at=UnixSeconds(reader.integer("issued_at")),
                keys=tuple(_read_key(each) for each in reader.each("keys", most=_KEYS_MAX)),
            ),
            added_at=UnixSeconds(reader.integer("added_at")),
            confirmed_at=UnixSeconds(reader.integer("confirmed_at")),
            confirmed_by=bytes.fromhex(reader.text("confirmed_by")),
            removed_at=UnixSeconds(reader.integer("removed_at")),
        )


def _read_key(opened: Reader) -> DeskKey:
    with opened as reader:
        return DeskKey(
            public=reader.binary("public", size_bytes=32),
            not_before=UnixSeconds(reader.integer("not_before")),
            not_after=UnixSeconds(reader.integer("not_after")),
        )
