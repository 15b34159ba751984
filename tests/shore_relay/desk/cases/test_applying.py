"""The table of a case's states, and deeds that must change nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.ids import UnixSeconds, VesselId
from protocol.message import Category
from shore_relay.desk.cases.applying import apply
from shore_relay.desk.cases.deeds import Deed, HistoryEntry, Kind, read_entry, write_entry
from shore_relay.desk.cases.documents import brief_of, read_brief, read_case, write_brief, write_case
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import (
    STEPS,
    Case,
    EvidenceState,
    MessageFacts,
    Plan,
    Rung,
    Severity,
    Status,
)
from shore_relay.desk.errors import WrongStep

MAILBOX = b"m" * 16
FACTS = MessageFacts(
    message=5,
    arrived_at=UnixSeconds(100),
    vessel=VesselId(b"v" * 8),
    mailbox=MAILBOX,
    categories=(Category.DEBT,),
    indicators=(Indicator.DEBT_BONDAGE,),
    severity=Severity.HIGH,
    is_urgent=True,
    is_duress=True,
)
PLAN = Plan(mailbox=MAILBOX, label="K.", every_h=24, grace_h=6, second_h=4, second=b"s" * 8)


def entry(deed: Deed, *, case: int = 1, seq: int = 9, at: int = 1_000) -> HistoryEntry:
    return HistoryEntry(seq=seq, case=case, at=UnixSeconds(at), who=b"w" * 8, deed=deed)


def after(*deeds: Deed, case: int = 1) -> Case:
    """A case that was opened and to which these things were done."""
    cases = {case: apply({}, entry(Deed(kind=Kind.OPENED), case=case))}
    for deed in deeds:
        cases[case] = apply(cases, entry(deed, case=case))
    return cases[case]


TAKEN = Deed(kind=Kind.MESSAGE_IN, facts=FACTS)
TASK = Deed(kind=Kind.TASK_ADDED, number=1, text="Ask the lawyer", until=UnixSeconds(50_000), value=40_000)


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("wanted", Status)
def test_a_case_goes_only_the_ways_of_the_table(before: Status, wanted: Status) -> None:
    case = replace(after(TAKEN), status=before)
    deed = entry(Deed(kind=Kind.STATUS, text=wanted.value))
    if wanted in STEPS[before] and wanted is not Status.MERGED:
        assert apply({1: case}, deed).status is wanted
    else:
        with pytest.raises(WrongStep):
            apply({1: case}, deed)


def test_from_everywhere_but_merged_there_is_a_way_to_closed_and_back() -> None:
    assert set(STEPS) == set(Status)
    for status in set(Status) - {Status.MERGED, Status.CLOSED}:
        assert Status.CLOSED in STEPS[status]
    assert Status.OPEN in STEPS[Status.CLOSED]


@pytest.mark.parametrize(
    "deed",
    [
        Deed(kind=Kind.OPENED),
        TAKEN,
        Deed(kind=Kind.MESSAGE_IN),
        Deed(kind=Kind.MESSAGE_OUT, number=6),
        Deed(kind=Kind.MERGED_FROM, number=1),
        Deed(kind=Kind.MERGED_FROM, number=2),
        Deed(kind=Kind.MERGED_INTO, number=2),
        Deed(kind=Kind.ANSWERED, number=6),
        Deed(kind=Kind.EVIDENCE, number=6, value=1, text="confirmed"),
        TASK,
        Deed(kind=Kind.TASK_DONE, number=2),
        Deed(kind=Kind.TASK_REOPENED, number=1),
        Deed(kind=Kind.UNWATCHED, mailbox=b"n" * 16),
        Deed(kind=Kind.RUNG, mailbox=MAILBOX, value=2),
        Deed(kind=Kind.HEARD, mailbox=b"n" * 16),
        Deed(kind=Kind.WATCHED, plan=replace(PLAN, mailbox=b"n" * 16)),
    ],
)
def test_a_deed_that_cannot_be_done_raises_and_changes_nothing(deed: Deed) -> None:
    case = after(TAKEN, TASK, Deed(kind=Kind.WATCHED, plan=PLAN))
    cases = {1: case}
    with pytest.raises(WrongStep):
        apply(cases, entry(deed))
    assert cases == {1: case}


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.OPENED])
def test_nothing_is_done_to_a_case_that_was_merged_or_never_was(kind: Kind) -> None:
    merged = replace(after(), status=Status.MERGED, merged_into=2)
    for cases in ({1: merged}, {}):
        with pytest.raises(WrongStep):
            apply(cases, entry(Deed(kind=kind)))


def test_the_ladder_is_climbed_rung_by_rung_and_opens_a_closed_case_when_people_must_act() -> None:
    case = after(TAKEN, Deed(kind=Kind.WATCHED, plan=PLAN), Deed(kind=Kind.STATUS, text="closed"))
    for rung in (Rung.REMINDED, Rung.GRACE, Rung.CASEWORKER, Rung.SECOND):
        assert case.status is (Status.CLOSED if rung <= Rung.CASEWORKER else Status.OPEN)
        case = apply({1: case}, entry(Deed(kind=Kind.RUNG, mailbox=MAILBOX, value=rung)))
        assert case.watches[0].rung is rung
    case = apply({1: case}, entry(Deed(kind=Kind.HEARD, mailbox=MAILBOX)))
    assert case.watches[0].rung is Rung.CALM


texts = st.text(max_size=60)


@given(texts, texts, st.binary(min_size=8, max_size=8), st.integers(0, 2**40), st.sampled_from(EvidenceState))
def test_what_was_written_is_read_again(
    one: str, other: str, person: bytes, at: int, state: EvidenceState
) -> None:
    case = after(
        TAKEN,
        Deed(kind=Kind.TITLE, text=one),
        Deed(kind=Kind.NOTE, text=other),
        replace(TASK, text=one, person=person, until=UnixSeconds(at)),
        Deed(kind=Kind.WATCHED, plan=replace(PLAN, label=other[:50], second=person)),
        Deed(kind=Kind.EVIDENCE, number=5, value=2, text=state.value),
        Deed(kind=Kind.ASSIGNED, person=person),
    )
    assert read_case(write_case(case)) == case
    assert read_brief(write_brief(brief_of(case))) == brief_of(case)
    for deed in (TAKEN, TASK, Deed(kind=Kind.WATCHED, plan=PLAN), Deed(kind=Kind.NOTE, text=other)):
        written = entry(deed, at=at)
        assert read_entry(write_entry(written)) == written
        assert write_entry(written) != write_entry(written)
