"""Whether the history is whole: every link follows from the one before, and every case from its history."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiosqlite import Connection

from protocol.documents import MalformedDocument
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.applying import apply
from shore_relay.desk.cases.book import plain_link
from shore_relay.desk.cases.chain import START, digest_of, link_after
from shore_relay.desk.cases.deeds import read_entry
from shore_relay.desk.cases.documents import brief_of, read_case, write_brief
from shore_relay.desk.cases.model import Case, Status
from shore_relay.desk.errors import BrokenHistory, DamagedContent, WrongStep
from shore_relay.desk.store import cases as stored
from shore_relay.desk.store.cases import HistoryRow
from shore_relay.desk.vault import Vault

_BATCH = 500
_MARK_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What was found of a history that is whole."""

    entries: int
    cases: int
    mark: str
    """Names this state of the history: who keeps it can show later that nothing before it was rewritten."""


async def verify(desk: Desk, mark: str = "") -> Whole:
    """Check everything, and that the history still goes through an earlier `mark`.

    Raises: BrokenHistory, naming the first thing that is wrong.
    """
    wanted = _read_mark(mark) if mark else None
    cases: dict[int, Case] = {}
    seq, link, is_met = 0, START, wanted is None
    # One snapshot: what is checked at the end is what was there at the beginning, whoever writes meanwhile.
    async with desk.database.snapshot() as connection:
        async for row in _chain(connection):
            if row.seq != seq + 1:
                raise _broken(seq + 1, "is missing")
            entry_link = link_after(link, row.seq, row.digest)
            if entry_link != row.link:
                raise _broken(row.seq, "does not follow from the one before: its link was changed")
            _replay(desk.vault, row, cases)
            seq, link = row.seq, row.link
            is_met = is_met or wanted == (seq, link.hex()[:_MARK_DIGITS])
        await _check_end(connection, desk.vault, seq, link)
        await _check_cases(connection, desk.vault, cases)
    if not is_met:
        raise BrokenHistory(
            f"The history does not go through the mark {mark}: it was rewritten, or the data folder was "
            "replaced by an older copy or by another desk's."
        )
    return Whole(entries=seq, cases=len(cases), mark=_write_mark(seq, link))


async def _chain(connection: Connection) -> AsyncIterator[HistoryRow]:
    at = -1
    while rows := await stored.links(connection, at, _BATCH):
        for row in rows:
            yield row
        at = rows[-1].seq


def _replay(vault: Vault, row: HistoryRow, cases: dict[int, Case]) -> None:
    try:
        plain = plain_link(vault, row)
    except DamagedContent as reason:
        raise _broken(row.seq, "does not open: it was changed, or comes from elsewhere") from reason
    if digest_of(plain) != row.digest:
        raise _broken(row.seq, "is not the one that the chain was made of")
    try:
        entry = read_entry(plain)
        if (entry.seq, entry.case) != (row.seq, row.case):
            raise _broken(row.seq, "stands in another's place")
        cases[entry.case] = apply(cases, entry)
    except (MalformedDocument, WrongStep) as reason:
        raise _broken(row.seq, f"cannot have happened ({reason})") from reason


async def _check_end(connection: Connection, vault: Vault, seq: int, link: bytes) -> None:
    head = await stored.head(connection)
    if head.seq > seq:
        raise _broken(seq + 1, f"is missing, and all after it up to {head.seq}: the end was cut off")
    if (head.seq, head.link) != (seq, link):
        raise _broken(head.seq + 1, "was added by something that did not know where the history ended")
    if not seq and not head.sealed:
        return
    try:
        is_ours = vault.open(head.sealed, "history_head.head", b"") == seq.to_bytes(8) + link
    except DamagedContent:
        is_ours = False
    if not is_ours:
        raise _broken(seq, "is not the end that this desk last wrote: the end was cut off or exchanged")


async def _check_cases(connection: Connection, vault: Vault, cases: dict[int, Case]) -> None:
    kept = {row.id: row for row in await stored.cases(connection)}
    for number in sorted(kept.keys() | cases.keys()):
        if number not in kept or number not in cases:
            raise BrokenHistory(f"Case {number} is {'gone' if number in cases else 'not in the history'}.")
        try:
            case = read_case(vault.open(kept[number].sealed, "case_file.case", number.to_bytes(8)))
        except (DamagedContent, MalformedDocument) as reason:
            raise BrokenHistory(f"Case {number} does not open: it was changed.") from reason
        if case != cases[number]:
            raise BrokenHistory(f"Case {number} is not what its history makes of it: one was changed alone.")
    await _check_briefs(connection, vault, cases)
    filed = await stored.filing(connection)
    wanted = {f.message: c.id for c in cases.values() if c.status is not Status.MERGED for f in c.messages}
    for message in sorted(filed.keys() | wanted.keys()):
        if filed.get(message) != wanted.get(message):
            raise BrokenHistory(f"Message {message} is filed where the history did not put it.")


async def _check_briefs(connection: Connection, vault: Vault, cases: dict[int, Case]) -> None:
    for row in await stored.briefs(connection, 0):
        try:
            brief = vault.open(row.sealed, "case_file.brief", row.id.to_bytes(8))
        except DamagedContent as reason:
            raise BrokenHistory(f"Case {row.id} does not open in lists: it was changed.") from reason
        if row.last != cases[row.id].last or brief != write_brief(brief_of(cases[row.id])):
            raise BrokenHistory(f"Case {row.id} is not what its history makes of it in lists.")


def _broken(seq: int, what: str) -> BrokenHistory:
    return BrokenHistory(f"The history breaks at entry {seq}: it {what}.")


def _write_mark(seq: int, link: bytes) -> str:
    return f"{seq}-{link.hex()[:_MARK_DIGITS]}"


def _read_mark(text: str) -> tuple[int, str]:
    number, dash, digits = text.strip().partition("-")
    if not (dash and number.isascii() and number.isdigit() and len(digits) == _MARK_DIGITS):
        raise BrokenHistory(f"{text} is no mark of a history; `seavoice-desk verify` prints one.")
    return int(number), digits.lower()
