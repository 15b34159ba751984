"""One-time codes and passkeys: what a login takes beside the passphrase.

They keep somebody out who has seen or guessed a passphrase and stands before a running desk. They protect no
file: what is on the disk is under the passphrases alone.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pyotp
import segno
import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from protocol.ids import UnixSeconds
from shore_relay.desk.errors import WrongSecondFactor
from shore_relay.desk.people.person import Passkey, Person

RELYING_PARTY = "localhost"
"""Browsers give passkeys to names only, and to the page on this machine only as this one."""

_STEP_S = 30
"""RFC 6238: a code is good for half a minute; one before and one after are taken, for clocks that differ."""

_CREDENTIAL_CHARACTERS_MAX = 20_000

_UNPROVED = (WebAuthnException, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What the library and its parsers raise for a proof that is none; found by changing good ones at random."""

_CODE_DIGITS = 6


def new_code_secret() -> str:
    """Return a secret for one-time codes, in base32."""
    return pyotp.random_base32()


def code_address(secret: str, name: str, desk: str) -> str:
    """Return what an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret, interval=_STEP_S).provisioning_uri(name=name, issuer_name=f"SeaVoice {desk}")


def code_picture(address: str) -> str:
    """Return the QR code of an address as SVG to stand in a page, which gives it its size."""
    picture = segno.make(address, micro=False)
    return picture.svg_inline(border=4, light="#fff", dark="#000", omitsize=True)


def code_step(secret: str, code: str, now: UnixSeconds) -> int:
    """Return the number of the half minute that a code belongs to; raises `WrongSecondFactor`."""
    given = "".join(character for character in code if character.isdigit() and character.isascii())
    totp = pyotp.TOTP(secret, interval=_STEP_S)
    if len(given) == _CODE_DIGITS:
        for offset in (0, -1, 1):
            at = datetime.fromtimestamp(now + offset * _STEP_S, UTC)
            if hmac.compare_digest(totp.at(at), given):
                return int(totp.timecode(at))
    raise WrongSecondFactor(
        "This is not the code of this half minute. Wait for the next one; the clocks of the telephone and of "
        "this computer must be right."
    )


def code_factor(person: Person) -> bytes:
    """Return the name under which the uses of somebody's codes are counted."""
    return hashlib.sha256(b"code" + person.id + person.code_secret.encode()).digest()


def passkey_factor(passkey: Passkey) -> bytes:
    """Return the name under which the uses of a passkey are counted."""
    return hashlib.sha256(b"passkey" + passkey.id).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a browser is asked: the options for its passkey functions, and the challenge it must sign."""

    options: str
    """JSON."""
    challenge: bytes


def ask_for_new_passkey(person: Person, desk: str) -> Asked:
    """Ask a browser to make a passkey."""
    options = webauthn.generate_registration_options(
        rp_id=RELYING_PARTY,
        rp_name=f"SeaVoice {desk}",
        user_name=person.name,
        user_id=person.id,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=passkey.id) for passkey in person.passkeys],
    )
    return Asked(options=webauthn.options_to_json(options), challenge=options.challenge)


def read_new_passkey(credential: str, challenge: bytes, origin: str, name: str, now: UnixSeconds) -> Passkey:
    """Return the passkey that a browser made; raises `WrongSecondFactor`."""
    with _proving():
        found = webauthn.verify_registration_response(
            credential=_bounded(credential),
            expected_challenge=challenge,
            expected_rp_id=RELYING_PARTY,
            expected_origin=origin,
        )
    return Passkey(id=found.credential_id, public=found.credential_public_key, name=name, added_at=now)


def ask_for_passkey(person: Person) -> Asked:
    """Ask a browser to prove that one of somebody's passkeys is there."""
    options = webauthn.generate_authentication_options(
        rp_id=RELYING_PARTY,
        allow_credentials=[PublicKeyCredentialDescriptor(id=passkey.id) for passkey in person.passkeys],
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return Asked(options=webauthn.options_to_json(options), challenge=options.challenge)


def named_passkey(person: Person, credential: str) -> Passkey:
    """Return which of somebody's passkeys a browser's proof names; raises `WrongSecondFactor`."""
    with _proving():
        document = json.loads(_bounded(credential))
        given = webauthn.base64url_to_bytes(document["rawId"])
    for passkey in person.passkeys:
        if hmac.compare_digest(passkey.id, given):
            return passkey
    raise _not_proved()


def check_passkey(passkey: Passkey, credential: str, challenge: bytes, origin: str, used: int) -> int:
    """Return the authenticator's count after a proof; `used` is its last. Raises `WrongSecondFactor`."""
    with _proving():
        found = webauthn.verify_authentication_response(
            credential=_bounded(credential),
            expected_challenge=challenge,
            expected_rp_id=RELYING_PARTY,
            expected_origin=origin,
            credential_public_key=passkey.public,
            credential_current_sign_count=max(0, used),
        )
    return found.new_sign_count


@contextmanager
def _proving() -> Iterator[None]:
    try:
        yield
    except _UNPROVED as reason:
        raise _not_proved() from reason


def _bounded(credential: str) -> str:
    if len(credential) > _CREDENTIAL_CHARACTERS_MAX:
        raise _not_proved()
    return credential


def _not_proved() -> WrongSecondFactor:
    return WrongSecondFactor(
        "The passkey did not prove itself. Try again, with the telephone or key that you registered here."
    )
