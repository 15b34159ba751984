"""`cases`, `case` and `verify`: what becomes of messages, and whether its history is whole."""

import argparse
import json

from protocol.documents import Json
from shore_relay.desk.cases.book import load_case, load_history
from shore_relay.desk.cases.deeds import HistoryEntry
from shore_relay.desk.cases.describing import describe_case, describe_history, describe_listed
from shore_relay.desk.cases.filing import file_all
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import Case, EvidenceState
from shore_relay.desk.cases.overview import CaseList, Choice, Listed
from shore_relay.desk.cases.telling import NameOf, names, tell
from shore_relay.desk.cases.verifying import verify
from shore_relay.desk.commands.terminal import exchange, say, say_json, unlocked
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.vessels import load_vessels
from shore_relay.desk.words import Words


async def list_cases(arguments: argparse.Namespace) -> None:
    """List the cases, the pressing ones first."""
    async with unlocked(arguments, Permission.CASEWORK) as desk:
        trouble = await exchange(desk, fetching=True)
        await file_all(desk)
        found = await CaseList(desk).listed(Choice(arguments.which), desk.actor.id)
        vessels = {vessel.id: vessel.name for vessel in await load_vessels(desk)}
        words = Words.load()
        name_of = names(desk, words)
    if arguments.json:
        say_json({"cases": [describe_listed(one) for one in found]})
    else:
        for one in found:
            named = ", ".join(vessels.get(vessel, "") for vessel in one.brief.vessels)
            say(_line(one, named, words, name_of))
        if not found:
            say(words("cases.empty"))
    if trouble:
        raise trouble


def _line(one: Listed, vessels: str, words: Words, name_of: NameOf) -> str:
    brief = one.brief
    parts = [
        f"{brief.id:>4}",
        words(f"attention.{int(one.attention)}"),
        words(f"severity.{int(brief.severity)}"),
        words(f"status.{brief.status.value}"),
        vessels,
        brief.title,
        name_of(brief.assignee),
    ]
    return "  ".join(part for part in parts if part)


async def show_case(arguments: argparse.Namespace) -> None:
    """Show one case and its history. Its messages do not count as opened by it."""
    async with unlocked(arguments, Permission.CASEWORK) as desk:
        await file_all(desk)
        case = await load_case(desk, arguments.id)
        history = await load_history(desk, arguments.id)
        words = Words.load()
        name_of = names(desk, words)
    if arguments.json:
        entries: list[Json] = [describe_history(entry) for entry in history]
        say_json(describe_case(case) | {"history": entries})
        return
    for line in (*_case_lines(case, words, name_of), "", *_history_lines(history, words, name_of)):
        say(line)


def _case_lines(case: Case, words: Words, name_of: NameOf) -> list[str]:
    lines = [
        f"{words('case.title', number=case.id)}  {case.title}".rstrip(),
        f"{words('case.status')}: {words(f'status.{case.status.value}')}",
        f"{words('case.severity')}: {words(f'severity.{int(case.severity)}')}",
        f"{words('case.assignee')}: {name_of(case.assignee) or words('case.nobody')}",
    ]
    if case.merged_into:
        lines.append(words("deed.merged-into", number=case.merged_into))
    numbers = ", ".join(str(facts.message) for facts in case.messages)
    lines.append(f"{words('case.messages')}: {numbers}")
    for indicator in Indicator:
        confirmed = case.shown(indicator, EvidenceState.CONFIRMED)
        if confirmed:
            spoken = ", ".join(map(str, confirmed))
            lines.append(f"{words(f'indicator.{int(indicator)}')}: {words('case.messages')} {spoken}")
    for task in case.open_tasks:
        lines.append(words("case.task.line", number=task.number, day=words.date(task.due_at), text=task.text))
    return lines


def _history_lines(history: list[HistoryEntry], words: Words, name_of: NameOf) -> list[str]:
    lines = []
    for entry in history:
        told = tell(entry, words, name_of)
        quote = f" {json.dumps(told.quote, ensure_ascii=False)}" if told.quote else ""
        lines.append(f"{entry.seq:>6}  {words.day(told.at)}  {told.who}: {told.sentence}{quote}")
    return lines


async def verify_history(arguments: argparse.Namespace) -> None:
    """Check that the history of all cases is whole."""
    async with unlocked(arguments, Permission.CASEWORK) as desk:
        whole = await verify(desk, arguments.mark or "")
    if arguments.json:
        say_json({"entries": whole.entries, "cases": whole.cases, "mark": whole.mark})
        return
    say(f"The history is whole: {whole.entries} entries about {whole.cases} cases, up to {whole.mark}.")
    say(
        "Keep this mark elsewhere: `seavoice-desk verify --mark MARK` shows later that nothing was rewritten."
    )
