"""The ways out: what the settings must say, and what each thing that goes wrong is called."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.ids import UnixSeconds
from shore_relay.desk import cli
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk, open_desk, wall_clock
from shore_relay.desk.changes import Changes
from shore_relay.desk.errors import (
    BadSettings,
    MailLoginRefused,
    MailNotSecure,
    MailRefused,
    MailUnreachable,
    NoticeFailed,
    NoticesOff,
    WebhookRefused,
    WebhookUnreachable,
)
from shore_relay.desk.inbox import load_inbox
from shore_relay.desk.notices.channels import Channels, load_channels
from shore_relay.desk.notices.choosing import choose
from shore_relay.desk.notices.delivering import Notices, send_test
from shore_relay.desk.notices.mail import MailServer
from shore_relay.desk.notices.model import Choice, Way
from shore_relay.desk.notices.webhook import WebhookReceiver
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.service import Service
from shore_relay.desk.settings import Settings, load_settings
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.conftest import PASSPHRASE
from tests.shore_relay.desk.notices.receivers import (
    PASSWORD,
    SECRET,
    SENDER,
    USER,
    Mailroom,
    WebhookDesk,
    receiving_mail,
)
from tests.shore_relay.desk.people.conftest import Clock
from tests.shore_relay.desk.small_relay import running_relay

TOM = "tom@office.example"
of_the_test_server = pytest.mark.filterwarnings(
    # aiosmtpd warns of a login without TLS, which is what is tested, and of an attribute that it sets itself.
    "ignore:Requiring AUTH while not requiring TLS",
    "ignore:.*login_data.*",
)
MAIL = Settings(smtp_host="mail.example.org", smtp_from=SENDER)
HOOK = Settings(webhook_url="https://hooks.example.org/x")


async def trouble_of(desk: Desk, channels: Channels, tom: Actor) -> NoticeFailed:
    with pytest.raises(NoticeFailed) as caught:
        await send_test(desk, channels, tom.id, Choice(address=TOM, webhook=True))
    assert PASSWORD not in str(caught.value)
    return caught.value


@of_the_test_server
async def test_each_thing_that_goes_wrong_with_mail_has_its_own_sentence(
    office: Desk, tom: Actor, mailroom: Mailroom
) -> None:
    assert await send_test(office, mailroom.channels(), tom.id, Choice(address=TOM)) == (Way.MAIL,)
    assert type(await trouble_of(office, mailroom.channels(security="starttls"), tom)) is MailNotSecure
    assert type(await trouble_of(office, mailroom.channels(security="tls"), tom)) in (
        MailNotSecure,
        MailUnreachable,
    )
    mailroom.refuses = "550 no such\x1b[31m person"
    refused = await trouble_of(office, mailroom.channels(), tom)
    assert type(refused) is MailRefused
    assert "550" in str(refused)
    assert "\x1b" not in str(refused)
    nobody = MailServer(host="127.0.0.1", port=9, security="none", sender=SENDER)
    assert type(await trouble_of(office, Channels(mail=nobody), tom)) is MailUnreachable
    assert type(await trouble_of(office, Channels(), tom)) is NoticesOff
    async with receiving_mail(asks_for_login=True) as asking:
        wrong = asking.channels(user=USER, password="not this")
        assert type(await trouble_of(office, wrong, tom)) is MailLoginRefused
        right = asking.channels(user=USER, password=PASSWORD)
        assert await send_test(office, right, tom.id, Choice(address=TOM)) == (Way.MAIL,)
    assert len(asking.messages) == 1


async def test_each_thing_that_goes_wrong_with_webhooks_has_its_own_sentence(
    office: Desk, tom: Actor, webhooks: WebhookDesk
) -> None:
    assert await send_test(office, webhooks.channels, tom.id, Choice(webhook=True)) == (Way.WEBHOOK,)
    for status in (302, 401, 500):
        webhooks.status = status
        assert type(await trouble_of(office, webhooks.channels, tom)) is WebhookRefused
    nobody = WebhookReceiver(url="http://127.0.0.1:9/hook", secret=SECRET)
    assert type(await trouble_of(office, Channels(webhook=nobody), tom)) is WebhookUnreachable


@asynccontextmanager
async def safe_mail(folder: Path, name: str) -> AsyncIterator[Mailroom]:
    """A mail server that speaks TLS after STARTTLS, with a certificate for `name` in `folder`."""
    key = Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, None)
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    mailroom = Mailroom()
    make: Callable[[], SMTP] = lambda: SMTP(  # noqa: E731  # Typed.
        mailroom,
        hostname="mail.office.example",
        tls_context=context,
        require_starttls=True,
        authenticator=mailroom.authenticate,
        auth_required=True,
    )
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    mailroom.port = server.sockets[0].getsockname()[1]
    try:
        yield mailroom
    finally:
        server.close()
        await server.wait_closed()


@of_the_test_server
async def test_a_certificate_must_be_in_order_before_the_password_is_said(
    office: Desk, tom: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with safe_mail(tmp_path, "localhost") as mailroom:
        server = mailroom.channels(security="starttls", user=USER, password=PASSWORD).mail
        assert server is not None
        local = Channels(mail=replace(server, host="localhost"))
        assert type(await trouble_of(office, local, tom)) is MailNotSecure
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        # The certificate is for another name than this.
        assert type(await trouble_of(office, Channels(mail=server), tom)) is MailNotSecure
        assert await send_test(office, local, tom.id, Choice(address=TOM)) == (Way.MAIL,)
    assert len(mailroom.messages) == 1


@pytest.mark.parametrize(
    ("settings", "environment", "named"),
    [
        (replace(MAIL, smtp_from=""), {}, "smtp_from"),
        (replace(MAIL, smtp_from="a@b\r\nBcc: c@d"), {}, "smtp_from"),
        (replace(MAIL, smtp_user="u"), {}, "SEAVOICE_DESK_SMTP_PASSWORD"),
        (replace(MAIL, smtp_security="none"), {}, "smtp_security"),
        (replace(MAIL, smtp_password_file="/nowhere/at/all"), {}, "smtp_password_file"),
        (HOOK, {}, "SEAVOICE_DESK_WEBHOOK_SECRET"),
        (HOOK, {"SEAVOICE_DESK_WEBHOOK_SECRET": "whsec_short"}, "24 bytes"),
        (HOOK, {"SEAVOICE_DESK_WEBHOOK_SECRET": SECRET.removeprefix("whsec_")}, "whsec_"),
        (replace(HOOK, webhook_url="http://hooks.example.org/x"), {}, "https"),
        (replace(HOOK, webhook_url="ftp://127.0.0.1/x"), {}, "https"),
        (replace(HOOK, webhook_url="nonsense"), {}, "https"),
    ],
)
def test_what_is_half_set_up_is_said_at_the_start(
    settings: Settings, environment: dict[str, str], named: str
) -> None:
    with pytest.raises(BadSettings, match=named):
        load_channels(settings, environment)


def test_secrets_come_from_the_environment_or_from_a_file_that_others_cannot_read(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    file.chmod(0o640)
    settings = replace(MAIL, smtp_user=USER, smtp_password_file=str(file))
    with pytest.raises(BadSettings, match="chmod 600"):
        load_channels(settings, {})
    file.chmod(0o600)
    for found in (
        load_channels(settings, {}).mail,
        load_channels(
            replace(settings, smtp_password_file=""), {"SEAVOICE_DESK_SMTP_PASSWORD": PASSWORD}
        ).mail,
    ):
        assert found is not None
        assert (found.password, found.security) == (PASSWORD, "starttls")
        assert PASSWORD not in repr(found)
    assert load_channels(Settings(), {}) == Channels()
    assert load_channels(HOOK, {"SEAVOICE_DESK_WEBHOOK_SECRET": SECRET}).webhook is not None


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('time_zone = "Mars/Olympus"', "time_zone"),
        ('time_zone = "../../etc/passwd"', "time_zone"),
        ('smtp_security = "some"', "smtp_security"),
        ("smtp_port = 0", "smtp_port"),
        ('smtp_password = "x"', "smtp_password"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, line: str, named: str) -> None:
    (tmp_path / "settings.toml").write_text(line)
    with pytest.raises(BadSettings, match=named):
        load_settings(tmp_path, {"SEAVOICE_DESK_SMTP_PASSWORD": "a secret is no setting"})


async def test_a_mail_server_that_never_answers_is_not_in_the_way_of_fetching(
    office_folder: Path, boat: Boat, tom: Actor, clock: Clock
) -> None:
    clock.unix = int(wall_clock())
    reached = asyncio.Event()

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(never, "127.0.0.1", 0)
    server = MailServer(
        host="127.0.0.1", port=silent.sockets[0].getsockname()[1], security="none", sender=SENDER
    )
    with running_relay() as relay:
        relay.card = boat.card
        settings = Settings(relay=relay.url, port=0, retry_delay_s_min=0.01, wait_s=1)
        async with (
            aiohttp.ClientSession() as session,
            open_desk(
                office_folder, PASSPHRASE, settings, now=lambda: UnixSeconds(clock.unix), person="desk"
            ) as desk,
        ):
            await choose(desk, tom, Choice(address=TOM))
            changes = Changes()
            notices = Notices(desk, Channels(mail=server))
            service = asyncio.create_task(
                Service(desk, RelayClient(desk, session), changes, notices=notices).run()
            )
            try:
                relay.put(boat.introduction(), boat.text("Help.", urgent=True))
                async with asyncio.timeout(60):
                    await reached.wait()
                    relay.put(boat.text("And another word."))
                    seen = changes.count
                    while len(await load_inbox(desk)) < 2:
                        seen = await changes.wait_beyond(seen, 60)
            finally:
                service.cancel()
                await asyncio.gather(service, return_exceptions=True)
                silent.close()


async def test_the_command_sends_one_or_says_why_not(
    office_folder: Path,
    mailroom: Mailroom,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SEAVOICE_DESK_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("SEAVOICE_DESK_PERSON", "desk")
    line = ["notices", "test", "--data", str(office_folder)]

    async def run(*more: str) -> tuple[int, str]:
        code = await asyncio.to_thread(cli.main, [*line, *more])
        said = capsys.readouterr()
        return code, said.out + said.err

    code, said = await run()
    assert (code, "No way leads to you" in said) == (110, True)
    code, said = await run("--to", TOM)
    assert (code, "smtp_host" in said) == (110, True)
    monkeypatch.setenv("SEAVOICE_DESK_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("SEAVOICE_DESK_SMTP_FROM", SENDER)
    monkeypatch.setenv("SEAVOICE_DESK_SMTP_SECURITY", "none")
    monkeypatch.setenv("SEAVOICE_DESK_SMTP_PORT", str(mailroom.port))
    code, said = await run("--to", "nonsense")
    assert (code, "name@example.org" in said) == (111, True)
    code, said = await run("--to", TOM)
    assert (code, TOM in said) == (0, True)
    mailroom.refuses = "550 no such person"
    code, said = await run("--to", TOM)
    assert (code, "550 no such person" in said) == (110, True)
    assert len(mailroom.texts_to(TOM)) == 1
