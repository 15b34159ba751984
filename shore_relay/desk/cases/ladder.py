"""The ladder of escalation: how far a person's silence has come, by the clock that is given. Pure."""

from enum import Enum

from protocol.ids import UnixSeconds
from shore_relay.desk.cases.model import Plan, Rung, Watch

REMINDER_H = 2
"""Hours that a reminder has to reach the vessel and to be answered before the time of grace begins."""

HOUR_S = 3_600


class Silence(Enum):
    """Whose silence it is."""

    NONE = "none"
    PERSON = "person"
    """The vessel has been heard since the check-in was due: it could have brought a word of this person."""
    VESSEL = "vessel"
    """The vessel has not been heard either, so nothing is known of the person."""


def due_at(watch: Watch, heard_at: UnixSeconds) -> UnixSeconds:
    """Return when the next check-in is due, after the person's last word (0 for none)."""
    return UnixSeconds(max(watch.since, heard_at) + watch.plan.every_h * HOUR_S)


def begins_at(plan: Plan, due: UnixSeconds, rung: Rung) -> UnixSeconds:
    """Return when silence comes to a rung."""
    hours = {
        Rung.CALM: 0,
        Rung.REMINDED: 0,
        Rung.GRACE: REMINDER_H,
        Rung.CASEWORKER: REMINDER_H + plan.grace_h,
        Rung.SECOND: REMINDER_H + plan.grace_h + plan.second_h,
    }
    return UnixSeconds(due + hours[rung] * HOUR_S)


def rung_at(watch: Watch, heard_at: UnixSeconds, now: UnixSeconds) -> Rung:
    """Return the rung to which silence has come by now; without a second person the ladder has one less."""
    due = due_at(watch, heard_at)
    reached = [rung for rung in Rung if rung is not Rung.CALM and begins_at(watch.plan, due, rung) <= now]
    top = Rung.SECOND if watch.plan.second else Rung.CASEWORKER
    return min(max(reached, default=Rung.CALM), top)


def silence(due: UnixSeconds, vessel_heard_at: UnixSeconds, now: UnixSeconds) -> Silence:
    """Return whose silence it is that a check-in has not come."""
    if now <= due:
        return Silence.NONE
    return Silence.PERSON if vessel_heard_at > due else Silence.VESSEL
