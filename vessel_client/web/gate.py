"""Stands before every request: who may ask, and how errors are told."""

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from protocol.documents import Json, MalformedDocument
from protocol.errors import ProtocolError
from vessel_client.errors import NotAllowed, TooManyRequests, VesselError
from vessel_client.log import log_event
from vessel_client.web.allowance import Allowance, client_of

_STATUS = {
    "malformed-document": 400,
    "not-allowed": 403,
    "unknown-bundle": 404,
    "reference-used": 409,
    "unknown-desk-key": 422,
    "too-many-requests": 429,
    "not-loopback": 403,
    "encoder-busy": 503,
    "encoder-missing": 501,
    "not-sound": 422,
    "recording-silent": 422,
    "malformed-voice": 422,
    "recording-too-long": 413,
    "queue-full": 503,
    "store-failed": 500,
    "disk-full": 507,
}

_POSTED_TYPES = frozenset({"application/json", "application/octet-stream"})
"""Browsers send these from other pages only after asking, which the box never allows."""

_OWN_SITES = frozenset({"same-origin", "none"})
"""What a browser says of requests that our own page made, or nobody's; older ones say nothing."""

_ALWAYS_ALLOWED = frozenset({"localhost", "127.0.0.1", "::1"})


GetNames = Callable[[], frozenset[str]]


def answer_json(document: Json, *, status: int = 200) -> web.Response:
    """Return a response that no cache keeps."""
    # The name of our server software is of use to nobody on board.
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Server": "box"}
    return web.json_response(document, status=status, headers=headers)


def answer_error(error: VesselError | ProtocolError) -> web.Response:
    """Return an error as {"error": code, "message": sentence}."""
    status = _STATUS.get(error.code, 400)
    response = answer_json({"error": error.code, "message": str(error)}, status=status)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def make_gate(names: GetNames, requests: Allowance) -> Middleware:
    """Return the middleware; `names` gives those of the box beside those of the machine itself."""

    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            requests.take(client_of(request))
            _require_own_page(request, names())
            return await handler(request)
        except (VesselError, ProtocolError) as error:
            log_event("request-refused", path=request.match_info.route.name or "unknown", code=error.code)
            return answer_error(error)
        except web.HTTPRequestEntityTooLarge:
            return _answer_plainly(413, "too-large", "This is more than a message may hold; make it shorter.")
        except web.HTTPNotFound:
            return _answer_plainly(404, "no-such-address", "The box has nothing under this address.")
        except web.HTTPMethodNotAllowed as reason:
            response = _answer_plainly(405, "wrong-method", "This address takes other methods; see Allow.")
            response.headers["Allow"] = ", ".join(sorted(reason.allowed_methods))
            return response

    return gate


def _answer_plainly(status: int, code: str, sentence: str) -> web.Response:
    return answer_json({"error": code, "message": sentence}, status=status)


def _require_own_page(request: web.Request, names: frozenset[str]) -> None:
    # A page from elsewhere that points its own name at this machine must not reach the box.
    if not _is_known(_host_name(request.host), names):
        raise NotAllowed("This name does not lead to the box. Open it by its own address.")
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        raise NotAllowed("Another page may not speak to the box.")
    if request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES and not _is_visit(request):
        raise NotAllowed("Another page may not load anything from the box.")
    is_for_us = request.match_info.http_exception is None
    if is_for_us and request.method == "POST" and request.content_type not in _POSTED_TYPES:
        raise MalformedDocument("A request to the box must be JSON (Content-Type: application/json).")


def _is_visit(request: web.Request) -> bool:
    """Return whether somebody followed a link to the box, which tells the page with the link nothing."""
    fetched_for = (request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest"))
    return request.method == "GET" and fetched_for == ("navigate", "document")


def _is_known(host: str, names: frozenset[str]) -> bool:
    # A certificate may be for all names of one level.
    return host in _ALWAYS_ALLOWED or host in names or f"*.{host.partition('.')[2]}" in names


def require_own_machine(request: web.Request) -> None:
    """Raise `NotAllowed` for requests over the network: only whoever works at the box handles sticks."""
    if request.remote not in ("127.0.0.1", "::1"):
        raise NotAllowed("Sticks are read and written at the box itself.")


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
