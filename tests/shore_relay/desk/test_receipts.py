"""What a box hears of its bundles, and what a fisher can check without trusting the box."""

from protocol.bundle import DeskState
from protocol.ids import BundleNumber
from protocol.message import WellBeing
from protocol.seal import opened_proof
from protocol.voicepack import VoiceCodec
from shore_relay.desk.app import Desk
from shore_relay.desk.fetching import fetch_all
from shore_relay.desk.inbox import load_inbox, open_entry
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.sending import send_queued
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.small_relay import SmallRelay
from tests.shore_relay.desk.steps import receive


async def test_opening_a_message_tells_the_box_with_a_proof_for_the_fisher(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), boat.text("Read me."))
    await send_queued(desk, client)

    await open_entry(desk, entry.id, desk.actor)
    await open_entry(desk, entry.id, desk.actor)
    await send_queued(desk, client)

    fetched, opened = boat.receipts(relay.raw)
    assert (fetched.state, fetched.numbers) == (DeskState.FETCHED, ((1, 3),))
    assert (opened.state, opened.numbers) == (DeskState.OPENED, ((2, 3),))
    assert opened.proofs == (
        opened_proof(
            boat.mailbox.private,
            boat.key.public,
            desk_key=boat.key.id,
            vessel=boat.vessel,
            number=BundleNumber(2),
        ),
    )


async def test_a_check_in_without_a_mailbox_is_told_of_without_a_proof(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    check_in = boat.check_in(WellBeing.DURESS)
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), check_in)
    # It travels as if all were well, and is urgent here.
    assert entry.is_urgent

    await open_entry(desk, entry.id, desk.actor)
    await send_queued(desk, client)

    assert [r.proofs for r in boat.receipts(relay.raw) if r.state is DeskState.OPENED] == [()]


async def test_opened_before_the_vessel_was_confirmed_is_told_at_confirmation(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    relay.put(boat.introduction(), boat.text("Read me."))
    await fetch_all(desk, client)
    await open_entry(desk, (await load_inbox(desk))[0].id, desk.actor)
    await send_queued(desk, client)
    assert relay.raw == []

    await receive(desk, client, relay, boat)
    await send_queued(desk, client)

    found = {receipt.state: receipt.numbers for receipt in boat.receipts(relay.raw)}
    assert found == {DeskState.FETCHED: ((1, 2),), DeskState.OPENED: ((2, 3),)}


async def test_a_clear_form_that_came_after_opening_is_told_of_when_a_person_looks_again(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    thin = boat.voice(VoiceCodec.CODEC2_2400)
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), thin)
    await open_entry(desk, entry.id, desk.actor)
    relay.put(boat.voice(VoiceCodec.OPUS_NARROWBAND_60MS))
    await fetch_all(desk, client)
    await open_entry(desk, entry.id, desk.actor)
    await send_queued(desk, client)

    opened = [r.numbers for r in boat.receipts(relay.raw) if r.state is DeskState.OPENED]
    assert opened == [((2, 3),), ((3, 4),)]


async def test_very_many_numbers_with_gaps_come_in_receipts_that_fit(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    items = [boat.introduction()]
    for _ in range(80):
        boat.next_number += 1
        items.append(boat.sealed(b"\x81\x00\x00"))
    await receive(desk, client, relay, boat, *items)
    await send_queued(desk, client)

    receipts = boat.receipts(relay.raw)
    assert len(receipts) == 2
    assert sum(end - start for receipt in receipts for start, end in receipt.numbers) == 81
