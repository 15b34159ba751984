"""The SQL of short messages over satellite: modems, messages up and down, credits, alarms."""

import hashlib
from collections.abc import Iterable
from functools import partial

from protocol.fragment import RangeSet
from protocol.frames import Priority
from protocol.ids import UnixSeconds, VesselId
from shore_relay.relay.errors import ModemRefused, UnknownModem, UnknownVessel
from shore_relay.relay.store import relays
from shore_relay.relay.store.ranges import ranges_from_text
from shore_relay.relay.store.sbd_queue import (
    carried,
    finish,
    tidy,
)
from shore_relay.relay.store.sbd_rows import (
    Alarm,
    HeldMessage,
    InboundMessage,
    MessageState,
    MobileOriginated,
    Modem,
    OutboundMessage,
    Outcome,
    Outlook,
    Via,
    WaitingBundle,
)
from shore_relay.relay.store.session import Session
from shore_relay.relay.store.sql_store import SqlStore

_BUNDLES_LOOKED_AT_MAX = 64


class SbdStore:
    """What the relay keeps of short messages, in the relay's own database and through its one writer."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    # --- modems ---

    async def assign_modem(self, name: str, imei: str, via: Via, at: UnixSeconds) -> VesselId:
        """Say that a vessel has this modem, and no other; raises `UnknownVessel` or `ModemRefused`."""

        async def assign(session: Session) -> VesselId:
            vessel = await _vessel_named(session, name)
            holder = await session.rows(
                "SELECT name FROM sbd_modems JOIN vessels USING (vessel) WHERE imei = ? AND vessel <> ?",
                (imei, vessel),
            )
            for (other,) in holder:
                raise ModemRefused(
                    f"The vessel {other} has this modem; take it away there first: "
                    f"seavoice-relay vessel modem {other!r} --remove"
                )
            await _unassign(session, vessel, keep=imei)
            await session.change(
                "INSERT INTO sbd_modems (imei, vessel, via, assigned_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (imei) DO UPDATE SET via = excluded.via, assigned_at = excluded.assigned_at",
                (imei, vessel, via.value, at),
            )
            await session.change(
                "INSERT INTO sbd_accounts (vessel) VALUES (?) ON CONFLICT DO NOTHING", (vessel,)
            )
            return vessel

        return await self._store.writer.run(assign)

    async def remove_modem(self, name: str) -> VesselId:
        """Take a vessel's modem away; raises `UnknownVessel`."""

        async def remove(session: Session) -> VesselId:
            vessel = await _vessel_named(session, name)
            await _unassign(session, vessel)
            return vessel

        return await self._store.writer.run(remove)

    async def modem(self, imei: str) -> Modem | None:
        """Return whose modem this is, or None."""
        async with self._store.reading() as reading:
            rows = await reading.rows("SELECT vessel, via FROM sbd_modems WHERE imei = ?", (imei,))
        for vessel, via in rows:
            return Modem(imei=imei, vessel=VesselId(vessel), via=Via(via))
        return None

    # --- whose turn it is ---

    async def claim(self, vessel: VesselId, at: UnixSeconds) -> bool:
        """Return whether this relay works on a vessel's messages from now on, and no other."""
        return await self._store.writer.run(
            partial(relays.claim, vessel=vessel, relay=self._store.relay, at=at)
        )

    async def release(self, vessel: VesselId) -> None:
        """Let other relays work on a vessel's messages."""
        await self._store.writer.run(partial(relays.release, vessel=vessel, relay=self._store.relay))

    # --- up ---

    async def receive(
        self,
        via: Via,
        message: MobileOriginated,
        at: UnixSeconds,
        *,
        credits_spent: int,
        keep_position: bool,
    ) -> bool:
        """Take a message durably, to be worked off later; return False for a repetition.

        Raises `UnknownModem` where no vessel has the modem at this gateway.
        """

        async def receive(session: Session) -> bool:
            vessel = await _owner(session, via, message.imei)
            new = await session.change(
                "INSERT INTO sbd_inbound (imei, momsn, transmitted_at, digest, data, received_at) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    message.imei,
                    message.momsn,
                    message.transmitted_at,
                    hashlib.sha256(message.data).digest(),
                    message.data,
                    at,
                ),
            )
            if not new:
                return False
            await session.change(
                "UPDATE sbd_accounts SET messages_up = messages_up + 1, credits_up = credits_up + ? "
                "WHERE vessel = ?",
                (credits_spent, vessel),
            )
            if keep_position:
                await _keep_position(session, vessel, message)
            hearers.append(vessel)
            return True

        hearers: list[VesselId] = []
        new = await self._store.writer.run(receive)
        for vessel in hearers[-1:]:
            # The relay that the vessel is connected to opens it.
            self._store.announce_work(vessel)
        return new

    async def inbound(self, *, most: int) -> tuple[InboundMessage, ...]:
        """Return the first messages that have not been worked off."""
        async with self._store.reading() as reading:
            rows = await reading.rows(
                "SELECT id, imei, data FROM sbd_inbound WHERE done = 0 ORDER BY id LIMIT ?", (most,)
            )
        return tuple(InboundMessage(id=row[0], imei=row[1], data=row[2]) for row in rows)

    async def is_unfinished(self, message: InboundMessage) -> bool:
        """Return whether a message still has to be worked off."""
        async with self._store.reading() as reading:
            row = await reading.row("SELECT 1 FROM sbd_inbound WHERE id = ? AND done = 0", (message.id,))
        return row is not None

    async def finish(self, message: InboundMessage, vessel: VesselId | None, outcome: Outcome) -> None:
        """Note that a message was worked off; `vessel` is None where its modem was taken away meanwhile."""

        await self._store.writer.run(partial(finish, message_id=message.id, vessel=vessel, outcome=outcome))

    # --- down ---

    async def vessels_to_look_at(self) -> tuple[VesselId, ...]:
        """Return the vessels with a modem that wait for something from here."""
        async with self._store.reading() as reading:
            rows = await reading.rows(
                "SELECT vessel FROM sbd_modems WHERE vessel IN (SELECT vessel FROM sbd_accounts "
                "WHERE owed_since > 0 UNION SELECT vessel FROM dispatches WHERE settled = 0 "
                "UNION SELECT vessel FROM sbd_outbound)"
            )
        return tuple(VesselId(row[0]) for row in rows)

    async def outlook(self, vessel: VesselId, at: UnixSeconds, *, queued_s_max: float) -> Outlook | None:
        """Put the vessel's messages in order, and return what waits for it; None without a modem."""
        return await self._store.writer.run(
            partial(_outlook, vessel=vessel, oldest=UnixSeconds(int(at - queued_s_max)))
        )

    async def add_message(self, vessel: VesselId, packet: bytes, at: UnixSeconds) -> None:
        """Queue the answer to a rekey: whatever else waits for the modem cannot be opened any more."""

        async def add(session: Session) -> None:
            await session.change("DELETE FROM sbd_outbound WHERE vessel = ? AND state <> 'queued'", (vessel,))
            await session.change("UPDATE sbd_outbound SET state = 'stale' WHERE vessel = ?", (vessel,))
            await session.change(
                "INSERT INTO sbd_outbound (vessel, packet, key_id, pieces, flush, composed_at) "
                "VALUES (?, ?, x'', '', 1, ?)",
                (vessel, packet, at),
            )

        await self._store.writer.run(add)

    async def next_to_post(self, via: Via, resting: Iterable[VesselId]) -> OutboundMessage | None:
        """Return the oldest message that waits for a gateway, except those of `resting` vessels."""
        skipped = list(resting)
        # An empty list is no list to PostgreSQL, and no vessel has an empty id.
        holes = ", ".join(["x''", *("?" for _ in skipped)])
        async with self._store.reading() as reading:
            rows = await reading.rows(
                "SELECT id, vessel, imei, packet, flush, attempts FROM sbd_outbound "  # noqa: S608  # Holes only.
                "JOIN sbd_modems USING (vessel) WHERE state = 'waiting' AND via = ? "
                f"AND vessel NOT IN ({holes}) ORDER BY id LIMIT 1",
                (via.value, *skipped),
            )
        for row in rows:
            return OutboundMessage(
                id=row[0],
                vessel=VesselId(row[1]),
                imei=row[2],
                packet=row[3],
                flush=bool(row[4]),
                attempts=row[5],
            )
        return None

    async def is_waiting(self, message: OutboundMessage) -> bool:
        """Return whether a message still has to be handed over."""
        query = "SELECT 1 FROM sbd_outbound WHERE vessel = ? AND id = ? AND state = 'waiting'"
        async with self._store.reading() as reading:
            row = await reading.row(query, (message.vessel, message.id))
        return row is not None

    async def posted(self, message: OutboundMessage, at: UnixSeconds, *, credits_spent: int) -> None:
        """Note that the gateway took a message, and queue again what its flush deleted beside stale ones."""

        async def post(session: Session) -> None:
            if message.flush:
                await session.change(
                    "DELETE FROM sbd_outbound WHERE vessel = ? AND id <> ? AND "
                    "(state = 'stale' OR (state = 'queued' AND pieces = '' AND key_id <> x'' AND id < ?))",
                    (message.vessel, message.id, message.id),
                )
                # What the modem has probably fetched already is not sent again before it had time to say so.
                await session.change(
                    "UPDATE sbd_outbound SET state = 'waiting', flush = 0 "
                    "WHERE vessel = ? AND id <> ? AND state = 'queued' AND sessions = 0",
                    (message.vessel, message.id),
                )
            await session.change(
                "UPDATE sbd_outbound SET state = 'queued', flush = 0, attempts = 0, sessions = 0, "
                "posted_at = ? WHERE id = ?",
                (at, message.id),
            )
            await session.change(
                "UPDATE sbd_accounts SET messages_down = messages_down + 1, credits_down = credits_down + ? "
                "WHERE vessel = ?",
                (credits_spent, message.vessel),
            )
            await session.change("DELETE FROM sbd_alarms WHERE vessel IN (x'', ?)", (message.vessel,))

        await self._store.writer.run(post)

    async def not_posted(
        self, message: OutboundMessage, alarm: Alarm | None, *, for_good: bool, in_doubt: bool
    ) -> None:
        """Note that the gateway did not take a message, or, `in_doubt`, that nobody knows whether it did."""

        async def note(session: Session) -> None:
            # Should the gateway have it all the same, a flush makes sure that the modem gets it once.
            await session.change(
                "UPDATE sbd_outbound SET attempts = attempts + 1, flush = greatest(flush, ?), state = ? "
                "WHERE id = ?",
                (int(in_doubt), "refused" if for_good else "waiting", message.id),
            )
            if alarm is not None:
                await _raise(session, alarm)

        await self._store.writer.run(note)

    async def raise_alarm(self, alarm: Alarm) -> None:
        """Let the operator see something; the same alarm keeps its first time."""
        await self._store.writer.run(partial(_raise, alarm=alarm))

    async def try_again(self) -> None:
        """Forget what gateways refused, and all alarms: the settings may have changed since."""

        async def forget(session: Session) -> None:
            await session.change("DELETE FROM sbd_outbound WHERE state = 'refused'")
            await session.change("DELETE FROM sbd_alarms")

        await self._store.writer.run(forget)


async def _vessel_named(session: Session, name: str) -> VesselId:
    for (vessel,) in await session.rows("SELECT vessel FROM vessels WHERE name = ?", (name,)):
        return VesselId(vessel)
    raise UnknownVessel(f"This relay has no vessel named {name}; `seavoice-relay status` lists them.")


async def _unassign(session: Session, vessel: VesselId, keep: str = "") -> None:
    if await session.change("DELETE FROM sbd_modems WHERE vessel = ? AND imei <> ?", (vessel, keep)):
        # They wait in another modem's queue; what they carried is asked for and sent anew.
        await session.change("DELETE FROM sbd_outbound WHERE vessel = ?", (vessel,))
    await session.change("DELETE FROM sbd_alarms WHERE vessel = ?", (vessel,))


async def _owner(session: Session, via: Via, imei: str) -> VesselId:
    for (vessel,) in await session.rows(
        "SELECT vessel FROM sbd_modems WHERE imei = ? AND via = ?", (imei, via.value)
    ):
        return VesselId(vessel)
    raise UnknownModem(
        f"No vessel of this relay has a modem of this IMEI at {via.value}; "
        "assign it with `seavoice-relay vessel modem`."
    )


async def _keep_position(session: Session, vessel: VesselId, message: MobileOriginated) -> None:
    if message.position is None:
        return
    await session.change(
        "INSERT INTO sbd_positions (vessel, at, latitude, longitude, radius_km) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (vessel) DO UPDATE SET at = excluded.at, latitude = excluded.latitude, "
        "longitude = excluded.longitude, radius_km = excluded.radius_km "
        "WHERE excluded.at >= sbd_positions.at",
        (
            vessel,
            message.transmitted_at,
            message.position.latitude,
            message.position.longitude,
            message.position.radius_km,
        ),
    )


async def _outlook(session: Session, vessel: VesselId, oldest: UnixSeconds) -> Outlook | None:
    await tidy(session, vessel, oldest)
    for imei, via, since, urgently, last_bearer in await session.rows(
        "SELECT imei, via, owed_since, owed_urgently, last_bearer FROM sbd_modems "
        "JOIN sbd_accounts USING (vessel) JOIN vessels USING (vessel) WHERE vessel = ?",
        (vessel,),
    ):
        if since and last_bearer != "sbd":
            # It was heard over another bearer since, where it got its answer at once.
            await session.change(
                "UPDATE sbd_accounts SET owed_since = 0, owed_urgently = 0 WHERE vessel = ?", (vessel,)
            )
        return Outlook(
            modem=Modem(imei=imei, vessel=vessel, via=Via(via)),
            bundles=await _bundles(session, vessel),
            messages=await _messages(session, vessel),
            owed_since=UnixSeconds(since if last_bearer == "sbd" else 0),
            owed_urgently=bool(urgently),
        )
    return None


async def _bundles(session: Session, vessel: VesselId) -> tuple[WaitingBundle, ...]:
    rows = await session.rows(
        "SELECT number, priority, bundle, queued_at, acked FROM dispatches "
        "WHERE vessel = ? AND settled = 0 ORDER BY priority, number LIMIT ?",
        (vessel, _BUNDLES_LOOKED_AT_MAX),
    )
    return tuple(
        WaitingBundle(
            number=row[0],
            priority=Priority(row[1]),
            data=row[2],
            queued_at=UnixSeconds(row[3]),
            acked=tuple(RangeSet(ranges_from_text(row[4]))),
        )
        for row in rows
    )


async def _messages(session: Session, vessel: VesselId) -> tuple[HeldMessage, ...]:
    rows = await session.rows(
        "SELECT pieces, key_id, state, sessions FROM sbd_outbound WHERE vessel = ? ORDER BY id", (vessel,)
    )
    return tuple(
        HeldMessage(
            pieces=carried(pieces),
            state=MessageState(state),
            is_rekey=not key_id,
            fetched=sessions > 0,
        )
        for pieces, key_id, state, sessions in rows
    )


async def _raise(session: Session, alarm: Alarm) -> None:
    await session.change(
        "INSERT INTO sbd_alarms (code, vessel, raised_at, advice) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (alarm.code, alarm.vessel or b"", alarm.raised_at, alarm.advice),
    )
