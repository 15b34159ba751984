"""What is worth a satellite message, and what rides along: a pure decision from what waits for a vessel."""

from dataclasses import dataclass

from protocol import bundle as bundles
from protocol.bundle import Kind
from protocol.engine import SyncEngine
from protocol.frames import Priority
from protocol.ids import Instant, UnixSeconds
from protocol.links import LinkProfile
from shore_relay.relay.settings import SbdSettings
from shore_relay.relay.store.sbd_rows import (
    CarriedPiece,
    MessageState,
    NewMessage,
    Outlook,
    WaitingBundle,
)

_MINUTE_S = 60
_HOUR_S = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to compose for one vessel now."""

    messages_max: int
    worthy: frozenset[int]
    """Bundles that are worth a message; smaller matters ride along where they come first."""
    withheld: frozenset[int]
    """Bundles that wait for a cheaper bearer."""
    answers: bool
    """Whether what the relay owes is worth a message by itself."""
    questions: bool
    """Whether to ask about bundles whose bytes are all in doubt."""
    restate: bool
    """Whether the first packet has to say all that the relay holds."""
    flush: bool
    """Whether something stale waits at the gateway."""


def decide(outlook: Outlook, settings: SbdSettings, now: UnixSeconds) -> Order | None:
    """Return what is worth a message now, or None. Ages are by the wall clock: they only time a message."""
    pending = [message for message in outlook.messages if message.state is not MessageState.STALE]
    if any(message.is_rekey for message in pending):
        # The vessel is changing its keys: it could open nothing that was sealed now.
        return None
    room = settings.queued_messages_max - sum(not message.is_acknowledgement for message in pending)
    worthy = {bundle.number for bundle in outlook.bundles if _is_worthy(bundle, outlook, settings, now)}
    answers = _answer_is_worthy(outlook, settings, now)
    if room <= 0 or not (worthy or answers):
        return None
    carried = {piece.number for message in pending for piece in message.pieces}
    said = [message for message in outlook.messages if message.is_acknowledgement]
    return Order(
        messages_max=room,
        worthy=frozenset(worthy),
        withheld=frozenset(bundle.number for bundle in outlook.bundles if _is_bulk(bundle, settings)),
        answers=answers,
        questions=bool(worthy - carried) and not said,
        restate=bool(outlook.owed_since) or any(not message.fetched for message in said),
        flush=any(
            message.state is MessageState.STALE
            or (message.is_acknowledgement and message.state is MessageState.QUEUED and not message.fetched)
            for message in outlook.messages
        ),
    )


def _is_bulk(bundle: WaitingBundle, settings: SbdSettings) -> bool:
    return bundle.priority is not Priority.URGENT and len(bundle.data) > settings.mail_bytes_max


def _is_worthy(bundle: WaitingBundle, outlook: Outlook, settings: SbdSettings, now: UnixSeconds) -> bool:
    """An answer from a person goes at once; keys and receipts wait for it, though not for ever."""
    if _is_bulk(bundle, settings):
        return False
    if bundle.priority is Priority.URGENT or bundles.decode(bundle.data).KIND is Kind.MAIL:
        return True
    return _waited_long(bundle.queued_at, outlook, settings, now)


def _answer_is_worthy(outlook: Outlook, settings: SbdSettings, now: UnixSeconds) -> bool:
    return bool(outlook.owed_since) and _waited_long(outlook.owed_since, outlook, settings, now)


def _waited_long(since: UnixSeconds, outlook: Outlook, settings: SbdSettings, now: UnixSeconds) -> bool:
    waited_s = _age_s(since, now)
    if outlook.owed_since and outlook.owed_urgently and settings.urgent_receipt:
        # From the report on, not from the desk's receipt for it: the two of them go together.
        waited_s = max(waited_s, _age_s(outlook.owed_since, now))
        return waited_s >= settings.urgent_receipt_minutes * _MINUTE_S
    return settings.receipt_hours > 0 and waited_s >= settings.receipt_hours * _HOUR_S


def _age_s(since: UnixSeconds, now: UnixSeconds) -> float:
    """Return how long ago something was; what lies ahead was noted before the clock was set back.

    Nobody knows how old that is. One message too early is cheap; a receipt that comes years later makes the
    vessel ask, send again and ask for new keys all the while.
    """
    return now - since if since <= now else float("inf")


def compose(engine: SyncEngine, order: Order, profile: LinkProfile, now: Instant) -> tuple[NewMessage, ...]:
    """Take the packets that the order asks for out of an engine; raises `CountersSpent`."""
    for number in order.withheld:
        engine.withdraw(number)
    if not (order.worthy & engine.unsent(now) or order.answers or order.questions):
        return ()
    if order.restate:
        engine.restate(profile)
    messages: list[NewMessage] = []
    while len(messages) < order.messages_max and (not messages or order.worthy & engine.unsent(now)):
        packet = engine.transmit(profile, now)
        if packet is None:
            break
        pieces = tuple(
            CarriedPiece(number=piece.number, start=piece.start, end=piece.end)
            for piece in engine.last_pieces
        )
        messages.append(
            NewMessage(
                packet=packet,
                # The relay seals with its present key, which is the first that it knows.
                key_id=engine.key_ids()[0],
                pieces=pieces,
                flush=order.flush and not messages,
            )
        )
    return tuple(messages)
