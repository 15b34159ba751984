"""Codec2 for the box's own screen: samples in, frames out, in a process that ends with the request.

No browser has Codec2, so the page on the box's own screen asks the box to code what it then seals. Only that
screen may ask: it runs on this machine anyway. Nothing is kept, written or logged.
"""

import asyncio
import sys

from aiohttp import web

from vessel_client.coder_answers import EXIT_REFUSED, VOICE_MISSING
from vessel_client.errors import EncoderBusy, EncoderMissing, NotLoopback, SoundRefused

_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "[::1]", "localhost"})

_SAMPLE_BYTES = 2
_RATES_HZ = frozenset({8_000, 16_000, 48_000})
_SECONDS_MAX = 180
_FRAMES_BYTES_MAX = _SECONDS_MAX * 50 * 6
_CODER_WAIT_S_MAX = 120.0
"""A three-minute note takes a few seconds, on the slowest box a minute."""


class SoundCoder:
    """Runs one coder at a time, so that no crowd of requests can take the box's memory."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    def add_to(self, application: web.Application) -> None:
        """Add the two requests."""
        application.router.add_post("/v1/encode", self.encode, name="encode")
        application.router.add_post("/v1/decode", self.decode, name="decode")

    async def encode(self, request: web.Request) -> web.Response:
        """Take 16-bit samples (`?rate=16000`) and give Codec2 frames of 6 bytes.

        Raises: NotLoopback, SoundRefused, EncoderBusy, EncoderMissing.
        """
        _require_own_screen(request)
        rate_text = request.query.get("rate", "")
        if rate_text not in {str(rate) for rate in _RATES_HZ}:
            raise SoundRefused("The rate of the samples must be 8000, 16000 or 48000.", "not-sound")
        size_bytes_max = int(rate_text) * _SAMPLE_BYTES * _SECONDS_MAX
        samples = await _read_body(request, size_bytes_max)
        return _answer(await self._run(("encode", rate_text), samples))

    async def decode(self, request: web.Request) -> web.Response:
        """Take Codec2 frames and give 16-bit samples at 8 kHz.

        Raises: NotLoopback, SoundRefused, EncoderBusy, EncoderMissing.
        """
        _require_own_screen(request)
        return _answer(await self._run(("decode",), await _read_body(request, _FRAMES_BYTES_MAX)))

    async def _run(self, arguments: tuple[str, ...], data: bytes) -> bytes:
        if self._turn.locked():
            raise EncoderBusy("The box is coding another recording; try again in a moment.")
        async with self._turn:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "vessel_client.voice_coder",
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                coded, complaint = await asyncio.wait_for(process.communicate(data), _CODER_WAIT_S_MAX)
            except TimeoutError as reason:
                raise EncoderBusy("The box was too slow for this recording; try again.") from reason
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if process.returncode == 0:
            return coded
        raise _refusal(process.returncode or 0, complaint.decode("utf-8", "replace"))


def _refusal(exit_code: int, complaint: str) -> EncoderMissing | SoundRefused:
    code, _, sentence = complaint.strip().partition(" ")
    if exit_code == EXIT_REFUSED and code != VOICE_MISSING:
        return SoundRefused(sentence, code)
    return EncoderMissing("The box has no working sound libraries; install its extra named voice.")


def _require_own_screen(request: web.Request) -> None:
    # A proxy on the box makes every phone look local, so the name that the browser asked for counts too.
    host = request.host if request.host.endswith("]") else request.host.rpartition(":")[0] or request.host
    is_forwarded = "Forwarded" in request.headers or "X-Forwarded-For" in request.headers
    if request.remote not in _LOOPBACK or host not in _LOOPBACK_NAMES or is_forwarded:
        raise NotLoopback("Only the box's own screen may have sound coded; a phone codes its own.")


async def _read_body(request: web.Request, size_bytes_max: int) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > size_bytes_max:
            raise SoundRefused("This recording is longer than three minutes.", "recording-too-long")
    if not body:
        raise SoundRefused("There is nothing in this recording.", "recording-silent")
    return bytes(body)


def _answer(data: bytes) -> web.Response:
    return web.Response(
        body=data,
        content_type="application/octet-stream",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
