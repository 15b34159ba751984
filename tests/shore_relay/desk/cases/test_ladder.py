"""The arithmetic of silence: when each rung begins, and whose silence it is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.ids import UnixSeconds
from protocol.priming import Language
from shore_relay.desk.cases.climbing import hears
from shore_relay.desk.cases.ladder import (
    HOUR_S,
    REMINDER_H,
    Silence,
    begins_at,
    due_at,
    rung_at,
    silence,
)
from shore_relay.desk.cases.model import Plan, Rung, Watch
from shore_relay.desk.cases.reminders import REMINDERS

PLAN = Plan(mailbox=b"m" * 16, label="K.", every_h=24, grace_h=6, second_h=4, second=b"s" * 8)
WATCH = Watch(plan=PLAN, since=UnixSeconds(1_000_000))
DUE = 1_000_000 + 24 * HOUR_S

moments = st.integers(0, 2**33).map(UnixSeconds)


@pytest.mark.parametrize(
    ("hours", "rung"),
    [
        (-24, Rung.CALM),
        (-0.001, Rung.CALM),
        (0, Rung.REMINDED),
        (1.9, Rung.REMINDED),
        (2, Rung.GRACE),
        (7.9, Rung.GRACE),
        (8, Rung.CASEWORKER),
        (11.9, Rung.CASEWORKER),
        (12, Rung.SECOND),
        (9_000, Rung.SECOND),
    ],
)
def test_reminder_grace_caseworker_and_second_person_follow_by_the_clock(hours: float, rung: Rung) -> None:
    assert REMINDER_H == 2
    assert rung_at(WATCH, UnixSeconds(0), UnixSeconds(int(DUE + hours * HOUR_S))) is rung


def test_without_a_second_person_the_ladder_ends_with_the_caseworker() -> None:
    alone = replace(WATCH, plan=replace(PLAN, second=b""))
    assert rung_at(alone, UnixSeconds(0), UnixSeconds(DUE * 2)) is Rung.CASEWORKER


@given(moments, moments, moments)
def test_a_later_word_never_leads_higher_and_later_never_lower(
    heard: UnixSeconds, now: UnixSeconds, later: UnixSeconds
) -> None:
    first, last = sorted((now, later))
    assert rung_at(WATCH, heard, first) <= rung_at(WATCH, heard, last)
    assert rung_at(WATCH, UnixSeconds(max(heard, later)), now) <= rung_at(WATCH, heard, now)
    assert due_at(WATCH, heard) >= DUE
    begins = [begins_at(PLAN, UnixSeconds(DUE), rung) for rung in Rung]
    assert begins == sorted(begins)


@pytest.mark.parametrize(
    ("vessel_heard_at", "now", "whose"),
    [
        (DUE + 10, DUE - 1, Silence.NONE),
        (DUE + 10, DUE + 20, Silence.PERSON),
        (DUE, DUE + 20, Silence.VESSEL),
        (0, DUE + 20, Silence.VESSEL),
    ],
)
def test_the_silence_of_the_vessel_is_told_from_that_of_the_person(
    vessel_heard_at: int, now: int, whose: Silence
) -> None:
    assert silence(UnixSeconds(DUE), UnixSeconds(vessel_heard_at), UnixSeconds(now)) is whose


def test_a_desk_that_does_not_hear_its_relay_knows_of_nobodys_silence() -> None:
    now = UnixSeconds(1_000_000)
    assert hears(UnixSeconds(now - 60), now)
    assert not hears(UnixSeconds(0), now)
    assert not hears(UnixSeconds(now - 3_600), now)
    assert not hears(UnixSeconds(now + 3_600), now)


def test_there_is_a_reminder_in_every_language_and_it_fits_one_satellite_message() -> None:
    assert set(REMINDERS) == set(Language)
    for text in REMINDERS.values():
        assert text.strip()
        assert len(text) < 60
