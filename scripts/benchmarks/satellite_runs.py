"""Crossings of a satellite modem: the real box, the real relay, and sessions of which one in ten fails."""

import statistics
from collections.abc import Mapping, Sequence
from functools import partial

from protocol import seal
from protocol.frames import Priority
from protocol.mailbox import Mailbox
from protocol.message import Text, Voice
from protocol.priming import Language
from protocol.textpack import pack_text
from scripts.benchmarks.cargo import NOTE_BYTES, Parcel, bulk, check_in, reports
from scripts.benchmarks.desk_side import DeskClient, answer_to
from scripts.benchmarks.outcome import Outcome
from scripts.benchmarks.runs import Lab, Run
from scripts.benchmarks.seavoice_side import Voyage, embark, until
from scripts.benchmarks.short_sky import ShortPassage, ShortScene
from scripts.benchmarks.voice import code, spoken

LIMIT_S = 420.0
"""Machine seconds for one message, of which each is twenty of the link."""

FAILURE = 0.1
OFTEN = 8
SELDOM = 3
"""How many of one sort are sent one after the other; notes of many messages say enough with fewer."""

PROMPT_RECEIPT_S = 1.0
"""The box confirms an answer at once and by itself: what it costs is then seen alone."""


def check_in_parcel() -> Parcel:
    """Return a check-in as the page makes it."""
    return Parcel(body=check_in(), priority=Priority.CHECK_IN, padded=True, answerable=True)


def report_parcel() -> Parcel:
    """Return the Thai report of at most 200 characters that needs most bytes; no language needs more."""
    text = max(reports(Language.THAI), key=lambda line: len(pack_text(line, Language.THAI)))
    return Parcel(
        body=Text(text=text), priority=Priority.TEXT, padded=True, language=Language.THAI, answerable=True
    )


def thin_parcel(length_s: int) -> Parcel:
    """Return so many seconds of speech in their thin form."""
    return _voice_parcel(code(spoken(length_s)).thin, Priority.THIN_VOICE)


def clear_parcel(length_s: int) -> Parcel:
    """Return so many seconds of speech in their clear form."""
    return _voice_parcel(code(spoken(length_s)).clear, Priority.CLEAR_VOICE)


def _voice_parcel(packed: bytes, priority: Priority) -> Parcel:
    return Parcel(body=Voice(packed=packed), priority=priority, padded=True, answerable=True)


async def _up(make: "partial[Parcel]", times: int, lab: Lab, name: str) -> Outcome:
    parcels = [make() for _ in range(times)]
    short = ShortScene(failure=FAILURE)
    async with lab.opened(embark(lab.fleet, lab.room(name), {}, short=short)) as voyage:
        before = voyage.modem.mark()
        passages = [await _cross(voyage, parcel) for parcel in parcels]
        whole = voyage.modem.since(before)
        return outcome_of(passages, whole, refused=voyage.modem.rockblock.refused)


async def _cross(voyage: Voyage, parcel: Parcel) -> ShortPassage:
    before = voyage.modem.mark()
    number = await voyage.queue(parcel)
    await voyage.until_left([number], limit_s=LIMIT_S)
    return voyage.modem.since(before)


def outcome_of(passages: Sequence[ShortPassage], whole: ShortPassage, *, refused: int) -> Outcome:
    """Return the medians of several passages, and the means of all that was spent on them."""
    times = len(passages)
    readings = [passage.reading for passage in passages]
    return Outcome(
        seconds=statistics.median(passage.seconds for passage in passages),
        credits_spent=whole.reading.credits_spent / times,
        failure="the relay refused messages" if refused else "",
        marks={
            "messages_up": statistics.median(each.up_messages for each in readings),
            "messages_up_mean": whole.reading.up_messages / times,
            "bytes_up": statistics.median(each.up_bytes for each in readings),
            "credits_up": statistics.median(passage.credits_up for passage in passages),
            "messages_down": statistics.median(each.down_messages for each in readings),
            "bytes_down": statistics.median(each.down_bytes for each in readings),
            "credits": statistics.median(each.credits_spent for each in readings),
            "sessions": whole.reading.sessions / times,
            "failures": whole.reading.failures / times,
        },
    )


async def _down(lab: Lab, name: str) -> Outcome:
    """Let the desk answer; the answer is there when it lies in its mailbox and the box has confirmed it."""
    short = ShortScene(failure=FAILURE, receipt_wait_s=PROMPT_RECEIPT_S)
    async with lab.opened(embark(lab.fleet, lab.room(name), {}, short=short)) as voyage:
        # The relay knows a modem only when it has spoken, and a box answers only who has written.
        await _cross(voyage, check_in_parcel())
        desk = DeskClient(lab.fleet.desk, voyage.relay_url, voyage.session)
        before = voyage.modem.mark()
        passages = [await _answer(voyage, desk) for _ in range(OFTEN)]
        whole = voyage.modem.since(before)
        return outcome_of(passages, whole, refused=voyage.modem.rockblock.refused)


async def _answer(voyage: Voyage, desk: DeskClient) -> ShortPassage:
    before = voyage.modem.mark()
    mailbox = Mailbox(private=seal.new_private_key())
    await desk.dispatch(voyage.fleet.vessel, answer_to(voyage.fleet.desk, mailbox))

    async def has_come() -> bool:
        async with voyage.session.get(f"{voyage.box_url}/v1/mailboxes/{mailbox.id.hex()}") as answer:
            return bool((await answer.json())["mails"])

    async def is_confirmed() -> bool:
        return voyage.modem.since(before).reading.up_messages > 0

    await until(has_come, limit_s=LIMIT_S)
    await until(is_confirmed, limit_s=LIMIT_S)
    return voyage.modem.since(before)


RUNS: Mapping[str, Run] = {
    "sbd 30 s": partial(_up, partial(thin_parcel, 30), SELDOM),
    "sbd 4500": partial(_up, partial(bulk, NOTE_BYTES), SELDOM),
    "sbd 10 s": partial(_up, partial(thin_parcel, 10), SELDOM),
    "sbd check-in": partial(_up, partial(check_in_parcel), OFTEN),
    "sbd report": partial(_up, partial(report_parcel), OFTEN),
    "sbd answer": _down,
}
