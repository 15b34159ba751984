"""What a contact would like to say, and when it should be asked again."""

from collections.abc import Callable, Mapping

from protocol.contact import Contact
from protocol.fragment import RangeSet
from protocol.ids import Instant
from protocol.inbox import Inbox
from protocol.links import Side
from protocol.outbox import Outbox
from protocol.rekeying import Rekey
from protocol.scheduler import choose


class Wishes:
    """Looks at inbox, outbox and keys for one contact at a time; changes nothing."""

    def __init__(
        self, side: Side, inbox: Inbox, outbox: Outbox, rekey: Rekey, contacts: Mapping[str, Contact]
    ) -> None:
        self._side = side
        self._inbox = inbox
        self._outbox = outbox
        self._rekey = rekey
        self._contacts = contacts

    def deadlines(self, contact: Contact, now: Instant) -> list[Instant | None]:
        """Return the times at which this contact may have something to do; None and infinity are none."""
        if contact.is_shaped:
            # Whatever happens between two packets waits for the next, so that nothing moves their times.
            return [contact.may_send_at()]
        paced: list[Instant | None] = [self._inbox.deadline(contact.link)]
        if contact.reply_due:
            paced.append(contact.reply_at())
        if self.data(contact, now) or self.greeting(contact):
            paced.append(now)
        if self.asking(contact, now):
            paced += [contact.ask_at(), contact.patience_ends_at()]
        if self._rekey.due and contact.may_rekey:
            paced.append(self._rekey.may_ask_at())
        overdue_at = contact.overdue_at() if not contact.window_open() else None
        if overdue_at is not None:
            paced.append(Instant(max(overdue_at, contact.ask_at())))
        free_at = contact.may_send_at()
        return [
            self.give_up_at(contact, now),
            contact.stalled_at(),
            *(Instant(max(at, free_at)) for at in paced if at is not None),
        ]

    def asking(self, contact: Contact, now: Instant) -> bool:
        """Return whether to ask the peer what it holds."""
        # A silent contact has to be probed even if its bytes arrived by another link: nothing else wakes it.
        waiting = contact.silent and self.more(contact, now)
        # A window that was lost as a whole brings no acknowledgement, and no data packet that could ask.
        overdue_at = contact.overdue_at() if not contact.window_open() else None
        overdue = overdue_at is not None and now >= overdue_at
        return self._outbox.in_doubt(contact.allows) or self._outbox.truth_wanted or waiting or overdue

    def data(self, contact: Contact, now: Instant) -> bool:
        """Return whether there are bytes of bundles that may go over this contact."""
        return (
            not contact.silent
            and not self._outbox.truth_wanted
            and contact.window_open()
            and choose(contact, self._outbox, now, self.elsewhere(contact)) is not None
        )

    def more(self, contact: Contact, now: Instant) -> bool:
        """Return whether more data would follow, if the contact were free to send it."""
        return self._outbox.next_to_send(now, contact.allows) is not None

    def give_up_at(self, contact: Contact, now: Instant) -> Instant | None:
        """Return when silence means that what is on its way may be lost; a stream has no such time."""
        # Every packet of a stream asks, so for those nothing is looked up.
        return None if contact.is_stream else contact.give_up_at(tail=not self.more(contact, now))

    def account(self, contact: Contact, now: Instant) -> bool:
        """Return whether a data packet should also ask what has arrived."""
        can_be_overdue = contact.overdue_at() is not None
        return can_be_overdue and contact.wants_account(now, tail=not self.more(contact, now))

    def elsewhere(self, contact: Contact) -> Callable[[int], RangeSet]:
        """Return what tells which bytes of a bundle are on their way over other links."""

        def flying(number: int) -> RangeSet:
            others = (each for each in self._contacts.values() if each is not contact)
            pieces = (piece for other in others for piece in other.in_flight())
            return RangeSet((piece.start, piece.end) for piece in pieces if piece.number == number)

        return flying

    def greeting(self, contact: Contact) -> bool:
        """Return whether a vessel's first record is due, which names it, so that the relay knows it."""
        return self._side is Side.VESSEL and contact.is_stream and not contact.said_something
