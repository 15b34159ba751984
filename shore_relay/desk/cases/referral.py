"""What a case remembers of a referral: to whom, on whose consent, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from protocol.documents import Json, Reader
from protocol.ids import UnixSeconds
from shore_relay.desk.cases.reading import read_enum

REFERRAL_ID_BYTES = 16
_NO_NOTE = UnixSeconds(0)


class ReferralState(StrEnum):
    """How far a referral is, as far as this desk knows."""

    SENT = "sent"
    """Sealed and given out. Nobody has said yet that it was opened."""
    RECEIVED = "received"
    """The partner has opened it."""
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CLOSED = "closed"
    REVOKED = "revoked"
    """Taken back before anybody said that it was opened."""


REFERRAL_STEPS: Mapping[ReferralState, frozenset[ReferralState]] = MappingProxyType(
    {
        # A reply may be lost on its way, so a later one counts without it.
        ReferralState.SENT: frozenset(ReferralState) - {ReferralState.SENT},
        ReferralState.RECEIVED: frozenset(
            {ReferralState.ACCEPTED, ReferralState.DECLINED, ReferralState.CLOSED}
        ),
        ReferralState.ACCEPTED: frozenset({ReferralState.DECLINED, ReferralState.CLOSED}),
        ReferralState.DECLINED: frozenset(),
        ReferralState.CLOSED: frozenset(),
        # The partner had opened it before the revocation came: that is the truth, and must be seen.
        ReferralState.REVOKED: frozenset(ReferralState) - {ReferralState.SENT, ReferralState.REVOKED},
    }
)
"""The only steps between states."""

REPLIES = (ReferralState.RECEIVED, ReferralState.ACCEPTED, ReferralState.DECLINED, ReferralState.CLOSED)
"""What a partner can say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Where the fisher agreed: exactly one of the two is named."""

    message: int = 0
    note_at: UnixSeconds = _NO_NOTE
    """The moment of a note of the case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """One referral."""

    id: bytes
    partner: int
    partner_name: str
    """As it was called then."""
    consent: Consent
    letter_sha256: bytes
    """Of the file that was given out."""
    state: ReferralState = ReferralState.SENT
    made_at: UnixSeconds
    changed_at: UnixSeconds
    reply: int = 0
    """Number of the partner's newest reply: an older one says nothing new."""
    is_revoked: bool = False
    """Stays true where the partner turned out to have opened it."""


def describe_referral(referral: Referral) -> dict[str, Json]:
    """Return a referral as data."""
    return {
        "id": referral.id.hex(),
        "partner": referral.partner,
        "partner_name": referral.partner_name,
        "consent_message": referral.consent.message,
        "consent_note_at": referral.consent.note_at,
        "letter_sha256": referral.letter_sha256.hex(),
        "state": referral.state.value,
        "made_at": referral.made_at,
        "changed_at": referral.changed_at,
        "reply": referral.reply,
        "revoked": int(referral.is_revoked),
    }


def read_referral(opened: Reader) -> Referral:
    """Read what `describe_referral` wrote."""
    with opened as reader:
        return Referral(
            id=reader.hexadecimal("id", size_bytes=REFERRAL_ID_BYTES),
            partner=reader.integer("partner"),
            partner_name=reader.text("partner_name"),
            consent=Consent(
                message=reader.integer("consent_message"),
                note_at=UnixSeconds(reader.integer("consent_note_at")),
            ),
            letter_sha256=reader.hexadecimal("letter_sha256", size_bytes=32),
            state=read_enum(ReferralState, reader.text("state")),
            made_at=UnixSeconds(reader.integer("made_at")),
            changed_at=UnixSeconds(reader.integer("changed_at")),
            reply=reader.integer("reply"),
            is_revoked=bool(reader.integer("revoked", most=1)),
        )
