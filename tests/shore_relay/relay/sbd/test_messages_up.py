"""RockBLOCK's webhook: what is taken, once; what is refused, counted, and harms nothing."""

import asyncio
import random
import sqlite3
from collections.abc import Callable

import aiohttp
import pytest

from protocol.frames import Priority
from shore_relay.relay import admin
from shore_relay.relay.app import RunningRelay, unix_time
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.store.sbd_rows import Via
from shore_relay.relay.store.session import Session
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.sbd.sky import IMEI, OTHER_IMEI, Sky, Vessel, fields, new_key, refused
from tests.shore_relay.relay.shore import Desk, Shore


@pytest.mark.parametrize("as_json", [False, True], ids=["form", "json"])
async def test_a_report_reaches_the_desk(
    as_json: bool, relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    vessel.box.offer(1, report(desk.key_id, 200))
    message = fields(vessel.packet())
    assert await sky.post(relay, message, as_json=as_json) == (200, "OK")
    (item,) = await desk.feed(relay)
    assert (item.number, item.bearer) == (1, "sbd")
    assert item.bundle == report(desk.key_id, 200)


async def test_what_a_revoked_vessel_sends_is_counted_and_goes_nowhere(
    shore: Shore, relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    vessel.box.offer(1, report(desk.key_id, 200))
    name = vessel.box.provisioning.vessel_name
    await admin.revoke_vessel(shore.folder, name, unix_time(), undo=False)
    assert await sky.post(relay, fields(vessel.packet(), momsn=1)) == (200, "OK")
    vessel.box.offer(2, report(desk.key_id, 200, fill=2))
    second = fields(vessel.packet(), momsn=2)
    while not relay.refusals["sbd-vessel-revoked"]:
        await desk.feed(relay, wait_s=0)
    await admin.revoke_vessel(shore.folder, name, unix_time(), undo=True)
    assert await sky.post(relay, second) == (200, "OK")
    (item,) = await desk.feed(relay)
    assert item.number == 2


async def test_seven_repetitions_in_any_order_change_nothing(
    relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    messages: list[dict[str, object]] = []
    for number, momsn in enumerate((65_534, 65_535, 0, 1), start=1):
        vessel.box.offer(number, report(desk.key_id, 200, fill=number))
        messages.append(fields(vessel.packet(), momsn=momsn))
    deliveries = messages * 7
    random.Random(4).shuffle(deliveries)
    for message in deliveries:
        assert (await sky.post(relay, message))[0] == 200
    items = await desk.feed(relay)
    while len(items) < 4:
        items += await desk.feed(relay, after=items[-1].cursor)
    assert sorted(item.number for item in items) == [1, 2, 3, 4]
    assert await desk.feed(relay, after=items[-1].cursor, wait_s=0) == ()
    await relay.store_counts()
    status = await relay.store.status()
    assert status.refusals["sbd-repetition"] == 24
    account = status.vessels[0].sbd
    assert account is not None
    credits_spent = sum(-(-len(str(message["data"])) // 2 // 50) for message in messages)
    assert (account.messages_up, account.credits_up) == (4, credits_spent)


async def test_a_new_session_with_the_same_bytes_costs_credits_and_is_refused_as_a_replay(
    relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    vessel.box.offer(1, introduction())
    packet = vessel.packet()
    await vessel.send(relay, packet)
    (item,) = await desk.feed(relay)
    # A month later by the operator's clock, under the same number.
    month_old = fields(packet, momsn=vessel.sky.momsn, at="21-11-30 10:41:50")
    assert (await sky.post(relay, month_old))[0] == 200
    await worked_off(relay, sky, vessel, desk)
    assert await refused(relay, "sbd-replayed") == 1
    numbers = [each.number for each in await desk.feed(relay, after=item.cursor)]
    assert numbers == [2]


async def worked_off(relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk, number: int = 2) -> None:
    """Wait until everything that was posted before has been worked off, by posting one thing more."""
    vessel.box.offer(number, introduction())
    await vessel.send(relay)
    items = await desk.feed(relay)
    while items[-1].number != number:
        items = await desk.feed(relay, after=items[-1].cursor)


def unsigned(sky: Sky, _message: dict[str, object]) -> str:
    return ""


def strangers_token(sky: Sky, message: dict[str, object]) -> str:
    return sky.rockblock.sign(message, key=new_key())


def token_of_other_data(sky: Sky, message: dict[str, object]) -> str:
    return sky.rockblock.sign(message | {"data": "00"})


def token_of_another_modem(sky: Sky, message: dict[str, object]) -> str:
    return sky.rockblock.sign(message | {"imei": OTHER_IMEI})


def token_that_signs_no_data(sky: Sky, message: dict[str, object]) -> str:
    return sky.rockblock.sign({"imei": message["imei"]})


def token_without_signature(_sky: Sky, _message: dict[str, object]) -> str:
    return "eyJhbGciOiJub25lIn0.eyJpbWVpIjoiMzAwMjM0MDEwNzUzMzcwIn0."


@pytest.mark.parametrize(
    "token",
    [
        unsigned,
        strangers_token,
        token_of_other_data,
        token_of_another_modem,
        token_that_signs_no_data,
        token_without_signature,
    ],
)
async def test_what_the_operator_did_not_sign_is_refused(
    token: Callable[[Sky, dict[str, object]], str],
    relay: RunningRelay,
    sky: Sky,
    vessel: Vessel,
    desk: Desk,
) -> None:
    vessel.box.offer(1, introduction())
    message = fields(vessel.packet())
    status, body = await sky.post(relay, message, token=token(sky, message))
    assert status == 401
    assert "bad-signature" in body
    assert await refused(relay, "sbd-bad-signature") == 1
    # The same message, signed, is taken.
    assert (await sky.post(relay, message))[0] == 200
    assert len(await desk.feed(relay)) == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"data": "0g"}, 400, "malformed-message"),
        ({"data": "abc"}, 400, "malformed-message"),
        ({"data": "00" * 341}, 413, "message-too-long"),
        ({"data": "00" * 9_000}, 413, "message-too-long"),
        ({"momsn": 65_536}, 400, "malformed-message"),
        ({"momsn": -1}, 400, "malformed-message"),
        ({"transmit_time": "yesterday"}, 400, "malformed-message"),
        ({"imei": "30023401075337"}, 400, "malformed-message"),
        ({"imei": OTHER_IMEI}, 404, "unknown-modem"),
    ],
)
async def test_signed_nonsense_is_refused_and_says_why(
    change: dict[str, object], status: int, code: str, relay: RunningRelay, sky: Sky
) -> None:
    answered, body = await sky.post(relay, fields(b"\x21") | change)
    assert (answered, code in body) == (status, True), body
    assert await refused(relay, f"sbd-{code}") == 1


async def test_another_kind_of_body_is_refused(relay: RunningRelay) -> None:
    url = f"http://127.0.0.1:{relay.http_port}/v1/rockblock"
    async with aiohttp.ClientSession() as session:
        for body, kind in ((b"<xml/>", "text/xml"), (b"{", "application/json"), (b"[]", "application/json")):
            async with session.post(url, data=body, headers={"Content-Type": kind}) as response:
                assert response.status == 400
    assert await refused(relay, "sbd-malformed-message") == 3


async def test_a_packet_that_came_over_another_vessels_modem_is_refused(
    relay: RunningRelay, sky: Sky, vessel: Vessel, shore: Shore, desk: Desk
) -> None:
    hope = Vessel(Box(await shore.add_vessel("Hope", desk)), sky, imei=OTHER_IMEI)
    # The running relay learns of the modem at once.
    await admin.assign_modem(shore.folder, "Hope", OTHER_IMEI, Via.ROCKBLOCK, unix_time())
    hope.box.offer(1, introduction())
    foreign = hope.packet()
    await vessel.send(relay, foreign)
    await worked_off(relay, sky, vessel, desk)
    assert await refused(relay, "sbd-not-authentic") == 1
    await hope.send(relay, foreign)
    items = await desk.feed(relay)
    while len(items) < 2:
        items += await desk.feed(relay, after=items[-1].cursor)
    assert [item.vessel_name for item in items] == ["Mercy", "Hope"]


async def test_a_modem_that_was_taken_away_is_unknown(
    relay: RunningRelay, sky: Sky, vessel: Vessel, shore: Shore
) -> None:
    vessel.box.offer(1, introduction())
    await admin.remove_modem(shore.folder, "Mercy")
    assert (await sky.post(relay, fields(vessel.packet())))[0] == 404
    assert await refused(relay, "sbd-unknown-modem") == 1


async def test_a_modem_of_another_gateway_is_unknown_here(
    relay: RunningRelay, sky: Sky, vessel: Vessel, shore: Shore
) -> None:
    await admin.assign_modem(shore.folder, "Mercy", IMEI, Via.DIRECTIP, unix_time())
    vessel.box.offer(1, introduction())
    assert (await sky.post(relay, fields(vessel.packet())))[0] == 404


async def test_a_crash_between_the_commit_and_the_work_loses_nothing(
    sky: Sky, vessel: Vessel, desk: Desk, shore: Shore
) -> None:
    vessel.box.offer(1, report(desk.key_id, 150))
    packet = vessel.packet()
    # What the disk holds at the moment of such a crash: the row is there, and nobody has looked at it.
    with sqlite3.connect(database_path(shore.folder)) as connection:
        connection.execute(
            "INSERT INTO sbd_inbound (imei, momsn, transmitted_at, digest, data, received_at) "
            "VALUES (?, 7, 1, zeroblob(32), ?, ?)",
            (IMEI, packet, unix_time()),
        )
    connection.close()
    async with sky.serving() as relay:
        (item,) = await desk.feed(relay)
        assert item.bundle == report(desk.key_id, 150)
    # A crash behind the work and before it was noted: it is done again, and changes nothing.
    with sqlite3.connect(database_path(shore.folder)) as connection:
        connection.execute("UPDATE sbd_inbound SET done = 0, data = ?", (packet,))
    connection.close()
    async with sky.serving() as relay:
        await worked_off(relay, sky, vessel, desk)
        assert await refused(relay, "sbd-replayed") == 1


async def test_a_full_disk_takes_nothing_and_the_operator_sends_again(
    sky: Sky, vessel: Vessel, desk: Desk, relay: RunningRelay
) -> None:
    vessel.box.offer(1, introduction())
    message = fields(vessel.packet())
    await relay.store.writer.run(lambda session: full(session, pages=1))
    filler = [fields(bytes([at]) * 340, momsn=at) for at in range(200)]
    statuses = [(await sky.post(relay, each))[0] for each in filler]
    assert 503 in statuses
    await relay.store.writer.run(lambda session: full(session, pages=100_000))
    assert (await sky.post(relay, message))[0] == 200
    assert len(await desk.feed(relay)) == 1


async def full(session: Session, *, pages: int) -> None:
    await session.change(f"PRAGMA max_page_count = {pages}")


async def test_positions_are_kept_only_where_the_operator_turned_it_on(
    sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    async with sky.serving() as relay:
        vessel.box.offer(1, introduction())
        await vessel.send(relay)
        await desk.feed(relay)
        (seen,) = (await relay.store.status()).vessels
        assert seen.sbd is not None
        assert seen.sbd.position is None
        assert [contact.near for contact in await desk.contacts(relay)] == [None]
    assert b"100.9938" not in database_path(sky.shore.folder).read_bytes()
    async with sky.serving(keep_positions=True) as relay:
        await worked_off(relay, sky, vessel, desk)
        (seen,) = (await relay.store.status()).vessels
        assert seen.sbd is not None
        assert seen.sbd.position is not None
        assert seen.sbd.position.longitude == 100.9938
        (contact,) = await desk.contacts(relay)
        assert contact.near is not None
        assert contact.near.longitude_e4 == 1_009_938
    assert "100.99" not in "".join(sky.log)


async def test_an_answer_takes_less_than_three_seconds_while_the_work_is_slow(
    relay: RunningRelay, sky: Sky, vessel: Vessel, desk: Desk
) -> None:
    for number in range(1, 30):
        vessel.box.offer(number, report(desk.key_id, 220, fill=number), Priority.TEXT)
    async with asyncio.timeout(3):
        await vessel.send(relay)


async def test_without_the_operators_key_there_is_no_webhook(sky: Sky) -> None:
    (sky.shore.folder / "rockblock.pem").unlink()
    async with sky.serving() as relay:
        assert (await sky.post(relay, fields(b"")))[0] == 404
