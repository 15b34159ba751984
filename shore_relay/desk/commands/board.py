"""`board`: who is expected to be heard, and who is silent."""

import argparse

from protocol.documents import Json
from protocol.ids import VesselId
from shore_relay.desk.cases.board import Board, PersonOnBoard, VesselOnBoard, load_board
from shore_relay.desk.cases.climbing import climb
from shore_relay.desk.cases.filing import file_all
from shore_relay.desk.cases.ladder import Silence
from shore_relay.desk.cases.overview import CaseList
from shore_relay.desk.commands.terminal import exchange, say, say_json, unlocked
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.vessels import load_names
from shore_relay.desk.words import Words


async def show_board(arguments: argparse.Namespace) -> None:
    """Fetch, walk the ladder if the relay could be heard, and show the board."""
    async with unlocked(arguments, Permission.CASEWORK) as desk:
        trouble = await exchange(desk, fetching=True)
        await file_all(desk)
        cases = CaseList(desk)
        if trouble is None:
            await climb(desk, cases)
            trouble = await exchange(desk, fetching=False)
        board = await load_board(desk, cases)
        names = await load_names(desk)
    if arguments.json:
        people: list[Json] = [_describe_person(one) for one in board.people]
        vessels: list[Json] = [_describe_vessel(one) for one in board.vessels]
        say_json({"people": people, "vessels": vessels})
    else:
        for line in _lines(board, names, Words.load()):
            say(line)
    if trouble:
        raise trouble


def _lines(board: Board, names: dict[VesselId, str], words: Words) -> list[str]:
    lines = []
    for one in board.people:
        parts = [
            one.watch.plan.label,
            words(f"rung.{int(one.watch.rung)}"),
            words(f"silence.{one.silence.value}") if one.silence is not Silence.NONE else "",
            names.get(one.vessel, "") if one.vessel else "",
            f"{words('board.due')} {words.day(one.due_at)}",
            words("case.title", number=one.case),
        ]
        lines.append("  ".join(part for part in parts if part))
    for vessel in board.vessels:
        state = words("board.vessel-silent" if vessel.is_silent else "board.vessel-talks")
        lines.append(f"{vessel.name}  {state}  {words('vessels.last')} {words.day(vessel.heard_at)}")
    return lines or [words("board.nobody")]


def _describe_person(one: PersonOnBoard) -> dict[str, Json]:
    return {
        "case": one.case,
        "label": one.watch.plan.label,
        "mailbox": one.watch.plan.mailbox.hex(),
        "vessel": one.vessel.hex() if one.vessel else None,
        "heard_at": one.heard_at or None,
        "due_at": one.due_at,
        "rung": one.watch.rung.name.lower(),
        "silence": one.silence.value,
        "urgent": one.is_urgent,
    }


def _describe_vessel(one: VesselOnBoard) -> dict[str, Json]:
    return {
        "id": one.id.hex(),
        "name": one.name,
        "heard_at": one.heard_at,
        "due_at": one.due_at,
        "silent": one.is_silent,
        "bearer": one.bearer,
        "near": {
            "at": one.near.at,
            "latitude": one.near.latitude_e4 / 10_000,
            "longitude": one.near.longitude_e4 / 10_000,
            "radius_km": one.near.radius_km,
        }
        if one.near
        else None,
    }
