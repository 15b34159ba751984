"""What every satellite gateway looks like from here: it takes messages for modems, and hands over theirs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from shore_relay.relay.errors import ModemRefused
from shore_relay.relay.store.sbd_rows import MobileOriginated, OutboundMessage, Via

IMEI_DIGITS = 15
MOMSN_MAX = 65_535

Accept = Callable[[Via, MobileOriginated], Awaitable[None]]
"""Takes a message up, durably; raises `MessageRefused`, or `StoreFailed`: then the gateway must repeat it."""


class Scope(Enum):
    """How much a refusal stops."""

    PASSING = "passing"
    """Nothing for long: the same message is tried again soon."""
    MODEM = "modem"
    """This modem, until the operator has acted."""
    ACCOUNT = "account"
    """Every modem of this gateway, until the operator has acted."""
    MESSAGE = "message"
    """This message for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a gateway did not take a message."""

    code: str
    scope: Scope
    advice: str
    """One sentence for the operator; it holds no credentials and nothing that the gateway sent."""
    in_doubt: bool = False
    """No answer came, so that the gateway may have it all the same."""


class Gateway(Protocol):
    """One way to a modem."""

    via: Via

    async def deliver(self, message: OutboundMessage) -> Refusal | None:
        """Hand over one message, after emptying the modem's queue where `flush` says so."""


def check_imei(text: str) -> str:
    """Return a modem's IMEI; raises `ModemRefused`."""
    if len(text) != IMEI_DIGITS or not (text.isascii() and text.isdigit()):
        raise ModemRefused(
            f"An IMEI has {IMEI_DIGITS} digits; it is printed on the modem, and AT+CGSN shows it."
        )
    return text
