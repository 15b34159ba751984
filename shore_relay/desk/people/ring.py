"""An open keyring as a value, and every change of who holds it. Pure: no file, no clock."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from protocol.ids import UnixSeconds
from shore_relay.desk.actor import Role
from shore_relay.desk.errors import LastAdministrator, NameTaken, UnknownPerson
from shore_relay.desk.people.keys import DeskKeys, RecoveryKit
from shore_relay.desk.people.person import PERSON_ID_BYTES, Person, clean_name
from shore_relay.desk.people.roles import holds_team_key
from shore_relay.desk.people.wrapping import TEAM_KEY_BYTES, Slot, new_slot, seal_team
from shore_relay.desk.vault import STORE_KEY_BYTES

RECOVERY_HOLDER = b"recovery"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Ring:
    """The desk's keys, the team key that they lie under, and everybody's way to it."""

    team_key: bytes
    keys: DeskKeys
    slots: tuple[Slot, ...]
    recovery_sealed: bytes = b""
    """The team key under the recovery kit's public key; empty before a kit was made."""


Change = Callable[[Ring], Ring]


def new_team_key() -> bytes:
    """Return a fresh team key."""
    return secrets.token_bytes(TEAM_KEY_BYTES)


def add(
    ring: Ring,
    name: str,
    role: Role,
    passphrase: str,
    now: UnixSeconds,
    *,
    must_choose: bool,
    person: bytes = b"",
) -> Ring:
    """Return the ring with one more person, the last of `keys.people`.

    Raises: BadName, NameTaken, NoPassphrase.
    """
    name = clean_name(name)
    if ring.keys.named(name) is not None:
        raise NameTaken(f"Somebody here is called {name} already; write a name that tells the two apart.")
    person = person or secrets.token_bytes(PERSON_ID_BYTES)
    slot, public = new_slot(person, passphrase, ring.team_key if holds_team_key(role) else b"")
    fresh = Person(id=person, name=name, role=role, public=public, added_at=now, must_choose=must_choose)
    return replace(ring, keys=ring.keys.with_person(fresh), slots=(*ring.slots, slot))


def with_passphrase(ring: Ring, person: bytes, passphrase: str, *, must_choose: bool) -> Ring:
    """Return the ring with another passphrase for somebody; raises `UnknownPerson`, `NoPassphrase`."""
    known = working(ring.keys, person)
    slot, public = new_slot(person, passphrase, ring.team_key if holds_team_key(known.role) else b"")
    keys = ring.keys.with_person(replace(known, public=public, must_choose=must_choose))
    return replace(ring, keys=keys, slots=tuple(slot if s.person == person else s for s in ring.slots))


def with_role(ring: Ring, person: bytes, role: Role, now: UnixSeconds, valid_s: int) -> Ring:
    """Return the ring with another role for somebody.

    Whoever may no longer hold the team key is treated as one who left: what comes is under new keys.
    Raises: UnknownPerson, LastAdministrator.
    """
    known = working(ring.keys, person)
    if role is not Role.ADMINISTRATOR:
        _check_administrator_remains(ring.keys, known)
    changed = replace(ring, keys=ring.keys.with_person(replace(known, role=role)))
    if holds_team_key(known.role) and not holds_team_key(role):
        return _renewed(changed, now, valid_s)
    return _sealed_to_holders(changed)


def without(ring: Ring, person: bytes, now: UnixSeconds, valid_s: int) -> Ring:
    """Return the ring as it is after somebody left: new team key, new store key, new sealing key.

    Raises: UnknownPerson, LastAdministrator.
    """
    known = working(ring.keys, person)
    _check_administrator_remains(ring.keys, known)
    # What could log them in is forgotten; the name stays, since the history names them.
    gone = replace(known, revoked_at=now, public=b"", code_secret="", passkeys=(), must_choose=False)
    slots = tuple(slot for slot in ring.slots if slot.person != person)
    changed = replace(ring, keys=ring.keys.with_person(gone), slots=slots)
    return _renewed(changed, now, valid_s) if holds_team_key(known.role) else changed


def with_recovery(ring: Ring, kit: RecoveryKit) -> Ring:
    """Return the ring with a new recovery kit; shares of an older one open nothing any more."""
    return _sealed_to_holders(replace(ring, keys=replace(ring.keys, recovery=kit)))


def working(keys: DeskKeys, person: bytes) -> Person:
    """Return somebody who works here; raises `UnknownPerson`."""
    found = keys.person(person)
    if found is None or not found.is_active:
        raise UnknownPerson("Nobody here has this name or id; `seavoice-desk people list` says who does.")
    return found


def _check_administrator_remains(keys: DeskKeys, leaving: Person) -> None:
    if not any(one.role is Role.ADMINISTRATOR for one in keys.active if one.id != leaving.id):
        raise LastAdministrator(
            f"{leaving.name} is the only administrator; make somebody else an administrator first."
        )


def _renewed(ring: Ring, now: UnixSeconds, valid_s: int) -> Ring:
    keys = ring.keys.with_only_epoch(now, valid_s)
    keys = replace(keys, store_keys=(*keys.store_keys, secrets.token_bytes(STORE_KEY_BYTES)))
    return _sealed_to_holders(replace(ring, team_key=new_team_key(), keys=keys))


def _sealed_to_holders(ring: Ring) -> Ring:
    slots = tuple(_resealed(ring, slot) for slot in ring.slots)
    kit = ring.keys.recovery
    sealed = seal_team(ring.team_key, kit.public, RECOVERY_HOLDER) if kit else b""
    return replace(ring, slots=slots, recovery_sealed=sealed)


def _resealed(ring: Ring, slot: Slot) -> Slot:
    # The public key comes from inside the encrypted part: one planted in the file gets nothing.
    person = working(ring.keys, slot.person)
    holds = holds_team_key(person.role)
    return replace(slot, team_sealed=seal_team(ring.team_key, person.public, slot.person) if holds else b"")
