"""A person of the desk, as the keyring keeps them."""

import unicodedata
from dataclasses import dataclass

from protocol.ids import UnixSeconds
from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.errors import BadName

PERSON_ID_BYTES = 8
FOUNDER_ID = bytes(PERSON_ID_BYTES)
"""Whoever made the desk. Desks of one person recorded this id before there were others."""

FOUNDER_NAME = "desk"
NAME_CHARACTERS_MAX = 60
PASSKEYS_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Passkey:
    """A key in somebody's telephone, computer or token that proves that it is there."""

    id: bytes
    public: bytes
    """COSE, as the authenticator gave it."""
    name: str
    added_at: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Person:
    """One person. `repr` shows nothing."""

    id: bytes
    name: str
    role: Role
    public: bytes
    """X25519: what the team key is sealed to. The private half is under the person's passphrase."""
    added_at: UnixSeconds
    revoked_at: UnixSeconds | None = None
    """None for somebody who works here. A revoked person's name stays for the history."""
    must_choose: bool = False
    """The passphrase was given by somebody else and must be replaced first of all."""
    code_secret: str = ""
    """Base32; empty where the person uses no one-time codes."""
    passkeys: tuple[Passkey, ...] = ()

    @property
    def is_active(self) -> bool:
        """Whether the person works here."""
        return self.revoked_at is None

    @property
    def has_second_factor(self) -> bool:
        """Whether logging in takes more than the passphrase."""
        return bool(self.code_secret or self.passkeys)

    @property
    def actor(self) -> Actor:
        """The person as the one who does something."""
        return Actor(id=self.id, name=self.name, role=self.role)


def clean_name(text: str) -> str:
    """Return a name in the one form in which names are compared and kept; raises `BadName`."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > NAME_CHARACTERS_MAX:
        raise BadName(f"A name has 1 to {NAME_CHARACTERS_MAX} characters; write another one.")
    # Joiners belong to names in several scripts; everything else that shows nothing plays tricks.
    if not all(character.isprintable() or character in "\u200b\u200c\u200d" for character in name):
        raise BadName("This name has characters that cannot be seen; type it again.")
    return name


def is_same_name(one: str, other: str) -> bool:
    """Return whether two names would be taken for the same."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
