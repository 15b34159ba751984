"""What an administrator does with people, and what each person does with their own keys."""

import asyncio
import secrets
from dataclasses import replace

from shamir_mnemonic.wordlist import WORDLIST

from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.app import Desk
from shore_relay.desk.epochs import KEY_VALID_S, announce_keys
from shore_relay.desk.errors import BadName, SamePassphrase, WrongPassphrase
from shore_relay.desk.people import ring as rings
from shore_relay.desk.people import second_factor
from shore_relay.desk.people.person import PASSKEYS_MAX, Passkey, Person, clean_name
from shore_relay.desk.people.ring import Ring, working
from shore_relay.desk.people.roles import Permission, require
from shore_relay.desk.store import people as stored

_START_WORDS = 6
"""Of 1,024 words: 60 bits, behind a slow hash, for the days until the person chooses their own."""


def find_person(desk: Desk, name: str) -> Person:
    """Return who works here under a name, or under an id in hexadecimal; raises `UnknownPerson`."""
    keys = desk.keyring.keys
    named = keys.named(name)
    if named is not None:
        return named
    found = next((person.id for person in keys.active if person.id.hex() == name.lower()), b"")
    return working(keys, found)


async def add_person(desk: Desk, actor: Actor, name: str, role: Role) -> tuple[Person, str]:
    """Add somebody; return them and their start passphrase, which the first login replaces.

    Raises: NotPermitted, BadName, NameTaken.
    """
    require(actor, Permission.MANAGE_PEOPLE)
    start = _start_passphrase()
    ring = await _change(desk, lambda ring: rings.add(ring, name, role, start, desk.now(), must_choose=True))
    return ring.keys.people[-1], start


async def change_role(desk: Desk, actor: Actor, person: bytes, role: Role) -> None:
    """Give somebody another role; raises `NotPermitted`, `UnknownPerson`, `LastAdministrator`."""
    require(actor, Permission.MANAGE_PEOPLE)
    await _change(desk, lambda ring: rings.with_role(ring, person, role, desk.now(), KEY_VALID_S))
    await announce_keys(desk)


async def revoke(desk: Desk, actor: Actor, person: bytes) -> int:
    """Let somebody go: what arrives from now on, they cannot open. Return how many vessels get the new key.

    Raises: NotPermitted, UnknownPerson, LastAdministrator.
    """
    require(actor, Permission.MANAGE_PEOPLE)
    await _change(desk, lambda ring: rings.without(ring, person, desk.now(), KEY_VALID_S))
    return await announce_keys(desk)


async def start_anew(desk: Desk, actor: Actor, person: bytes) -> str:
    """Give somebody who forgot theirs a start passphrase, and return it.

    Raises: NotPermitted, UnknownPerson.
    """
    require(actor, Permission.MANAGE_PEOPLE)
    start = _start_passphrase()
    await _change(desk, lambda ring: rings.with_passphrase(ring, person, start, must_choose=True))
    return start


async def choose_passphrase(desk: Desk, actor: Actor, present: str, new: str) -> None:
    """Change one's own passphrase; raises `WrongPassphrase`, `NoPassphrase`, `UnknownPerson`."""
    await confirm_passphrase(desk, actor, present)
    if present == new:
        raise SamePassphrase("The new passphrase is the old one; choose another.")
    await _change(desk, lambda ring: rings.with_passphrase(ring, actor.id, new, must_choose=False))
    await asyncio.to_thread(desk.keyring.renew_private, actor.id, new)


async def confirm_passphrase(desk: Desk, actor: Actor, passphrase: str) -> None:
    """Make sure that the person at the desk is the one who logged in; raises `WrongPassphrase`."""
    person = await asyncio.to_thread(desk.keyring.admit, actor.name, passphrase)
    if person.id != actor.id:
        raise WrongPassphrase("This is not your passphrase.")


async def use_codes(desk: Desk, actor: Actor, secret: str, code: str) -> None:
    """Ask for one-time codes of this secret from the next login on, once one has been shown.

    Raises: WrongSecondFactor, UnknownPerson.
    """
    step = second_factor.code_step(secret, code, desk.now())
    ring = await _change(desk, lambda ring: _with(ring, actor.id, code_secret=secret))
    factor = second_factor.code_factor(working(ring.keys, actor.id))
    async with desk.database.transaction() as connection:
        await stored.note_use(connection, factor, step)


async def add_passkey(desk: Desk, actor: Actor, passkey: Passkey) -> None:
    """Take a passkey from the next login on; raises `BadName`, `UnknownPerson`."""
    named = replace(passkey, name=clean_name(passkey.name))

    def added(ring: Ring) -> Ring:
        known = working(ring.keys, actor.id).passkeys
        if len(known) >= PASSKEYS_MAX:
            raise BadName(f"{PASSKEYS_MAX} passkeys are the most; remove them and begin again.")
        return _with(ring, actor.id, passkeys=(*known, named))

    await _change(desk, added)


async def drop_second_factor(desk: Desk, actor: Actor, person: bytes) -> None:
    """Ask somebody for the passphrase alone, because a telephone was lost.

    Raises: NotPermitted, UnknownPerson.
    """
    if person != actor.id:
        require(actor, Permission.MANAGE_PEOPLE)
    await _change(desk, lambda ring: _with(ring, person, code_secret="", passkeys=()))


def _with(ring: Ring, person: bytes, **values: str | tuple[Passkey, ...]) -> Ring:
    changed = replace(working(ring.keys, person), **values)  # type: ignore[arg-type]  # Two fields, named above.
    return replace(ring, keys=ring.keys.with_person(changed))


def _start_passphrase() -> str:
    return " ".join(secrets.choice(WORDLIST) for _ in range(_START_WORDS))


async def _change(desk: Desk, change: rings.Change) -> Ring:
    return await asyncio.to_thread(desk.keyring.change, change)
