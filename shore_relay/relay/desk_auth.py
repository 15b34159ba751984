"""Who asks: each request of a desk carries a token that its Ed25519 key signed for this very request."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocol import limits
from protocol.deskfeed import AUDIENCE, TOKEN_SECONDS_MAX
from protocol.documents import to_text
from protocol.ids import DeskId, UnixSeconds
from shore_relay.relay.errors import ClockSkew, NotAuthorised
from shore_relay.relay.store.repository import Desk

CLOCK_SKEW_S_MAX = 60
_TOKEN_CHARACTERS_MAX = 4_000
_CLAIMS = ["iss", "aud", "iat", "exp", "htm", "htu", "bod"]

FindDesk = Callable[[DeskId], Awaitable[Desk | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """The parts of an HTTP request that its token vouches for."""

    authorization: str
    method: str
    path: str
    """With the query, as it was sent."""
    body: bytes


async def authorise(request: SignedRequest, find_desk: FindDesk, now: UnixSeconds) -> Desk:
    """Return the desk that signed the request; raises `NotAuthorised`, or `ClockSkew`."""
    scheme, _, token = request.authorization.partition(" ")
    is_token = 0 < len(token) <= _TOKEN_CHARACTERS_MAX and token.isascii()
    if scheme.lower() != "bearer" or not is_token:
        raise NotAuthorised("This request needs a token that a desk signed: Authorization: Bearer ….")
    try:
        desk = await find_desk(_issuer(token))
        if desk is None:
            raise NotAuthorised(
                "This relay does not know the desk; have its operator run `seavoice-relay desk add` with the "
                "desk's card."
            )
        claims = _verified(token, desk)
    except jwt.PyJWTError as reason:
        raise NotAuthorised(f"The token of this request is not valid: {reason}.") from reason
    _check_content(claims, request)
    _check_time(claims, now)
    return desk


def _issuer(token: str) -> DeskId:
    # Only to find the key by which everything is then verified.
    claims = jwt.decode(token, options={"verify_signature": False})
    try:
        return DeskId(bytes.fromhex(str(claims.get("iss"))))
    except ValueError as reason:
        raise NotAuthorised("The token's iss must be the desk's id in hexadecimal.") from reason


def _verified(token: str, desk: Desk) -> dict[str, object]:
    key = Ed25519PublicKey.from_public_bytes(desk.signing_public)
    # The times are checked below, where both clocks can be named.
    options = {"require": _CLAIMS, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    claims: dict[str, object] = jwt.decode(
        token,
        key=key,
        algorithms=["EdDSA"],
        audience=AUDIENCE,
        options=options,  # type: ignore[arg-type]  # PyJWT types this as a dictionary of its own.
    )
    return claims


def _check_content(claims: dict[str, object], request: SignedRequest) -> None:
    expected = {
        "htm": request.method,
        "htu": request.path,
        "bod": to_text(hashlib.sha256(request.body).digest()),
    }
    for claim, value in expected.items():
        if claims[claim] != value:
            raise NotAuthorised(f"The token was signed for another request: {claim} differs.")


def _check_time(claims: dict[str, object], now: UnixSeconds) -> None:
    issued_at, expires_at = claims["iat"], claims["exp"]
    if not isinstance(issued_at, int | float) or not isinstance(expires_at, int | float):
        raise NotAuthorised("The token's iat and exp must be numbers.")
    if not (0 <= issued_at <= limits.UNIX_SECONDS_MAX and 0 <= expires_at <= limits.UNIX_SECONDS_MAX):
        raise NotAuthorised("The token's iat and exp must be seconds since 1970.")
    if not 0 <= expires_at - issued_at <= TOKEN_SECONDS_MAX:
        raise NotAuthorised(f"A token holds for at most {TOKEN_SECONDS_MAX} s.")
    if issued_at > now + CLOCK_SKEW_S_MAX or expires_at < now - CLOCK_SKEW_S_MAX:
        raise ClockSkew(
            f"The desk's clock says {_date(issued_at)}, the relay's says {_date(now)}: "
            "set the one that is wrong."
        )


def _date(at: float) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return f"{at:.0f} s after 1970"
