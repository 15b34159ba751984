"""A vessel whose box is in the wrong hands: refused and counted on every bearer, and nothing held is lost."""

import asyncio
from collections import Counter

import pytest

from protocol.container import STICK
from protocol.frames import Priority
from protocol.ids import UnixSeconds
from protocol.outbox import Outgoing
from shore_relay.relay import admin
from shore_relay.relay.app import RunningRelay, monotonic, unix_time
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.errors import VesselRevoked
from shore_relay.relay.fleet import Fleet
from shore_relay.relay.operator_api import asking
from shore_relay.relay.overview import as_document, as_table
from shore_relay.relay.store.sqlite import SqliteStore
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.shore import Desk, Shore, entropy

PATIENCE_S = 20


async def revoke(shore: Shore, *, undo: bool = False) -> None:
    await admin.revoke_vessel(shore.folder, "Mercy", unix_time(), undo=undo)


async def test_a_revoked_vessel_loses_its_connection_and_gets_no_other(
    shore: Shore, desk: Desk, box: Box, relay: RunningRelay
) -> None:
    box.offer(1, introduction())
    async with box.over_tcp(relay.tcp_port) as ended:
        await box.custody(1)
        await revoke(shore)
        await asyncio.wait_for(ended, PATIENCE_S)
    box.offer(2, report(desk.key_id, 200))
    async with box.over_tcp(relay.tcp_port) as ended:
        await asyncio.wait_for(ended, PATIENCE_S)
    assert relay.refusals["tcp-vessel-revoked"] >= 1
    assert [item.number for item in await desk.feed(relay)] == [1], "what came before is its desk's"


async def test_a_revocation_can_be_undone_and_nothing_is_lost(
    shore: Shore, desk: Desk, box: Box, relay: RunningRelay
) -> None:
    await revoke(shore)
    box.offer(1, introduction())
    async with box.over_tcp(relay.tcp_port) as ended:
        await asyncio.wait_for(ended, PATIENCE_S)
    await revoke(shore, undo=True)
    async with box.over_tcp(relay.tcp_port):
        await box.custody(1)


async def test_datagrams_and_sticks_of_a_revoked_vessel_are_counted(
    shore: Shore, box: Box, relay: RunningRelay
) -> None:
    stored = Outgoing(number=1, priority=Priority.TEXT, data=introduction())
    copies = box.engine.copies(STICK, [stored], monotonic(), account=True)
    await revoke(shore)
    async with asking(shore.folder) as serving:
        assert serving is not None
        assert {each.code for each in await serving.take(copies)} == {"vessel-revoked"}
    box.offer(1, introduction())
    async with box.over_udp(relay.udp_port):
        await revoke(shore, undo=True)
        await box.custody(1)
    await relay.store_counts()
    assert (await relay.store.status()).refusals["stick-vessel-revoked"] == len(copies)


async def test_who_was_given_the_link_before_it_ended_cannot_revive_it(shore: Shore, box: Box) -> None:
    vessel = box.provisioning.vessel
    async with await SqliteStore.open(database_path(shore.folder)) as store:
        fleet = Fleet(
            store,
            shore.settings,
            clock=monotonic,
            wall=unix_time,
            entropy=entropy,
            rekey_private=await store.rekey_private(),
            refusals=Counter(),
        )
        await fleet.load()
        early = await fleet.link(vessel)
        await store.set_revoked(vessel, unix_time())
        await fleet.revoked(vessel)
        with pytest.raises(VesselRevoked):
            await early.open_contact(STICK)
        await store.set_revoked(vessel, UnixSeconds(0))
        await (await fleet.link(vessel)).open_contact(STICK)


async def test_the_status_names_a_revoked_vessel(shore: Shore, box: Box) -> None:
    await admin.revoke_vessel(shore.folder, box.provisioning.vessel.hex(), UnixSeconds(86_400), undo=False)
    status = await admin.status(shore.folder)
    vessels = as_document(status)["vessels"]
    assert isinstance(vessels, list)
    assert [entry["revoked_at"] for entry in vessels if isinstance(entry, dict)] == [86_400]
    assert "REVOKED 1970-01-02 00:00" in as_table(status)
