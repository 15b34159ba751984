"""Serves a WAV to a player, whole or in the piece that it asks for."""

from aiohttp import web


def wav_response(request: web.Request, wav: bytes) -> web.Response:
    """Return the part of a WAV that the request's Range names, or all of it."""
    headers = {"Accept-Ranges": "bytes"}
    try:
        asked = request.http_range
    except ValueError:
        asked = slice(None)
    if asked.start is None and asked.stop is None:
        return web.Response(body=wav, content_type="audio/wav", headers=headers)
    start, stop, _ = asked.indices(len(wav))
    if start >= stop:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{len(wav)}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(wav)}"
    return web.Response(status=206, body=wav[start:stop], content_type="audio/wav", headers=headers)
