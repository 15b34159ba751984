"""A certificate for the vessel's own web server and those above it, signed by the operator (SPEC §5.6).

What is in a certificate is not this package's business: only its bytes and their number are bounded here.
"""

from protocol import limits
from protocol.bundle import OperatorSettings
from protocol.errors import MalformedBundle
from protocol.ids import UnixSeconds, VesselId
from protocol.operators import open_list, read_list, sign_list
from protocol.wire import WireValue, as_bytes, unpack


def sign_chain(
    chain: tuple[bytes, ...], signing_private: bytes, vessel: VesselId, issued_at: UnixSeconds
) -> OperatorSettings:
    """Make the bundle that carries certificates in DER form to one vessel, its own first."""
    return sign_list(chain, signing_private, vessel, issued_at)


def holds_chain(bundle: OperatorSettings) -> bool:
    """Return whether a bundle is about a certificate and not about caps; nothing is verified yet."""
    try:
        fields = unpack(bundle.signed, MalformedBundle)
    except MalformedBundle:
        return False
    return isinstance(fields, list | tuple) and len(fields) > 1 and isinstance(fields[1], bytes)


def check_chain(
    bundle: OperatorSettings, operator_public: bytes, vessel: VesselId
) -> tuple[UnixSeconds, tuple[bytes, ...]]:
    """Return when a chain was issued and its certificates; raises `NotAuthentic` or `MalformedBundle`.

    The caller keeps it only if it is newer than the one it holds.
    """
    issued_at, entries = open_list(bundle, operator_public, vessel, most=limits.CHAIN_CERTIFICATES_MAX)
    return issued_at, _certificates(entries)


def read_chain(signed: bytes) -> tuple[UnixSeconds, tuple[bytes, ...]]:
    """Read what `check_chain` found rightly signed; raises `MalformedBundle`."""
    issued_at, entries = read_list(signed, most=limits.CHAIN_CERTIFICATES_MAX)
    return issued_at, _certificates(entries)


def _certificates(entries: tuple[WireValue, ...]) -> tuple[bytes, ...]:
    if not entries:
        raise MalformedBundle("a chain has at least one certificate")
    error, most = MalformedBundle, limits.CERTIFICATE_BYTES_MAX
    return tuple(as_bytes(each, error, "a certificate", least=1, most=most) for each in entries)
