"""The way from the relay's feed into the desk's store."""

from dataclasses import replace

import pytest

from protocol.bundle import DeskState
from protocol.deskfeed import FeedItem
from protocol.frames import Priority
from protocol.voicepack import VoiceCodec
from shore_relay.desk.app import Desk
from shore_relay.desk.errors import StoreFull
from shore_relay.desk.fetching import fetch, fetch_all
from shore_relay.desk.inbox import load_inbox, open_entry
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.sending import send_queued
from shore_relay.desk.store import inbox as stored
from shore_relay.desk.trust import Origin
from shore_relay.desk.vessels import find_vessel, load_vessels
from tests.shore_relay.desk.boat import Boat, tampered
from tests.shore_relay.desk.small_relay import SmallRelay
from tests.shore_relay.desk.steps import confirm_boat


async def test_a_report_becomes_an_entry_and_the_relay_hears_that_it_is_taken(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    relay.put(boat.introduction(), boat.text("They keep my passport."))

    assert await fetch(desk, client, 0) == 2

    (entry,) = await load_inbox(desk)
    assert entry.content is not None
    assert entry.content.text == "They keep my passport."
    assert entry.vessel_name == "Blue Dolphin"
    assert not entry.is_opened
    assert relay.taken == 2


async def test_items_delivered_twice_make_one_entry(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    introduction, text = boat.introduction(), boat.text("Once is enough.")
    relay.put(introduction, text, text, introduction, text)

    await fetch_all(desk, client)

    assert len(await load_inbox(desk)) == 1
    assert len((await load_vessels(desk))[0].boxes) == 1


async def test_a_full_disk_keeps_everything_at_the_relay_until_there_is_room(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    relay.put(boat.introduction(), boat.text("x" * 3_000), boat.voice(VoiceCodec.OPUS_NARROWBAND_60MS))
    writer = desk.database._writer
    await writer.execute("PRAGMA max_page_count = 1")

    with pytest.raises(StoreFull, match="Make room"):
        await fetch(desk, client, 0)

    assert relay.taken == 0
    assert await load_inbox(desk) == []
    await writer.execute("PRAGMA max_page_count = 100000")
    await fetch_all(desk, client)
    assert relay.taken == 3
    assert len(await load_inbox(desk)) == 2


async def test_what_was_committed_and_not_said_is_said_first(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    relay.put(boat.introduction())
    async with desk.database.transaction() as connection:
        await stored.set_cursor(connection, 1)

    await fetch(desk, client, 0)

    assert relay.taken == 1


async def test_a_relay_that_was_restored_and_knows_no_such_cursor_is_fetched_from_all_the_same(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    # The desk committed, could not say so, and the relay came back from a backup that is older than that.
    async with desk.database.transaction() as connection:
        await stored.set_cursor(connection, 3)
    relay.put(boat.introduction(), boat.text("Sent after the restore."))

    await fetch_all(desk, client)

    assert len(await load_inbox(desk)) == 1
    assert relay.taken == 2


async def test_thin_and_clear_are_one_entry_whose_sound_becomes_the_clear_one(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    relay.put(boat.introduction(), boat.voice(VoiceCodec.CODEC2_2400))
    await fetch_all(desk, client)
    (entry,) = await load_inbox(desk)
    assert entry.best.codec == VoiceCodec.CODEC2_2400
    await open_entry(desk, entry.id, desk.actor)

    relay.put(boat.voice(VoiceCodec.OPUS_NARROWBAND_60MS))
    await fetch_all(desk, client)

    (entry,) = await load_inbox(desk)
    assert entry.best.codec == VoiceCodec.OPUS_NARROWBAND_60MS
    assert entry.has_new_form
    assert [form.row.number for form in entry.forms] == [2, 3]


async def test_a_forged_clear_form_does_not_take_the_place_of_the_vessels_own(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    thin, clear = boat.voice(VoiceCodec.CODEC2_2400), boat.voice(VoiceCodec.OPUS_NARROWBAND_60MS)
    relay.put(boat.introduction(), thin, tampered(clear))
    await fetch_all(desk, client)
    await confirm_boat(desk, boat)

    (entry,) = await load_inbox(desk)

    assert entry.origin is not Origin.FORGED
    assert entry.best.codec == VoiceCodec.CODEC2_2400


async def test_receipts_wait_for_confirmation_and_then_name_every_number(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    relay.put(boat.introduction(), boat.text("one"), boat.text("two"))
    await fetch_all(desk, client)
    await send_queued(desk, client)
    assert relay.raw == []

    await confirm_boat(desk, boat)
    await send_queued(desk, client)

    (receipt,) = boat.receipts(relay.raw)
    assert receipt.state is DeskState.FETCHED
    assert receipt.numbers == ((1, 4),)


async def test_an_introduction_under_another_number_gets_no_receipt_that_would_hide_a_report(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    introduction = boat.introduction()
    relay.put(introduction, replace(introduction, number=7))
    await fetch_all(desk, client)
    await confirm_boat(desk, boat)
    await send_queued(desk, client)

    assert [receipt.numbers for receipt in boat.receipts(relay.raw)] == [((1, 2),)]


async def test_a_bundle_renumbered_on_its_way_is_shown_as_forged_and_gets_no_receipt(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    relay.put(boat.introduction(), replace(boat.text("mine"), number=9))
    await fetch_all(desk, client)
    await confirm_boat(desk, boat)
    await send_queued(desk, client)

    (entry,) = await load_inbox(desk)
    assert entry.origin is Origin.FORGED
    assert [receipt.numbers for receipt in boat.receipts(relay.raw)] == [((1, 2),)]
    # A number that the box did not give opens no gap.
    assert (await find_vessel(desk, boat.name)).missing == ()


async def test_a_number_that_did_not_come_is_missed(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    items: list[FeedItem] = [boat.introduction()] + [boat.text(f"message {at}") for at in range(2, 10)]
    relay.put(*(item for item in items if item.number not in (3, 6, 7)))

    await fetch_all(desk, client)

    assert (await find_vessel(desk, boat.name)).missing == ((3, 4), (6, 8))


async def test_another_box_of_the_vessel_needs_a_confirmation_of_its_own(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat, card: object
) -> None:
    relay.put(boat.introduction(), boat.text("from the old box"))
    await fetch_all(desk, client)
    await confirm_boat(desk, boat)
    other = Boat(boat.card)
    relay.put(other.introduction(), other.text("from the new box"))
    await fetch_all(desk, client)

    vessel = await find_vessel(desk, boat.name)
    origins = {entry.content.text: entry.origin for entry in await load_inbox(desk) if entry.content}

    assert not vessel.confirmed
    assert [box.fingerprint for box in vessel.pending] == [other.fingerprint]
    assert origins == {"from the old box": Origin.VERIFIED, "from the new box": Origin.UNCONFIRMED}


async def test_urgent_comes_first_then_unopened_then_newest(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    relay.put(
        boat.introduction(),
        boat.text("first"),
        boat.text("second"),
        boat.text("pressing", urgent=True),
        boat.text("third"),
    )
    await fetch_all(desk, client)
    second = next(e for e in await load_inbox(desk) if e.content and e.content.text == "second")
    await open_entry(desk, second.id, desk.actor)

    order = [entry.content.text for entry in await load_inbox(desk) if entry.content]

    assert order == ["pressing", "third", "first", "second"]


async def test_bytes_of_no_known_kind_are_kept_and_shown_with_the_reason(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    relay.put(
        boat.introduction(),
        boat.item(b"\xff" * 90, Priority.URGENT),
        boat.sealed(b"\xc1" * 40),
        boat.voice(VoiceCodec.CODEC2_2400, packed=b"\x01\x01\xff\xffxx"),
    )

    await fetch_all(desk, client)

    faults = {entry.fault for entry in await load_inbox(desk)}
    assert faults == {"malformed-bundle", "malformed-message", "malformed-voice"}
    assert relay.taken == 4
