"""When the keys of a link no longer meet, and the exchange that makes new ones (SPEC §3.5)."""

from collections.abc import Callable, Iterable

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol import limits
from protocol.contact import Contact
from protocol.errors import NotAuthentic
from protocol.ids import Instant, VesselId
from protocol.links import LinkKind, LinkProfile, Side
from protocol.rekey import (
    RekeyAnswer,
    RekeyRequest,
    make_answer,
    make_request,
    open_answer,
)

INTERVAL_S = 300.0
"""Requests are at least this far apart, so that a forged hint or a long outage costs little."""

UNANSWERED_CONTACTS_MAX = 3
UNANSWERED_PROBES_MAX = 8
UNANSWERED_SLOTS_MAX = 8
UNREADABLE_PACKETS_MAX = {LinkKind.STREAM: 3, LinkKind.DATAGRAM: 8, LinkKind.MESSAGE: 3}
"""One may have been damaged on its way, and anybody can send a datagram; a request costs a message."""


class Rekey:
    """When a vessel asks for new link keys, and what either side remembers of the last exchange."""

    def __init__(self, side: Side, vessel: VesselId, rekey_key: bytes, relay_public: bytes | None) -> None:
        self._side = side
        self._vessel = vessel
        self._key = rekey_key
        self._relay_public = relay_public
        self._private: bytes | None = None
        self._asked_at: Instant | None = None
        self._answered: tuple[bytes, bytes] | None = None
        self._due = False
        self._unanswered_contacts = 0
        self._unreadable = 0
        """How many packets in a row no key opened."""

    # --- signs that the keys no longer meet ---

    def on_opened(self) -> None:
        """Note that a packet was opened: the keys meet, and to change them would only cost."""
        self._unanswered_contacts = 0
        self._unreadable = 0
        self.due = False

    def on_unreadable(self, link: LinkProfile) -> None:
        """Ask for new keys where what comes from the relay does not open, again and again.

        A relay that is one generation ahead still reads what a set-back vessel sends, so it gives no hint;
        and where the bearer names the vessel, no packet names a key that a hint could be about.
        """
        self._unreadable += 1
        if self._unreadable >= UNREADABLE_PACKETS_MAX[link.kind]:
            self._unreadable = 0
            self.due = True

    def on_contact_closed(self, contact: Contact) -> None:
        """Note a contact on which nothing answered what is always answered."""
        # A greeting or a status needs no answer, so that a cut behind one says nothing about the keys.
        if contact.awaits_answer and not contact.heard and not contact.is_shaped:
            self._unanswered_contacts += 1

    def consider(self, contacts: Iterable[Contact]) -> None:
        """Ask for new keys where contacts or questions stay without an answer."""
        # A shaped link asks whether or not there is anything to say, and so must not be judged by it.
        unshaped = (contact for contact in contacts if not contact.is_shaped)
        probes = max((contact.probes for contact in unshaped), default=0)
        if self._unanswered_contacts >= UNANSWERED_CONTACTS_MAX or probes >= UNANSWERED_PROBES_MAX:
            self.due = True

    def is_due_on(self, contact: Contact, now: Instant) -> bool:
        """Return whether a request should go over this contact now."""
        wanted = self.due or (self._can_ask and contact.unanswered_slots >= UNANSWERED_SLOTS_MAX)
        return wanted and contact.may_rekey and now >= self.may_ask_at()

    # --- the exchange ---

    @property
    def due(self) -> bool:
        """Whether a vessel has reason to ask; a relay never asks."""
        return self._due

    @due.setter
    def due(self, wanted: bool) -> None:
        self._due = wanted and self._can_ask

    @property
    def _can_ask(self) -> bool:
        return self._side is Side.VESSEL and self._relay_public is not None

    def may_ask_at(self) -> Instant:
        """Return when the next request may leave."""
        return Instant(float("-inf") if self._asked_at is None else self._asked_at + INTERVAL_S)

    def request(self, key_id: bytes, now: Instant) -> bytes:
        """Vessel: return a request packet with a fresh key; `key_id` names the key in use."""
        assert self._relay_public is not None
        self._due = False
        self._unanswered_contacts = 0
        self._asked_at = now
        self._private = X25519PrivateKey.generate().private_bytes_raw()
        return make_request(self._vessel, key_id, self._key, self._relay_public, self._private)

    def on_answer(self, packet: bytes) -> RekeyAnswer:
        """Vessel: read the answer; raises `NotAuthentic` where nothing was asked."""
        if self._private is None:
            raise NotAuthentic("this rekey answers nothing that was asked")
        answer = open_answer(packet, self._key, self._private)
        self._private = None
        self._due = False
        return answer

    def answer(
        self, request: RekeyRequest, readable: tuple[bytes, ...], entropy: Callable[[int], bytes]
    ) -> tuple[bytes | None, bytes]:
        """Relay: return a new secret, or None for a repeated request, and the answer packet.

        `readable` holds the ids of the keys under which a vessel that is not set back may send.
        """
        if self._answered is not None and self._answered[0] == request.ephemeral_public:
            return None, self._answered[1]
        secret = entropy(limits.LINK_SECRET_BYTES)
        packet = make_answer(request, self._key, secret, met=request.key_id in readable)
        self._answered = (request.ephemeral_public, packet)
        return secret, packet
