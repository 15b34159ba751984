"""Stands before every request: who may ask, and how errors are told."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from protocol.documents import Json, MalformedDocument
from protocol.errors import ProtocolError
from vessel_client.errors import NotAllowed, VesselError
from vessel_client.log import log_event

_STATUS = {
    "malformed-document": 400,
    "not-allowed": 403,
    "unknown-bundle": 404,
    "reference-used": 409,
    "unknown-desk-key": 422,
    "not-loopback": 403,
    "encoder-busy": 503,
    "encoder-missing": 501,
    "not-sound": 422,
    "recording-silent": 422,
    "recording-too-long": 413,
    "queue-full": 503,
    "store-failed": 500,
    "disk-full": 507,
}

_POSTED_TYPES = frozenset({"application/json", "application/octet-stream"})
"""Browsers send these from other pages only after asking, which the box never allows."""

_ALWAYS_ALLOWED = frozenset({"localhost", "127.0.0.1", "::1"})


def answer_json(document: Json, *, status: int = 200) -> web.Response:
    """Return a response that no cache keeps."""
    return web.json_response(document, status=status, headers={"Cache-Control": "no-store"})


def answer_error(error: VesselError | ProtocolError) -> web.Response:
    """Return an error as {"error": code, "message": sentence}."""
    status = _STATUS.get(error.code, 400)
    return answer_json({"error": error.code, "message": str(error)}, status=status)


def make_gate(
    hosts_allowed: frozenset[str],
) -> Middleware:
    """Return the middleware; `hosts_allowed` are names of the box beside those of the machine itself."""
    known = _ALWAYS_ALLOWED | hosts_allowed

    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            _require_own_page(request, known)
            return await handler(request)
        except (VesselError, ProtocolError) as error:
            log_event("request-refused", path=request.match_info.route.name or "unknown", code=error.code)
            return answer_error(error)
        except web.HTTPRequestEntityTooLarge:
            return answer_json(
                {"error": "too-large", "message": "This is more than a message may hold; make it shorter."},
                status=413,
            )

    return gate


def _require_own_page(request: web.Request, known: frozenset[str]) -> None:
    # A page from elsewhere that points its own name at this machine must not reach the box.
    if _host_name(request.host) not in known:
        raise NotAllowed("This name does not lead to the box. Open it by its own address.")
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        raise NotAllowed("Another page may not speak to the box.")
    if request.method == "POST" and request.content_type not in _POSTED_TYPES:
        raise MalformedDocument("A request to the box must be JSON (Content-Type: application/json).")


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
