"""RockBLOCK: the operator's web service between satellite modems and programs ashore.

Messages up come as an HTTP POST, as a form or as JSON, with a JWT in which the operator repeats and signs
every field. Messages down go as an HTTP POST with the account's name and password.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from protocol.ids import UnixSeconds
from shore_relay.relay.bearers.sbd.gateway import IMEI_DIGITS, MOMSN_MAX, Gateway, Refusal, Scope
from shore_relay.relay.errors import BadSignature, MalformedMessage, MessageTooLong, SettingsInvalid
from shore_relay.relay.store.sbd_rows import MobileOriginated, OutboundMessage, Position, Via

TOKEN_FIELD = "JWT"  # noqa: S105  # A field's name.
_SIGNED = ("imei", "momsn", "transmit_time", "data")
_TIME_FORMATS = ("%y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ")
"""The second is what the operator's newer service writes."""
_FIELDS_MAX = 64
_NUMBER_CHARACTERS_MAX = 20
_RADIUS_KM_MAX = 40_000
_HEXADECIMAL = re.compile(r"(?:[0-9a-fA-F]{2})*")
_DIGITS = re.compile(r"[0-9]{1,5}")
_ANSWER_BYTES_MAX = 4_096
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
"""A proxy on this machine may add TLS."""

_BODY_HEAD_BYTES = 8_192
"""Room for all fields but the data, twice: beside the token and within it."""


def body_bytes_max(mtu_up_bytes: int) -> int:
    """Return how large a request may be: the data once in hexadecimal, and once more within the token."""
    return _BODY_HEAD_BYTES + 5 * mtu_up_bytes


# --- up -----------------------------------------------------------------------------------------------------


def read_webhook(
    content_type: str, body: bytes, key: RSAPublicKey, *, data_bytes_max: int
) -> MobileOriginated:
    """Return the message that a request carries; everything in it comes from what the operator signed.

    Raises `MalformedMessage`, `BadSignature` or `MessageTooLong`.
    """
    given = _fields(content_type, body)
    claims = _claims(given.get(TOKEN_FIELD, ""), key)
    for name in _SIGNED:
        if name not in claims:
            raise BadSignature(f"The token does not sign {name}; the operator signs every field.")
        if given.get(name) != claims[name]:
            raise BadSignature(f"The token was signed for another message: {name} differs.")
    return _message(claims, data_bytes_max)


def _fields(content_type: str, body: bytes) -> Mapping[str, str]:
    if content_type == "application/json":
        return _from_json(body)
    if content_type == "application/x-www-form-urlencoded":
        return _from_form(body)
    raise MalformedMessage("A message comes as a form or as JSON; set the delivery address to either.")


def _from_json(body: bytes) -> Mapping[str, str]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as reason:
        raise MalformedMessage("The request is not JSON text.") from reason
    if not isinstance(document, dict) or len(document) > _FIELDS_MAX:
        raise MalformedMessage(f"The request must be a JSON object of at most {_FIELDS_MAX} fields.")
    return _texts(document)


def _from_form(body: bytes) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_FIELDS_MAX,
        )
    except ValueError as reason:
        raise MalformedMessage("The request is not a form.") from reason
    if len({name for name, _ in pairs}) != len(pairs):
        raise MalformedMessage("A field came twice.")
    return dict(pairs)


def _claims(token: str, key: RSAPublicKey) -> Mapping[str, str]:
    if not token:
        raise BadSignature("The request has no JWT; the operator signs every message.")
    if not token.isascii():
        raise BadSignature("The JWT is none; the operator writes it in ASCII.")
    try:
        # A message may be delivered days late, and the tokens name no end; replays are the engine's business.
        options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
        claims = jwt.decode(
            token,
            key=key,
            algorithms=["RS256"],
            options=options,  # type: ignore[arg-type]  # PyJWT types this as a dictionary of its own.
        )
    except (jwt.PyJWTError, RecursionError) as reason:
        raise BadSignature(
            "The JWT was not signed with the operator's key; check rockblock_key_file against the operator's."
        ) from reason
    return _texts(claims)


def _texts(document: Mapping[str, object]) -> Mapping[str, str]:
    """Return all plain values as text: the token holds as text what the request holds as numbers."""
    return {
        name: str(value)
        for name, value in document.items()
        if isinstance(value, str | float) or (isinstance(value, int) and abs(value) < 10**IMEI_DIGITS)
    }


def _message(claims: Mapping[str, str], data_bytes_max: int) -> MobileOriginated:
    imei, momsn, data = claims["imei"], claims["momsn"], claims["data"]
    if len(imei) != IMEI_DIGITS or not (imei.isascii() and imei.isdigit()):
        raise MalformedMessage(f"imei must have {IMEI_DIGITS} digits.")
    if not _DIGITS.fullmatch(momsn) or int(momsn) > MOMSN_MAX:
        raise MalformedMessage(f"momsn must be a whole number from 0 to {MOMSN_MAX}.")
    if len(data) > 2 * data_bytes_max:
        raise MessageTooLong(
            f"data has more than {data_bytes_max} bytes; raise sbd.mtu_up_bytes if the modem can send more."
        )
    if not _HEXADECIMAL.fullmatch(data):
        raise MalformedMessage("data must be bytes in hexadecimal.")
    return MobileOriginated(
        imei=imei,
        momsn=int(momsn),
        transmitted_at=_time(claims["transmit_time"]),
        data=bytes.fromhex(data),
        position=_position(claims),
    )


def _time(text: str) -> UnixSeconds:
    for shape in _TIME_FORMATS:
        try:
            return UnixSeconds(int(datetime.strptime(text, shape).replace(tzinfo=UTC).timestamp()))
        except (ValueError, OverflowError):
            continue
    raise MalformedMessage("transmit_time must look like 21-10-31 10:41:50, in UTC.")


def _position(claims: Mapping[str, str]) -> Position | None:
    """Return the satellite's guess, or None where there is none that makes sense; it decides nothing."""
    names = ("iridium_latitude", "iridium_longitude", "iridium_cep")
    values = [claims.get(name, "") for name in names]
    try:
        latitude, longitude, radius_km = (float(value[:_NUMBER_CHARACTERS_MAX]) for value in values)
    except ValueError:
        return None
    if not all(math.isfinite(value) for value in (latitude, longitude, radius_km)):
        return None
    if abs(latitude) > 90 or abs(longitude) > 180 or not 0 <= radius_km <= _RADIUS_KM_MAX:
        return None
    return Position(latitude=latitude, longitude=longitude, radius_km=radius_km)


# --- down ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The account's name and password; neither shows in a representation, a log or an error."""

    username: str = field(repr=False)
    password: str = field(repr=False)


_REFUSALS: dict[str, tuple[Scope, str]] = {
    "10": (Scope.ACCOUNT, "The username or password is wrong; correct rockblock_secret_file and restart."),
    "11": (Scope.MODEM, "The account has no modem of this IMEI; check it, or add it to the account."),
    "12": (Scope.MODEM, "The line rental of this modem has ended; renew it in the account."),
    "13": (Scope.ACCOUNT, "The account has not enough credit; buy credits."),
    "14": (Scope.MESSAGE, "The service could not read a message; report this to SeaVoice."),
    "15": (Scope.MESSAGE, "A message was too long for this modem; lower sbd.mtu_down_bytes and restart."),
    "16": (Scope.MESSAGE, "The service found a message empty; report this to SeaVoice."),
    "99": (Scope.PASSING, "The service has a fault of its own; messages are tried again."),
}


def check_url(url: str) -> str:
    """Return where messages go; raises `SettingsInvalid` where the password would travel in the clear."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as reason:
        raise SettingsInvalid("The setting sbd.rockblock_url is not a URL; correct it.") from reason
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in _THIS_MACHINE)):
        raise SettingsInvalid("The setting sbd.rockblock_url must begin with https://.")
    return url


class RockBlockGateway(Gateway):
    """Hands messages to the operator's web service."""

    via = Via.ROCKBLOCK

    def __init__(
        self, session: aiohttp.ClientSession, url: str, credentials: Credentials, *, patience_s: float
    ) -> None:
        self._session = session
        self._url = url
        self._credentials = credentials
        self._patience = aiohttp.ClientTimeout(total=patience_s)

    async def deliver(self, message: OutboundMessage) -> Refusal | None:
        """Hand over one message."""
        form = {
            "imei": message.imei,
            "username": self._credentials.username,
            "password": self._credentials.password,
            "data": message.packet.hex(),
        }
        if message.flush:
            form["flush"] = "yes"
        try:
            # Wherever a redirection led, the password would follow.
            async with self._session.post(
                self._url, data=form, timeout=self._patience, allow_redirects=False
            ) as response:
                status, answer = response.status, await response.content.read(_ANSWER_BYTES_MAX)
        except (aiohttp.ClientError, TimeoutError, OSError):
            # What the library says names the whole request; none of it is repeated.
            return _unreachable(in_doubt=True)
        return read_answer(status, answer)


def read_answer(status: int, answer: bytes) -> Refusal | None:
    """Return why the service did not take a message, or None where it did."""
    parts = answer.decode("utf-8", errors="replace").strip().split(",", 2)
    if status == HTTPStatus.OK and parts[0] == "OK":
        return None
    if parts[0] == "FAILED" and len(parts) > 1:
        code = parts[1].strip()
        if code in _REFUSALS:
            scope, advice = _REFUSALS[code]
            return Refusal(code=f"rockblock-{code}", scope=scope, advice=advice)
        return Refusal(
            code="rockblock-other",
            scope=Scope.PASSING,
            advice="The service refuses messages for a reason that is new; see the account's own pages.",
        )
    return _unreachable(in_doubt=status == HTTPStatus.OK or status >= HTTPStatus.INTERNAL_SERVER_ERROR)


def _unreachable(*, in_doubt: bool) -> Refusal:
    return Refusal(
        code="rockblock-unreachable",
        scope=Scope.PASSING,
        advice="The service does not answer as it should; check rockblock_url and this machine's network.",
        in_doubt=in_doubt,
    )
