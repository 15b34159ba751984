"""`seavoice-vessel answers CODE`: opens the answers that wait under a receipt code, in this process."""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from protocol import message
from protocol.documents import Json
from protocol.errors import RemoteError
from protocol.ids import BundleNumber
from protocol.mailbox import Mailbox, ReceiptCode
from protocol.message import CheckIn, Message, Text, Voice
from protocol.seal import open_mail, opened_proof
from protocol.voicepack import unpack_voice
from vessel_client.commands.terminal import Surroundings, read_secret_line, say
from vessel_client.errors import UnreadableFile
from vessel_client.sealing import unpack_recording
from vessel_client.service_client import BoxFacts, ClaimedProof, ServiceClient, WaitingMail


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersArguments:
    """What the user asked for."""

    code: str
    numbers: tuple[int, ...]
    """Messages whose state is wanted too."""
    out: Path | None
    as_json: bool


def run(arguments: AnswersArguments, surroundings: Surroundings) -> None:
    """Print the answers.

    Raises: WrongCode, ServiceUnreachable, UnknownBundle, UnreadableFile, VoiceMissing, MalformedVoice.
    """
    code = ReceiptCode.from_digits(read_secret_line() if arguments.code == "-" else arguments.code)
    client = surroundings.client()
    facts = client.box()
    mailbox = code.open_mailbox()
    answers = [_open(waiting, mailbox, facts, arguments.out) for waiting in client.mails(mailbox.id)]
    opened = [each.number for each in client.proofs() if _proves(each, mailbox, facts)]
    states = [_state(client, number, opened) for number in arguments.numbers]
    if arguments.as_json:
        say(json.dumps({"answers": answers, "opened": opened, "messages": states}, ensure_ascii=False))
        return
    _print(answers, opened, states)


def _open(waiting: WaitingMail, mailbox: Mailbox, facts: BoxFacts, out: Path | None) -> dict[str, Json]:
    answer: dict[str, Json] = {"number": waiting.number, "arrived_at": waiting.arrived_at}
    desk_key = facts.desk_key(waiting.mail.desk_key)
    if desk_key is None:
        return answer | {"problem": "it comes from a desk key that this box does not know"}
    try:
        plain = open_mail(waiting.mail, mailbox_private=mailbox.private, desk_public=desk_key.public)
        return answer | _content(message.decode(plain), waiting.number, out)
    except RemoteError as reason:
        # Anybody who can write to the box can put bytes here; one bad answer must not hide the others.
        return answer | {"problem": f"it was not made by the desk, or was changed on its way ({reason.code})"}


def _content(answer: Message, number: int, out: Path | None) -> dict[str, Json]:
    head: dict[str, Json] = {"created_at": answer.created_at, "language": answer.language.tag}
    match answer.body:
        case Text(text=text):
            return head | {"text": text}
        case Voice(packed=packed):
            note = unpack_voice(packed)
            head |= {"voice_ms": note.duration_ms}
            if out is None:
                return head
            return head | {"file": str(_write(out, f"answer-{number}.wav", unpack_recording(note)))}
        case CheckIn(well_being=well_being):
            return head | {"check_in": well_being.name.lower()}


def _write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
    except OSError as reason:
        raise UnreadableFile(f"{path} cannot be written: {reason.strerror}.") from reason
    return path


def _proves(claimed: ClaimedProof, mailbox: Mailbox, facts: BoxFacts) -> bool:
    desk_key = facts.desk_key(claimed.desk_key)
    if desk_key is None:
        return False
    expected = opened_proof(
        mailbox.private,
        desk_key.public,
        desk_key=claimed.desk_key,
        vessel=facts.vessel,
        number=BundleNumber(claimed.number),
    )
    return expected == claimed.proof


def _state(client: ServiceClient, number: int, opened: list[int]) -> dict[str, Json]:
    bundle = client.bundle(number)
    # The box cannot make this proof, so what it says of the last state is believed only with it.
    return {"number": number, "state": bundle["state"], "proved": bundle["number"] in opened}


def _print(answers: list[dict[str, Json]], opened: list[int], states: list[dict[str, Json]]) -> None:
    for number in opened:
        say(f"Message {number} was opened by a person; the desk proved it.")
    for state in states:
        if not state["proved"]:
            say(f"Message {state['number']}: {state['state']}")
    if not answers:
        say("There is no answer yet.")
    for answer in answers:
        say("")
        say(f"Answer {answer['number']}, {_date(answer)}")
        say(_words(answer))


def _date(answer: dict[str, Json]) -> str:
    at = answer.get("created_at", answer["arrived_at"])
    assert isinstance(at, int)
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _words(answer: dict[str, Json]) -> str:
    if "problem" in answer:
        return f"This cannot be opened: {answer['problem']}."
    if "text" in answer:
        return str(answer["text"])
    if "file" in answer:
        return f"Voice, written to {answer['file']}"
    if "voice_ms" in answer:
        return f"Voice of {int(str(answer['voice_ms'])) // 1000} s; write it to a file with --out FOLDER"
    return f"Check-in: {answer['check_in']}"
