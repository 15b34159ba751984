"""Which role may do what: one table, asked by the page, by the commands and by what changes people."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.errors import NotPermitted


class Permission(Enum):
    """One thing that a person may be allowed to do."""

    READ = "read"
    """See messages, hear them, see vessels. Looking does not count as opened by a person."""
    ANSWER = "answer"
    """Open messages as the person whom the fisher is told of, and answer them."""
    CASEWORK = "casework"
    """See and work on cases and check-ins, and be told plainly of a hidden sign of duress."""
    CONFIRM_VESSELS = "confirm-vessels"
    REFER = "refer"
    """Give parts of a case to a confirmed partner, on the fisher's consent; open what partners send."""
    MANAGE_PARTNERS = "manage-partners"
    """Say which organisations are partners, and confirm their keys."""
    EXPORT = "export"
    """Write content out of the encrypted store."""
    SERVE = "serve"
    """Run the desk's service, which needs the team's keys."""
    MANAGE_KEYS = "manage-keys"
    MANAGE_PEOPLE = "manage-people"
    """Add, change and revoke people, and make recovery kits."""


_CASEWORKER = frozenset(
    {
        Permission.READ,
        Permission.ANSWER,
        Permission.CASEWORK,
        Permission.CONFIRM_VESSELS,
        Permission.REFER,
        Permission.SERVE,
    },
)
_SUPERVISOR = _CASEWORKER | {Permission.EXPORT, Permission.MANAGE_PARTNERS}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.PARTNER: frozenset({Permission.READ}),
        Role.CASEWORKER: _CASEWORKER,
        Role.SUPERVISOR: _SUPERVISOR,
        # In an office of three the administrator also does casework.
        Role.ADMINISTRATOR: frozenset(Permission),
    }
)


def may(role: Role, permission: Permission) -> bool:
    """Return whether the role includes the permission."""
    return permission in PERMISSIONS[role]


def holds_team_key(role: Role) -> bool:
    """Return whether people of this role can open the keyring; a partner sees what the running desk shows."""
    return may(role, Permission.SERVE)


def require(actor: Actor, permission: Permission) -> None:
    """Let the actor go on or raise `NotPermitted`."""
    if not may(actor.role, permission):
        raise NotPermitted(
            f"Your role, {actor.role.value}, does not include this. Ask an administrator of this desk."
        )
