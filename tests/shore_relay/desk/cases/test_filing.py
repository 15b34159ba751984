"""What arrives is filed by itself: one conversation, one case."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from protocol.frames import Priority
from protocol.message import Category, WellBeing
from protocol.voicepack import VoiceCodec
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk, open_desk
from shore_relay.desk.cases.book import load_case, load_history
from shore_relay.desk.cases.indicators import PROPOSED_BY, Indicator, proposed
from shore_relay.desk.cases.model import EvidenceState, Severity, Status
from shore_relay.desk.cases.overview import CaseList, Choice
from shore_relay.desk.cases.verifying import verify
from shore_relay.desk.cases.work import change_head, head_of, take_up
from shore_relay.desk.people.ring import without
from shore_relay.desk.settings import Settings
from shore_relay.desk.store.database import FILE_NAME, Database
from tests.shore_relay.desk.boat import Boat, tampered
from tests.shore_relay.desk.cases.arriving import arrive, briefs, somebody_else
from tests.shore_relay.desk.conftest import PASSPHRASE


async def test_messages_of_one_mailbox_share_a_case_and_those_of_another_do_not(
    office: Desk, boat: Boat
) -> None:
    await arrive(office, boat.introduction(), boat.text("First."), boat.text("Second."))
    with somebody_else(boat, 7):
        await arrive(office, boat.text("I am another."))
    await arrive(office, boat.text("Third."))

    assert [brief.messages for brief in await briefs(office)] == [3, 1]
    case = await load_case(office, 1)
    assert [facts.message for facts in case.messages] == [1, 2, 4]
    assert len({facts.mailbox for facts in case.messages}) == 1
    await verify(office)


async def test_a_mailbox_that_writes_from_another_vessel_stays_in_its_case(office: Desk, boat: Boat) -> None:
    other = Boat(boat.card, name="Red Crab", identity=2)
    other.code = boat.code
    await arrive(office, boat.text("They moved me."), other.text("I am here now."))

    (brief,) = await briefs(office)
    assert set(brief.vessels) == {boat.vessel, other.vessel}


async def test_both_forms_of_a_voice_note_are_one_message_of_the_case(office: Desk, boat: Boat) -> None:
    await arrive(office, boat.voice(VoiceCodec.CODEC2_2400))
    await arrive(office, boat.voice(VoiceCodec.OPUS_NARROWBAND_60MS))

    (brief,) = await briefs(office)
    assert brief.messages == 1


async def test_messages_without_a_mailbox_have_a_case_each(office: Desk, boat: Boat) -> None:
    await arrive(office, boat.text("One.", mailbox=False), boat.text("Two.", mailbox=False))

    assert [brief.messages for brief in await briefs(office)] == [1, 1]


async def test_being_well_without_a_mailbox_opens_no_case_until_a_person_does(
    office: Desk, boat: Boat, tom: Actor
) -> None:
    await arrive(office, boat.check_in(WellBeing.WELL), boat.check_in(WellBeing.HELP))
    assert [brief.messages for brief in await briefs(office)] == [1]

    number = await take_up(office, tom, 1)

    assert number == 2
    assert await take_up(office, tom, 1) == 2
    case = await load_case(office, 2)
    assert (case.status, [facts.message for facts in case.messages]) == (Status.OPEN, [1])
    assert (await load_history(office, 2))[0].who == tom.id


async def test_a_forged_message_never_slips_into_a_conversation(office: Desk, boat: Boat) -> None:
    await arrive(office, boat.introduction(), boat.text("Mine."))
    await arrive(office, tampered(boat.text("Somebody else's.")))
    await arrive(office, boat.text("Mine again."))

    assert [brief.messages for brief in await briefs(office)] == [2, 1]


async def test_what_does_not_open_is_in_no_case_and_stops_nothing(office: Desk, boat: Boat) -> None:
    await arrive(office, boat.item(b"\x00" * 40), boat.sealed(b"no message"), boat.text("Sound."))

    (brief,) = await briefs(office)
    assert brief.newest == 3


async def test_the_same_bundle_twice_is_filed_once(office: Desk, boat: Boat) -> None:
    said = boat.text("Once.")
    await arrive(office, said, said)
    await arrive(office, said)

    (brief,) = await briefs(office)
    assert brief.messages == 1


async def test_categories_propose_indicators_and_severity_and_confirm_neither(
    office: Desk, boat: Boat
) -> None:
    categories = (Category.UNPAID_WAGES, Category.DEDUCTIONS, Category.ILLNESS, Category.PAPERS_KEPT)
    await arrive(office, boat.text("Much.", categories=categories))

    case = await load_case(office, 1)
    assert {(each.indicator, each.state) for each in case.evidence} == {
        (Indicator.WITHHOLDING_OF_WAGES, EvidenceState.PROPOSED),
        (Indicator.RETENTION_OF_IDENTITY_DOCUMENTS, EvidenceState.PROPOSED),
    }
    assert case.severity is Severity.CRITICAL
    (brief,) = await briefs(office)
    assert brief.confirmed == ()
    assert len(brief.proposed) == 2


def test_every_indicator_of_the_ilo_is_proposed_by_some_category() -> None:
    assert set(PROPOSED_BY.values()) == set(Indicator)
    assert len(Indicator) == 11
    assert proposed([Category.DEAD, Category.ILLEGAL_FISHING]) == ()


async def test_severity_rises_by_itself_only_until_a_person_has_chosen(
    office: Desk, boat: Boat, tom: Actor
) -> None:
    await arrive(office, boat.check_in(WellBeing.WELL, mailbox=True))
    assert (await load_case(office, 1)).severity is Severity.LOW
    await arrive(office, boat.text("They beat us.", categories=(Category.VIOLENCE,)))
    head = head_of(await load_case(office, 1))
    assert head.severity is Severity.HIGH
    await change_head(office, tom, 1, head, replace(head, severity=Severity.MEDIUM))

    await arrive(office, boat.text("Now!", urgent=True))

    assert (await load_case(office, 1)).severity is Severity.MEDIUM


async def test_a_word_from_the_fisher_opens_a_closed_case_again(office: Desk, boat: Boat, tom: Actor) -> None:
    await arrive(office, boat.text("Help."))
    head = head_of(await load_case(office, 1))
    await change_head(office, tom, 1, head, replace(head, status=Status.CLOSED))

    await arrive(office, boat.text("It is worse."))

    assert (await load_case(office, 1)).status is Status.OPEN
    (listed,) = await CaseList(office).listed(Choice.ACTIVE, tom.id)
    assert listed.has_unopened


async def test_a_conversation_goes_on_in_its_case_after_somebody_left_and_keys_were_renewed(
    office: Desk, boat: Boat, tom: Actor
) -> None:
    await arrive(office, boat.text("Before."))
    office.keyring.change(lambda ring: without(ring, tom.id, office.now(), 1_000_000))
    assert len(office.keyring.keys.store_keys) == 2

    await arrive(office, boat.text("After."))

    (brief,) = await briefs(office)
    assert brief.messages == 2
    await verify(office)


async def test_a_desk_from_before_there_were_cases_files_what_it_has(tmp_path: Path) -> None:
    old = Path(shutil.copytree("tests/data/desk_format_1", tmp_path / "old"))
    async with open_desk(old, PASSPHRASE, Settings()) as desk:
        assert await briefs(desk) == []
        boat = Boat(desk.keyring.keys.card, identity=9)
        await arrive(desk, boat.text("New."))

        found = await briefs(desk)
        assert sum(brief.messages for brief in found) >= 3
        await verify(desk)
    fresh = await Database.open(await asyncio.to_thread(_made, tmp_path / "fresh"))
    await fresh.close()
    assert _schema(old) == _schema(tmp_path / "fresh")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _schema(folder: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        return sorted(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql <> ''").fetchall())


async def test_urgent_by_envelope_or_by_content_is_urgent_in_the_list(
    office: Desk, boat: Boat, tom: Actor
) -> None:
    await arrive(office, boat.text("Quiet.", mailbox=False))
    await arrive(office, replace(boat.text("Loud.", mailbox=False), priority=Priority.URGENT))
    await arrive(office, boat.check_in(WellBeing.DURESS))

    found = await CaseList(office).listed(Choice.ACTIVE, tom.id)

    assert [listed.brief.id for listed in found] == [3, 2, 1]
    assert [listed.brief.is_urgent for listed in found] == [True, True, False]
