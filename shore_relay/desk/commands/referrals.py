"""`refer`, `referrals`, `referral-status`, `referral-revoke`: what is given to partners, and what follows."""

import argparse
import asyncio
from pathlib import Path

from protocol import limits
from protocol.ids import UnixSeconds
from shore_relay.desk.cases.book import load_case
from shore_relay.desk.cases.describing import indicator_name, referral_document
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import Case
from shore_relay.desk.cases.referral import Consent
from shore_relay.desk.commands.terminal import read_file, say, say_json, unlocked, write_file
from shore_relay.desk.errors import NoConsent, NothingChosen
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.referrals.choosing import Choice
from shore_relay.desk.referrals.describing import given_lines
from shore_relay.desk.referrals.partners import find_partner
from shore_relay.desk.referrals.sending import (
    Agreement,
    find_referral,
    load_given,
    load_referrals,
    preview,
    refer,
    revoke,
    take_reply,
)
from shore_relay.desk.words import Words


async def give(arguments: argparse.Namespace) -> None:
    """Show what a partner would read, and with --out seal it."""
    words = Words.load()
    async with unlocked(arguments, Permission.REFER) as desk:
        partner = await find_partner(desk, arguments.partner)
        case = await load_case(desk, arguments.case)
        choice, agreement = _choice(case, arguments), agreement_of(case, arguments)
        given = await preview(desk, desk.actor, case.id, partner.number, choice, agreement)
        for line in given_lines(given, words):
            say(line)
        if arguments.out is None:
            say("\nNothing has left. With --out FILE exactly this is sealed to the partner.")
            return
        referral, letter = await refer(
            desk, desk.actor, case.id, partner.number, choice, agreement, seen=given.digest
        )
    await asyncio.to_thread(write_file, Path(arguments.out), letter)
    say(f"\nReferral {referral.id.hex()[:8]} is in {arguments.out}, and only {partner.name} can open it.")
    say("Carry or mail the file; their reply comes as a file for `seavoice-desk referral-status`.")


def _choice(case: Case, arguments: argparse.Namespace) -> Choice:
    return Choice(
        request=arguments.request or "",
        messages=tuple(arguments.message),
        notes=tuple(_note(case, number) for number in arguments.note),
        indicators=tuple(each for each in Indicator if indicator_name(each) in set(arguments.indicator)),
        money=tuple(arguments.money),
        trade=tuple(arguments.trade),
        with_sounds=arguments.sounds,
        with_vessels=arguments.vessels,
    )


def _note(case: Case, number: int) -> UnixSeconds:
    if not 1 <= number <= len(case.notes):
        raise NothingChosen(f"Case {case.id} has {len(case.notes)} notes; they count from 1, oldest first.")
    return case.notes[number - 1].at


def agreement_of(case: Case, arguments: argparse.Namespace) -> Agreement:
    """Read how the fisher agreed; raises `NoConsent`."""
    if arguments.consent_words:
        return Agreement(words=arguments.consent_words)
    if arguments.consent_note:
        if not 1 <= arguments.consent_note <= len(case.notes):
            raise NoConsent(f"Case {case.id} has no note {arguments.consent_note}.")
        return Agreement(consent=Consent(note_at=case.notes[arguments.consent_note - 1].at))
    return Agreement(consent=Consent(message=arguments.consent_message or 0))


async def list_referrals(arguments: argparse.Namespace) -> None:
    """List what was given, or show one of them."""
    words = Words.load()
    async with unlocked(arguments, Permission.REFER) as desk:
        if arguments.id:
            case, referral = await find_referral(desk, arguments.id)
            lines = given_lines(await load_given(desk, referral.id), words)
            pairs = [(case, referral)]
        else:
            lines, pairs = [], await load_referrals(desk)
    if arguments.json:
        say_json({"referrals": [{"case": case} | referral_document(one) for case, one in pairs]})
        return
    for case, one in pairs:
        parts = [
            one.id.hex()[:8],
            words.day(one.made_at),
            words("case.title", number=case),
            one.partner_name,
            words(f"referral.state.{one.state.value}"),
            words("referral.was-revoked") if one.is_revoked and one.state.value != "revoked" else "",
        ]
        say("  ".join(part for part in parts if part))
    for line in lines:
        say(line)
    if not pairs:
        say(words("referrals.empty"))


async def status(arguments: argparse.Namespace) -> None:
    """Take in the file in which a partner says how far it is."""
    async with unlocked(arguments, Permission.REFER) as desk:
        data = await asyncio.to_thread(read_file, Path(arguments.file), limits.LETTER_BYTES_MAX)
        reply = await take_reply(desk, desk.actor, data)
    words = Words.load()
    what = words(f"referral.state.{reply.state.value}")
    say(f"{reply.partner}, {words('case.title', number=reply.case)}: {what}")
    if reply.words:
        say(reply.words)
    if reply.was_revoked:
        say(words("referral.was-revoked"))


async def take_back(arguments: argparse.Namespace) -> None:
    """Revoke a referral and write the file that makes the partner's desk refuse to open it."""
    async with unlocked(arguments, Permission.REFER) as desk:
        _, referral = await find_referral(desk, arguments.id)
        letter = await revoke(desk, desk.actor, referral.id)
    await asyncio.to_thread(write_file, Path(arguments.out), letter)
    say(f"The revocation is in {arguments.out}: give it to {referral.partner_name} now, and call them.")
    say(Words.load()("referral.revoke.hint"))
