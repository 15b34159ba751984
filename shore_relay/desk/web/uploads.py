"""Forms with a recording in them, read into memory: what somebody says is never written to a disk on its way.

The server's own reader of such forms puts whatever is large into a temporary file.
"""

from dataclasses import dataclass

from aiohttp import BodyPartReader, web

from protocol.speech.errors import NotSound, RecordingTooLong

UPLOAD_BYTES_MAX = 36_000_000
"""Three minutes at 48 kHz, two channels, 16 bits, with room for the form around them."""

_FIELD_BYTES_MAX = 1_000
_FIELDS_MAX = 8

RECORDINGS = "/messages/{id}/recordings"
"""The one form that carries a recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A form with a recording, read whole."""

    token: str
    recording: bytes


UPLOAD: web.RequestKey["Upload"] = web.RequestKey("upload", Upload)


async def read_upload(request: web.Request) -> Upload:
    """Read the form of a request; raises `RecordingTooLong`, or `NotSound` where it is no such form."""
    if request.content_type != "multipart/form-data":
        raise NotSound("No recording came. Choose one and send the form again.")
    fields = {"token": b"", "recording": b""}
    try:
        reader = await request.multipart()
        for _ in range(_FIELDS_MAX):
            part = await reader.next()
            if part is None:
                break
            if isinstance(part, BodyPartReader) and part.name in fields:
                most = UPLOAD_BYTES_MAX if part.name == "recording" else _FIELD_BYTES_MAX
                fields[part.name] = await _read(part, most)
    except ValueError as reason:
        raise NotSound("The form did not arrive whole. Send it again.") from reason
    return Upload(token=fields["token"].decode(errors="replace"), recording=fields["recording"])


async def _read(part: BodyPartReader, most: int) -> bytes:
    data = bytearray()
    too_long = False
    while chunk := await part.read_chunk():
        # What is too long is still heard to its end, and not kept: a browser that is cut off shows no answer.
        too_long = too_long or len(data) + len(chunk) > most
        data += b"" if too_long else chunk
    if too_long:
        raise RecordingTooLong("This is larger than any voice answer; record at most three minutes.")
    return bytes(data)
