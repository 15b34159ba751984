"""The calendar of due dates, read by the library as a calendar program would."""

from datetime import UTC, date, datetime

from icalendar import Calendar

from protocol.ids import UnixSeconds
from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.work import add_task, settle_task
from shore_relay.desk.notices.calendar import calendar_for
from shore_relay.desk.notices.occasions import Occasions
from shore_relay.desk.words import Words
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.cases.arriving import arrive
from tests.shore_relay.desk.people.office import person_id

DUE = UnixSeconds(int(datetime(2026, 10, 1, 23, 59, 59, tzinfo=UTC).timestamp()))
REMIND = UnixSeconds(int(datetime(2026, 9, 28, tzinfo=UTC).timestamp()))


async def test_a_calendar_has_numbers_and_dates_of_ones_own_open_tasks_and_nothing_else(
    office: Desk, boat: Boat, tom: Actor
) -> None:
    await arrive(office, boat.introduction(), boat.text("They keep our passports."))
    malee = person_id(office, Role.SUPERVISOR)
    await add_task(office, tom, 1, "Write to the lawyer", DUE, remind_at=REMIND)
    await add_task(office, tom, 1, "Hers", DUE, assignee=malee)
    await add_task(office, tom, 1, "Done", DUE)
    await settle_task(office, tom, 1, 3, is_done=True)
    occasions = Occasions(office)

    made = await calendar_for(office, occasions, tom.id, Words.load())
    (event,) = Calendar.from_ical(made).walk("VEVENT")
    assert event["SUMMARY"] == "Task 1 of case 1"
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (date(2026, 10, 1), date(2026, 10, 2))
    (alarm,) = event.walk("VALARM")
    assert alarm.decoded("TRIGGER") == datetime(2026, 9, 28, tzinfo=UTC)
    for word in (b"lawyer", b"passport", b"Dolphin", b"Tom", b"Harbour", b"SeaVoice", b"seavoice"):
        assert word not in made
    # RFC 5545 §3.1: lines end with CRLF and are at most 75 octets long, also in Thai.
    thai = await calendar_for(office, occasions, malee, Words.load("th"))
    assert all(len(line) <= 75 for line in thai.split(b"\r\n"))
    assert b"\n" not in thai.replace(b"\r\n", b"")
    names = [str(event["SUMMARY"]) for event in Calendar.from_ical(thai).walk("VEVENT")]
    assert names == ["งานที่ 1 ของเคส 1", "งานที่ 2 ของเคส 1"]
    # A name stays the same from one reading to the next, so that no date stands there twice.
    assert event["UID"] == Calendar.from_ical(thai).walk("VEVENT")[0]["UID"]

    await settle_task(office, tom, 1, 1, is_done=True)
    assert (
        Calendar.from_ical(await calendar_for(office, occasions, tom.id, Words.load())).walk("VEVENT") == []
    )
