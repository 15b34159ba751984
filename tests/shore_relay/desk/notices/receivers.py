"""A real mail server and a real receiver of webhooks, both of which keep every byte that reached them."""

import asyncio
import base64
import email
import email.policy
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from shore_relay.desk.notices.channels import Channels
from shore_relay.desk.notices.mail import MailServer
from shore_relay.desk.notices.webhook import WebhookReceiver

SENDER = "desk@office.example"
USER, PASSWORD = "office", "brass lamp"
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


class _Listened(SMTP):
    """The library's server, with what comes in written down first."""

    def __init__(self, mailroom: "Mailroom", *, asks_for_login: bool) -> None:
        super().__init__(
            mailroom,
            hostname="mail.office.example",
            authenticator=mailroom.authenticate if asks_for_login else None,
            auth_required=asks_for_login,
            auth_require_tls=False,
            enable_SMTPUTF8=False,
        )
        self._mailroom = mailroom

    def data_received(self, data: bytes) -> None:
        self._mailroom.wire += data
        super().data_received(data)


@dataclass(slots=True, kw_only=True)
class Mailroom:
    """What a mail server received."""

    port: int = 0
    wire: bytes = b""
    messages: list[EmailMessage] = field(default_factory=list)
    refuses: str = ""
    """An answer to every recipient; empty to take all."""

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
    ) -> AuthResult:
        is_known = isinstance(given, LoginPassword) and (given.login, given.password) == (
            USER.encode(),
            PASSWORD.encode(),
        )
        return AuthResult(success=is_known, handled=is_known)

    async def handle_RCPT(  # noqa: N802  # The library looks for this name.
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # As above.
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 taken"

    def channels(self, *, security: str = "none", user: str = "", password: str = "") -> Channels:
        server = MailServer(
            host="127.0.0.1",
            port=self.port,
            security=security,
            sender=SENDER,
            user=user,
            password=password,
        )
        return Channels(mail=server)

    def texts_to(self, address: str) -> list[str]:
        return [text_of(message) for message in self.messages if message["To"] == address]


def text_of(message: EmailMessage) -> str:
    content = message.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


@asynccontextmanager
async def receiving_mail(*, asks_for_login: bool = False) -> AsyncIterator[Mailroom]:
    mailroom = Mailroom()
    make: Callable[[], SMTP] = lambda: _Listened(mailroom, asks_for_login=asks_for_login)  # noqa: E731  # Typed.
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    mailroom.port = server.sockets[0].getsockname()[1]
    try:
        yield mailroom
    finally:
        server.close()
        await server.wait_closed()


@dataclass(slots=True, kw_only=True)
class WebhookDesk:
    """What a receiver of webhooks was sent."""

    url: str = ""
    status: int = 204
    wire: bytes = b""
    taken: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.wire += request.path_qs.encode() + repr(headers).encode() + body
        if self.status == 204:
            self.taken.append((body, headers))
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})

    @property
    def channels(self) -> Channels:
        return Channels(webhook=WebhookReceiver(url=self.url, secret=SECRET))


@asynccontextmanager
async def receiving_webhooks() -> AsyncIterator[WebhookDesk]:
    desk = WebhookDesk()
    application = web.Application()
    application.router.add_post("/hook", desk.take)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    desk.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield desk
    finally:
        await runner.cleanup()


def numbers_in(text: str) -> list[int]:
    """The counts that a text names, in its order."""
    return [int(found) for found in re.findall(r": (\d+)$", text, re.MULTILINE)]
