"""What can happen to a case, and how an entry of the history is written and read."""

import secrets
from dataclasses import dataclass
from enum import StrEnum

from protocol.documents import Json, Reader, dump, load, to_text
from protocol.ids import UnixSeconds, VesselId
from protocol.message import Category
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import NEVER, MessageFacts, Plan, Severity
from shore_relay.desk.cases.money import MoneyFact, describe_money, read_money
from shore_relay.desk.cases.reading import read_enum, read_person
from shore_relay.desk.cases.referral import REFERRAL_ID_BYTES, Referral, describe_referral, read_referral
from shore_relay.desk.cases.trade import TradeReference, describe_trade, read_trade

_SALT_BYTES = 16
_TEXT_CHARACTERS_MAX = 10_000
_LIST_MAX = 64


class Kind(StrEnum):
    """What was done. A name never changes its meaning: a new meaning is a new name, or old chains break."""

    OPENED = "opened"
    MESSAGE_IN = "message-in"
    """`facts`; `number` is the case that it came from, 0 for the inbox."""
    MESSAGE_OUT = "message-out"
    """`number` of the message, `value` of the case that it went to."""
    MERGED_FROM = "merged-from"
    """`number` of the case whose all is taken over. Stands before its `MERGED_INTO`."""
    MERGED_INTO = "merged-into"
    STATUS = "status"
    """`text` is the new one."""
    SEVERITY = "severity"
    """`value` is the new one."""
    ASSIGNED = "assigned"
    """To `person`; to nobody where that is empty."""
    TITLE = "title"
    NOTE = "note"
    TASK_ADDED = "task-added"
    """`number`, `text`, `person`, due at `until`, a reminder at `value` (0 for none)."""
    TASK_DONE = "task-done"
    TASK_REOPENED = "task-reopened"
    TASK_REMINDED = "task-reminded"
    EVIDENCE = "evidence"
    """Message `number`, indicator `value`, and in `text` the state."""
    ANSWERED = "answered"
    """Message `number`."""
    WATCHED = "watched"
    """`plan`: a person is expected to check in; the same person again changes what was agreed."""
    UNWATCHED = "unwatched"
    """The person of `mailbox`."""
    RUNG = "rung"
    """The silence of `mailbox` has come to the rung `value`; the person's newest message was `number`.

    `text` is "reminder" where a word goes to the person.
    """
    HEARD = "heard"
    """`mailbox` was heard again, with message `number`: down to the ground."""
    MONEY_ADDED = "money-added"
    """`money`."""
    MONEY_DROPPED = "money-dropped"
    """`number` of the fact: it was wrong. The history keeps it."""
    MONEY_EXPORTED = "money-exported"
    """So many facts (`number`) were written out; agreed to in message `value`, or in a note at `until`."""
    TRADE_ADDED = "trade-added"
    """`trade`."""
    TRADE_DROPPED = "trade-dropped"
    """`number` of the reference."""
    REFERRED = "referred"
    """`referral`: parts of the case were sealed to a partner."""
    REFERRAL_STEP = "referral-step"
    """The referral `reference` came to the state `text`; `number` of the partner's reply, 0 for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing done; which fields say something follows from the kind."""

    kind: Kind
    number: int = 0
    value: int = 0
    person: bytes = b""
    """Of the staff."""
    mailbox: bytes = b""
    text: str = ""
    until: UnixSeconds = NEVER
    facts: MessageFacts | None = None
    plan: Plan | None = None
    money: MoneyFact | None = None
    trade: TradeReference | None = None
    referral: Referral | None = None
    reference: bytes = b""
    """A referral's 16-byte id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """Who did what, when, to which case."""

    seq: int
    """Counts from 1 over all cases of the desk."""
    case: int
    at: UnixSeconds
    who: bytes
    """A person of the desk; empty where the desk did it by itself."""
    deed: Deed


def write_entry(entry: HistoryEntry) -> bytes:
    """Return the document to encrypt, with a salt so that its hash tells nothing to whoever guesses."""
    deed = entry.deed
    document: dict[str, Json] = {
        "salt": to_text(secrets.token_bytes(_SALT_BYTES)),
        "seq": entry.seq,
        "case": entry.case,
        "at": entry.at,
        "who": entry.who.hex(),
        "kind": deed.kind.value,
        "number": deed.number,
        "value": deed.value,
        "person": deed.person.hex(),
        "mailbox": to_text(deed.mailbox),
        "text": deed.text,
        "until": deed.until,
    }
    if deed.facts is not None:
        document["facts"] = describe_facts(deed.facts)
    if deed.plan is not None:
        document["plan"] = describe_plan(deed.plan)
    if deed.money is not None:
        document["money"] = describe_money(deed.money)
    if deed.trade is not None:
        document["trade"] = describe_trade(deed.trade)
    if deed.referral is not None:
        document["referral"] = describe_referral(deed.referral)
    if deed.reference:
        document["reference"] = deed.reference.hex()
    return dump(document)


def read_entry(data: bytes) -> HistoryEntry:
    """Read what `write_entry` wrote; raises `MalformedDocument`."""
    with load(data, "An entry of the history") as reader:
        reader.binary("salt", size_bytes=_SALT_BYTES)
        return HistoryEntry(
            seq=reader.integer("seq"),
            case=reader.integer("case"),
            at=UnixSeconds(reader.integer("at")),
            who=read_person(reader, "who"),
            deed=Deed(
                kind=read_enum(Kind, reader.text("kind")),
                number=reader.integer("number"),
                value=reader.integer("value"),
                person=read_person(reader, "person"),
                mailbox=reader.binary("mailbox", most=16),
                text=reader.text("text", most=_TEXT_CHARACTERS_MAX),
                until=UnixSeconds(reader.integer("until")),
                facts=read_facts(reader.inner("facts")) if reader.has("facts") else None,
                plan=read_plan(reader.inner("plan")) if reader.has("plan") else None,
                money=read_money(reader.inner("money")) if reader.has("money") else None,
                trade=read_trade(reader.inner("trade")) if reader.has("trade") else None,
                referral=read_referral(reader.inner("referral")) if reader.has("referral") else None,
                reference=(
                    reader.hexadecimal("reference", size_bytes=REFERRAL_ID_BYTES)
                    if reader.has("reference")
                    else b""
                ),
            ),
        )


def describe_facts(facts: MessageFacts) -> dict[str, Json]:
    """Return what is remembered of a message, as data."""
    return {
        "message": facts.message,
        "arrived_at": facts.arrived_at,
        "vessel": facts.vessel.hex(),
        "mailbox": to_text(facts.mailbox),
        "categories": [{"number": int(category)} for category in facts.categories],
        "indicators": [{"number": int(indicator)} for indicator in facts.indicators],
        "severity": int(facts.severity),
        "urgent": int(facts.is_urgent),
        "duress": int(facts.is_duress),
    }


def read_facts(opened: Reader) -> MessageFacts:
    """Read what `describe_facts` wrote."""
    with opened as reader:
        return MessageFacts(
            message=reader.integer("message"),
            arrived_at=UnixSeconds(reader.integer("arrived_at")),
            vessel=VesselId(reader.hexadecimal("vessel", size_bytes=8)),
            mailbox=reader.binary("mailbox", most=16),
            categories=tuple(read_enum(Category, number) for number in _numbers(reader, "categories")),
            indicators=tuple(read_enum(Indicator, number) for number in _numbers(reader, "indicators")),
            severity=read_enum(Severity, reader.integer("severity")),
            is_urgent=bool(reader.integer("urgent", most=1)),
            is_duress=bool(reader.integer("duress", most=1)),
        )


def describe_plan(plan: Plan) -> dict[str, Json]:
    """Return what was agreed about checking in, as data."""
    return {
        "mailbox": to_text(plan.mailbox),
        "label": plan.label,
        "every_h": plan.every_h,
        "grace_h": plan.grace_h,
        "second_h": plan.second_h,
        "second": plan.second.hex(),
        "reminder": int(plan.sends_reminder),
    }


def read_plan(opened: Reader) -> Plan:
    """Read what `describe_plan` wrote."""
    with opened as reader:
        return Plan(
            mailbox=reader.binary("mailbox", size_bytes=16),
            label=reader.text("label"),
            every_h=reader.integer("every_h"),
            grace_h=reader.integer("grace_h"),
            second_h=reader.integer("second_h"),
            second=read_person(reader, "second"),
            sends_reminder=bool(reader.integer("reminder", most=1)),
        )


def _numbers(reader: Reader, key: str) -> list[int]:
    found = []
    for each in reader.each(key, most=_LIST_MAX):
        with each as inner:
            found.append(inner.integer("number"))
    return found
