"""`money` and `trade`: what a case says about money and about the catch; and statistics for a buyer."""

import argparse
import asyncio
from pathlib import Path

from protocol.ids import VesselId
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import load_case
from shore_relay.desk.cases.describing import money_document
from shore_relay.desk.cases.model import Case
from shore_relay.desk.cases.money import MoneyFact, MoneyKind, PartyRole
from shore_relay.desk.cases.recording import (
    add_money,
    add_trade,
    drop_money,
    drop_trade,
    read_amount,
    read_day,
)
from shore_relay.desk.cases.trade import TradeKind, TradeReference
from shore_relay.desk.commands.referrals import agreement_of
from shore_relay.desk.commands.terminal import say, say_json, unlocked, write_file
from shore_relay.desk.errors import UnknownVessel
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.referrals.describing import money_text, statistics_lines
from shore_relay.desk.referrals.money_table import export_money
from shore_relay.desk.referrals.partners import find_partner
from shore_relay.desk.referrals.releasing import prepare, release, vessels_with
from shore_relay.desk.referrals.statistics import Quarter
from shore_relay.desk.tables.formats import Format
from shore_relay.desk.vessels import find_vessel, load_names
from shore_relay.desk.words import Words


async def list_money(arguments: argparse.Namespace) -> None:
    """List what a case says about money."""
    async with unlocked(arguments, Permission.CASEWORK) as desk:
        case = await load_case(desk, arguments.case)
    if arguments.json:
        say_json({"money": [money_document(fact) for fact in case.money]})
        return
    words = Words.load()
    for fact in case.money:
        say(f"{fact.number:>4}  {money_text(fact, words)}")
    if not case.money:
        say(words("money.empty"))


async def add_fact(arguments: argparse.Namespace) -> None:
    """Write down one fact about money."""
    fact = MoneyFact(
        number=0,
        kind=MoneyKind(arguments.kind),
        amount_hundredths=read_amount(arguments.amount or ""),
        currency=arguments.currency or "",
        since=read_day(arguments.since or ""),
        until=read_day(arguments.until or ""),
        role=PartyRole(arguments.role),
        party=arguments.party or "",
        institution=arguments.institution or "",
        account=arguments.account or "",
        comment=arguments.comment or "",
        message=arguments.message or 0,
    )
    async with unlocked(arguments, Permission.CASEWORK) as desk:
        number = await add_money(desk, desk.actor, arguments.case, fact)
    say(f"It is fact {number} of case {arguments.case}.")


async def drop_fact(arguments: argparse.Namespace) -> None:
    """Take a wrong fact out."""
    async with unlocked(arguments, Permission.CASEWORK) as desk:
        await drop_money(desk, desk.actor, arguments.case, arguments.number)
    say("It is out; the history of the case keeps it.")


async def export(arguments: argparse.Namespace) -> None:
    """Write the facts of a case as a file that a financial-crime desk loads."""
    async with unlocked(arguments, Permission.EXPORT) as desk:
        case = await load_case(desk, arguments.case)
        agreement = agreement_of(case, arguments)
        data = await export_money(desk, desk.actor, case.id, Format(arguments.format), agreement)
    await asyncio.to_thread(write_file, Path(arguments.out), data)
    say(f"{arguments.out} is not encrypted: hand it over as carefully as a letter.")


async def list_trade(arguments: argparse.Namespace) -> None:
    """List the vessel, trip and catch references of a case."""
    async with unlocked(arguments, Permission.CASEWORK) as desk:
        case = await load_case(desk, arguments.case)
        names = await load_names(desk)
    words = Words.load()
    for one in case.trade:
        what = words(f"trade.kind.{one.kind.value}")
        say(f"{one.number:>4}  {what}: {one.text}  {names.get(one.vessel, '')}")
    if not case.trade:
        say(words("trade.empty"))


async def add_reference(arguments: argparse.Namespace) -> None:
    """Write down a vessel, trip or catch reference."""
    async with unlocked(arguments, Permission.CASEWORK) as desk:
        case = await load_case(desk, arguments.case)
        reference = TradeReference(
            number=0,
            kind=TradeKind(arguments.kind),
            text=arguments.reference,
            vessel=await _vessel(desk, case, arguments.vessel),
            message=arguments.message or 0,
        )
        number = await add_trade(desk, desk.actor, case.id, reference)
    say(f"It is reference {number} of case {arguments.case}.")


async def _vessel(desk: Desk, case: Case, name: str | None) -> VesselId:
    if name:
        return (await find_vessel(desk, name)).id
    vessels = {facts.vessel for facts in case.messages}
    if len(vessels) != 1:
        raise UnknownVessel(f"Case {case.id} is about several vessels: name one with --vessel.")
    return vessels.pop()


async def drop_reference(arguments: argparse.Namespace) -> None:
    """Take a wrong reference out."""
    async with unlocked(arguments, Permission.CASEWORK) as desk:
        await drop_trade(desk, desk.actor, arguments.case, arguments.number)
    say("It is out; the history of the case keeps it.")


async def release_statistics(arguments: argparse.Namespace) -> None:
    """Show what a buyer would be told of a quarter, and with --out seal it."""
    words = Words.load()
    async with unlocked(arguments, Permission.EXPORT) as desk:
        quarter = Quarter.read(arguments.quarter)
        vessels = await _chosen(desk, arguments)
        statistics = await prepare(desk, desk.actor, quarter, vessels)
        letter = b""
        if arguments.out is not None:
            partner = await find_partner(desk, arguments.partner)
            statistics, letter = await release(desk, desk.actor, partner.number, quarter, vessels)
    for line in statistics_lines(statistics, words):
        say(line)
    if not letter:
        say(
            "\nNothing has left. With --out FILE it is sealed, and is for ever what is said of these vessels."
        )
        return
    await asyncio.to_thread(write_file, Path(arguments.out), letter)
    say(f"\nSealed to {partner.name}: {arguments.out}")


async def _chosen(desk: Desk, arguments: argparse.Namespace) -> frozenset[VesselId]:
    chosen = frozenset([(await find_vessel(desk, name)).id for name in arguments.vessel])
    for reference in arguments.reference:
        found = await vessels_with(desk, reference)
        if not found:
            raise UnknownVessel(f"No case has the reference {reference}.")
        chosen |= found
    return chosen or frozenset(await load_names(desk))
