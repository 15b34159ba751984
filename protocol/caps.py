"""What a vessel may spend in a month, signed by the relay's operator (SPEC §5.5)."""

from dataclasses import dataclass

from protocol import limits
from protocol.bundle import OperatorSettings
from protocol.errors import MalformedBundle
from protocol.ids import UnixSeconds, VesselId
from protocol.operators import open_list, read_list, sign_list, write_list
from protocol.wire import WireValue, as_array, as_bytes, as_int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCap:
    """What one bearer may cost in a month; None for any amount."""

    bearer: str
    money_nano: int | None
    """Thousand-millionths of the currency that the vessel's price list is in."""
    size_bytes: int | None


def sign_caps(
    caps: tuple[SignedCap, ...], signing_private: bytes, vessel: VesselId, issued_at: UnixSeconds
) -> OperatorSettings:
    """Make the bundle that carries `caps` to one vessel."""
    return sign_list(_rows(caps), signing_private, vessel, issued_at)


def write_caps(caps: tuple[SignedCap, ...], issued_at: UnixSeconds) -> bytes:
    """Return what is signed."""
    return write_list(_rows(caps), issued_at)


def check_caps(
    bundle: OperatorSettings, operator_public: bytes, vessel: VesselId
) -> tuple[UnixSeconds, tuple[SignedCap, ...]]:
    """Return when the list was issued and its caps; raises `NotAuthentic` or `MalformedBundle`.

    The caller keeps the list only if it is newer than the one it holds. It replaces all of that one.
    """
    issued_at, rows = open_list(bundle, operator_public, vessel, most=limits.CAPS_MAX)
    return issued_at, tuple(_read_cap(row) for row in rows)


def read_caps(signed: bytes) -> tuple[UnixSeconds, tuple[SignedCap, ...]]:
    """Read what `check_caps` found rightly signed; raises `MalformedBundle`."""
    issued_at, rows = read_list(signed, most=limits.CAPS_MAX)
    return issued_at, tuple(_read_cap(row) for row in rows)


def _rows(caps: tuple[SignedCap, ...]) -> tuple[WireValue, ...]:
    return tuple((cap.bearer.encode(), cap.money_nano, cap.size_bytes) for cap in caps)


def _read_cap(row: WireValue) -> SignedCap:
    error = MalformedBundle
    name, money, size = as_array(row, error, "a cap", least=3, most=3)
    bearer = as_bytes(name, error, "a bearer's name", least=1, most=limits.BEARER_NAME_BYTES_MAX)
    if not bearer.isascii() or not bearer.decode("ascii").isprintable():
        raise MalformedBundle("a bearer's name is printable ASCII")
    return SignedCap(
        bearer=bearer.decode("ascii"),
        money_nano=None if money is None else as_int(money, error, "money", most=limits.MONEY_NANO_MAX),
        size_bytes=None if size is None else as_int(size, error, "bytes", most=limits.MONEY_NANO_MAX),
    )
