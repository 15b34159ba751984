"""Lets statistics leave for a buyer: a vessel's quarter once, and in one company of vessels."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from aiosqlite import Connection

from protocol.documents import Reader, dump, load
from protocol.ids import UnixSeconds, VesselId
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.documents import read_case
from shore_relay.desk.cases.model import Case
from shore_relay.desk.errors import NotReleasable, OnlyStatistics, UnknownVessel
from shore_relay.desk.handovers import ID_BYTES, record
from shore_relay.desk.people.roles import Permission, require
from shore_relay.desk.referrals.partners import PartnerKind, partner_numbered
from shore_relay.desk.referrals.post import LetterKind, write
from shore_relay.desk.referrals.statistics import (
    Quarter,
    Statistics,
    count,
    describe_statistics,
    in_other_company,
    people_in,
    read_statistics,
)
from shore_relay.desk.store import cases as stored_cases
from shore_relay.desk.store import referrals as stored
from shore_relay.desk.vessels import load_names

_RELEASED = "released.released"
_VESSELS_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Statistics that left, and the vessels that they are about."""

    vessels: frozenset[VesselId]
    statistics: Statistics
    at: UnixSeconds


async def prepare(desk: Desk, actor: Actor, quarter: Quarter, vessels: Iterable[VesselId]) -> Statistics:
    """Return what would leave; nothing is written down.

    What left already of the same vessels and quarter is the same for ever, whatever has come since.
    Raises: NotPermitted, UnknownVessel, NotReleasable.
    """
    require(actor, Permission.EXPORT)
    async with desk.database.reading() as connection:
        statistics, _ = await _prepare(connection, desk, quarter, frozenset(vessels))
    return statistics


async def release(
    desk: Desk, actor: Actor, partner: int, quarter: Quarter, vessels: Iterable[VesselId]
) -> tuple[Statistics, bytes]:
    """Seal statistics to a buyer and write down that they leave; return them and the file.

    Raises: as `prepare`, and UnknownPartner, OnlyStatistics, PartnerNotConfirmed, KeyExpired.
    """
    require(actor, Permission.EXPORT)
    whom = await partner_numbered(desk, partner)
    if whom.kind is not PartnerKind.BUYER or whom.removed_at:
        raise OnlyStatistics(f"{whom.name} is no buyer: refer a case to it instead.")
    whom.key_at(desk.now())
    chosen = frozenset(vessels)
    async with desk.database.transaction() as connection:
        statistics, is_new = await _prepare(connection, desk, quarter, chosen)
        if is_new:
            await _keep(connection, desk, Release(vessels=chosen, statistics=statistics, at=desk.now()))
    reference = secrets.token_bytes(ID_BYTES)
    letter = write(desk, whom, LetterKind.STATISTICS, reference, describe_statistics(statistics))
    title = f"{quarter}: {', '.join(statistics.vessels)}"[:2_000]
    await record(desk, actor, "statistics", handover=reference, entries=(), title=title)
    return statistics, letter


async def _prepare(
    connection: Connection, desk: Desk, quarter: Quarter, chosen: frozenset[VesselId]
) -> tuple[Statistics, bool]:
    if quarter >= Quarter.of(desk.now()):
        raise NotReleasable(f"{quarter} is not over: what is counted twice shows what came in between.")
    names = await load_names(desk)
    if not chosen or not chosen <= names.keys():
        raise UnknownVessel("Choose at least one vessel that has sent something.")
    earlier = [one for one in await _every(connection, desk) if one.statistics.quarter == quarter]
    for one in earlier:
        if one.vessels == chosen:
            return one.statistics, False
    if elsewhere := in_other_company((one.vessels for one in earlier), chosen):
        shared = ", ".join(sorted(names[vessel] for vessel in elsewhere))
        raise NotReleasable(
            f"{shared} left in the statistics of {quarter} already, in another company of vessels. The "
            "difference between the two would be about the crews of the rest. Choose the same vessels "
            "again, or others."
        )
    people = people_in(await _cases(connection, desk), quarter)
    asked = {vessel: names[vessel] for vessel in chosen}
    return count(people, asked, quarter, desk.settings.statistics_people_min), True


async def vessels_with(desk: Desk, reference: str) -> frozenset[VesselId]:
    """Return the vessels of the cases in which somebody noted this vessel, trip or catch reference."""
    wanted = " ".join(reference.split()).casefold()
    async with desk.database.reading() as connection:
        cases = await _cases(connection, desk)
    return frozenset(t.vessel for case in cases for t in case.trade if t.text.casefold() == wanted)


async def _cases(connection: Connection, desk: Desk) -> list[Case]:
    return [
        read_case(desk.vault.open(row.sealed, "case_file.case", row.id.to_bytes(8)))
        for row in await stored_cases.cases(connection)
    ]


async def load_releases(desk: Desk) -> list[Release]:
    """Return all statistics that left, in order."""
    async with desk.database.reading() as connection:
        return await _every(connection, desk)


async def _every(connection: Connection, desk: Desk) -> list[Release]:
    rows = await stored.released(connection)
    return [_read(desk.vault.open(row.sealed, _RELEASED, row.id.to_bytes(8))) for row in rows]


async def _keep(connection: Connection, desk: Desk, release: Release) -> None:
    number = await stored.add_released(connection)
    document = dump(
        {
            "vessels": [{"id": vessel.hex()} for vessel in sorted(release.vessels)],
            "statistics": describe_statistics(release.statistics),
            "at": release.at,
        }
    )
    sealed = desk.vault.seal(document, _RELEASED, number.to_bytes(8))
    await stored.set_released(connection, number, sealed)


def _read(data: bytes) -> Release:
    with load(data, "Stored statistics") as reader:
        return Release(
            vessels=frozenset(_read_vessel(each) for each in reader.each("vessels", most=_VESSELS_MAX)),
            statistics=read_statistics(reader.inner("statistics")),
            at=UnixSeconds(reader.integer("at")),
        )


def _read_vessel(opened: Reader) -> VesselId:
    with opened as reader:
        return VesselId(reader.hexadecimal("id", size_bytes=8))
