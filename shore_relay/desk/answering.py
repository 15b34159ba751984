"""Makes an answer that only the fisher can open, and queues it for their vessel."""

import asyncio
import secrets
from dataclasses import dataclass, replace

from protocol import bundle as bundles
from protocol import message as messages
from protocol.bundle import Mail
from protocol.deskfeed import REF_BYTES
from protocol.errors import NotAuthentic
from protocol.frames import Priority
from protocol.mailbox import mailbox_id
from protocol.message import Message, Text, Voice
from protocol.priming import Language
from protocol.seal import seal_mail
from protocol.voicepack import VoiceCodec
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.noting import note_answer
from shore_relay.desk.content import Content, content_of
from shore_relay.desk.cost import Cost, characters_too_long, cost_of
from shore_relay.desk.errors import CannotAnswer, NoMailbox, NotConfirmed
from shore_relay.desk.inbox import Entry, load_entry
from shore_relay.desk.people.keys import Epoch
from shore_relay.desk.sealed import seal_answer, seal_answer_voice
from shore_relay.desk.sound import pack_recording
from shore_relay.desk.store import outbox
from shore_relay.desk.store.records import NewDispatch, Purpose
from shore_relay.desk.trust import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What an answer would take, were it sent as it is."""

    cost: Cost
    too_long: int = 0
    """Characters beyond what one short satellite message carries; always 0 for a recording."""


async def answer_with_text(
    desk: Desk, number: int, text: str, language: Language | None = None, *, who: bytes | None = None
) -> None:
    """Queue a written answer to a message, in its language unless another is named.

    `who` answers goes into the history of the message's case; whoever opened the desk, unless it is said.

    Raises: UnknownEntry, CannotAnswer, TooLarge.
    """
    entry, epoch, message = await _written(desk, number, text, language)
    await _queue(desk, entry, epoch, message, content_of(message), Priority.TEXT, who)


async def answer_with_recording(
    desk: Desk, number: int, wav: bytes, language: Language | None = None, *, who: bytes | None = None
) -> None:
    """Queue a spoken answer to a message, in the thin form only: the way down is the dear one.

    Raises: UnknownEntry, CannotAnswer, NotSound, RecordingTooLong, RecordingSilent, NoOpus, TooLarge.
    """
    await _checked(desk, number)
    packed, duration_ms = await asyncio.to_thread(pack_recording, wav)
    await answer_with_voice(desk, number, packed, duration_ms, language, who=who)


async def answer_with_voice(
    desk: Desk,
    number: int,
    packed: bytes,
    duration_ms: int,
    language: Language | None = None,
    *,
    who: bytes | None = None,
) -> None:
    """Queue a spoken answer that `pack_recording` has packed.

    Raises: UnknownEntry, CannotAnswer, TooLarge.
    """
    entry, epoch = await _checked(desk, number)
    message = _message(desk, entry, Voice(packed=packed), language)
    content = replace(content_of(message), duration_ms=duration_ms, codec=int(VoiceCodec.CODEC2_2400))
    await _queue(desk, entry, epoch, message, content, Priority.THIN_VOICE, who)


async def measure_text(desk: Desk, number: int, text: str, language: Language | None = None) -> Measured:
    """Return what a written answer would take; it is packed and sealed for that, and thrown away.

    Raises: UnknownEntry, CannotAnswer, TooLarge.
    """
    entry, epoch, message = await _written(desk, number, text, language)
    return await asyncio.to_thread(_measure_text, desk, entry, epoch, message)


async def measure_voice(desk: Desk, number: int, packed: bytes) -> Measured:
    """Return what a packed recording would take as an answer.

    Raises: UnknownEntry, CannotAnswer, TooLarge.
    """
    entry, epoch = await _checked(desk, number)
    message = _message(desk, entry, Voice(packed=packed), None)
    mail = await asyncio.to_thread(_seal, entry, epoch, message)
    priority = _priority(entry, Priority.THIN_VOICE)
    return Measured(cost=cost_of(bundles.encode(mail), priority, desk.settings))


async def check_can_answer(desk: Desk, number: int) -> None:
    """Return, or say why a message cannot be answered: before anybody records anything.

    Raises: UnknownEntry, CannotAnswer.
    """
    await _checked(desk, number)


def _measure_text(desk: Desk, entry: Entry, epoch: Epoch, message: Message) -> Measured:
    raw = bundles.encode(_seal(entry, epoch, message))
    cost = cost_of(raw, _priority(entry, Priority.TEXT), desk.settings)
    if cost.fits_one:
        return Measured(cost=cost)
    assert isinstance(message.body, Text)

    def plain_size(text: str) -> int:
        return len(messages.encode(replace(message, body=Text(text=text)), padded=False))

    around = len(raw) - len(messages.encode(message))
    mtu = desk.settings.satellite_message_bytes
    return Measured(cost=cost, too_long=characters_too_long(message.body.text, plain_size, around, mtu))


def why_no_answer(entry: Entry) -> CannotAnswer | None:
    """Return why a message cannot be answered, or None where it can."""
    if not entry.answer_key:
        return NoMailbox("Whoever sent this message left no mailbox, so it cannot be answered.")
    if entry.origin is Origin.UNCONFIRMED:
        return NotConfirmed(
            f"The vessel {entry.vessel_name} is not confirmed yet: compare its fingerprint, "
            "and run `seavoice-desk confirm` before you answer."
        )
    if entry.origin is not Origin.VERIFIED:
        return NotConfirmed(
            "This message was not sent by its vessel's box, so an answer could go to a stranger."
        )
    return None


async def _written(
    desk: Desk, number: int, text: str, language: Language | None
) -> tuple[Entry, Epoch, Message]:
    if not text.strip():
        raise CannotAnswer("The answer is empty; write something.")
    entry, epoch = await _checked(desk, number)
    return entry, epoch, _message(desk, entry, Text(text=text.strip()), language)


def _priority(entry: Entry, usual: Priority) -> Priority:
    return Priority.URGENT if entry.is_urgent else usual


async def _checked(desk: Desk, number: int) -> tuple[Entry, Epoch]:
    entry = await load_entry(desk, number)
    obstacle = why_no_answer(entry)
    if obstacle is not None:
        raise obstacle
    # The key that the message was sealed to, which its vessel therefore knows; it may lack the newest.
    epoch = desk.keyring.keys.epoch(entry.best.row.desk_key)
    assert epoch is not None, "a verified message was sealed to a key of this desk"
    return entry, epoch


def _message(desk: Desk, entry: Entry, body: Text | Voice, language: Language | None) -> Message:
    return Message(
        created_at=desk.now(), language=entry.language if language is None else language, body=body
    )


async def _queue(
    desk: Desk,
    entry: Entry,
    epoch: Epoch,
    message: Message,
    content: Content,
    priority: Priority,
    who: bytes | None,
) -> None:
    mail = await asyncio.to_thread(_seal, entry, epoch, message)
    ref = secrets.token_bytes(REF_BYTES)
    dispatch = NewDispatch(
        ref=ref,
        vessel=entry.vessel,
        purpose=Purpose.ANSWER,
        priority=_priority(entry, priority),
        raw=bundles.encode(mail),
        made_at=desk.now(),
        entry=entry.id,
        message_sealed=seal_answer(desk.vault, ref, content),
        voice_sealed=seal_answer_voice(
            desk.vault, ref, message.body.packed if isinstance(message.body, Voice) else b""
        ),
    )
    async with desk.database.transaction() as connection:
        await outbox.add(connection, dispatch)
        await note_answer(connection, desk, desk.actor.id if who is None else who, entry.id)


def _seal(entry: Entry, epoch: Epoch, message: Message) -> Mail:
    try:
        return seal_mail(
            messages.encode(message),
            mailbox=mailbox_id(entry.answer_key),
            mailbox_public=entry.answer_key,
            desk_private=epoch.private,
        )
    except (NotAuthentic, ValueError) as reason:
        raise NoMailbox(
            "The mailbox key in this message cannot be sealed to, so it cannot be answered."
        ) from reason
