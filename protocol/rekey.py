"""Gets a link back whose keys no longer meet: a restored relay, a vessel that lost its ratchet (SPEC §3.5).

One packet each way. The vessel seals a fresh public key to the relay's; the relay seals a fresh secret to it.
Both are authenticated by a key derived from the provisioned secret. A replayed request brings a listener
nothing: the answer opens only with the private half that the request came from.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.constant_time import bytes_eq

from protocol import limits
from protocol.errors import CannotOpen, MalformedPacket, NotAuthentic
from protocol.hpke import decrypt, encrypt
from protocol.ids import Instant, VesselId
from protocol.linkguard import KEY_ID_BYTES, VERSION, Form, read_flags
from protocol.links import Side
from protocol.origin import public_half

INTERVAL_S = 300.0
"""Requests are at least this far apart, so that a forged hint or a long outage costs little."""

_MAC_BYTES = 16
_INFO_REQUEST = b"seavoice v1 rekey request"
_INFO_ANSWER = b"seavoice v1 rekey answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class RekeyRequest:
    """What a relay reads from a request; the vessel's guard has yet to check it."""

    vessel: VesselId
    key_id: bytes
    """The key that the vessel seals its packets with until now."""
    ephemeral_public: bytes
    mac: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RekeyAnswer:
    """What a vessel reads from an answer."""

    secret: bytes
    met: bool
    """Whether the relay could read what the vessel sent under its last key."""


class Rekey:
    """When a vessel asks for new link keys, and what either side remembers of the last exchange."""

    def __init__(self, side: Side, vessel: VesselId, rekey_key: bytes, relay_public: bytes | None) -> None:
        self._side = side
        self._vessel = vessel
        self._key = rekey_key
        self._relay_public = relay_public
        self._private: bytes | None = None
        self._asked_at: Instant | None = None
        self._answered: tuple[bytes, bytes] | None = None
        self._due = False

    @property
    def due(self) -> bool:
        """Whether a vessel has reason to ask; a relay never asks."""
        return self._due

    @due.setter
    def due(self, wanted: bool) -> None:
        self._due = wanted and self._side is Side.VESSEL and self._relay_public is not None

    def may_ask_at(self) -> Instant:
        """Return when the next request may leave."""
        return Instant(float("-inf") if self._asked_at is None else self._asked_at + INTERVAL_S)

    def request(self, key_id: bytes, now: Instant) -> bytes:
        """Vessel: return a request packet with a fresh key; `key_id` names the key in use."""
        assert self._relay_public is not None
        self._due = False
        self._asked_at = now
        self._private = X25519PrivateKey.generate().private_bytes_raw()
        return make_request(self._vessel, key_id, self._key, self._relay_public, self._private)

    def on_answer(self, packet: bytes) -> RekeyAnswer:
        """Vessel: read the answer; raises `NotAuthentic` where nothing was asked."""
        if self._private is None:
            raise NotAuthentic("this rekey answers nothing that was asked")
        answer = open_answer(packet, self._key, self._private)
        self._private = None
        self._due = False
        return answer

    def answer(
        self, request: RekeyRequest, readable: tuple[bytes, ...], entropy: Callable[[int], bytes]
    ) -> tuple[bytes | None, bytes]:
        """Relay: return a new secret, or None for a repeated request, and the answer packet.

        `readable` holds the ids of the keys under which a vessel that is not set back may send.
        """
        if self._answered is not None and self._answered[0] == request.ephemeral_public:
            return None, self._answered[1]
        secret = entropy(limits.LINK_SECRET_BYTES)
        packet = make_answer(request, self._key, secret, met=request.key_id in readable)
        self._answered = (request.ephemeral_public, packet)
        return secret, packet


def make_request(
    vessel: VesselId, key_id: bytes, rekey_key: bytes, relay_public: bytes, ephemeral_private: bytes
) -> bytes:
    """Vessel: return the request packet (109 bytes)."""
    named = vessel + key_id + public_half(ephemeral_private)
    content = named + _mac(rekey_key, b"request", named)
    return _flags(Form.REKEY_REQUEST) + encrypt(content, relay_public, _INFO_REQUEST)


def open_request(packet: bytes, relay_private: bytes) -> RekeyRequest:
    """Relay: read whose request this is; raises `MalformedPacket` or `NotAuthentic`."""
    content = _open(packet, Form.REKEY_REQUEST, relay_private, _INFO_REQUEST)
    key_at = limits.VESSEL_ID_BYTES
    ephemeral_at = key_at + KEY_ID_BYTES
    if len(content) != ephemeral_at + limits.X25519_KEY_BYTES + _MAC_BYTES:
        raise MalformedPacket("a rekey request has one size")
    return RekeyRequest(
        vessel=VesselId(content[:key_at]),
        key_id=content[key_at:ephemeral_at],
        ephemeral_public=content[ephemeral_at:-_MAC_BYTES],
        mac=content[-_MAC_BYTES:],
    )


def make_answer(request: RekeyRequest, rekey_key: bytes, secret: bytes, *, met: bool) -> bytes:
    """Relay: check the request and return the answer (98 bytes); raises `NotAuthentic`."""
    named = request.vessel + request.key_id + request.ephemeral_public
    if not bytes_eq(_mac(rekey_key, b"request", named), request.mac):
        raise NotAuthentic("this rekey request does not come from the vessel it names")
    said = secret + bytes([met])
    content = said + _mac(rekey_key, b"answer", request.ephemeral_public + said)
    return _flags(Form.REKEY_ANSWER) + encrypt(content, request.ephemeral_public, _INFO_ANSWER)


def open_answer(packet: bytes, rekey_key: bytes, ephemeral_private: bytes) -> RekeyAnswer:
    """Vessel: return the new 32-byte secret; raises `MalformedPacket` or `NotAuthentic`."""
    content = _open(packet, Form.REKEY_ANSWER, ephemeral_private, _INFO_ANSWER)
    said, mac = content[: limits.LINK_SECRET_BYTES + 1], content[limits.LINK_SECRET_BYTES + 1 :]
    if not bytes_eq(_mac(rekey_key, b"answer", public_half(ephemeral_private) + said), mac):
        raise NotAuthentic("this rekey answer does not come from our relay")
    return RekeyAnswer(secret=said[:-1], met=said[-1:] == b"\x01")


def _open(packet: bytes, form: Form, private: bytes, info: bytes) -> bytes:
    if read_flags(packet)[0] is not form:
        raise MalformedPacket("this packet is no rekey")
    try:
        return decrypt(packet[1:], private, info)
    except CannotOpen as reason:
        raise NotAuthentic("this rekey is not for us, or was changed on its way") from reason


def _flags(form: Form) -> bytes:
    return bytes([VERSION << 5 | form])


def _mac(key: bytes, purpose: bytes, data: bytes) -> bytes:
    mac = hmac.HMAC(key, hashes.SHA256())
    mac.update(purpose + data)
    return mac.finalize()[:_MAC_BYTES]
