"""What each frame that came does to inbox, outbox and contacts."""

from collections import Counter
from collections.abc import Mapping

from protocol.contact import Contact
from protocol.errors import MalformedFrame
from protocol.events import Event, FrameSkipped, StatusReported
from protocol.frames import (
    Ack,
    Frame,
    More,
    Next,
    Pad,
    Priority,
    Receipt,
    Refuse,
    Resync,
    Start,
    Status,
    UnknownFrame,
)
from protocol.ids import Instant
from protocol.inbox import Inbox
from protocol.outbox import Outbox


class Intake:
    """Takes the frames of packets that were opened."""

    def __init__(
        self, inbox: Inbox, outbox: Outbox, contacts: Mapping[str, Contact], counters: Counter[str]
    ) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._contacts = contacts
        self._counters = counters

    def take(self, frame: Frame | UnknownFrame, contact: Contact, now: Instant) -> list[Event]:
        """Take one frame of a packet that came over `contact`; raises a `RemoteError` where it is wrong."""
        match frame:
            case Start() | More() | Next():
                return self._on_data(frame, contact, now)
            case Ack():
                self._on_ack(frame)
                return []
            case Resync():
                return self._on_resync(frame, contact, now)
            case Receipt():
                return self._settle(self._outbox.on_receipt(frame.numbers))
            case Refuse():
                for each in self._contacts.values():
                    each.forget(frame.number)
                return self._outbox.on_refuse(frame, now)
            case Status():
                return [StatusReported(values=dict(frame.values))]
            case Pad():
                contact.answer_in_shape(frame)
                return []
            case UnknownFrame():
                self._counters["unknown-frame"] += 1
                return [FrameSkipped(type=frame.type)]

    def _on_data(self, frame: Start | More | Next, contact: Contact, now: Instant) -> list[Event]:
        first: tuple[int, Priority] | None = None
        match frame:
            case Start():
                number, offset = frame.number, 0
                first = (frame.total_bytes, frame.priority)
            case More():
                number, offset = frame.number, frame.offset
            case Next():
                if contact.heard_end is None:
                    raise MalformedFrame(
                        "a NEXT continues nothing: no fragment came before it on this stream"
                    )
                number, offset = contact.heard_end
        contact.heard_end = (number, offset + len(frame.data)) if contact.is_stream else None
        return self._inbox.take(number, offset, frame.data, now, first)

    def _on_ack(self, ack: Ack) -> None:
        self._outbox.on_ack(ack)
        for contact in self._contacts.values():
            self._outbox.release(contact.on_ack(ack))

    def _on_resync(self, resync: Resync, contact: Contact, now: Instant) -> list[Event]:
        if resync.reply_wanted:
            contact.owe_reply(now)
        self._outbox.truth_wanted = False
        contact.asked_at = None
        for ack in resync.partial:
            self._on_ack(ack)
        events = self._settle(self._outbox.on_resync(resync))
        if not resync.reply_wanted:
            self._outbox.release(contact.missed())
        return events

    def _settle(self, events: list[Event]) -> list[Event]:
        for contact in self._contacts.values():
            for piece in [piece for piece in contact.in_flight() if piece.number not in self._outbox]:
                contact.forget(piece.number)
        return events
