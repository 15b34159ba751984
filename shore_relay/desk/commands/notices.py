"""`notices`: whether a notice reaches whoever runs the command, and if not, why; and their due dates."""

import argparse
from dataclasses import replace
from pathlib import Path

from shore_relay.desk.commands.terminal import environment, say, unlocked, write_file
from shore_relay.desk.errors import NoticesOff
from shore_relay.desk.notices.calendar import calendar_for
from shore_relay.desk.notices.channels import load_channels
from shore_relay.desk.notices.choosing import load_choice
from shore_relay.desk.notices.delivering import send_test
from shore_relay.desk.notices.model import Choice, Way, checked
from shore_relay.desk.notices.occasions import Occasions
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.words import Words


async def test(arguments: argparse.Namespace) -> None:
    """Send one notice of nothing, over every way that was chosen, or to one address."""
    async with unlocked(arguments, Permission.CASEWORK) as desk:
        channels = load_channels(desk.settings, environment())
        choice = await load_choice(desk, desk.actor.id) or Choice()
        if arguments.to:
            choice = checked(replace(choice, address=arguments.to, webhook=False))
            if channels.mail is None:
                raise NoticesOff("No mail server is set up: set smtp_host and smtp_from in the settings.")
        ways = await send_test(desk, channels, desk.actor.id, choice)
    if Way.MAIL in ways:
        say(f"The mail server took a notice for {choice.address}. Look whether it arrives.")
    if Way.WEBHOOK in ways:
        say("The receiver of webhooks took a notice.")


async def write_calendar(arguments: argparse.Namespace) -> None:
    """Write one's open tasks as a file that calendar programs read."""
    async with unlocked(arguments, Permission.CASEWORK) as desk:
        words = Words.load(arguments.language)
        made = await calendar_for(desk, Occasions(desk), desk.actor.id, words)
    write_file(Path(arguments.out), made)
    say(f"Written to {arguments.out}. It has numbers and dates, and nothing of what they are about.")
