"""What the commands about partners, referrals and money take from the command line."""

import argparse
from collections.abc import Callable
from typing import TypeAlias

from shore_relay.desk.cases.describing import indicator_name
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.money import MoneyKind, PartyRole
from shore_relay.desk.cases.referral import REPLIES
from shore_relay.desk.cases.trade import TradeKind
from shore_relay.desk.commands.later import Command, Later
from shore_relay.desk.referrals.partners import PartnerKind
from shore_relay.desk.tables.formats import Format

money = Later("money")
partners = Later("partners")
received = Later("received")
referrals = Later("referrals")

_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
_Add = Callable[[str, Command, str], argparse.ArgumentParser]


def add_referral_commands(commands: _Commands, shared: argparse.ArgumentParser) -> None:
    """Add all of them."""
    _add_partners(commands, shared)
    _add_giving(commands, shared)
    _add_receiving(commands, shared)
    _add_money(commands, shared)


def _adder(commands: _Commands, shared: argparse.ArgumentParser) -> _Add:
    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, parents=[shared])
        made.set_defaults(command=command)
        return made

    return add


def _group(commands: _Commands, shared: argparse.ArgumentParser, name: str, text: str) -> _Add:
    group = commands.add_parser(name, help=text, description=text).add_subparsers(
        metavar="COMMAND", required=True
    )
    return _adder(group, shared)


def _add_partners(commands: _Commands, shared: argparse.ArgumentParser) -> None:
    card = _adder(commands, shared)(
        "partner-card", partners.own, "write the card that partners need of this desk"
    )
    card.add_argument("--out", metavar="FILE", required=True)
    add = _group(commands, shared, "partners", "the organisations that this desk works with")
    listed = add("list", partners.list_partners, "list them with their fingerprints")
    listed.add_argument("--json", action="store_true", help="for programs")
    added = add("add", partners.add, "add one from its card, or take over a newer card")
    added.add_argument("card", metavar="CARD")
    added.add_argument("--kind", choices=[kind.value for kind in PartnerKind], required=True)
    added.add_argument("--name", help="what to call it here, if not as it calls itself")
    added.add_argument("--yes", metavar="FINGERPRINT", help="confirm it at once, if this is it")
    confirmed = add("confirm", partners.confirm, "trust one after comparing its fingerprint")
    confirmed.add_argument("partner", metavar="PARTNER", help="its name or number")
    confirmed.add_argument("--yes", metavar="FINGERPRINT", help="confirm without asking, if this is it")
    removed = add("remove", partners.remove, "give nothing more to one")
    removed.add_argument("partner", metavar="PARTNER", help="its name or number")


def _add_giving(commands: _Commands, shared: argparse.ArgumentParser) -> None:
    add = _adder(commands, shared)
    give = add("refer", referrals.give, "give parts of a case to a partner: shown first, sealed with --out")
    give.add_argument("case", type=int, metavar="CASE")
    give.add_argument("--partner", required=True, help="name or number; confirmed before")
    give.add_argument("--request", help="what the partner is asked for")
    parts = give.add_argument_group("which parts; what is not named stays")
    for name, text in (
        ("--message", "a message"),
        ("--note", "a note, counted from 1, oldest first"),
        ("--money", "a fact about money"),
        ("--trade", "a vessel, trip or catch reference"),
    ):
        parts.add_argument(name, metavar="N", type=int, action="append", default=[], help=text)
    parts.add_argument(
        "--indicator",
        choices=[indicator_name(each) for each in Indicator],
        action="append",
        default=[],
        help="one that was confirmed: %(choices)s",
    )
    parts.add_argument("--sounds", action="store_true", help="with the voices; who knows a voice knows whose")
    parts.add_argument("--vessels", action="store_true", help="with the names of the vessels")
    _add_consent(give)
    give.add_argument("--out", metavar="FILE", help="seal it into this file")
    listed = add("referrals", referrals.list_referrals, "list what was given, or show one")
    listed.add_argument("id", metavar="ID", nargs="?", help="the beginning of its id")
    listed.add_argument("--json", action="store_true", help="for programs")
    status = add("referral-status", referrals.status, "take in a partner's reply")
    status.add_argument("file", metavar="FILE")
    revoke = add("referral-revoke", referrals.take_back, "take back what nobody has opened yet")
    revoke.add_argument("id", metavar="ID", help="the beginning of its id")
    revoke.add_argument("--out", metavar="FILE", required=True, help="the file for the partner")


def _add_consent(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how the fisher agreed; without it nothing leaves")
    one = group.add_mutually_exclusive_group()
    one.add_argument("--consent-message", metavar="N", type=int, help="in this message of the case")
    one.add_argument("--consent-note", metavar="N", type=int, help="as this note of the case says")
    one.add_argument("--consent-words", metavar="TEXT", help="as you write here; it becomes a note")


def _add_receiving(commands: _Commands, shared: argparse.ArgumentParser) -> None:
    opened = _adder(commands, shared)("open", received.open_letter, "open what another desk gave")
    opened.add_argument("file", metavar="FILE")
    opened.add_argument("--yes", metavar="FINGERPRINT", help="of the sender, compared by telephone")
    opened.add_argument("--reply", metavar="FILE", help="where to write the reply; else beside FILE")
    add = _group(commands, shared, "received", "what other desks gave to this one")
    listed = add("list", received.list_received, "list it")
    listed.add_argument("--json", action="store_true", help="for programs")
    shown = add("show", received.show, "show one letter, or write parts of it out")
    shown.add_argument("number", type=int, metavar="N")
    shown.add_argument("--json", action="store_true", help="for programs")
    shown.add_argument("--money", metavar="FILE", help="write its facts about money, as .csv or .json")
    shown.add_argument("--sounds", metavar="DIR", help="write its sounds as WAV")
    answer = add("reply", received.answer, "say how far this desk is with it")
    answer.add_argument("number", type=int, metavar="N")
    answer.add_argument("state", metavar="STATE", choices=[state.value for state in REPLIES])
    answer.add_argument("--words", help="to whoever referred; at most a few sentences")
    answer.add_argument("--out", metavar="FILE", required=True)


def _add_money(commands: _Commands, shared: argparse.ArgumentParser) -> None:
    add = _group(commands, shared, "money", "what a case says about money")
    listed = _of_case(add("list", money.list_money, "list the facts"))
    listed.add_argument("--json", action="store_true", help="for programs")
    fact = _of_case(add("add", money.add_fact, "write down a fact"))
    fact.add_argument("--kind", choices=[kind.value for kind in MoneyKind], required=True)
    fact.add_argument("--amount", help="such as 15000.50")
    fact.add_argument("--currency", metavar="CODE", help="ISO 4217, such as THB")
    fact.add_argument("--since", metavar="DAY", help="on which it happened or began, YYYY-MM-DD")
    fact.add_argument("--until", metavar="DAY", help="the last day, where it went on")
    fact.add_argument("--role", choices=[role.value for role in PartyRole], default=PartyRole.OTHER.value)
    fact.add_argument("--party", metavar="NAME", help="who took, lent or kept it; never the fisher")
    fact.add_argument("--institution", metavar="NAME", help="the bank or wallet")
    fact.add_argument("--account", metavar="NUMBER")
    fact.add_argument("--comment")
    fact.add_argument("--message", metavar="N", type=int, help="the message that says so")
    dropped = _of_case(add("drop", money.drop_fact, "take a wrong fact out"))
    dropped.add_argument("number", type=int, metavar="N")
    written = _of_case(add("export", money.export, "write them for a financial-crime desk, not encrypted"))
    written.add_argument("--format", choices=[Format.CSV.value, Format.JSON.value], required=True)
    written.add_argument("--out", metavar="FILE", required=True)
    _add_consent(written)
    _add_trade(commands, shared)


def _add_trade(commands: _Commands, shared: argparse.ArgumentParser) -> None:
    add = _group(commands, shared, "trade", "which vessel, trip and catch a case is about")
    _of_case(add("list", money.list_trade, "list the references"))
    noted = _of_case(add("add", money.add_reference, "write down a reference"))
    noted.add_argument("--kind", choices=[kind.value for kind in TradeKind], required=True)
    noted.add_argument("reference", metavar="REFERENCE")
    noted.add_argument("--vessel", metavar="VESSEL", help="which of the case's vessels")
    noted.add_argument("--message", metavar="N", type=int, help="the message that says so")
    dropped = _of_case(add("drop", money.drop_reference, "take a wrong reference out"))
    dropped.add_argument("number", type=int, metavar="N")
    buyer = _adder(commands, shared)(
        "release-statistics",
        money.release_statistics,
        "what a buyer may know of a quarter: shown first, sealed with --out",
    )
    buyer.add_argument("quarter", metavar="QUARTER", help="such as 2026-Q3; it must be over")
    buyer.add_argument("--partner", required=True, help="the buyer, by name or number")
    buyer.add_argument("--vessel", action="append", default=[], help="again for more; none: all")
    buyer.add_argument("--reference", action="append", default=[], help="vessels with this trade reference")
    buyer.add_argument("--out", metavar="FILE", help="seal it into this file")


def _of_case(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("case", type=int, metavar="CASE")
    return parser
