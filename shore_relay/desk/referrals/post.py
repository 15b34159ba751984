"""Letters between this desk and its partners: what stands in each, sealed with this desk's keys."""

from dataclasses import dataclass
from enum import StrEnum

from protocol.documents import Json, MalformedDocument, Reader, dump, load
from protocol.ids import UnixSeconds
from protocol.letters import (
    Letter,
    PartnerCard,
    describe_card,
    open_envelope,
    read_card_in,
    read_envelope,
    write_letter,
)
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.reading import read_enum
from shore_relay.desk.cases.referral import REFERRAL_ID_BYTES
from shore_relay.desk.errors import NotForThisDesk
from shore_relay.desk.referrals.partners import Partner
from shore_relay.desk.vault import Vault

SUFFIX = ".seavoice"


class LetterKind(StrEnum):
    """What a letter is for."""

    REFERRAL = "referral"
    REPLY = "reply"
    """How far the receiver of a referral is with it."""
    REVOCATION = "revocation"
    STATISTICS = "statistics"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A letter for this desk. Its signature is right; whether anybody knows the signer is left to ask."""

    kind: LetterKind
    id: bytes
    """Of the referral or the statistics that it brings or is about."""
    made_at: UnixSeconds
    card: PartnerCard
    content: Reader
    raw: bytes
    """The whole body, to keep."""


def own_card(desk: Desk) -> bytes:
    """Return the file that partners need of this desk; it holds no secret."""
    return dump(_card(desk))


def _card(desk: Desk) -> dict[str, Json]:
    keys = desk.keyring.keys
    return describe_card(keys.name, keys.published, keys.signing_private, desk.now())


def write(
    desk: Desk, partner: Partner, kind: LetterKind, reference: bytes, content: dict[str, Json]
) -> bytes:
    """Return the file of a letter to a partner.

    Raises: PartnerNotConfirmed, KeyExpired, TooLarge, NotAuthentic.
    """
    key = partner.key_at(desk.now())
    body = dump(
        {
            "kind": kind.value,
            "id": reference.hex(),
            "made_at": desk.now(),
            "card": _card(desk),
            "content": content,
        }
    )
    return write_letter(
        body,
        signing_private=desk.keyring.keys.signing_private,
        receiver=partner.card.desk,
        receiver_key=key.public,
    )


def open_file(desk: Desk, data: bytes) -> Opened:
    """Open a letter's file; raises `MalformedDocument`, `NotForThisDesk`, `CannotOpen`, `NotAuthentic`."""
    envelope = read_envelope(data)
    keys = desk.keyring.keys
    epoch = keys.epoch(envelope.key)
    if epoch is None:
        raise NotForThisDesk("This file is sealed to another desk; only that one can open it.")
    return _read(open_envelope(envelope, private=epoch.private, receiver=keys.desk))


def read_body(raw: bytes, signing_public: bytes) -> Opened:
    """Read the body of a letter that was opened before; raises `MalformedDocument`."""
    return _read(Letter(signing_public=signing_public, body=raw))


def _read(letter: Letter) -> Opened:
    with load(letter.body, "This letter") as reader:
        card = read_card_in(reader.inner("card"))
        if card.signing_public != letter.signing_public:
            raise MalformedDocument("This letter holds the card of another desk than the one that signed it.")
        return Opened(
            kind=read_enum(LetterKind, reader.text("kind")),
            id=reader.hexadecimal("id", size_bytes=REFERRAL_ID_BYTES),
            made_at=UnixSeconds(reader.integer("made_at")),
            card=card,
            content=reader.inner("content"),
            raw=letter.body,
        )


def names_of(vault: Vault, signing_public: bytes, reference: bytes) -> tuple[bytes, ...]:
    """Return the indexes under which a letter of this sender may lie here, the one to store first."""
    return vault.blinds("letter", signing_public + reference)
