"""A desk's office hears that something waits, once, and never what; an operator sees what failed."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from protocol.deskfeed import ItemKind
from protocol.frames import Priority
from protocol.ids import UnixSeconds, VesselId
from scripts.postgres_server import PostgresServer
from shore_relay.post.mail import MailAccount
from shore_relay.post.webhook import new_secret
from shore_relay.relay.app import silent
from shore_relay.relay.errors import SecretUnreadable, SettingsInvalid
from shore_relay.relay.notices.sending import Post, load_post
from shore_relay.relay.notices.telling import ATTEMPTS_MAX, LEASE_S, RETRY_S_MAX, RETRY_S_MIN, Telling
from shore_relay.relay.operating_settings import NoticeSettings
from shore_relay.relay.store.changing import ChangeStore
from shore_relay.relay.store.deliveries import KEPT_S, DeliveryStore
from shore_relay.relay.store.delivery_rows import Delivery, DeliveryState, NoticeChannel, Way
from shore_relay.relay.store.new_item import NewItem
from shore_relay.relay.store.session import Session
from shore_relay.relay.store.sql_store import SqlStore
from tests.shore_relay.desk.notices.receivers import Mailroom, WebhookDesk, receiving_mail, receiving_webhooks
from tests.shore_relay.relay.commanding import done, run
from tests.shore_relay.relay.shore import Desk, Shore, entropy, make_shore

OFFICE = "office@haven.example"
MINUTE_S = 60
HOUR_S = 3_600
SETTINGS = NoticeSettings(after_minutes=15, remind_hours=24)


class Scene:
    """A relay's store on which one desk lets bundles wait, and a clock that the test sets."""

    def __init__(self, store: SqlStore, desk: Desk, vessel: VesselId) -> None:
        self.store = store
        self.desk = desk
        self.vessel = vessel
        self.deliveries = DeliveryStore(store)
        self.now = UnixSeconds(1_790_000_000)

    def telling(self, account: MailAccount | None = None) -> Telling:
        return Telling(
            self.deliveries,
            SETTINGS,
            Post(account=account),
            wall=lambda: self.now,
            entropy=entropy,
            log=silent,
        )

    def later(self, seconds: int) -> None:
        self.now = UnixSeconds(self.now + seconds)

    async def bundle_comes(self, kind: ItemKind = ItemKind.BUNDLE) -> None:
        item = NewItem(
            desk=self.desk.card.id,
            kind=kind,
            vessel=self.vessel,
            at=self.now,
            number=1,
            priority=Priority.URGENT,
            bearer="tcp",
            bundle=b"sealed secret words",
        )

        async def add(session: Session) -> None:
            session.items.append(item)

        await self.store.writer.run(add)

    async def desk_fetches(self) -> None:
        items = await self.store.feed(self.desk.card.id, 0, most_items=100, most_bytes=10**7)
        await self.store.taken(self.desk.card.id, items[-1].cursor)

    async def listed(self) -> tuple[Delivery, ...]:
        return await self.deliveries.listed()

    async def tell_by_mail(self) -> None:
        channel = NoticeChannel(desk=self.desk.card.id, way=Way.EMAIL, address=OFFICE)
        await self.deliveries.add_channel(channel, self.now)

    async def tell_by_webhook(self, url: str) -> str:
        secret = new_secret(entropy)
        channel = NoticeChannel(desk=self.desk.card.id, way=Way.WEBHOOK, address=url, secret=secret)
        await self.deliveries.add_channel(channel, self.now)
        return secret


@pytest.fixture(params=["sqlite", "postgres"])
async def shore(request: pytest.FixtureRequest, tmp_path: Path) -> Shore:
    if request.param == "sqlite":
        return await make_shore(tmp_path)
    server: PostgresServer = request.getfixturevalue("postgres")
    return await make_shore(tmp_path, store=server.url(await server.create()))


@pytest.fixture
async def scene(shore: Shore, desk: Desk) -> AsyncIterator[Scene]:
    vessel = (await shore.add_vessel("Mercy", desk)).vessel
    async with await shore.open() as store:
        yield Scene(store, desk, vessel)


@pytest.fixture
async def mailroom() -> AsyncIterator[Mailroom]:
    async with receiving_mail() as room:
        yield room


@pytest.fixture
async def hooks() -> AsyncIterator[WebhookDesk]:
    async with receiving_webhooks() as receiver:
        yield receiver


def account(mailroom: Mailroom) -> MailAccount:
    return MailAccount(host="127.0.0.1", port=mailroom.port, security="none", sender="relay@shore.example")


async def test_an_office_hears_once_that_something_waits_and_nothing_of_what(
    scene: Scene, mailroom: Mailroom, hooks: WebhookDesk
) -> None:
    await scene.tell_by_mail()
    secret = await scene.tell_by_webhook(hooks.url)
    telling = scene.telling(account(mailroom))
    await scene.bundle_comes()
    assert await telling.turn() == 0, "a desk that runs has fetched it within minutes"
    scene.later(16 * MINUTE_S)
    assert await telling.turn() == 2
    await scene.bundle_comes()
    scene.later(16 * MINUTE_S)
    assert await telling.turn() == 0, "who was told is not told again for each bundle"
    (message,) = mailroom.messages
    assert message["To"] == OFFICE
    assert message["Auto-Submitted"] == "auto-generated"
    ((body, headers),) = hooks.taken
    signed_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    signature = Webhook(secret).sign(headers["webhook-id"], signed_at, body.decode())
    assert headers["webhook-signature"] == signature
    assert json.loads(body)["data"] == {"desk": scene.desk.card.id.hex()}
    for told in (mailroom.wire, hooks.wire):
        for kept in (b"Mercy", scene.vessel.hex().encode(), b"sealed secret words", b"seavoice"):
            assert kept.lower() not in told.lower()
    assert {each.state for each in await scene.listed()} == {DeliveryState.DELIVERED}


async def test_a_desk_that_fetched_and_let_wait_again_is_told_again_and_reminded_daily(
    scene: Scene, mailroom: Mailroom
) -> None:
    await scene.tell_by_mail()
    telling = scene.telling(account(mailroom))
    for _ in range(2):
        await scene.bundle_comes()
        scene.later(16 * MINUTE_S)
        assert await telling.turn() == 1
        await scene.desk_fetches()
        assert await telling.turn() == 0
    await scene.bundle_comes()
    scene.later(16 * MINUTE_S)
    assert await telling.turn() == 1
    scene.later(23 * HOUR_S)
    assert await telling.turn() == 0
    scene.later(2 * HOUR_S)
    assert await telling.turn() == 1
    scene.later(KEPT_S + HOUR_S)
    await telling.turn()
    assert len(await scene.listed()) == 1, "what was delivered is not shown for ever"


async def test_an_ended_desk_and_receipts_alone_are_no_news(scene: Scene, mailroom: Mailroom) -> None:
    await scene.tell_by_mail()
    telling = scene.telling(account(mailroom))
    await scene.bundle_comes(ItemKind.DELIVERED)
    scene.later(HOUR_S)
    assert await telling.turn() == 0
    await scene.bundle_comes()
    await ChangeStore(scene.store).set_desk_revoked(scene.desk.card.id, scene.now)
    scene.later(HOUR_S)
    assert await telling.turn() == 0


async def test_a_receiver_that_fails_is_tried_ever_less_often_until_an_operator_replays(
    scene: Scene, hooks: WebhookDesk
) -> None:
    await scene.tell_by_webhook(hooks.url)
    telling = scene.telling()
    hooks.status = 500
    await scene.bundle_comes()
    scene.later(HOUR_S)
    waits_s = []
    for _ in range(ATTEMPTS_MAX):
        assert await telling.turn() == 0
        (delivery,) = await scene.listed()
        waits_s.append(delivery.due_at - scene.now)
        assert delivery.trouble == "webhook-refused"
        scene.later(delivery.due_at - scene.now)
    assert waits_s[:4] == [RETRY_S_MIN, 2 * RETRY_S_MIN, 4 * RETRY_S_MIN, 8 * RETRY_S_MIN]
    assert max(waits_s) == RETRY_S_MAX
    assert (delivery.state, delivery.attempts) == (DeliveryState.DEAD, ATTEMPTS_MAX)
    hooks.status = 204
    assert await telling.turn() == 0, "what is dead stays so until somebody replays it"
    assert await scene.deliveries.replay(None, scene.now) == 1
    assert await telling.turn() == 1
    assert hooks.taken[0][1]["webhook-id"] == f"msg_{delivery.id.hex()}"


async def test_two_relays_send_one_notice_and_take_over_from_one_that_died(
    scene: Scene, shore: Shore, hooks: WebhookDesk
) -> None:
    await scene.tell_by_webhook(hooks.url)
    await scene.bundle_comes()
    scene.later(HOUR_S)
    first = scene.telling()
    if not scene.store.shared:
        assert await first.turn() == 1
        return
    async with await shore.open() as store:
        other = Scene(store, scene.desk, scene.vessel)
        other.now = scene.now
        await asyncio.gather(first.turn(), other.telling().turn())
        assert len(hooks.taken) == 1
        scene.later(25 * HOUR_S)
        await scene.deliveries.make_due(scene.now, after_s=0, remind_s=HOUR_S, entropy=entropy)
        assert len(await scene.deliveries.claim(scene.now, lease_s=LEASE_S, most=8)) == 1
        # The first relay dies here, with the notice in its hand.
        other.now = scene.now
        assert await other.telling().turn() == 0
        other.later(LEASE_S + 1)
        assert await other.telling().turn() == 1


async def test_nobody_is_told_where_an_operator_has_stopped_it(scene: Scene, hooks: WebhookDesk) -> None:
    await scene.tell_by_webhook(hooks.url)
    hooks.status = 500
    await scene.bundle_comes()
    scene.later(HOUR_S)
    await scene.telling().turn()
    channel = NoticeChannel(desk=scene.desk.card.id, way=Way.WEBHOOK, address=hooks.url)
    assert await scene.deliveries.remove_channel(channel)
    assert not await scene.deliveries.remove_channel(channel)
    hooks.status = 204
    scene.later(25 * HOUR_S)
    assert await scene.telling().turn() == 0
    assert await scene.listed() == ()


async def test_an_operator_sees_replays_and_stops(shore: Shore, scene: Scene, hooks: WebhookDesk) -> None:
    async def typed(*words: str) -> str:
        return await asyncio.to_thread(done, shore.folder, *words)

    said = await typed("desk", "notify", "Haven", "--webhook", hooks.url)
    assert "whsec_" in said
    hooks.status = 500
    await scene.bundle_comes()
    scene.later(HOUR_S)
    for _ in range(ATTEMPTS_MAX):
        await scene.telling().turn()
        scene.later(RETRY_S_MAX)
    (shown,) = json.loads(await typed("deliveries", "--json"))["deliveries"]
    assert (shown["state"], shown["trouble"], shown["desk_name"]) == ("dead", "webhook-refused", "Haven")
    assert shown["id"] in await typed("deliveries")
    assert "notice-dead" in await typed("metrics")
    assert "1 notices" in await typed("deliveries", "--replay", shown["id"])
    assert (await asyncio.to_thread(run, shore.folder, "deliveries", "--replay", shown["id"]))[0] == 30
    assert (await asyncio.to_thread(run, shore.folder, "deliveries", "--replay", "xyz"))[0] == 30
    assert "no more" not in await typed("desk", "notify", "Haven", "--webhook", hooks.url, "--stop")
    assert "No notice" in await typed("deliveries")
    for words in (("--email", OFFICE), ("--email", "nobody"), ("--webhook", "http://far.example/hook")):
        assert (await asyncio.to_thread(run, shore.folder, "desk", "notify", "Haven", *words))[0] == 31


def test_settings_that_cannot_work_are_named(tmp_path: Path) -> None:
    mail = NoticeSettings(smtp_host="mail.example.org", smtp_from="relay@example.org")
    assert load_post(tmp_path, NoticeSettings()).account is None
    assert load_post(tmp_path, mail).account is not None
    for wrong in (
        replace(mail, smtp_from="relay"),
        replace(mail, smtp_security="none"),
        replace(mail, smtp_user="relay"),
    ):
        with pytest.raises(SettingsInvalid):
            load_post(tmp_path, wrong)
    secret = tmp_path / "smtp.password"
    secret.write_text("brass lamp\n")
    secret.chmod(0o644)
    with pytest.raises(SecretUnreadable):
        load_post(tmp_path, replace(mail, smtp_user="relay"))
    secret.chmod(0o600)
    post = load_post(tmp_path, replace(mail, smtp_user="relay"))
    assert post.account is not None
    assert post.account.password == "brass lamp"
    assert "brass lamp" not in repr(post)


async def test_mail_that_cannot_be_sent_waits_and_goes_once_there_is_a_server(
    scene: Scene, mailroom: Mailroom
) -> None:
    await scene.tell_by_mail()
    await scene.bundle_comes()
    scene.later(HOUR_S)
    nobody = MailAccount(host="127.0.0.1", port=9, security="none", sender="relay@shore.example")
    assert await scene.telling(nobody).turn() == 0
    assert (await scene.listed())[0].trouble == "mail-unreachable"
    scene.later(RETRY_S_MIN)
    assert await scene.telling(account(mailroom)).turn() == 1
