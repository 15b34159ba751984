"""What is sent: the same bodies for SeaVoice and its peers, and SeaVoice's sealed form of them."""

import os
import random
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import limits, message, seal
from protocol.deskkeys import DeskKey
from protocol.frames import Priority
from protocol.ids import UnixSeconds, VesselId
from protocol.message import Body, CheckIn, Message, Text, Voice, WellBeing
from protocol.origin import public_half
from protocol.priming import Language
from protocol.provisioning import DeskCard
from vessel_client.queue_request import REFERENCE_BYTES, QueueRequest

TEXT_BYTES = 120
NOTE_BYTES = 4_500
CLEAR_BYTES = 60_000

TEXT_OF_120 = (
    "Crew of FV Marlin, 31 days no pay. The captain keeps our passports. "
    "Position 04.512N 091.233W. Help at next port, please"
)

REPORTS = Path("tests/data/reports")
REPORT_CHARACTERS = 200
LANGUAGES: Mapping[Language, str] = {
    Language.ENGLISH: "en",
    Language.BURMESE: "my",
    Language.KHMER: "km",
    Language.THAI: "th",
    Language.LAO: "lo",
    Language.INDONESIAN: "id",
    Language.FILIPINO: "fil",
    Language.VIETNAMESE: "vi",
}

_KEY_LIFE_S = 90 * 86_400


def opaque(size_bytes: int) -> bytes:
    """Return bytes that nothing can compress, the same for the same size: what a peer sends."""
    return random.Random(size_bytes).randbytes(size_bytes)


def opaque_body(size_bytes: int) -> Body:
    """Return a message body that is `size_bytes` of such bytes."""
    return Voice(packed=opaque(size_bytes))


def check_in() -> Body:
    """Return a check-in with three answers."""
    return CheckIn(well_being=WellBeing.UNWELL, answers={1: True, 2: False, 3: True})


def reports(language: Language) -> list[str]:
    """Return the written reports of this language that have at most 200 characters."""
    lines = (REPORTS / f"{LANGUAGES[language]}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if 0 < len(line) <= REPORT_CHARACTERS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message with its place in the queue."""

    body: Body
    priority: Priority = Priority.THIN_VOICE
    padded: bool = False
    language: Language = Language.ENGLISH
    answerable: bool = False
    """Whether it carries a mailbox key of 32 bytes, as a report that wants an answer does."""


def small(size_bytes: int = TEXT_BYTES, *, padded: bool = False) -> Parcel:
    """Return a short message of opaque bytes."""
    return Parcel(body=opaque_body(size_bytes), priority=Priority.TEXT, padded=padded)


def bulk(size_bytes: int, *, padded: bool = False) -> Parcel:
    """Return a voice note of opaque bytes."""
    return Parcel(body=opaque_body(size_bytes), padded=padded)


def packed_text() -> Parcel:
    """Return the text of 120 bytes as the text packer makes it smaller."""
    assert len(TEXT_OF_120) == TEXT_BYTES
    return Parcel(body=Text(text=TEXT_OF_120), priority=Priority.TEXT)


class Desk:
    """The keys of a desk that exists only for a measurement."""

    def __init__(self) -> None:
        now = UnixSeconds(int(time.time()))
        self.signer = Ed25519PrivateKey.generate()
        """Signs its requests."""
        self.private = seal.new_private_key()
        """Opens reports, and tags answers."""
        self._key = DeskKey(
            public=public_half(self.private),
            not_before=UnixSeconds(now - 86_400),
            not_after=UnixSeconds(now + _KEY_LIFE_S),
        )

    def card(self, name: str) -> DeskCard:
        """Return what the relay has to know of it."""
        return DeskCard(
            name=name, signing_public=self.signer.public_key().public_bytes_raw(), keys=(self._key,)
        )

    @property
    def key(self) -> DeskKey:
        """The key that vessels seal to."""
        return self._key

    def sealed(self, parcel: Parcel, vessel: VesselId) -> bytes:
        """Return the parcel as the vessel's command line seals it."""
        mailbox = os.urandom(limits.X25519_KEY_BYTES) if parcel.answerable else b""
        plain = message.encode(
            Message(
                created_at=UnixSeconds(int(time.time())),
                language=parcel.language,
                body=parcel.body,
                mailbox_public=mailbox,
            ),
            padded=parcel.padded,
        )
        return seal.seal_report(plain, self._key.public, vessel)

    def request(self, parcel: Parcel, vessel: VesselId) -> QueueRequest:
        """Return what the box takes over its local API."""
        return QueueRequest(
            ref=secrets.token_bytes(REFERENCE_BYTES),
            priority=parcel.priority,
            lifetime=0,
            desk_key=self._key.id,
            sealed=self.sealed(parcel, vessel),
        )
