"""`statistics`: counts over cases, for the office itself."""

import argparse
from collections.abc import Mapping
from typing import TypeVar

from protocol.documents import Json
from protocol.ids import UnixSeconds, VesselId
from shore_relay.desk.cases.filing import file_all
from shore_relay.desk.cases.model import Severity
from shore_relay.desk.cases.overview import CaseList
from shore_relay.desk.cases.statistics import Statistics, count
from shore_relay.desk.commands.terminal import say, say_json, unlocked
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.vessels import load_names
from shore_relay.desk.words import Words

FOREVER = UnixSeconds(2**53)
_DAY_S = 86_400

Key = TypeVar("Key")


async def show_statistics(arguments: argparse.Namespace) -> None:
    """Count what the desk holds; nothing is fetched for it."""
    until = FOREVER if arguments.until is None else UnixSeconds(arguments.until + _DAY_S)
    async with unlocked(arguments, Permission.CASEWORK) as desk:
        await file_all(desk)
        found = count(await CaseList(desk).briefs(), UnixSeconds(arguments.since or 0), until)
        names = await load_names(desk)
    if arguments.json:
        say_json(_describe(found, names))
        return
    words = Words.load()
    for line in _lines(found, names, words):
        say(line)
    say(words("statistics.hint"))


def _lines(found: Statistics, names: dict[VesselId, str], words: Words) -> list[str]:
    lines = [words("cases.summary", count=found.cases)]
    groups: dict[str, list[tuple[str, int]]] = {
        words("statistics.by-month"): [(month.name, month.cases) for month in found.by_month],
        words("message.about"): [
            (words(f"category.{int(category)}"), number) for category, number in _falling(found.by_category)
        ],
        words("case.severity"): [
            (words(f"severity.{int(one)}"), found.by_severity.get(one, 0)) for one in reversed(Severity)
        ],
        words("nav.vessels"): [
            (names.get(vessel, vessel.hex()), number) for vessel, number in _falling(found.by_vessel)
        ],
        words("indicators.title"): [
            (words(f"indicator.{int(one)}"), number) for one, number in _falling(found.confirmed)
        ],
    }
    for title, rows in groups.items():
        lines += ["", title, *(f"{number:>6}  {name}" for name, number in rows)]
    return lines


def _describe(found: Statistics, names: dict[VesselId, str]) -> dict[str, Json]:
    return {
        "cases": found.cases,
        "messages": found.messages,
        "months": [{"month": month.name, "cases": month.cases} for month in found.by_month],
        "categories": [
            {"category": category.name.lower(), "cases": number}
            for category, number in _falling(found.by_category)
        ],
        "severities": [
            {"severity": severity.name.lower(), "cases": number}
            for severity, number in _falling(found.by_severity)
        ],
        "vessels": [
            {"id": vessel.hex(), "name": names.get(vessel, ""), "cases": number}
            for vessel, number in _falling(found.by_vessel)
        ],
        "indicators": [
            {"indicator": indicator.name.lower(), "confirmed": number}
            for indicator, number in _falling(found.confirmed)
        ],
    }


def _falling(counts: Mapping[Key, int]) -> list[tuple[Key, int]]:
    return sorted(counts.items(), key=lambda row: -row[1])
