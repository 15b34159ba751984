"""`seavoice-vessel send`: seals a message in this process and hands it to the box."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from protocol import limits
from protocol.deskkeys import key_in_use
from protocol.mailbox import ReceiptCode
from protocol.message import WellBeing
from vessel_client.clocks import require_clock
from vessel_client.commands.terminal import Surroundings, read_secret_line, say
from vessel_client.errors import UnreadableFile
from vessel_client.queue_request import REFERENCE_BYTES, QueueRequest
from vessel_client.sealing import (
    PackedRecording,
    SealedMessage,
    Sealer,
    pack_recording,
    read_categories,
    read_language,
    require_text,
)
from vessel_client.service_client import ServiceClient

RECORDING_BYTES_MAX = 200_000_000
"""An hour of a usual recorder: long enough to say that it is too long, short enough for the memory."""

_NO_LIFETIME = 0
"""A report never ends: somebody waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendArguments:
    """What the user asked for: exactly one of text, voice and check-in."""

    text: str | None
    voice: Path | None
    check_in: str | None
    categories: tuple[str, ...]
    urgent: bool
    language: str
    code: str | None
    as_json: bool


def run(arguments: SendArguments, surroundings: Surroundings) -> None:
    """Send one message and print its receipt code.

    Raises: ServiceUnreachable, KeyExpired, ClockWrong, WrongCode, and whatever is wrong with the message.
    """
    categories = read_categories(arguments.categories)
    language = read_language(arguments.language)
    if arguments.text is not None:
        require_text(arguments.text)
    recording = _pack(arguments.voice) if arguments.voice is not None else None
    client = surroundings.client()
    facts = client.box()
    now = surroundings.wall_clock()
    require_clock(facts.issued_at, now)
    desk_key = key_in_use(facts.desk_keys, now)
    code = _code(arguments.code)
    sealer = Sealer(
        vessel=facts.vessel,
        desk_key=desk_key,
        mailbox=code.open_mailbox(),
        now=now,
        language=language,
        categories=categories,
        urgent=arguments.urgent,
    )
    numbers: list[int] = []
    try:
        for sealed in _seal(sealer, arguments, recording):
            numbers.append(_queue(client, sealed))
    finally:
        # Where only the first form of a note found room, its answers still come to this code.
        if numbers:
            _report(numbers, code, facts.desk_name, as_json=arguments.as_json)


def _code(given: str | None) -> ReceiptCode:
    if given is None:
        return ReceiptCode.draw(secrets.token_bytes(32))
    return ReceiptCode.from_digits(read_secret_line() if given == "-" else given)


def _pack(path: Path) -> PackedRecording:
    try:
        with path.open("rb") as file:
            return pack_recording(file.read(RECORDING_BYTES_MAX))
    except OSError as reason:
        raise UnreadableFile(f"{path} cannot be read: {reason.strerror}.") from reason


def _seal(
    sealer: Sealer, arguments: SendArguments, recording: PackedRecording | None
) -> tuple[SealedMessage, ...]:
    if recording is not None:
        return sealer.voice(recording, secrets.token_bytes(limits.NOTE_ID_BYTES))
    if arguments.check_in is not None:
        return (sealer.check_in(WellBeing[arguments.check_in.upper()]),)
    assert arguments.text is not None, "the command line asks for exactly one"
    return (sealer.text(arguments.text),)


def _queue(client: ServiceClient, sealed: SealedMessage) -> int:
    return client.queue(
        QueueRequest(
            ref=secrets.token_bytes(REFERENCE_BYTES),
            priority=sealed.priority,
            lifetime=_NO_LIFETIME,
            desk_key=sealed.desk_key,
            sealed=sealed.sealed,
        )
    )


def _report(numbers: list[int], code: ReceiptCode, desk_name: str, *, as_json: bool) -> None:
    if as_json:
        say(json.dumps({"numbers": numbers, "code": code.digits()}))
        return
    listed = " and ".join(str(number) for number in numbers)
    say(f"On the box, number {listed}, for {desk_name}.")
    say(f"Receipt code: {code.digits()}")
    say("Keep it: the answers wait under this code, and nobody can tell it again.")
