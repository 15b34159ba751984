"""Answers: sealed to the fisher, sent once, and followed until they are on the box."""

import pytest

from protocol.errors import TooLarge
from protocol.frames import Priority
from protocol.message import Text, Voice
from protocol.priming import Language
from protocol.speech.errors import NotSound
from protocol.voicepack import VoiceCodec, unpack_voice
from shore_relay.desk.answering import answer_with_recording, answer_with_text
from shore_relay.desk.app import Desk
from shore_relay.desk.epochs import roll_keys
from shore_relay.desk.errors import CannotAnswer, NoMailbox, NotConfirmed, RelayUnreachable, UnknownEntry
from shore_relay.desk.fetching import fetch_all
from shore_relay.desk.inbox import load_answers, load_inbox
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.sending import send_queued
from shore_relay.desk.store.records import DispatchState
from tests.shore_relay.desk.boat import WAV, Boat, tampered
from tests.shore_relay.desk.small_relay import SmallRelay
from tests.shore_relay.desk.steps import receive


async def test_a_written_answer_opens_with_the_receipt_code(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), boat.text("Help us."))

    await answer_with_text(desk, entry.id, "A lawyer will meet you in Songkhla.", Language.THAI)
    await send_queued(desk, client)

    (answer,) = boat.answers(relay.raw)
    assert answer.body == Text(text="A lawyer will meet you in Songkhla.")
    assert answer.language is Language.THAI


async def test_a_spoken_answer_goes_in_the_thin_form(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), boat.text("Help us."))

    await answer_with_recording(desk, entry.id, WAV.read_bytes())
    await send_queued(desk, client)

    (answer,) = boat.answers(relay.raw)
    assert isinstance(answer.body, Voice)
    note = unpack_voice(answer.body.packed)
    assert note.codec is VoiceCodec.CODEC2_2400
    assert note.duration_ms > 3_000
    assert len(answer.body.packed) < 1_500


async def test_an_answer_sent_again_after_a_lost_reply_is_one_answer(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), boat.text("Help us."))
    await answer_with_text(desk, entry.id, "We are coming.")
    relay.answer_with = (502, b"")
    with pytest.raises(RelayUnreachable):
        await send_queued(desk, client)
    relay.answer_with = None

    await send_queued(desk, client)
    await send_queued(desk, client)

    assert len(boat.answers(relay.raw)) == 1


async def test_an_answer_is_followed_from_here_to_the_box(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), boat.text("Help us."))
    await answer_with_text(desk, entry.id, "We are coming.")
    states = [(await load_answers(desk, entry.id))[0].state]

    await send_queued(desk, client)
    states.append((await load_answers(desk, entry.id))[0].state)
    relay.put(*(boat.delivered(ref) for ref in relay.dispatches))
    await fetch_all(desk, client)
    states.append((await load_answers(desk, entry.id))[0].state)

    assert states == [DispatchState.QUEUED, DispatchState.AT_RELAY, DispatchState.ON_THE_BOX]


async def test_a_refused_answer_is_shown_as_refused_and_holds_nothing_up(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), boat.text("Help us."))
    await answer_with_text(desk, entry.id, "First.")
    relay.refuse_dispatches = True
    await send_queued(desk, client)
    relay.refuse_dispatches = False
    await answer_with_text(desk, entry.id, "Second.")
    await send_queued(desk, client)

    first, second = await load_answers(desk, entry.id)
    assert first.state is DispatchState.REFUSED
    assert "No vessel has this id here" in first.refusal
    assert "\x1b" not in first.refusal
    assert second.state is DispatchState.AT_RELAY


async def test_the_answer_to_something_urgent_is_urgent(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    urgent = boat.text("Man overboard", urgent=True)
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), urgent)

    await answer_with_text(desk, entry.id, "The coast guard knows.")
    await send_queued(desk, client)

    assert Priority.URGENT in {dispatch.priority for dispatch in relay.dispatches.values()}


async def test_who_left_no_mailbox_cannot_be_answered(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    text = boat.text("No answer wanted.", mailbox=False)
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), text)

    with pytest.raises(NoMailbox):
        await answer_with_text(desk, entry.id, "Hello?")


async def test_nobody_is_answered_before_the_vessel_is_confirmed_nor_when_its_box_did_not_write(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    relay.put(boat.introduction(), boat.text("mine"), tampered(boat.text("not mine")))
    await fetch_all(desk, client)

    for entry in await load_inbox(desk):
        with pytest.raises(NotConfirmed):
            await answer_with_text(desk, entry.id, "Hello?")
    assert await send_queued(desk, client) == 0


async def test_what_cannot_be_an_answer_is_refused_with_a_reason(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), boat.text("Help us."))

    with pytest.raises(TooLarge, match="4000 fit"):
        await answer_with_text(desk, entry.id, "x" * 4_001)
    with pytest.raises(CannotAnswer, match="empty"):
        await answer_with_text(desk, entry.id, "  \n ")
    with pytest.raises(NotSound):
        await answer_with_recording(desk, entry.id, b"ID3 no sound")
    with pytest.raises(UnknownEntry):
        await answer_with_text(desk, 99, "Hello?")
    assert await load_answers(desk, entry.id) == []


async def test_after_a_new_key_old_messages_open_and_are_answered_under_the_key_their_vessel_knows(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    first = boat.text("sealed to the first key")
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), first)

    epoch, vessels = await roll_keys(desk, 86_400)
    relay.put(boat.text("still sealed to the first key"))
    await fetch_all(desk, client)
    await answer_with_text(desk, entry.id, "We are coming.")
    await send_queued(desk, client)

    assert vessels == 1
    assert len(boat.keys(relay.raw)) == 1
    assert len(await load_inbox(desk)) == 2
    assert len(boat.answers(relay.raw)) == 1
    assert all(receipt.desk_key != epoch.id for receipt in boat.receipts(relay.raw))


async def test_a_vessel_first_heard_after_a_new_key_is_sent_the_keys(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    await roll_keys(desk, 86_400)
    relay.put(boat.introduction())

    await fetch_all(desk, client)
    await send_queued(desk, client)

    assert len(boat.keys(relay.raw)) == 1
