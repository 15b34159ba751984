"""A case as data for other programs."""

from protocol.documents import Json
from shore_relay.desk.cases.deeds import HistoryEntry
from shore_relay.desk.cases.documents import Brief
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import Case, MessageFacts, Task
from shore_relay.desk.cases.money import MoneyFact, amount_text, describe_money
from shore_relay.desk.cases.overview import Listed
from shore_relay.desk.cases.referral import Referral
from shore_relay.desk.cases.trade import describe_trade
from shore_relay.desk.describing import category_name


def describe_listed(listed: Listed) -> dict[str, Json]:
    """Return a case of a list."""
    brief = listed.brief
    return describe_brief(brief) | {
        "attention": listed.attention.name.lower(),
        "unopened": listed.has_unopened,
    }


def describe_brief(brief: Brief) -> dict[str, Json]:
    """Return a case in brief."""
    return {
        "id": brief.id,
        "status": brief.status.value,
        "severity": brief.severity.name.lower(),
        "title": brief.title,
        "assignee": brief.assignee.hex(),
        "opened_at": brief.opened_at,
        "changed_at": brief.changed_at,
        "messages": brief.messages,
        "heard_at": brief.heard_at,
        "urgent": brief.is_urgent,
        "due_at": brief.due_at or None,
        "silence": brief.rung.name.lower(),
        "merged_into": brief.merged_into or None,
        "vessels": [vessel.hex() for vessel in brief.vessels],
        "categories": [category_name(category) for category in brief.categories],
        "indicators": {
            "confirmed": [indicator_name(indicator) for indicator in brief.confirmed],
            "proposed": [indicator_name(indicator) for indicator in brief.proposed],
        },
    }


def describe_case(case: Case) -> dict[str, Json]:
    """Return a whole case without its history."""
    return {
        "id": case.id,
        "status": case.status.value,
        "severity": case.severity.name.lower(),
        "title": case.title,
        "assignee": case.assignee.hex(),
        "opened_at": case.opened_at,
        "changed_at": case.changed_at,
        "merged_into": case.merged_into or None,
        "merged_from": list(case.merged_from),
        "messages": [_message(facts) for facts in case.messages],
        "notes": [{"at": note.at, "who": note.who.hex(), "text": note.text} for note in case.notes],
        "tasks": [_task(task) for task in case.tasks],
        "indicators": [
            {"indicator": indicator_name(each.indicator), "message": each.message, "state": each.state.value}
            for each in case.evidence
        ],
        "check_ins": [
            {
                "mailbox": watch.plan.mailbox.hex(),
                "label": watch.plan.label,
                "every_h": watch.plan.every_h,
                "grace_h": watch.plan.grace_h,
                "second_h": watch.plan.second_h,
                "second": watch.plan.second.hex(),
                "since": watch.since,
                "silence": watch.rung.name.lower(),
            }
            for watch in case.watches
        ],
        "money": [money_document(fact) for fact in case.money],
        "trade": [describe_trade(reference) for reference in case.trade],
        "referrals": [referral_document(referral) for referral in case.referrals],
    }


def money_document(fact: MoneyFact) -> dict[str, Json]:
    """Return a fact about money."""
    document = describe_money(fact)
    del document["amount_hundredths"]
    return document | {"amount": amount_text(fact.amount_hundredths) if fact.currency else None}


def referral_document(referral: Referral) -> dict[str, Json]:
    """Return a referral, without what was given."""
    return {
        "id": referral.id.hex(),
        "partner": referral.partner,
        "partner_name": referral.partner_name,
        "state": referral.state.value,
        "revoked": referral.is_revoked,
        "made_at": referral.made_at,
        "changed_at": referral.changed_at,
        "consent": {
            "message": referral.consent.message or None,
            "note_at": referral.consent.note_at or None,
        },
        "letter_sha256": referral.letter_sha256.hex(),
    }


def describe_history(entry: HistoryEntry) -> dict[str, Json]:
    """Return one entry of the history."""
    deed = entry.deed
    return {
        "seq": entry.seq,
        "at": entry.at,
        "who": entry.who.hex(),
        "what": deed.kind.value,
        "number": deed.facts.message if deed.facts else deed.number,
        "value": deed.value,
        "person": deed.person.hex(),
        "text": deed.plan.label if deed.plan else deed.text,
        "until": deed.until or None,
        "money": money_document(deed.money) if deed.money else None,
        "trade": describe_trade(deed.trade) if deed.trade else None,
        "referral": (deed.referral.id if deed.referral else deed.reference).hex(),
    }


def _message(facts: MessageFacts) -> dict[str, Json]:
    return {
        "id": facts.message,
        "arrived_at": facts.arrived_at,
        "vessel": facts.vessel.hex(),
        "mailbox": facts.mailbox.hex(),
        "urgent": facts.is_urgent,
        "categories": [category_name(category) for category in facts.categories],
    }


def _task(task: Task) -> dict[str, Json]:
    return {
        "number": task.number,
        "text": task.text,
        "assignee": task.assignee.hex(),
        "due_at": task.due_at,
        "remind_at": task.remind_at or None,
        "done_at": task.done_at or None,
    }


def indicator_name(indicator: Indicator) -> str:
    """Return the stable name of an indicator."""
    return indicator.name.lower().replace("_", "-")
