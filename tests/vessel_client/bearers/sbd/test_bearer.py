"""The box, a modem on a pseudo-terminal, a sky and a relay's engine: what goes, comes, and what it costs."""

import asyncio
from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.bundle import Mail
from protocol.custody import Custody
from protocol.frames import Priority
from protocol.ids import DeskKeyId, MailboxId, UnixSeconds
from protocol.message import CheckIn, Message, Text, WellBeing, encode
from protocol.textpack import Language
from scripts.sky.messages import MessageProfile
from scripts.sky.modem import Faults
from tests.vessel_client.bearers.sbd.sky_shore import AtSea, at_sea
from tests.vessel_client.boxes import DESK_KEY, make_box, sealed_request, state_when
from tests.vessel_client.shore import PATIENCE_S
from vessel_client.settings import Settings

REPORTS = Path(__file__).parents[3] / "data" / "reports"
MAILBOX = bytes(range(32))


async def introduced(sea: AtSea) -> None:
    """Wait until the introduction has left and the relay's word is here."""
    await state_when(sea.running, 1, lambda state: not state.waiting)
    await sea.shore.at_rest()
    sea.shore.messages.clear()


async def left(sea: AtSea, plaintext: bytes, priority: Priority = Priority.TEXT) -> int:
    """Queue a message, wait until it has left the boat, and return its number."""
    number = (await sea.running.service.queue(sealed_request(plaintext, priority=priority))).number
    state = await state_when(sea.running, number, lambda state: not state.waiting)
    assert state.custody is Custody.LEFT_THE_BOAT
    return number


async def until_problem(sea: AtSea, text: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while text not in sea.problem:
            await state_when(sea.running, 1, lambda _state: True)


def mail() -> Mail:
    return Mail(
        mailbox=MailboxId(bytes(16)), desk_key=DeskKeyId(DESK_KEY.id), tag=bytes(16), sealed=bytes(80)
    )


def check_in() -> bytes:
    body = CheckIn(well_being=WellBeing(1), answers={0: True, 1: False})
    return encode(message_of(body, Language.KHMER))


def message_of(body: CheckIn | Text, language: Language) -> Message:
    return Message(
        created_at=UnixSeconds(1_700_000_000), language=language, body=body, mailbox_public=MAILBOX
    )


async def test_a_check_in_is_one_message_of_four_credits(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    async with at_sea(box, tmp_path) as sea:
        await introduced(sea)
        before = sea.shore.sky.snapshot()
        await left(sea, check_in(), Priority.CHECK_IN)
        spent = sea.shore.sky.snapshot() - before
        (day,) = await sea.days()
    assert [len(message) <= 200 for message in sea.shore.messages] == [True]
    assert (spent.up_messages, spent.down_messages) == (1, 1)
    assert spent.credits_spent == 5, "four for the check-in, one for the relay's receipt"
    assert day.credits == sea.shore.sky.snapshot().credits_spent
    assert (day.failed, day.credits_in_doubt) == (0, 0)


async def test_a_report_of_200_characters_is_one_message_of_six_credits_in_every_language(
    tmp_path: Path,
) -> None:
    box = await make_box(tmp_path)
    async with at_sea(box, tmp_path) as sea:
        await introduced(sea)
        before = sea.shore.sky.snapshot()
        for language in Language:
            text = (REPORTS / f"{language.tag}.txt").read_text("utf-8").splitlines()[0][:200]
            await left(sea, encode(message_of(Text(text=text), language)))
        spent = sea.shore.sky.snapshot() - before
    assert len(sea.shore.messages) == spent.up_messages == len(Language)
    assert max(len(message) for message in sea.shore.messages) <= 300
    assert spent.credits_spent <= len(Language) * (6 + 1), "six up, one for the relay's receipt"


async def test_voice_notes_cross_failing_sessions_in_sixteen_messages_each(tmp_path: Path) -> None:
    notes = 5
    box = await make_box(tmp_path)
    failing = MessageProfile(session_s=0.5, failure=0.1)
    async with at_sea(box, tmp_path, profile=failing, seed=1) as sea:
        await introduced(sea)
        before = sea.shore.sky.snapshot()
        for _ in range(notes):
            await left(sea, bytes(4_452), Priority.THIN_VOICE)
        spent = sea.shore.sky.snapshot() - before
    assert spent.failures >= notes, "the sky was as bad as it should be"
    assert spent.up_messages <= 16 * notes, "those that an ambiguous end made go twice among them"
    assert spent.down_messages <= 2 * notes
    assert len(set(sea.shore.messages)) <= 15 * notes
    assert sea.shore.engine.duplicate_bytes == 0


@pytest.mark.parametrize("status", [10, 13, 17, 18])
async def test_after_an_ambiguous_end_the_same_packet_goes_again_and_arrives_once(
    tmp_path: Path, status: int
) -> None:
    box = await make_box(tmp_path)
    async with at_sea(box, tmp_path) as sea:
        await introduced(sea)
        sea.faults.statuses.extend([status, status])
        number = await left(sea, b"please help")
        (day,) = await sea.days()
    assert sea.shore.numbers().count(number) == 1
    assert len(sea.shore.messages) == 3
    assert len(set(sea.shore.messages)) == 1
    assert sea.shore.refused == ["replayed", "replayed"]
    assert day.failed == 2
    assert day.credits_in_doubt > 0


async def test_a_session_that_never_began_costs_nothing_and_is_tried_again(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    async with at_sea(box, tmp_path) as sea:
        await introduced(sea)
        before = await sea.days()
        sea.faults.statuses.extend([32, 35])
        await left(sea, b"please help")
        after = await sea.days()
    assert len(sea.shore.messages) == 1
    assert after[0].failed - before[0].failed == 2
    assert after[0].credits_in_doubt == 0


async def test_a_receipt_for_mail_opens_no_session_and_rides_with_the_next_report(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    async with at_sea(box, tmp_path) as sea:
        await introduced(sea)
        before = sea.shore.sky.snapshot()
        sea.shore.offer(mail())
        await sea.shore.at_rest()
        await sea.shore.until(lambda: sea.modem.program.commands[-1] == "AT+SBDD1")
        assert (sea.shore.sky.snapshot() - before).up_messages == 0
        assert sea.shore.engine.queued == 1
        await left(sea, b"please help")
        spent = sea.shore.sky.snapshot() - before
    assert sea.shore.engine.queued == 0
    assert spent.up_messages == 1


async def test_a_clear_voice_note_waits_for_a_cheaper_bearer(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    async with at_sea(box, tmp_path) as sea:
        await introduced(sea)
        clear = sealed_request(bytes(9_000), priority=Priority.CLEAR_VOICE)
        number = (await sea.running.service.queue(clear)).number
        await left(sea, b"please help")
        state = await state_when(sea.running, number, lambda _state: True)
    assert state.waiting
    assert number not in sea.shore.numbers()
    assert len(sea.shore.messages) == 1


async def test_no_session_is_opened_under_a_hidden_sky(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    async with at_sea(box, tmp_path) as sea:
        await introduced(sea)
        sea.faults.bars = deque([0, 1, 0, 1, 5])
        before = len(sea.modem.program.commands)
        await left(sea, b"please help")
        commands = sea.modem.program.commands[before:]
    begun = next(at for at, command in enumerate(commands) if command.startswith("AT+SBDIX"))
    assert commands[:begun].count("AT+CSQ") == 5


async def test_a_modem_that_is_unplugged_and_comes_back_goes_on(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    async with at_sea(box, tmp_path) as sea:
        await introduced(sea)
        sea.modem.unplug()
        number = (await sea.running.service.queue(sealed_request())).number
        await until_problem(sea, "modem")
        sea.modem.plug_in()
        await state_when(sea.running, number, lambda state: not state.waiting)
    assert sea.shore.numbers().count(number) == 1


async def test_power_that_goes_half_way_through_a_session_loses_and_doubles_nothing(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    async with at_sea(box, tmp_path) as sea:
        await introduced(sea)
        sea.faults.dies_in_session = True
        number = (await sea.running.service.queue(sealed_request())).number
        await sea.shore.until(lambda: not sea.modem.program.alive)
        sea.modem.plug_in()
        await state_when(sea.running, number, lambda state: not state.waiting)
        (day,) = await sea.days()
    assert sea.shore.numbers().count(number) == 1
    assert sea.shore.refused == ["replayed"]
    assert day.failed == 1


async def test_a_wrong_baud_rate_is_said_in_a_sentence_and_harms_nothing(tmp_path: Path) -> None:
    def hasty(settings: Settings) -> Settings:
        return replace(settings, sbd=replace(settings.sbd, answer_timeout_s=8.0))

    box = await make_box(tmp_path)
    async with at_sea(box, tmp_path, faults=Faults(wrong_baud=True), adapt=hasty) as sea:
        await until_problem(sea, "set baud to the modem's own rate")
        assert sea.shore.messages == []


async def test_garbage_and_wrong_sums_on_the_line_cost_no_message(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    faults = Faults(noise=b"\xff\x80~\r\n", damaged_loads=2, damaged_mails=1)
    async with at_sea(box, tmp_path, faults=faults) as sea:
        await introduced(sea)
        await left(sea, b"please help")
        assert len(sea.shore.messages) == 1


async def test_a_doubled_message_from_shore_is_harmless(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    async with at_sea(box, tmp_path, faults=Faults(doubled_mails=1)) as sea:
        await introduced(sea)
        await left(sea, b"please help")
        assert sea.running.service.counters["replayed"] == 1


async def test_a_box_that_restarts_looks_for_mail_only_when_its_time_has_come(tmp_path: Path) -> None:
    def daily(settings: Settings) -> Settings:
        return replace(settings, sbd=replace(settings.sbd, mailbox_interval_s=86_400.0))

    box = await make_box(tmp_path)
    async with at_sea(box, tmp_path, adapt=daily) as sea:
        await introduced(sea)
    async with at_sea(box, tmp_path, adapt=daily) as again:
        await again.shore.until(lambda: "AT+SBDSX" in again.modem.program.commands)
        await state_when(again.running, 1, lambda state: not state.waiting)
        assert again.shore.sky.snapshot().sessions == 0


async def test_the_first_start_looks_for_mail_at_once(tmp_path: Path) -> None:
    def daily(settings: Settings) -> Settings:
        return replace(settings, sbd=replace(settings.sbd, mailbox_interval_s=86_400.0, carries="urgent"))

    box = await make_box(tmp_path)
    async with at_sea(box, tmp_path, adapt=daily) as sea:
        await sea.shore.until(lambda: sea.shore.sky.snapshot().sessions == 1)
    reading = sea.shore.sky.snapshot()
    assert (reading.up_messages, reading.credits_spent) == (0, 1)


async def test_at_set_times_every_message_has_the_same_size_whether_anybody_speaks_or_not(
    tmp_path: Path,
) -> None:
    def shaped(settings: Settings) -> Settings:
        return replace(settings, sbd=replace(settings.sbd, shape_bytes=220, shape_interval_s=20.0))

    box = await make_box(tmp_path)
    async with at_sea(box, tmp_path, adapt=shaped) as sea:
        await sea.shore.until(lambda: len(sea.shore.messages) == 3)
        await left(sea, check_in(), Priority.CHECK_IN)
    assert {len(message) for message in sea.shore.messages} == {220}
    assert len(sea.shore.messages) >= 4
