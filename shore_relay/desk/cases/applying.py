"""What each deed changes in a case. Pure: the same deeds give the same case on every machine, for ever.

`verify` replays all deeds and compares; so a handler here never changes its meaning once it was released.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from protocol.ids import UnixSeconds
from shore_relay.desk.cases.deeds import Deed, HistoryEntry, Kind
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import (
    NEVER,
    STEPS,
    TASKS_MAX,
    Case,
    Evidence,
    EvidenceState,
    MessageFacts,
    Note,
    Rung,
    Severity,
    Status,
    Task,
    Watch,
    highest,
)
from shore_relay.desk.cases.money import MONEY_FACTS_MAX
from shore_relay.desk.cases.reading import read_enum
from shore_relay.desk.cases.referral import REFERRAL_STEPS, ReferralState
from shore_relay.desk.cases.trade import TRADE_REFERENCES_MAX
from shore_relay.desk.errors import WrongStep

Cases = Mapping[int, Case]
_Handler = Callable[[Cases, Case, HistoryEntry], Case]


def apply(cases: Cases, entry: HistoryEntry) -> Case:
    """Return the case that an entry is about, as it is afterwards.

    `cases` holds it, and the other case that the deed names. Raises `WrongStep`, and nothing has changed.
    """
    if entry.deed.kind is Kind.OPENED:
        if entry.case in cases:
            raise _wrong(entry, "is open already")
        return Case(id=entry.case, opened_at=entry.at, changed_at=entry.at, last=entry.seq)
    case = cases.get(entry.case)
    if case is None:
        raise _wrong(entry, "was never opened")
    if case.status is Status.MERGED:
        raise _wrong(entry, f"went into case {case.merged_into}")
    changed = _HANDLERS[entry.deed.kind](cases, case, entry)
    return replace(changed, changed_at=entry.at, last=entry.seq)


def _wrong(entry: HistoryEntry, why: str) -> WrongStep:
    return WrongStep(f"Case {entry.case} {why}: nothing was changed.")


# --- messages -------------------------------------------------------------------------------------------


def _message_in(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    facts = entry.deed.facts
    if facts is None or case.holds(facts.message):
        raise _wrong(entry, "holds this message already")
    taken = replace(case, messages=(*case.messages, facts))
    for indicator in facts.indicators:
        taken = _with_evidence(taken, indicator, facts.message, EvidenceState.PROPOSED)
    if not case.is_severity_chosen:
        taken = replace(taken, severity=_raised(case, facts))
    # Whoever writes to a closed case is not done with it.
    return replace(taken, status=Status.OPEN) if case.status is Status.CLOSED else taken


def _raised(case: Case, facts: MessageFacts) -> Severity:
    return max(case.severity, facts.severity) if case.messages else facts.severity


def _message_out(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    message = entry.deed.number
    if not case.holds(message):
        raise _wrong(entry, "does not hold this message")
    return replace(
        case,
        messages=tuple(facts for facts in case.messages if facts.message != message),
        evidence=tuple(each for each in case.evidence if each.message != message),
    )


def _merged_from(cases: Cases, case: Case, entry: HistoryEntry) -> Case:
    other = cases.get(entry.deed.number)
    if other is None or other.id == case.id or other.status is Status.MERGED:
        raise _wrong(entry, f"cannot take over case {entry.deed.number}")
    known = {watch.plan.mailbox for watch in case.watches}
    first = max((task.number for task in case.tasks), default=0) + 1
    tasks = tuple(replace(task, number=first + at) for at, task in enumerate(other.tasks))
    money, trade = highest(case.money), highest(case.trade)
    is_chosen = case.is_severity_chosen or other.is_severity_chosen
    status = (
        Status.OPEN if case.status is Status.CLOSED and other.status is not Status.CLOSED else case.status
    )
    return replace(
        case,
        status=status,
        severity=max(case.severity, other.severity),
        is_severity_chosen=is_chosen,
        title=case.title or other.title,
        assignee=case.assignee or other.assignee,
        messages=tuple(sorted((*case.messages, *other.messages), key=lambda facts: facts.message)),
        notes=tuple(sorted((*case.notes, *other.notes), key=lambda note: note.at)),
        tasks=(*case.tasks, *tasks),
        evidence=(*case.evidence, *other.evidence),
        watches=(*case.watches, *(w for w in other.watches if w.plan.mailbox not in known)),
        merged_from=(*case.merged_from, other.id),
        money=(*case.money, *(replace(each, number=money + each.number) for each in other.money)),
        trade=(*case.trade, *(replace(each, number=trade + each.number) for each in other.trade)),
        referrals=(*case.referrals, *other.referrals),
    )


def _merged_into(cases: Cases, case: Case, entry: HistoryEntry) -> Case:
    other = cases.get(entry.deed.number)
    if other is None or case.id not in other.merged_from:
        raise _wrong(entry, f"was not taken over by case {entry.deed.number}")
    # All of it is in the other case now; nothing must be found, done or reminded of twice.
    return Case(
        id=case.id,
        opened_at=case.opened_at,
        changed_at=entry.at,
        status=Status.MERGED,
        severity=case.severity,
        title=case.title,
        merged_into=other.id,
        merged_from=case.merged_from,
    )


# --- what people decide ---------------------------------------------------------------------------------


def _status(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    wanted = read_enum(Status, entry.deed.text)
    if wanted is Status.MERGED or wanted not in STEPS[case.status]:
        raise _wrong(entry, f"is {case.status.value} and cannot become {wanted.value}")
    return replace(case, status=wanted)


def _severity(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    return replace(case, severity=read_enum(Severity, entry.deed.value), is_severity_chosen=True)


def _assigned(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    assigned = replace(case, assignee=entry.deed.person)
    return _taken_up(assigned) if entry.deed.person else assigned


def _taken_up(case: Case) -> Case:
    return replace(case, status=Status.OPEN) if case.status is Status.NEW else case


def _title(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    return replace(case, title=entry.deed.text)


def _note(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    return replace(case, notes=(*case.notes, Note(at=entry.at, who=entry.who, text=entry.deed.text)))


def _answered(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    if not case.holds(entry.deed.number):
        raise _wrong(entry, "does not hold this message")
    return _taken_up(case)


def _evidence(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    deed = entry.deed
    if not case.holds(deed.number):
        raise _wrong(entry, "does not hold this message")
    state = read_enum(EvidenceState, deed.text)
    return _with_evidence(case, read_enum(Indicator, deed.value), deed.number, state)


def _with_evidence(case: Case, indicator: Indicator, message: int, state: EvidenceState) -> Case:
    fresh = Evidence(indicator=indicator, message=message, state=state)
    others = tuple(e for e in case.evidence if (e.indicator, e.message) != (indicator, message))
    return replace(case, evidence=(*others, fresh))


# --- tasks ----------------------------------------------------------------------------------------------


def _task_added(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    deed: Deed = entry.deed
    if case.task(deed.number) is not None or len(case.tasks) >= TASKS_MAX:
        raise _wrong(entry, f"has {len(case.tasks)} tasks and takes no more")
    task = Task(
        number=deed.number,
        text=deed.text,
        assignee=deed.person,
        due_at=deed.until,
        remind_at=UnixSeconds(deed.value),
    )
    return replace(case, tasks=(*case.tasks, task))


def _with_task(case: Case, entry: HistoryEntry, change: Callable[[Task], Task | None]) -> Case:
    task = case.task(entry.deed.number)
    changed = change(task) if task is not None else None
    if changed is None:
        raise _wrong(entry, "has no such task, or somebody has dealt with it already")
    return replace(case, tasks=tuple(changed if t.number == changed.number else t for t in case.tasks))


def _task_done(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    return _with_task(case, entry, lambda task: None if task.done_at else replace(task, done_at=entry.at))


def _task_reopened(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    return _with_task(case, entry, lambda task: replace(task, done_at=NEVER) if task.done_at else None)


def _task_reminded(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    return _with_task(case, entry, lambda task: None if task.is_reminded else replace(task, is_reminded=True))


# --- people who are expected to check in ----------------------------------------------------------------


def _watched(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    plan = entry.deed.plan
    if plan is None or not any(facts.mailbox == plan.mailbox for facts in case.messages):
        raise _wrong(entry, "holds no message of this person")
    return _with_watch(case, Watch(plan=plan, since=entry.at))


def _with_watch(case: Case, watch: Watch) -> Case:
    others = tuple(each for each in case.watches if each.plan.mailbox != watch.plan.mailbox)
    return replace(case, watches=(*others, watch))


def _unwatched(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    watch = _asked(case, entry)
    return replace(case, watches=tuple(each for each in case.watches if each != watch))


def _rung(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    watch, rung = _asked(case, entry), read_enum(Rung, entry.deed.value)
    if rung != watch.rung + 1:
        raise _wrong(entry, f"is on rung {watch.rung.name.lower()} with this person")
    climbed = _with_watch(case, replace(watch, rung=rung, rung_at=entry.at, heard=entry.deed.number))
    # A closed case in which somebody has fallen silent is not closed.
    is_alarm = rung >= Rung.CASEWORKER and case.status is Status.CLOSED
    return replace(climbed, status=Status.OPEN) if is_alarm else climbed


def _heard(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    return _with_watch(
        case, replace(_asked(case, entry), rung=Rung.CALM, rung_at=entry.at, heard=entry.deed.number)
    )


def _asked(case: Case, entry: HistoryEntry) -> Watch:
    watch = case.watch(entry.deed.mailbox)
    if watch is None:
        raise _wrong(entry, "expects no check-in of this person")
    return watch


# --- money, trade and referrals -------------------------------------------------------------------------


def _money_added(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    fact = entry.deed.money
    if fact is None or fact.number <= highest(case.money) or len(case.money) >= MONEY_FACTS_MAX:
        raise _wrong(entry, f"has {len(case.money)} facts about money and takes no more")
    if fact.message and not case.holds(fact.message):
        raise _wrong(entry, "does not hold this message")
    return replace(case, money=(*case.money, fact))


def _money_dropped(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    left = tuple(each for each in case.money if each.number != entry.deed.number)
    if len(left) == len(case.money):
        raise _wrong(entry, "has no such fact about money")
    return replace(case, money=left)


def _unchanged(_: Cases, case: Case, _entry: HistoryEntry) -> Case:
    return case


def _trade_added(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    reference = entry.deed.trade
    is_new = reference is not None and reference.number > highest(case.trade)
    if reference is None or not is_new or len(case.trade) >= TRADE_REFERENCES_MAX:
        raise _wrong(entry, f"has {len(case.trade)} references and takes no more")
    if reference.message and not case.holds(reference.message):
        raise _wrong(entry, "does not hold this message")
    return replace(case, trade=(*case.trade, reference))


def _trade_dropped(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    left = tuple(each for each in case.trade if each.number != entry.deed.number)
    if len(left) == len(case.trade):
        raise _wrong(entry, "has no such reference")
    return replace(case, trade=left)


def _referred(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    referral = entry.deed.referral
    if referral is None or case.referral(referral.id) is not None:
        raise _wrong(entry, "was referred so already")
    return _taken_up(replace(case, referrals=(*case.referrals, referral)))


def _referral_step(_: Cases, case: Case, entry: HistoryEntry) -> Case:
    deed = entry.deed
    referral = case.referral(deed.reference)
    if referral is None:
        raise _wrong(entry, "has no such referral")
    state = read_enum(ReferralState, deed.text)
    if state not in REFERRAL_STEPS[referral.state] or (deed.number and deed.number <= referral.reply):
        raise _wrong(entry, f"has this referral as {referral.state.value}: it cannot become {state.value}")
    stepped = replace(
        referral,
        state=state,
        changed_at=entry.at,
        reply=max(referral.reply, deed.number),
        is_revoked=referral.is_revoked or state is ReferralState.REVOKED,
    )
    return replace(case, referrals=tuple(stepped if r.id == stepped.id else r for r in case.referrals))


_HANDLERS: Mapping[Kind, _Handler] = {
    Kind.MESSAGE_IN: _message_in,
    Kind.MESSAGE_OUT: _message_out,
    Kind.MERGED_FROM: _merged_from,
    Kind.MERGED_INTO: _merged_into,
    Kind.STATUS: _status,
    Kind.SEVERITY: _severity,
    Kind.ASSIGNED: _assigned,
    Kind.TITLE: _title,
    Kind.NOTE: _note,
    Kind.ANSWERED: _answered,
    Kind.EVIDENCE: _evidence,
    Kind.TASK_ADDED: _task_added,
    Kind.TASK_DONE: _task_done,
    Kind.TASK_REOPENED: _task_reopened,
    Kind.TASK_REMINDED: _task_reminded,
    Kind.WATCHED: _watched,
    Kind.UNWATCHED: _unwatched,
    Kind.RUNG: _rung,
    Kind.HEARD: _heard,
    Kind.MONEY_ADDED: _money_added,
    Kind.MONEY_DROPPED: _money_dropped,
    Kind.MONEY_EXPORTED: _unchanged,
    Kind.TRADE_ADDED: _trade_added,
    Kind.TRADE_DROPPED: _trade_dropped,
    Kind.REFERRED: _referred,
    Kind.REFERRAL_STEP: _referral_step,
}
