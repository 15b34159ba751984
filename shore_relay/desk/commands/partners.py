"""`partner-card` and `partners list|add|confirm|remove`: which organisations this desk works with."""

import argparse
import asyncio
import sys
from pathlib import Path

from shore_relay.desk.commands.terminal import read_file, say, say_json, unlocked, write_file
from shore_relay.desk.errors import PartnerNotConfirmed, WrongFingerprint
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.referrals.partners import (
    Partner,
    PartnerKind,
    add_partner,
    confirm_partner,
    find_partner,
    load_partners,
    remove_partner,
)
from shore_relay.desk.referrals.post import own_card
from shore_relay.desk.words import Words

_CARD_BYTES_MAX = 100_000


async def own(arguments: argparse.Namespace) -> None:
    """Write the card that a partner needs to seal to this desk and to know its signature."""
    async with unlocked(arguments, Permission.REFER) as desk:
        document = own_card(desk)
        fingerprint = desk.keyring.keys.signing_fingerprint
    await asyncio.to_thread(write_file, Path(arguments.out), document)
    say(f"The card is in {arguments.out}; it holds no secret. Its fingerprint is\n\n    {fingerprint}\n")
    say("Tell your partner these digits by telephone or in person, not with the card.")


async def list_partners(arguments: argparse.Namespace) -> None:
    """List the partners and their fingerprints."""
    async with unlocked(arguments, Permission.REFER) as desk:
        found = await load_partners(desk)
    if arguments.json:
        say_json(
            {
                "partners": [
                    {
                        "number": one.number,
                        "name": one.name,
                        "kind": one.kind.value,
                        "fingerprint": one.fingerprint,
                        "confirmed_at": one.confirmed_at or None,
                        "added_at": one.added_at,
                    }
                    for one in found
                ]
            }
        )
        return
    words = Words.load()
    for one in found:
        state = words("partner.confirmed") if one.is_confirmed else words("partner.unconfirmed")
        kind = words(f"partner.kind.{one.kind.value}")
        say(f"{one.number:>4}  {one.name}  {kind}  {one.fingerprint}  {state}")
    if not found:
        say(words("partners.empty"))


async def add(arguments: argparse.Namespace) -> None:
    """Add a partner from its card; it is confirmed where the right digits are given."""
    kind = PartnerKind(arguments.kind)
    async with unlocked(arguments, Permission.MANAGE_PARTNERS) as desk:
        card = await asyncio.to_thread(read_file, Path(arguments.card), _CARD_BYTES_MAX)
        partner = await add_partner(desk, desk.actor, card, kind, arguments.name or "")
        if arguments.yes:
            partner = await confirm_partner(desk, desk.actor, partner.number, arguments.yes)
    say(f"{partner.name} is partner {partner.number}. The fingerprint of its card is")
    say(f"\n    {partner.fingerprint}\n")
    if not partner.is_confirmed:
        say("Nothing goes to it yet: compare these digits by telephone or in person, then run")
        say(f"`seavoice-desk partners confirm {partner.number}`.")


async def confirm(arguments: argparse.Namespace) -> None:
    """Trust a partner's key after a person has compared its fingerprint."""
    async with unlocked(arguments, Permission.MANAGE_PARTNERS) as desk:
        partner = await find_partner(desk, arguments.partner)
        digits = arguments.yes
        if digits is None:
            await asyncio.to_thread(_ask, partner)
            digits = partner.fingerprint
        partner = await confirm_partner(desk, desk.actor, partner.number, digits)
    say(f"{partner.name} is confirmed: {partner.fingerprint}")


def _ask(partner: Partner) -> None:
    say(f"The card of {partner.name} has the fingerprint\n\n    {partner.fingerprint}\n")
    if not sys.stdin.isatty():
        raise PartnerNotConfirmed(
            "Nobody can be asked here; compare the digits and give them with --yes FINGERPRINT."
        )
    sys.stdout.write("Are all digits those that the partner told you? Type yes: ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() != "yes":
        raise WrongFingerprint(f"{partner.name} stays unconfirmed; nothing was changed.")


async def remove(arguments: argparse.Namespace) -> None:
    """Take a partner off the list."""
    async with unlocked(arguments, Permission.MANAGE_PARTNERS) as desk:
        partner = await find_partner(desk, arguments.partner)
        await remove_partner(desk, desk.actor, partner.number)
    say(f"{partner.name} is no partner any more. What it has opened it keeps.")
