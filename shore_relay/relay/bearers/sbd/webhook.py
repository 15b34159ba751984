"""`POST /v1/rockblock`: a message is committed, then the request is answered, then the work begins."""

import asyncio
from http import HTTPStatus

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from protocol.documents import dump
from shore_relay.relay.bearers.gate import Gate
from shore_relay.relay.bearers.sbd.gateway import Accept
from shore_relay.relay.bearers.sbd.rockblock import body_bytes_max, read_webhook
from shore_relay.relay.errors import (
    BadSignature,
    MessageRefused,
    MessageTooLong,
    RelayError,
    StoreFailed,
    UnknownModem,
)
from shore_relay.relay.store.sbd_rows import Via

PATH = "/v1/rockblock"
_BODY_PATIENCE_S = 10.0
_STATUS: dict[type[RelayError], HTTPStatus] = {
    BadSignature: HTTPStatus.UNAUTHORIZED,
    MessageTooLong: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnknownModem: HTTPStatus.NOT_FOUND,
    # Not taken: the service then sends it again.
    StoreFailed: HTTPStatus.SERVICE_UNAVAILABLE,
}


class RockBlockWebhook:
    """Takes messages up from RockBLOCK."""

    def __init__(self, gate: Gate, accept: Accept, key: RSAPublicKey, *, data_bytes_max: int) -> None:
        self._gate = gate
        self._accept = accept
        self._key = key
        self._data_bytes_max = data_bytes_max

    def routes(self) -> list[web.RouteDef]:
        """Return what the HTTP application serves for RockBLOCK."""
        return [web.post(PATH, self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        """Take one message, durably."""
        try:
            body = await self._body(request)
            message = read_webhook(request.content_type, body, self._key, data_bytes_max=self._data_bytes_max)
            await self._accept(Via.ROCKBLOCK, message)
        except (MessageRefused, StoreFailed) as refused:
            self._gate.refuse(refused.code, "sbd")
            answer = dump({"code": refused.code, "message": str(refused)})
            status = _STATUS.get(type(refused), HTTPStatus.BAD_REQUEST)
            return web.Response(body=answer, status=status, content_type="application/json")
        return web.Response(text="OK")

    async def _body(self, request: web.Request) -> bytes:
        most = body_bytes_max(self._data_bytes_max)
        body = bytearray()
        try:
            async with asyncio.timeout(_BODY_PATIENCE_S):
                async for chunk in request.content.iter_any():
                    body += chunk
                    if len(body) > most:
                        raise MessageTooLong(
                            f"A request has at most {most} bytes; raise sbd.mtu_up_bytes if modems send more."
                        )
        except TimeoutError:
            raise MessageRefused("The request did not end in time; it has to come again.") from None
        return bytes(body)
