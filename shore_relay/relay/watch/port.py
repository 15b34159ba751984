"""The operator's own port: health, metrics and the page. Others reach it only over TLS."""

import hmac
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

from aiohttp import hdrs, web

from protocol.documents import dump
from shore_relay.relay.bearers.gate import Gate
from shore_relay.relay.bearers.listening import listen
from shore_relay.relay.errors import SettingsInvalid, StoreFailed
from shore_relay.relay.http_port import HttpPort
from shore_relay.relay.tls import environment_or_file
from shore_relay.relay.watch.facts import Watcher
from shore_relay.relay.watch.health import Health
from shore_relay.relay.watch.metrics import CONTENT_TYPE, render
from shore_relay.relay.watch.page.server import OperatorPage

TOKEN_VARIABLE = "SEAVOICE_METRICS_TOKEN"  # noqa: S105  # A variable's name.


class MetricsRoute:
    """`/metrics`, for whoever shows the token, if there is one."""

    def __init__(self, watcher: Watcher, token: str) -> None:
        self._watcher = watcher
        self._token = token

    def routes(self) -> list[web.RouteDef]:
        """Return what the port serves of it."""
        return [web.get("/metrics", self._metrics)]

    async def _metrics(self, request: web.Request) -> web.Response:
        given = request.headers.get(hdrs.AUTHORIZATION, "")
        wanted = f"Bearer {self._token}"
        if self._token and not hmac.compare_digest(given.encode(errors="surrogatepass"), wanted.encode()):
            return _refusal("not-authorised", HTTPStatus.UNAUTHORIZED)
        try:
            facts = await self._watcher.facts()
        except StoreFailed as error:
            return _refusal(error.code, HTTPStatus.SERVICE_UNAVAILABLE)
        return web.Response(body=render(facts), headers={hdrs.CONTENT_TYPE: CONTENT_TYPE})


def _refusal(code: str, status: HTTPStatus) -> web.Response:
    return web.Response(body=dump({"code": code}), status=status, content_type="application/json")


@asynccontextmanager
async def operator_port_open(
    folder: Path, gate: Gate, watcher: Watcher, health: Health, *, context: ssl.SSLContext | None
) -> AsyncIterator[int]:
    """Serve the operator until the block ends, if the settings say so; yield the port, or 0.

    Raises `SettingsInvalid`, `SecretUnreadable` or `PortInUse`.
    """
    settings = gate.settings.operator
    if not settings.enabled:
        yield 0
        return
    if context is None and not _is_this_machine(settings.host):
        raise SettingsInvalid(
            "The operator's port takes a passphrase: on an address that others reach it needs "
            "tls.certificate_file and tls.key_file. Or leave operator.host at 127.0.0.1 and come through "
            "an SSH tunnel."
        )
    token = environment_or_file(TOKEN_VARIABLE, folder / settings.metrics_token_file)
    if not token and not _is_this_machine(settings.host):
        raise SettingsInvalid(
            f"The metrics are on an address that others reach: write a token into "
            f"{folder / settings.metrics_token_file}, mode 0600."
        )
    # On the machine itself the certificate's name would not fit, and nobody is in between.
    context = None if _is_this_machine(settings.host) else context
    page = OperatorPage(folder, gate, watcher, is_secure=context is not None)
    port = HttpPort(
        gate, [*health.routes(), *MetricsRoute(watcher, token).routes(), *page.routes()], context=context
    )
    try:
        yield await listen("TCP", "operator.port", port.start, settings.host, settings.port)
    finally:
        await port.stop()


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
