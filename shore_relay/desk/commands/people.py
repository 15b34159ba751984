"""`people`: who works at the desk. No lockout holds up whoever has the machine and a passphrase."""

import argparse
import asyncio
import sys

import segno

from protocol.documents import Json
from shore_relay.desk.actor import Role
from shore_relay.desk.commands.terminal import (
    exchange,
    read_new_passphrase,
    read_passphrase,
    say,
    say_json,
    unlocked,
    unlocked_by_anybody,
)
from shore_relay.desk.errors import WrongSecondFactor
from shore_relay.desk.people import second_factor as factors
from shore_relay.desk.people.person import Person
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.people.staff import (
    add_person,
    change_role,
    choose_passphrase,
    drop_second_factor,
    find_person,
    revoke,
    start_anew,
    use_codes,
)
from shore_relay.desk.words import Words


async def list_people(arguments: argparse.Namespace) -> None:
    """List who works here and who did."""
    async with unlocked(arguments, Permission.MANAGE_PEOPLE) as desk:
        people = desk.keyring.keys.people
    if arguments.json:
        say_json({"people": [_described(person) for person in people]})
        return
    words = Words.load()
    for person in people:
        notes = [words(f"role.{person.role.value}").lower()]
        notes += [words("people.must-choose").lower()] if person.must_choose else []
        notes += [words("people.second").lower()] if person.has_second_factor else []
        notes += [words("people.gone").lower()] if not person.is_active else []
        say(f"{person.id.hex()}  {person.name}  ({', '.join(notes)})")


def _described(person: Person) -> dict[str, Json]:
    return {
        "id": person.id.hex(),
        "name": person.name,
        "role": person.role.value,
        "added_at": person.added_at,
        "revoked_at": person.revoked_at,
        "must_choose_passphrase": person.must_choose,
        "codes": bool(person.code_secret),
        "passkeys": len(person.passkeys),
    }


async def add(arguments: argparse.Namespace) -> None:
    """Add somebody and show their start passphrase, once."""
    async with unlocked(arguments, Permission.MANAGE_PEOPLE) as desk:
        person, start = await add_person(desk, desk.actor, arguments.name, Role(arguments.role))
    _say_start(person.name, start)


def _say_start(name: str, start: str) -> None:
    say(f"The start passphrase of {name} is\n\n    {start}\n")
    say("It is shown only now. At the first login another one must be chosen.")


async def role(arguments: argparse.Namespace) -> None:
    """Give somebody another role."""
    async with unlocked(arguments, Permission.MANAGE_PEOPLE) as desk:
        person = find_person(desk, arguments.name)
        await change_role(desk, desk.actor, person.id, Role(arguments.role))
        trouble = await exchange(desk, fetching=False)
    say(f"{person.name} is now {arguments.role}.")
    if trouble:
        raise trouble


async def revoke_person(arguments: argparse.Namespace) -> None:
    """Let somebody go: renew the keys for all who stay, and send the new sealing key to every vessel."""
    async with unlocked(arguments, Permission.MANAGE_PEOPLE) as desk:
        person = find_person(desk, arguments.name)
        vessels = await revoke(desk, desk.actor, person.id)
        trouble = await exchange(desk, fetching=False)
    say(f"{person.name} can open nothing that arrives from now on.")
    if vessels:
        say(f"The new sealing key goes to {vessels} vessels; until one has it, it seals to the old key.")
    if trouble:
        raise trouble


async def passphrase(arguments: argparse.Namespace) -> None:
    """Change one's own passphrase, or make a start passphrase for somebody who forgot theirs."""
    if arguments.start:
        async with unlocked(arguments, Permission.MANAGE_PEOPLE) as desk:
            person = find_person(desk, arguments.start)
            start = await start_anew(desk, desk.actor, person.id)
        _say_start(person.name, start)
        return
    present = read_passphrase(arguments)
    async with unlocked_by_anybody(arguments, present) as desk:
        await choose_passphrase(desk, desk.actor, present, read_new_passphrase(arguments))
    say("The new passphrase is in force; the old one opens nothing any more.")


async def second_factor(arguments: argparse.Namespace) -> None:
    """Set up one-time codes for oneself, or remove somebody's second factor."""
    if arguments.remove:
        async with unlocked(arguments, Permission.READ) as desk:
            person = find_person(desk, arguments.remove)
            await drop_second_factor(desk, desk.actor, person.id)
        say(f"{person.name} logs in with the passphrase alone.")
        return
    async with unlocked(arguments, Permission.READ) as desk:
        secret = factors.new_code_secret()
        address = factors.code_address(secret, desk.actor.name, desk.keyring.name)
        code = await asyncio.to_thread(_ask_for_code, secret, address)
        await use_codes(desk, desk.actor, secret, code)
    say("From now on the page asks for a one-time code too.")


def _ask_for_code(secret: str, address: str) -> str:
    if not sys.stdin.isatty():
        raise WrongSecondFactor("Setting up one-time codes needs a terminal, or the page under Your account.")
    segno.make(address, micro=False).terminal(out=sys.stdout, compact=True)
    say(f"Scan this with an authenticator app, or type into it: {secret}")
    sys.stdout.write("The 6 digits that it shows now: ")
    sys.stdout.flush()
    return sys.stdin.readline()
