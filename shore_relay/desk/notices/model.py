"""What a notice is and what a person chose about notices: plain values, and their sealed documents."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from protocol.ids import UnixSeconds
from shore_relay.desk.cases.model import NEVER
from shore_relay.desk.errors import BadNoticeChoice
from shore_relay.desk.words import DEFAULT_LANGUAGE, LANGUAGES

ADDRESS_CHARACTERS_MAX = 254
"""RFC 5321 §4.5.3.1.3, without the brackets."""

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
HOURS = range(24)


class Way(StrEnum):
    """How a notice goes."""

    MAIL = "mail"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a person wants to be told, and how."""

    address: str = ""
    """Empty for no e-mail."""
    webhook: bool = False
    urgent: bool = True
    """At once: urgent messages, and when the ladder of a silent person calls upon them."""
    new: bool = True
    overdue: bool = True
    hour: int = 8
    """Of the daily digest, in the desk's time zone."""
    language: str = DEFAULT_LANGUAGE
    calendar_secret: str = ""
    """What stands in the address of their calendar; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How far a person was told."""

    looked_to: int
    """The newest message that was looked at for urgency."""
    digested_to: int
    """The newest message of the last digest."""
    digest_day: int
    """The day of the last digest, counted as `date.toordinal` counts."""
    urgent_at: UnixSeconds = NEVER
    """When something urgent was last queued."""
    occasions: frozenset[str] = frozenset()
    """The overdue tasks and the calls of the ladder of which they were told and which still stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much waits: all that a notice says."""

    urgent: int = 0
    new: int = 0
    overdue: int = 0

    @property
    def total(self) -> int:
        """How much it is together; a notice of nothing is not sent."""
        return self.urgent + self.new + self.overdue

    def plus(self, other: "Counts") -> "Counts":
        """Return both together."""
        return Counts(
            urgent=self.urgent + other.urgent, new=self.new + other.new, overdue=self.overdue + other.overdue
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice to one person over one way. Where to and in which language is looked up when it goes."""

    id: bytes
    """16 bytes that the receiver sees again if the same notice has to be sent twice."""
    person: bytes
    way: Way
    counts: Counts
    made_at: UnixSeconds
    next_at: UnixSeconds
    """Not before this moment is it tried."""
    tries: int = 0
    trouble: str = ""
    """Code of what went wrong at the last try."""

    def failed(self, code: str, next_at: UnixSeconds) -> "Notice":
        """Return it after one more try in vain."""
        return replace(self, tries=self.tries + 1, trouble=code, next_at=next_at)


def clean_address(text: str) -> str:
    """Return an e-mail address that can stand in a header as it is; raises `BadNoticeChoice`."""
    address = text.strip()
    if address and (len(address) > ADDRESS_CHARACTERS_MAX or not _ADDRESS.fullmatch(address)):
        raise BadNoticeChoice("This is no e-mail address; write one like name@example.org.")
    return address


def checked(choice: Choice) -> Choice:
    """Return a choice with its address made clean; raises `BadNoticeChoice`."""
    if choice.hour not in HOURS or choice.language not in LANGUAGES:
        raise BadNoticeChoice("This form is not complete; open the page again.")
    return replace(choice, address=clean_address(choice.address))


# --- as documents ---------------------------------------------------------------------------------------
# The vault has shown that what is read here is what was written here.


def write_choice(choice: Choice) -> bytes:
    """Return the bytes to encrypt."""
    return _dump(
        [
            choice.address,
            choice.webhook,
            choice.urgent,
            choice.new,
            choice.overdue,
            choice.hour,
            choice.language,
            choice.calendar_secret,
        ]
    )


def read_choice(data: bytes) -> Choice:
    """Read what `write_choice` wrote."""
    address, webhook, urgent, new, overdue, hour, language, secret = json.loads(data)
    return Choice(
        address=address,
        webhook=webhook,
        urgent=urgent,
        new=new,
        overdue=overdue,
        hour=hour,
        language=language,
        calendar_secret=secret,
    )


def write_told(told: Told) -> bytes:
    """Return the bytes to encrypt."""
    return _dump([told.looked_to, told.digested_to, told.digest_day, told.urgent_at, sorted(told.occasions)])


def read_told(data: bytes) -> Told:
    """Read what `write_told` wrote."""
    looked_to, digested_to, digest_day, urgent_at, occasions = json.loads(data)
    return Told(
        looked_to=looked_to,
        digested_to=digested_to,
        digest_day=digest_day,
        urgent_at=UnixSeconds(urgent_at),
        occasions=frozenset(occasions),
    )


def write_notice(notice: Notice) -> bytes:
    """Return the bytes to encrypt, without the id, which names the row."""
    counts = notice.counts
    return _dump(
        [
            notice.person.hex(),
            notice.way.value,
            [counts.urgent, counts.new, counts.overdue],
            notice.made_at,
            notice.next_at,
            notice.tries,
            notice.trouble,
        ]
    )


def read_notice(id: bytes, data: bytes) -> Notice:  # noqa: A002  # The word that the field has.
    """Read what `write_notice` wrote."""
    person, way, (urgent, new, overdue), made_at, next_at, tries, trouble = json.loads(data)
    return Notice(
        id=id,
        person=bytes.fromhex(person),
        way=Way(way),
        counts=Counts(urgent=urgent, new=new, overdue=overdue),
        made_at=UnixSeconds(made_at),
        next_at=UnixSeconds(next_at),
        tries=tries,
        trouble=trouble,
    )


def _dump(values: Collection[object]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
