"""A case as the document that is encrypted, and in brief for lists."""

import json
from dataclasses import dataclass

from protocol.documents import Json, Reader, dump, load
from protocol.ids import UnixSeconds, VesselId
from protocol.message import Category
from shore_relay.desk.cases.deeds import (
    describe_facts,
    describe_plan,
    read_facts,
    read_plan,
)
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import (
    NEVER,
    Case,
    Evidence,
    EvidenceState,
    Note,
    Rung,
    Severity,
    Status,
    Task,
    Watch,
)
from shore_relay.desk.cases.money import describe_money, read_money
from shore_relay.desk.cases.reading import read_enum, read_person
from shore_relay.desk.cases.referral import describe_referral, read_referral
from shore_relay.desk.cases.trade import describe_trade, read_trade

_MANY = 1_000_000
"""The history bounds what a case holds; a reader of our own encrypted document need not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What a list needs of a case."""

    id: int
    last: int
    status: Status
    severity: Severity
    title: str
    assignee: bytes
    opened_at: UnixSeconds
    changed_at: UnixSeconds
    messages: int
    newest: int
    """Number of the newest message; 0 where there is none."""
    heard_at: UnixSeconds
    """When that message arrived."""
    is_urgent: bool
    due_at: UnixSeconds
    """Of the most pressing open task; 0 where there is none."""
    remind_at: UnixSeconds
    """Of the first reminder that is still to come; 0 where there is none."""
    reminded: bool
    """Whether there is an open task of which people were reminded."""
    rung: Rung
    """The highest among those who are expected to check in."""
    is_watched: bool
    called: tuple[bytes, ...]
    """The second people who are called upon now."""
    merged_into: int
    vessels: tuple[VesselId, ...]
    categories: tuple[Category, ...]
    confirmed: tuple[Indicator, ...]
    proposed: tuple[Indicator, ...]


def brief_of(case: Case) -> Brief:
    """Return a case in brief."""
    newest = max(case.messages, key=lambda facts: facts.message, default=None)
    tasks = case.open_tasks
    ahead = [task.remind_at for task in tasks if task.remind_at and not task.is_reminded]
    return Brief(
        id=case.id,
        last=case.last,
        status=case.status,
        severity=case.severity,
        title=case.title,
        assignee=case.assignee,
        opened_at=case.opened_at,
        changed_at=case.changed_at,
        messages=len(case.messages),
        newest=newest.message if newest else 0,
        heard_at=newest.arrived_at if newest else NEVER,
        is_urgent=any(facts.is_urgent for facts in case.messages),
        due_at=tasks[0].due_at if tasks else NEVER,
        remind_at=min(ahead, default=NEVER),
        reminded=any(task.is_reminded for task in tasks),
        rung=max((watch.rung for watch in case.watches), default=Rung.CALM),
        is_watched=bool(case.watches),
        called=tuple(w.plan.second for w in case.watches if w.rung is Rung.SECOND and w.plan.second),
        merged_into=case.merged_into,
        vessels=tuple(sorted({facts.vessel for facts in case.messages})),
        categories=tuple(sorted({each for facts in case.messages for each in facts.categories})),
        confirmed=_indicators(case, EvidenceState.CONFIRMED),
        proposed=_indicators(case, EvidenceState.PROPOSED),
    )


def _indicators(case: Case, state: EvidenceState) -> tuple[Indicator, ...]:
    return tuple(sorted({each.indicator for each in case.evidence if each.state is state}))


def write_brief(brief: Brief) -> bytes:
    """Return the bytes to encrypt: a bare array, since a list reads thousands of them."""
    values = [
        brief.id,
        brief.last,
        brief.status.value,
        int(brief.severity),
        brief.title,
        brief.assignee.hex(),
        brief.opened_at,
        brief.changed_at,
        brief.messages,
        brief.newest,
        brief.heard_at,
        brief.is_urgent,
        brief.due_at,
        brief.remind_at,
        brief.reminded,
        int(brief.rung),
        brief.is_watched,
        [person.hex() for person in brief.called],
        brief.merged_into,
        [vessel.hex() for vessel in brief.vessels],
        [int(category) for category in brief.categories],
        [int(indicator) for indicator in brief.confirmed],
        [int(indicator) for indicator in brief.proposed],
    ]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def read_brief(data: bytes) -> Brief:
    """Read what `write_brief` wrote."""
    # The vault has shown that these bytes are ours.
    values = json.loads(data)
    return Brief(
        id=values[0],
        last=values[1],
        status=Status(values[2]),
        severity=Severity(values[3]),
        title=values[4],
        assignee=bytes.fromhex(values[5]),
        opened_at=values[6],
        changed_at=values[7],
        messages=values[8],
        newest=values[9],
        heard_at=values[10],
        is_urgent=values[11],
        due_at=values[12],
        remind_at=values[13],
        reminded=values[14],
        rung=Rung(values[15]),
        is_watched=values[16],
        called=tuple(bytes.fromhex(each) for each in values[17]),
        merged_into=values[18],
        vessels=tuple(VesselId(bytes.fromhex(each)) for each in values[19]),
        categories=tuple(map(Category, values[20])),
        confirmed=tuple(map(Indicator, values[21])),
        proposed=tuple(map(Indicator, values[22])),
    )


def write_case(case: Case) -> bytes:
    """Return the document to encrypt."""
    document: dict[str, Json] = {
        "id": case.id,
        "opened_at": case.opened_at,
        "changed_at": case.changed_at,
        "last": case.last,
        "status": case.status.value,
        "severity": int(case.severity),
        "severity_chosen": int(case.is_severity_chosen),
        "title": case.title,
        "assignee": case.assignee.hex(),
        "messages": [describe_facts(facts) for facts in case.messages],
        "notes": [{"at": note.at, "who": note.who.hex(), "text": note.text} for note in case.notes],
        "tasks": [_describe_task(task) for task in case.tasks],
        "evidence": [
            {"indicator": int(each.indicator), "message": each.message, "state": each.state.value}
            for each in case.evidence
        ],
        "watches": [
            {
                "plan": describe_plan(watch.plan),
                "since": watch.since,
                "rung": int(watch.rung),
                "rung_at": watch.rung_at,
                "heard": watch.heard,
            }
            for watch in case.watches
        ],
        "merged_into": case.merged_into,
        "merged_from": [{"case": number} for number in case.merged_from],
        "money": [describe_money(each) for each in case.money],
        "trade": [describe_trade(each) for each in case.trade],
        "referrals": [describe_referral(each) for each in case.referrals],
    }
    return dump(document)


def _describe_task(task: Task) -> dict[str, Json]:
    return {
        "number": task.number,
        "text": task.text,
        "assignee": task.assignee.hex(),
        "due_at": task.due_at,
        "remind_at": task.remind_at,
        "reminded": int(task.is_reminded),
        "done_at": task.done_at,
    }


def read_case(data: bytes) -> Case:
    """Read what `write_case` wrote; raises `MalformedDocument`."""
    with load(data, "A stored case") as reader:
        return Case(
            id=reader.integer("id"),
            opened_at=UnixSeconds(reader.integer("opened_at")),
            changed_at=UnixSeconds(reader.integer("changed_at")),
            last=reader.integer("last"),
            status=read_enum(Status, reader.text("status")),
            severity=read_enum(Severity, reader.integer("severity")),
            is_severity_chosen=bool(reader.integer("severity_chosen", most=1)),
            title=reader.text("title"),
            assignee=read_person(reader, "assignee"),
            messages=tuple(read_facts(each) for each in reader.each("messages", most=_MANY)),
            notes=tuple(_read_note(each) for each in reader.each("notes", most=_MANY)),
            tasks=tuple(_read_task(each) for each in reader.each("tasks", most=_MANY)),
            evidence=tuple(_read_evidence(each) for each in reader.each("evidence", most=_MANY)),
            watches=tuple(_read_watch(each) for each in reader.each("watches", most=_MANY)),
            merged_into=reader.integer("merged_into"),
            merged_from=tuple(_read_number(each) for each in reader.each("merged_from", most=_MANY)),
            money=tuple(read_money(each) for each in _added(reader, "money")),
            trade=tuple(read_trade(each) for each in _added(reader, "trade")),
            referrals=tuple(read_referral(each) for each in _added(reader, "referrals")),
        )


def _added(reader: Reader, key: str) -> list[Reader]:
    # A case that was kept before there were such parts has none.
    return reader.each(key, most=_MANY) if reader.has(key) else []


def _read_note(opened: Reader) -> Note:
    with opened as reader:
        return Note(
            at=UnixSeconds(reader.integer("at")),
            who=read_person(reader, "who"),
            text=reader.text("text", most=_MANY),
        )


def _read_task(opened: Reader) -> Task:
    with opened as reader:
        return Task(
            number=reader.integer("number"),
            text=reader.text("text", most=_MANY),
            assignee=read_person(reader, "assignee"),
            due_at=UnixSeconds(reader.integer("due_at")),
            remind_at=UnixSeconds(reader.integer("remind_at")),
            is_reminded=bool(reader.integer("reminded", most=1)),
            done_at=UnixSeconds(reader.integer("done_at")),
        )


def _read_evidence(opened: Reader) -> Evidence:
    with opened as reader:
        return Evidence(
            indicator=read_enum(Indicator, reader.integer("indicator")),
            message=reader.integer("message"),
            state=read_enum(EvidenceState, reader.text("state")),
        )


def _read_watch(opened: Reader) -> Watch:
    with opened as reader:
        return Watch(
            plan=read_plan(reader.inner("plan")),
            since=UnixSeconds(reader.integer("since")),
            rung=read_enum(Rung, reader.integer("rung")),
            rung_at=UnixSeconds(reader.integer("rung_at")),
            heard=reader.integer("heard"),
        )


def _read_number(opened: Reader) -> int:
    with opened as reader:
        return reader.integer("case")
