"""A calendar of due dates for the program that somebody has open all day: numbers and dates, nothing else."""

from datetime import UTC, date, datetime, timedelta

from icalendar import Alarm, Calendar, Event

from shore_relay.desk.app import Desk
from shore_relay.desk.cases.documents import Brief
from shore_relay.desk.cases.model import Task
from shore_relay.desk.notices.choosing import receivers
from shore_relay.desk.notices.occasions import ANYBODY, Occasions
from shore_relay.desk.words import Words

MEDIA_TYPE = "text/calendar"
_REFRESH = timedelta(hours=1)


async def calendar_for(desk: Desk, occasions: Occasions, person: bytes, words: Words) -> bytes:
    """Return the open tasks of a person, and those of nobody, as RFC 5545 has it; raises `StoreFailed`."""
    calendar = Calendar()
    # RFC 5545 §3.7.3 wants whose program wrote it; ours does not say its name to whoever finds the file.
    calendar.add("prodid", "-//Desk//Due dates//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", words("calendar.name"))
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    known = receivers(desk)
    for brief, task in await occasions.open_tasks():
        owner = task.assignee or brief.assignee
        # What belongs to somebody who has left is everybody's.
        if owner in (ANYBODY, person) or owner not in known:
            calendar.add_component(_event(desk, brief, task, words))
    made: bytes = calendar.to_ical()
    return made


def _event(desk: Desk, brief: Brief, task: Task, words: Words) -> Event:
    name = words("calendar.task", task=task.number, case=brief.id)
    event = Event()
    event.add("uid", f"task-{brief.id}-{task.number}@desk.invalid")
    event.add("dtstamp", datetime.fromtimestamp(desk.now(), UTC))
    event.add("summary", name)
    event.add("dtstart", _day(task.due_at))
    event.add("dtend", _day(task.due_at) + timedelta(days=1))
    # A day with something due is not a day on which somebody is away.
    event.add("transp", "TRANSPARENT")
    if task.remind_at and not task.is_reminded:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", name)
        alarm.add("trigger", datetime.fromtimestamp(task.remind_at, UTC))
        event.add_component(alarm)
    return event


def _day(at: int) -> date:
    # A task is due at the end of a day in UTC; the page names the same day.
    return datetime.fromtimestamp(at, UTC).date()
