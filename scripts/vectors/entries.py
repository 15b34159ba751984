"""What every vector is made of: fixed keys, and values as JSON (see the package)."""

from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import sha256

from protocol import origin
from protocol.ids import UnixSeconds, VesselId
from protocol.mailbox import ReceiptCode

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]
Entry = dict[str, Json]


def fixed(name: str, size_bytes: int = 32) -> bytes:
    """Return bytes that follow from their name, so that everybody can make them again."""
    return sha256(b"seavoice vector " + name.encode()).digest()[:size_bytes]


SECRET = fixed("link secret")
VESSEL = VesselId(fixed("vessel", 8))
OTHER_VESSEL = VesselId(fixed("other vessel", 8))
BOX = fixed("box")
DESK = fixed("desk")
OTHER_DESK = fixed("other desk")
RELAY = fixed("relay")
SIGNER = fixed("signer")
DESK_PUBLIC = origin.public_half(DESK)
CODE = ReceiptCode.draw(fixed("receipt code"))
CREATED_AT = UnixSeconds(1_760_000_000)


def plain(value: object) -> Json:
    """Return a value of the protocol as JSON."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value]
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    assert is_dataclass(value)
    name = type(value).__name__.lower()
    return {"type": name} | {field.name: plain(getattr(value, field.name)) for field in fields(value)}


def entry(name: str, **values: object) -> Entry:
    """Return one entry of a file."""
    return {"name": name} | {key: plain(value) for key, value in values.items()}


def refused(layer: str, code: str) -> dict[str, str]:
    """Return which layer must refuse an entry, and with which code."""
    return {"layer": layer, "code": code}


def flipped(data: bytes, at: int = -1) -> bytes:
    """Return the bytes with one bit changed."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)
