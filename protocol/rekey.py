"""Gets a link back whose keys no longer meet: a restored relay, a vessel that lost its ratchet (SPEC §3.5).

One packet each way. The vessel seals a fresh public key to the relay's; the relay seals a fresh secret to it.
Both are authenticated by a key derived from the provisioned secret. A replayed request brings a listener
nothing: the answer opens only with the private half that the request came from.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.constant_time import bytes_eq

from protocol import limits
from protocol.errors import CannotOpen, MalformedPacket, NotAuthentic
from protocol.hpke import decrypt, encrypt
from protocol.ids import VesselId
from protocol.linkguard import KEY_ID_BYTES, VERSION, Form, read_flags
from protocol.origin import public_half

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
