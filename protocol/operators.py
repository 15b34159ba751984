"""What the relay's operator signs for one vessel: a date and a list (SPEC §5.5)."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol import limits
from protocol.bundle import OperatorSettings
from protocol.errors import MalformedBundle, NotAuthentic
from protocol.ids import UnixSeconds, VesselId
from protocol.wire import WireValue, as_array, as_int, pack, unpack

_LABEL = b"seavoice v1 operator settings"


def sign_list(
    entries: tuple[WireValue, ...], signing_private: bytes, vessel: VesselId, issued_at: UnixSeconds
) -> OperatorSettings:
    """Make the bundle that carries a list to one vessel."""
    signed = write_list(entries, issued_at)
    signer = Ed25519PrivateKey.from_private_bytes(signing_private)
    return OperatorSettings(signature=signer.sign(_LABEL + vessel + signed), signed=signed)


def write_list(entries: tuple[WireValue, ...], issued_at: UnixSeconds) -> bytes:
    """Return what is signed."""
    return pack((issued_at, *entries))


def open_list(
    bundle: OperatorSettings, operator_public: bytes, vessel: VesselId, *, most: int
) -> tuple[UnixSeconds, tuple[WireValue, ...]]:
    """Return when a list was issued, and its entries; raises `NotAuthentic` or `MalformedBundle`."""
    try:
        Ed25519PublicKey.from_public_bytes(operator_public).verify(
            bundle.signature, _LABEL + vessel + bundle.signed
        )
    except InvalidSignature as reason:
        raise NotAuthentic(
            "these settings are not signed by this relay's operator for this vessel"
        ) from reason
    return read_list(bundle.signed, most=most)


def read_list(signed: bytes, *, most: int) -> tuple[UnixSeconds, tuple[WireValue, ...]]:
    """Read what `open_list` found rightly signed; raises `MalformedBundle`."""
    error = MalformedBundle
    fields = as_array(unpack(signed, error), error, "a signed list", least=1, most=1 + most)
    issued_at = as_int(fields[0], error, "a date", most=limits.UNIX_SECONDS_MAX)
    return UnixSeconds(issued_at), tuple(fields[1:])
