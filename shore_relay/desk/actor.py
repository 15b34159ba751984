"""Who is doing something at the desk."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do here."""

    CASEWORKER = "caseworker"
    SUPERVISOR = "supervisor"
    PARTNER = "partner"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person at work: an 8-byte id, the name that colleagues know, and the role."""

    id: bytes
    name: str
    role: Role
