"""Short messages over satellite, on both stores: each counts once, and is one relay's work at a time."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from protocol.ids import UnixSeconds, VesselId
from protocol.provisioning import Provisioning
from shore_relay.relay.errors import ModemRefused, UnknownModem, UnknownVessel
from shore_relay.relay.store import relays
from shore_relay.relay.store.repository import LinkCommit
from shore_relay.relay.store.sbd import SbdStore
from shore_relay.relay.store.sbd_rows import (
    Alarm,
    CarriedPiece,
    MobileOriginated,
    NewMessage,
    Outcome,
    Position,
    SatelliteStep,
    Via,
)
from shore_relay.relay.store.sql_store import SqlStore
from tests.shore_relay.relay.shore import Desk, Shore

NOW = UnixSeconds(1_700_000_000)
IMEI = "300234010753370"
CALL = MobileOriginated(
    imei=IMEI,
    momsn=7,
    transmitted_at=NOW,
    data=b"packet",
    position=Position(latitude=12.5, longitude=100.9, radius_km=8.0),
)


@pytest.fixture
async def sbd(store: SqlStore, provisioning: Provisioning) -> SbdStore:
    sbd = SbdStore(store)
    await store.join(NOW, lease_s=60)
    assert await sbd.assign_modem("Mercy", IMEI, Via.ROCKBLOCK, NOW) == provisioning.vessel
    return sbd


async def take(sbd: SbdStore, call: MobileOriginated = CALL) -> bool:
    return await sbd.receive(Via.ROCKBLOCK, call, NOW, credits_spent=2, keep_position=True)


async def test_a_message_up_counts_once(sbd: SbdStore, store: SqlStore, provisioning: Provisioning) -> None:
    assert await take(sbd)
    assert not await take(sbd)
    older = replace(CALL.position or Position(latitude=0, longitude=0, radius_km=0), latitude=1.0)
    assert await take(sbd, replace(CALL, transmitted_at=UnixSeconds(NOW - 60), position=older))
    with pytest.raises(UnknownModem):
        await take(sbd, replace(CALL, imei="1" * 15))
    first, second = await sbd.inbound(most=9)
    assert (first.data, await sbd.is_unfinished(first)) == (b"packet", True)
    await sbd.finish(first, provisioning.vessel, Outcome(at=NOW, authentic=True, owes_answer=True))
    assert not await sbd.is_unfinished(first)
    assert await sbd.inbound(most=9) == (second,)
    assert not await take(sbd), "a repetition of what was worked off"
    (vessel,) = (await store.status()).vessels
    assert vessel.sbd is not None
    assert (vessel.sbd.messages_up, vessel.sbd.credits_up) == (2, 4)
    assert vessel.sbd.position == CALL.position
    assert await sbd.vessels_to_look_at() == (provisioning.vessel,)
    outlook = await sbd.outlook(provisioning.vessel, NOW, queued_s_max=100)
    # It was never heard over the modem by an engine here, so nothing is owed over it.
    assert outlook is not None
    assert outlook.owed_since == 0


async def test_messages_down_wait_and_are_handed_over_and_fetched(
    sbd: SbdStore, store: SqlStore, provisioning: Provisioning
) -> None:
    vessel = provisioning.vessel
    ((key_id, _), *_) = await store.key_index()
    piece = CarriedPiece(number=1, start=0, end=5)
    composed = (
        NewMessage(packet=b"receipt", key_id=key_id),
        NewMessage(packet=b"mail", key_id=key_id, pieces=(piece,), flush=True),
    )
    await store.commit_link(
        LinkCommit(vessel=vessel, at=NOW, bearer="sbd", satellite=SatelliteStep(composed=composed))
    )
    message = await sbd.next_to_post(Via.ROCKBLOCK, ())
    assert message is not None
    assert (message.packet, message.imei, message.flush) == (b"receipt", IMEI, False)
    assert await sbd.next_to_post(Via.ROCKBLOCK, [vessel]) is None
    assert await sbd.next_to_post(Via.DIRECTIP, ()) is None
    await sbd.not_posted(message, None, for_good=False, in_doubt=True)
    again = await sbd.next_to_post(Via.ROCKBLOCK, ())
    assert again == replace(message, attempts=1, flush=True)
    assert await sbd.is_waiting(again)
    await sbd.posted(again, NOW, credits_spent=1)
    assert not await sbd.is_waiting(again)
    mail = await sbd.next_to_post(Via.ROCKBLOCK, ())
    assert mail is not None
    assert mail.packet == b"mail"
    alarm = Alarm(code="refused-by-gateway", vessel=vessel, raised_at=NOW, advice="Look at the account.")
    await sbd.not_posted(mail, alarm, for_good=True, in_doubt=False)
    await sbd.raise_alarm(replace(alarm, raised_at=UnixSeconds(NOW + 5)))
    status = await store.status()
    assert status.alarms == (alarm,), "the same alarm keeps its first time"
    assert status.vessels[0].sbd is not None
    assert status.vessels[0].sbd.messages_refused == 1
    assert status.vessels[0].sbd.messages_queued == 1
    await sbd.try_again()
    assert (await store.status()).alarms == ()
    await sbd.add_message(vessel, b"new keys", NOW)
    outlook = await sbd.outlook(vessel, NOW, queued_s_max=100)
    assert outlook is not None
    assert outlook.modem.imei == IMEI


async def test_a_modem_is_on_one_vessel(
    shore: Shore, desk: Desk, sbd: SbdStore, provisioning: Provisioning
) -> None:
    await shore.add_vessel("Hope", desk)
    with pytest.raises(ModemRefused):
        await sbd.assign_modem("Hope", IMEI, Via.ROCKBLOCK, NOW)
    with pytest.raises(UnknownVessel):
        await sbd.assign_modem("Faith", IMEI, Via.ROCKBLOCK, NOW)
    await sbd.remove_modem("Mercy")
    assert await sbd.modem(IMEI) is None
    await sbd.assign_modem("Hope", IMEI, Via.DIRECTIP, NOW)
    found = await sbd.modem(IMEI)
    assert found is not None
    assert found.via is Via.DIRECTIP


# --- whose turn it is ---


async def other(shore: Shore, *, lease_s: int = 60) -> tuple[SqlStore, SbdStore]:
    """A second relay on the same store."""
    store = await shore.open()
    # A file has no second relay in earnest; that it would be told apart costs nothing to see.
    alive_until = UnixSeconds(NOW + lease_s)
    await store.writer.run(partial(relays.join, relay=store.relay, alive_until=alive_until, alone=False))
    return store, SbdStore(store)


async def test_a_vessels_messages_are_one_relays_work_until_it_gives_them_back(
    shore: Shore, sbd: SbdStore, provisioning: Provisioning
) -> None:
    vessel = provisioning.vessel
    second, at_second = await other(shore)
    async with second:
        answers = await asyncio.gather(sbd.claim(vessel, NOW), at_second.claim(vessel, NOW))
        assert sum(answers) == 1, "both asked at once"
        winner, loser = (sbd, at_second) if answers[0] else (at_second, sbd)
        assert await winner.claim(vessel, NOW), "it may ask again"
        await loser.release(vessel)
        assert not await loser.claim(vessel, NOW), "nobody gives back what another has"
        await winner.release(vessel)
        assert await loser.claim(vessel, NOW)


async def test_what_a_dead_relay_had_is_free_when_its_lease_has_passed(
    shore: Shore, sbd: SbdStore, store: SqlStore, provisioning: Provisioning
) -> None:
    vessel = provisioning.vessel
    second, at_second = await other(shore, lease_s=30)
    async with second:
        assert await at_second.claim(vessel, NOW)
        assert not await sbd.claim(vessel, UnixSeconds(NOW + 30))
        assert await sbd.claim(vessel, UnixSeconds(NOW + 31))
        await sbd.release(vessel)
        assert await at_second.claim(vessel, NOW)
        await second.leave()
        assert await sbd.claim(vessel, NOW), "a relay that stops in order leaves nothing behind"


async def test_a_vessel_that_is_connected_elsewhere_is_left_to_the_relay_that_has_it(
    shore: Shore, sbd: SbdStore, store: SqlStore, provisioning: Provisioning
) -> None:
    vessel = VesselId(provisioning.vessel)
    second, at_second = await other(shore)
    async with second:
        state = await second.load_link(vessel, queued_max=1)
        assert state is not None
        assert not await sbd.claim(vessel, NOW)
        assert await at_second.claim(vessel, NOW)
        await at_second.release(vessel)
        await second.commit_link(
            LinkCommit(vessel=vessel, at=NOW, bearer="tcp", epoch=state.epoch, releases=True)
        )
        assert await sbd.claim(vessel, NOW)
