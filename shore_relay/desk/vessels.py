"""The vessels: whose box a person has confirmed, and which of its numbers have not come."""

from collections import defaultdict
from dataclasses import dataclass

from aiosqlite import Connection

from protocol import bundle as bundles
from protocol.bundle import Introduction, Report
from protocol.errors import MalformedBundle
from protocol.fragment import Range
from protocol.ids import BundleNumber, UnixSeconds, VesselId
from shore_relay.desk.app import Desk
from shore_relay.desk.errors import NothingToConfirm, UnknownVessel, WrongFingerprint
from shore_relay.desk.receipts import queue_receipts
from shore_relay.desk.sealed import open_box, open_name, seal_trust
from shore_relay.desk.store import inbox, listing
from shore_relay.desk.trust import Box, Judge, Origin

_GAPS_SHOWN_MAX = 20
"""A person reads no longer list; a vessel that lacks more than that has another problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vessel:
    """What the desk knows of one vessel."""

    id: VesselId
    name: str
    last_at: UnixSeconds
    boxes: tuple[Box, ...]
    """Oldest first."""
    missing: tuple[Range, ...]
    """Numbers below the highest that came, and that did not come: still on their way, or held back."""

    @property
    def confirmed(self) -> bool:
        """Whether a person has confirmed the newest box."""
        return bool(self.boxes) and self.boxes[-1].trusted

    @property
    def pending(self) -> tuple[Box, ...]:
        """Boxes that nobody has confirmed, newest first."""
        return tuple(box for box in reversed(self.boxes) if not box.trusted)


async def load_vessels(desk: Desk) -> list[Vessel]:
    """Return every vessel, by name."""
    async with desk.database.reading() as connection:
        rows = await inbox.vessels(connection)
        boxes = defaultdict[VesselId, list[Box]](list)
        for box_row in await inbox.boxes(connection):
            boxes[box_row.vessel].append(open_box(desk.vault, box_row))
        # A forged number opens no gap.
        missing = await listing.missing_numbers(connection, (Origin.VERIFIED, Origin.UNCONFIRMED))
    found = [
        Vessel(
            id=row.id,
            name=open_name(desk.vault, row),
            last_at=row.last_at,
            boxes=tuple(boxes[row.id]),
            missing=tuple(missing[row.id][:_GAPS_SHOWN_MAX]),
        )
        for row in rows
    ]
    return sorted(found, key=lambda vessel: (vessel.name.casefold(), vessel.id))


async def load_names(desk: Desk) -> dict[VesselId, str]:
    """Return what each vessel is called."""
    async with desk.database.reading() as connection:
        return {row.id: open_name(desk.vault, row) for row in await inbox.vessels(connection)}


async def find_vessel(desk: Desk, name: str) -> Vessel:
    """Return the vessel with this name or id; raises `UnknownVessel`."""
    every = await load_vessels(desk)
    found = [v for v in every if v.id.hex() == name.lower()] or [
        v for v in every if v.name.casefold() == name.casefold()
    ]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(vessel.id.hex() for vessel in found)
        raise UnknownVessel(f"Several vessels are called {name}; name one by its id: {listed}.")
    raise UnknownVessel(f"No vessel called {name} has sent anything yet; `seavoice-desk vessels` lists them.")


def box_to_confirm(vessel: Vessel, fingerprint: str | None = None) -> Box:
    """Return the box that a person is asked about: the newest, or the one with this fingerprint.

    Raises: NothingToConfirm, WrongFingerprint.
    """
    if not vessel.boxes:
        raise NothingToConfirm(
            f"The box of {vessel.name} has not introduced itself yet; wait until it has had a connection."
        )
    if fingerprint is None:
        return vessel.pending[0] if vessel.pending else vessel.boxes[-1]
    wanted = _digits(fingerprint)
    for box in vessel.boxes:
        if _digits(box.fingerprint) == wanted:
            return box
    raise WrongFingerprint(
        f"This is not the fingerprint of the box of {vessel.name}, so nothing was confirmed. "
        "Have it read out on board again; if it still differs, do not trust this vessel."
    )


async def confirm(desk: Desk, box: Box) -> None:
    """Trust a box from now on: check all that came from its vessel again, and queue its receipts."""
    async with desk.database.transaction() as connection:
        await inbox.trust_box(connection, box.id, seal_trust(desk.vault, box))
        await judge_again(connection, desk, box.vessel)
        await queue_receipts(connection, desk, box.vessel)


async def judge_for(connection: Connection, desk: Desk, vessel: VesselId) -> Judge:
    """Return what checks the tags of one vessel's bundles."""
    boxes = [open_box(desk.vault, row) for row in await inbox.boxes(connection, vessel)]
    return Judge(desk.keyring.keys, vessel, boxes)


async def judge_again(connection: Connection, desk: Desk, vessel: VesselId) -> None:
    """Check every bundle of a vessel anew, because a box was introduced or confirmed."""
    judge = await judge_for(connection, desk, vessel)
    for row in await inbox.bundles(connection, vessel=vessel):
        try:
            bundle = bundles.decode(await inbox.raw_bundle(connection, row.id))
        except MalformedBundle:
            continue
        match bundle:
            case Report():
                origin, box = judge.report(BundleNumber(row.number), bundle)
            case Introduction(box_public=public):
                origin, box = judge.introduced(public)
            case _:
                continue
        if (origin, box) != (row.origin, row.box):
            await inbox.set_origin(connection, row.id, origin, box)


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
