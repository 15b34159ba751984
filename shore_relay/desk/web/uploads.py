"""Forms with a file in them, read into memory: what somebody says is never written to a disk on its way.

The server's own reader of such forms puts whatever is large into a temporary file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aiohttp import BodyPartReader, web

from protocol import limits
from protocol.documents import MalformedDocument
from protocol.errors import ProtocolError
from protocol.speech.errors import NotSound, RecordingTooLong

UPLOAD_BYTES_MAX = 36_000_000
"""Three minutes at 48 kHz, two channels, 16 bits, with room for the form around them."""

CARD_BYTES_MAX = 100_000
"""A partner's card has about one thousand."""

_FIELD_BYTES_MAX = 1_000
_FIELDS_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    """Which field of a form is its file, and what is said where that is none or too large."""

    name: str
    most_bytes: int
    error: type[ProtocolError]
    none: str
    too_large: str
    error_too_large: type[ProtocolError]


_RECORDING = _Expected(
    name="recording",
    most_bytes=UPLOAD_BYTES_MAX,
    error=NotSound,
    none="No recording came. Choose one and send the form again.",
    error_too_large=RecordingTooLong,
    too_large="This is larger than any voice answer; record at most three minutes.",
)
_LETTER = _Expected(
    name="letter",
    most_bytes=limits.LETTER_BYTES_MAX,
    error=MalformedDocument,
    none="No file came. Choose one and send the form again.",
    error_too_large=MalformedDocument,
    too_large="This file is larger than any letter between desks.",
)
_CARD = _Expected(
    name="card",
    most_bytes=CARD_BYTES_MAX,
    error=MalformedDocument,
    none="No card came. Choose its file and send the form again.",
    error_too_large=MalformedDocument,
    too_large="This file is larger than any partner's card.",
)

UPLOADS: Mapping[str, _Expected] = MappingProxyType(
    {"/messages/{id}/recordings": _RECORDING, "/referrals": _LETTER, "/partners": _CARD}
)
"""The forms that carry a file, by their route."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A form with a file, read whole."""

    file: bytes
    fields: Mapping[str, str]

    @property
    def token(self) -> str:
        """The form's token; empty where it has none."""
        return self.fields.get("token", "")


UPLOAD: web.RequestKey["Upload"] = web.RequestKey("upload", Upload)


async def read_upload(request: web.Request, route: str) -> Upload:
    """Read the form of a request to one of `UPLOADS`; raises `ProtocolError` where it is no such form."""
    expected = UPLOADS[route]
    if request.content_type != "multipart/form-data":
        raise expected.error(expected.none)
    file: bytes | None = b""
    fields: dict[str, str] = {}
    try:
        reader = await request.multipart()
        for _ in range(_FIELDS_MAX):
            part = await reader.next()
            if part is None:
                break
            if not isinstance(part, BodyPartReader) or part.name is None:
                continue
            if part.name == expected.name:
                file = await _read(part, expected.most_bytes)
                if file is None:
                    raise expected.error_too_large(expected.too_large)
            else:
                fields[part.name] = (await _read(part, _FIELD_BYTES_MAX) or b"").decode(errors="replace")
    except ValueError as reason:
        raise expected.error(expected.none) from reason
    return Upload(file=file or b"", fields=fields)


async def _read(part: BodyPartReader, most: int) -> bytes | None:
    """Return a part of the form; None where it is longer than `most`."""
    data = bytearray()
    too_long = False
    while chunk := await part.read_chunk():
        # What is too long is still heard to its end, and not kept: a browser that is cut off shows no answer.
        too_long = too_long or len(data) + len(chunk) > most
        data += b"" if too_long else chunk
    return None if too_long else bytes(data)
