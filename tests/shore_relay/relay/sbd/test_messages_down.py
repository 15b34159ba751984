"""Messages down: what is worth one, what replaces what, and each way in which a gateway refuses."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.bundle import DeskReceipt, DeskState, Mail
from protocol.bundle import encode as encode_bundle
from protocol.deskfeed import Dispatch, ItemKind
from protocol.events import BundleArrived, CustodyAccepted, LinkRekeyed
from protocol.frames import Priority
from protocol.linkguard import GuardState, ratchet
from protocol.provisioning import Provisioning
from shore_relay.relay import admin
from shore_relay.relay.app import RunningRelay, unix_time
from shore_relay.relay.errors import SecretUnreadable
from shore_relay.relay.overview import as_document, as_table
from shore_relay.relay.store.sbd_rows import SbdStatus, Via
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.sbd.sky import (
    IMEI,
    OTHER_IMEI,
    PASSWORD,
    USERNAME,
    RockBlock,
    Sky,
    Vessel,
    Wall,
    refused,
)
from tests.shore_relay.relay.shore import Desk, Shore


async def status_of(relay: RunningRelay, name: str = "Mercy") -> SbdStatus:
    (vessel,) = [each for each in (await relay.store.status()).vessels if each.name == name]
    assert vessel.sbd is not None
    return vessel.sbd


def urgent_mail(desk: Desk, size_bytes: int = 100, ref: bytes = b"urgent-urgent---") -> Dispatch:
    return replace(desk.mail(size_bytes, ref=ref), priority=Priority.URGENT)


def receipt_of_desk(desk: Desk, ref: bytes = b"receipt-receipt-") -> Dispatch:
    bundle = DeskReceipt(desk_key=desk.key_id, state=DeskState.FETCHED, numbers=((1, 2),), tag=bytes(8))
    return Dispatch(ref=ref, priority=Priority.TEXT, bundle=encode_bundle(bundle))


async def nothing_more(sky: Sky, relay: RunningRelay, desk: Desk, hope: Vessel) -> None:
    """Wait until the relay has considered everything, by giving another vessel answers behind it all.

    Twice: the first may be composed in the same round as what the test waits for, and before it.
    """
    for _ in range(2):
        before = len(to(sky.rockblock, OTHER_IMEI))
        dispatch = urgent_mail(desk, ref=before.to_bytes(16))
        await desk.dispatch(relay, hope.box.provisioning.vessel, dispatch)
        await sky.rockblock.until(lambda before=before: len(to(sky.rockblock, OTHER_IMEI)) > before)  # type: ignore[misc]


def to(rockblock: RockBlock, imei: str = IMEI) -> list[dict[str, str]]:
    return [request for request in rockblock.requests if request["imei"] == imei]


@pytest.fixture
async def hope(shore: Shore, desk: Desk, sky: Sky) -> Vessel:
    box = Box(await shore.add_vessel("Hope", desk))
    await admin.assign_modem(shore.folder, "Hope", OTHER_IMEI, Via.ROCKBLOCK, unix_time())
    return Vessel(box, sky, imei=OTHER_IMEI)


async def test_an_answer_goes_to_the_modem_and_its_arrival_to_the_desk(
    relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    await desk.dispatch(relay, vessel.box.provisioning.vessel, desk.mail(150))
    await sky.rockblock.asked(1)
    (request,) = sky.rockblock.requests
    assert (request["imei"], request["username"], request["password"]) == (IMEI, USERNAME, PASSWORD)
    assert len(bytes.fromhex(request["data"])) <= 270
    (arrived,) = vessel.fetch()
    assert isinstance(arrived, BundleArrived)
    assert isinstance(arrived.bundle, Mail)
    # The box confirms with whatever it sends next.
    vessel.box.offer(1, introduction())
    await vessel.send(relay)
    items = await desk.feed(relay)
    while ItemKind.DELIVERED not in {item.kind for item in items}:
        items += await desk.feed(relay, after=items[-1].cursor)
    account = await status_of(relay)
    assert (account.messages_down, account.credits_down) == (1, -(-len(request["data"]) // 2 // 50))


async def test_a_receipt_alone_is_no_message_but_rides_with_an_answer(
    relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk, hope: Vessel
) -> None:
    vessel.box.offer(1, report(desk.key_id, 200))
    await vessel.send(relay)
    await desk.feed(relay)
    await desk.dispatch(relay, vessel.box.provisioning.vessel, receipt_of_desk(desk))
    await nothing_more(sky, relay, desk, hope)
    assert to(sky.rockblock) == []
    await desk.dispatch(relay, vessel.box.provisioning.vessel, desk.mail(60))
    await sky.rockblock.until(lambda: len(to(sky.rockblock)) == 1)
    events = vessel.fetch()
    assert [event.number for event in events if isinstance(event, CustodyAccepted)] == [1]
    assert {type(event.bundle) for event in events if isinstance(event, BundleArrived)} == {DeskReceipt, Mail}


async def test_a_receipt_for_an_urgent_report_is_worth_a_message(
    relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    vessel.box.offer(1, report(desk.key_id, 200), Priority.URGENT)
    await vessel.send(relay)
    await sky.rockblock.asked(1)
    assert [event.number for event in vessel.fetch() if isinstance(event, CustodyAccepted)] == [1]
    await sky.logged("message-queued")
    assert (await status_of(relay)).credits_down == 1
    # A second report, as the first was confirmed: one more message, and no more.
    vessel.box.offer(2, report(desk.key_id, 200), Priority.URGENT)
    await vessel.send(relay)
    await sky.rockblock.asked(2)
    assert [event.number for event in vessel.fetch() if isinstance(event, CustodyAccepted)] == [2]


async def test_the_operator_can_keep_urgent_receipts_for_later(
    sky: Sky, vessel: Vessel, desk: Desk, hope: Vessel
) -> None:
    async with sky.serving(urgent_receipt=False) as relay:
        vessel.box.offer(1, report(desk.key_id, 200), Priority.URGENT)
        await vessel.send(relay)
        await desk.feed(relay)
        await nothing_more(sky, relay, desk, hope)
        assert to(sky.rockblock) == []


async def test_a_receipt_that_waited_long_enough_is_worth_a_message(
    sky: Sky, vessel: Vessel, desk: Desk, hope: Vessel
) -> None:
    sky.wall = Wall(unix_time())
    async with sky.serving(receipt_hours=6.0) as relay:
        vessel.box.offer(1, report(desk.key_id, 200))
        await vessel.send(relay)
        await desk.feed(relay)
        await nothing_more(sky, relay, desk, hope)
        assert to(sky.rockblock) == []
    # A start looks at everybody, as a running relay does every 20 s.
    sky.wall.now += 6 * 3_600
    async with sky.serving(receipt_hours=6.0):
        await sky.rockblock.until(lambda: len(to(sky.rockblock)) == 1)
        assert [event.number for event in vessel.fetch() if isinstance(event, CustodyAccepted)] == [1]


async def test_a_receipt_from_before_the_clock_was_set_back_does_not_wait_for_years(
    sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    sky.wall = Wall(unix_time())
    async with sky.serving(receipt_hours=6.0) as relay:
        vessel.box.offer(1, report(desk.key_id, 200))
        await vessel.send(relay)
        await desk.feed(relay)
    sky.wall.now -= 4 * 365 * 86_400
    async with sky.serving(receipt_hours=6.0):
        await sky.rockblock.asked(1)
        assert [event.number for event in vessel.fetch() if isinstance(event, CustodyAccepted)] == [1]


async def test_a_restarted_relay_remembers_the_receipt_that_it_owes(
    sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    sky.wall = Wall(unix_time())
    async with sky.serving() as relay:
        vessel.box.offer(1, report(desk.key_id, 200))
        await vessel.send(relay)
        await desk.feed(relay)
    sky.wall.now += 7 * 3_600
    async with sky.serving():
        await sky.rockblock.asked(1)
        assert [event.number for event in vessel.fetch() if isinstance(event, CustodyAccepted)] == [1]


async def test_a_vessel_that_is_there_over_tcp_gets_no_message(
    relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk, hope: Vessel
) -> None:
    async with vessel.box.over_tcp(relay.tcp_port):
        vessel.box.offer(1, introduction())
        await vessel.box.custody(1)
        await desk.dispatch(relay, vessel.box.provisioning.vessel, desk.mail(60))
        await vessel.box.arrived()
        await nothing_more(sky, relay, desk, hope)
    assert to(sky.rockblock) == []


async def test_bulk_waits_for_a_cheaper_bearer_and_what_is_small_goes_on(
    relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk, hope: Vessel
) -> None:
    await desk.dispatch(relay, vessel.box.provisioning.vessel, desk.mail(5_000, ref=b"bulk-bulk-bulk--"))
    await nothing_more(sky, relay, desk, hope)
    assert to(sky.rockblock) == []
    await desk.dispatch(relay, vessel.box.provisioning.vessel, desk.mail(70))
    await sky.rockblock.until(lambda: len(to(sky.rockblock)) == 1)
    assert [type(event) for event in vessel.fetch()] == [BundleArrived]
    # Over TCP the other one comes, too.
    async with vessel.box.over_tcp(relay.tcp_port):
        vessel.box.offer(1, introduction())
        await vessel.box.arrived(2)


async def test_only_so_many_messages_wait_for_one_modem(
    sky: Sky, vessel: Vessel, desk: Desk, hope: Vessel
) -> None:
    async with sky.serving(queued_messages_max=2) as relay:
        await desk.dispatch(relay, vessel.box.provisioning.vessel, desk.mail(1_200))
        await nothing_more(sky, relay, desk, hope)
        assert len(to(sky.rockblock)) == 2
        for turn in range(2, 14):
            while sky.rockblock.queues[IMEI]:
                vessel.fetch()
            if vessel.box.of(BundleArrived):
                break
            vessel.box.offer(turn, introduction())
            await vessel.send(relay)
            await sky.rockblock.until(lambda: bool(sky.rockblock.queues[IMEI]))
        assert len(vessel.box.of(BundleArrived)) == 1


# --- replacing ---


async def test_a_stale_acknowledgement_is_replaced_and_the_new_one_says_all(
    relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    vessel.box.offer(1, report(desk.key_id, 200), Priority.URGENT)
    await vessel.send(relay)
    await sky.rockblock.asked(1)
    # The modem's next session brings a second report up, and fails to fetch. To the relay it fetched.
    lost = sky.rockblock.queues[IMEI][0]
    vessel.box.offer(2, report(desk.key_id, 200), Priority.URGENT)
    await vessel.send(relay)
    await sky.rockblock.asked(2)
    assert sky.rockblock.queues[IMEI][0] == lost
    vessel.take(sky.rockblock.queues[IMEI][-1])
    assert [event.number for event in vessel.box.of(CustodyAccepted)] == [1, 2]


async def test_a_flush_puts_back_what_else_it_deleted(
    relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    mercy = vessel.box.provisioning.vessel
    await desk.dispatch(relay, mercy, desk.mail(120, ref=bytes(16)))
    await sky.rockblock.asked(1)
    # Nobody answers the second: the gateway may have it, so it is sent again behind a flush.
    sky.rockblock.answers.append("HANG UP")
    await desk.dispatch(relay, mercy, urgent_mail(desk))
    await sky.rockblock.asked(2)
    await sky.rockblock.until(lambda: len(sky.rockblock.queues[IMEI]) == 1)
    assert (await status_of(relay)).messages_waiting == 1


@pytest.fixture
def fast_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a gateway that failed be tried again at once."""
    monkeypatch.setattr("shore_relay.relay.bearers.sbd.sender._REST_S_MIN", 0.0)


async def test_after_a_doubtful_answer_the_modem_gets_each_message_once(
    fast_forward: None, relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    mercy = vessel.box.provisioning.vessel
    await desk.dispatch(relay, mercy, desk.mail(120, ref=bytes(16)))
    await sky.rockblock.asked(1)
    sky.rockblock.answers.append("OK but nobody hears it")
    await desk.dispatch(relay, mercy, urgent_mail(desk))
    # Once in doubt, once behind a flush, and the first again, which the flush deleted.
    await sky.rockblock.asked(4)
    flushes = [request.get("flush") for request in sky.rockblock.requests]
    assert flushes == [None, None, "yes", None]
    assert sky.rockblock.requests[3]["data"] == sky.rockblock.requests[0]["data"]
    assert len(sky.rockblock.queues[IMEI]) == 2
    arrived = [event for event in (*vessel.fetch(), *vessel.fetch()) if isinstance(event, BundleArrived)]
    assert [event.priority for event in arrived] == [Priority.URGENT, Priority.TEXT]


async def test_a_message_that_the_modem_never_confirms_is_queued_again(
    relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    await desk.dispatch(relay, vessel.box.provisioning.vessel, desk.mail(120))
    await sky.rockblock.asked(1)
    lost = sky.rockblock.queues[IMEI].pop()
    for number in range(1, 4):
        vessel.box.offer(number, introduction())
        await vessel.send(relay)
    await sky.rockblock.until(lambda: lost in sky.rockblock.queues[IMEI])
    assert BundleArrived in {type(event) for event in vessel.take(lost)}


async def test_what_came_another_way_meanwhile_is_not_sent_again(
    relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk, hope: Vessel
) -> None:
    mercy = vessel.box.provisioning.vessel
    await desk.dispatch(relay, mercy, desk.mail(120))
    await sky.rockblock.asked(1)
    async with vessel.box.over_tcp(relay.tcp_port):
        vessel.box.offer(1, introduction())
        await vessel.box.arrived()
        items = await desk.feed(relay)
        while ItemKind.DELIVERED not in {item.kind for item in items}:
            items += await desk.feed(relay, after=items[-1].cursor)
    await nothing_more(sky, relay, desk, hope)
    # The copy at the gateway is stale, so that the next message replaces it.
    await desk.dispatch(relay, mercy, urgent_mail(desk))
    await sky.rockblock.until(lambda: len(to(sky.rockblock)) == 2)
    assert to(sky.rockblock)[-1].get("flush") == "yes"
    assert len(sky.rockblock.queues[IMEI]) == 1


# --- keys ---


async def test_a_box_whose_keys_do_not_meet_gets_new_ones_by_satellite(
    relay: RunningRelay, sky: Sky, provisioning: Provisioning, desk: Desk
) -> None:
    secret = provisioning.link_secret
    for _ in range(5):
        secret = ratchet(secret)
    vessel = Vessel(Box(provisioning, guard=GuardState(secret=secret, generation=5)), sky)
    vessel.box.offer(1, report(desk.key_id, 200))
    await vessel.send(relay)
    vessel.box.engine._rekey.due = True
    await vessel.send(relay)
    await sky.rockblock.asked(1)
    assert sky.rockblock.requests[0].get("flush") == "yes"
    assert [type(event) for event in vessel.fetch()] == [LinkRekeyed]
    # The box first asks what the relay has; the answer to that is owed, and not worth a message by itself.
    await vessel.send(relay)
    await desk.dispatch(relay, provisioning.vessel, desk.mail(60))
    await sky.rockblock.asked(2)
    assert BundleArrived in {type(event) for event in vessel.fetch()}
    await vessel.send(relay)
    items = await desk.feed(relay)
    while report(desk.key_id, 200) not in [item.bundle for item in items]:
        items = await desk.feed(relay, after=items[-1].cursor)
    assert await refused(relay, "sbd-not-authentic") == 1


# --- refusals ---


@pytest.mark.parametrize(
    ("answer", "code", "waiting", "refusals"),
    [
        ("FAILED,10,Invalid login credentials", "rockblock-10", 1, 0),
        ("FAILED,11,No RockBLOCK with this IMEI found on your account", "rockblock-11", 1, 0),
        ("FAILED,12,RockBLOCK has no line rental", "rockblock-12", 1, 0),
        ("FAILED,13,Your account has insufficient credit", "rockblock-13", 1, 0),
        ("FAILED,14,Could not decode hex data", "rockblock-14", 0, 1),
        ("FAILED,15,Data too long", "rockblock-15", 0, 1),
        ("FAILED,16,No data", "rockblock-16", 0, 1),
        ("FAILED,99,System error", None, 1, 0),
        ("FAILED,77,Something new", None, 1, 0),
        ("<html>a proxy's page</html>", None, 1, 0),
    ],
)
async def test_each_refusal_alarms_whom_it_concerns_and_loses_nothing(
    answer: str,
    code: str | None,
    waiting: int,
    refusals: int,
    sky: Sky,
    vessel: Vessel,
    desk: Desk,
) -> None:
    sky.rockblock.answers.append(answer)
    async with sky.serving() as relay:
        await desk.dispatch(relay, vessel.box.provisioning.vessel, desk.mail(60))
        await sky.rockblock.asked(1)
    async with sky.serving_nothing() as store:
        status = await store.status()
    assert [alarm.code for alarm in status.alarms] == ([] if code is None else [code])
    account = status.vessels[0].sbd
    assert account is not None
    assert (account.messages_waiting, account.messages_refused) == (waiting, refusals)
    assert account.credits_down == 0
    told = as_table(status) + str(as_document(status)) + "".join(sky.log)
    assert USERNAME not in told
    assert PASSWORD not in told
    # A new start is a new try, and ends the alarm.
    sky.rockblock.answers.clear()
    async with sky.serving() as relay:
        if refusals:
            # What was refused for good is asked for and composed anew.
            await sky.rockblock.asked(2)
            assert vessel.fetch() == []
            await vessel.send(relay)
        await sky.rockblock.until(lambda: bool(sky.rockblock.queues[IMEI]))
        assert BundleArrived in {type(event) for event in vessel.fetch()}
    async with sky.serving_nothing() as store:
        assert (await store.status()).alarms == ()


async def test_a_gateway_that_fails_for_long_alarms_the_operator_and_is_tried_again(
    fast_forward: None, relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    sky.rockblock.answers.extend(["FAILED,99,System error"] * 5)
    await desk.dispatch(relay, vessel.box.provisioning.vessel, desk.mail(60))
    await sky.rockblock.asked(6)
    assert BundleArrived in {type(event) for event in vessel.fetch()}
    assert [note for note in sky.log if "rockblock-99" in note]


async def test_a_vessel_whose_gateway_is_off_alarms_the_operator(
    sky: Sky, vessel: Vessel, desk: Desk, shore: Shore, hope: Vessel
) -> None:
    await admin.assign_modem(shore.folder, "Mercy", IMEI, Via.DIRECTIP, unix_time())
    async with sky.serving() as relay:
        await desk.dispatch(relay, vessel.box.provisioning.vessel, desk.mail(60))
        await nothing_more(sky, relay, desk, hope)
        (alarm,) = (await relay.store.status()).alarms
        assert alarm.code == "directip-off"
        assert "ALARM directip-off (Mercy): " in as_table(await relay.store.status())


# --- secrets ---


def readable_by_all(path: Path) -> None:
    path.chmod(0o644)


def no_toml(path: Path) -> None:
    path.write_text(PASSWORD)


def a_key_too_many(path: Path) -> None:
    path.write_text(f'username = "{USERNAME}"\npassword = "{PASSWORD}"\nurl = "x"\n')


def too_large(path: Path) -> None:
    path.write_text("#" * 20_000)


@pytest.mark.parametrize("damage", [readable_by_all, no_toml, a_key_too_many, too_large])
async def test_a_secret_file_that_cannot_be_trusted_stops_the_start_and_shows_nothing(
    damage: Callable[[Path], None], sky: Sky
) -> None:
    damage(sky.shore.folder / "rockblock.toml")
    with pytest.raises(SecretUnreadable) as caught:
        async with sky.serving():
            pass
    told = str(caught.value) + repr(caught.value.__cause__)
    assert "rockblock.toml" in told
    assert PASSWORD not in told
    assert USERNAME not in told


@pytest.mark.parametrize(
    "content", [b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"]
)
async def test_a_key_file_that_holds_no_key_stops_the_start(content: bytes, sky: Sky) -> None:
    (sky.shore.folder / "rockblock.pem").write_bytes(content)
    with pytest.raises(SecretUnreadable, match=r"rockblock\.pem"):
        async with sky.serving():
            pass
