"""What an operator has to see to, worked out from the facts, for the page, the doctor and the metrics."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from protocol.ids import VesselId
from shore_relay.relay.store.delivery_rows import DeliveryState
from shore_relay.relay.watch.facts import Facts

_HOUR_S = 3_600
_DAY_S = 86_400
_CERTIFICATE_DAYS = 14
"""Authorities that renew by themselves do so a month before; who has less was forgotten by them."""
_NEARLY_FULL = 0.9


class AlarmCode(Enum):
    """Every alarm that is worked out here; those of the satellite gateways have codes of their own."""

    CERTIFICATE_ENDS = "certificate-ends"
    CLOCK_BEHIND = "clock-behind"
    DISK_LOW = "disk-low"
    BACKUP_OLD = "backup-old"
    RESTORED = "restored"
    DESK_ABSENT = "desk-absent"
    NOTICE_DEAD = "notice-dead"
    VESSEL_SILENT = "vessel-silent"
    VESSEL_FULL = "vessel-full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """One alarm: what, about whom, and what to do, in a sentence."""

    code: str
    subject: str
    """A vessel's or desk's name; empty where it concerns the relay."""
    advice: str
    values: dict[str, str]
    """What a catalogue in another language puts into its own sentence."""
    vessel: VesselId | None = None


def raised(facts: Facts) -> tuple[Raised, ...]:
    """Return all alarms of this moment, those about the relay itself first."""
    return (*_of_relay(facts), *_of_desks(facts), *_of_vessels(facts), *_of_gateways(facts))


def unheard_since_restore(facts: Facts) -> int:
    """Return how many vessels that are served have not spoken since a backup was put in place."""
    if facts.restored is None:
        return 0
    return sum(
        not vessel.revoked_at and vessel.last_contact_at < facts.restored.at
        for vessel in facts.status.vessels
    )


def _alarm(
    code: AlarmCode, subject: str, advice: str, vessel: VesselId | None = None, **values: int | str
) -> Raised:
    return Raised(
        code=code.value,
        subject=subject,
        advice=advice,
        vessel=vessel,
        values={name: str(value) for name, value in values.items()},
    )


def _of_relay(facts: Facts) -> Iterator[Raised]:
    settings = facts.settings.operator
    if facts.certificate_ends_at is not None:
        days = (facts.certificate_ends_at - facts.now) // _DAY_S
        if days < _CERTIFICATE_DAYS:
            advice = f"The certificate ends in {days} days; renew it."
            yield _alarm(AlarmCode.CERTIFICATE_ENDS, "", advice, days=days)
    if facts.watched.newest_at > facts.now + _HOUR_S:
        hours = (facts.watched.newest_at - facts.now) // _HOUR_S
        advice = f"The clock is {hours} hours behind what the relay saw before; set it."
        yield _alarm(AlarmCode.CLOCK_BEHIND, "", advice, hours=hours)
    if facts.disk_free_bytes < settings.disk_free_bytes_min:
        megabytes = facts.disk_free_bytes // 1_000_000
        advice = f"The disk has only {megabytes} MB left; make room."
        yield _alarm(AlarmCode.DISK_LOW, "", advice, megabytes=megabytes)
    yield from _of_backups(facts)


def _of_backups(facts: Facts) -> Iterator[Raised]:
    if facts.backup is None:
        advice = "There is no backup; make one every day with seavoice-relay backup."
        yield _alarm(AlarmCode.BACKUP_OLD, "", advice, hours="")
    else:
        hours = (facts.now - facts.backup.at) // _HOUR_S
        if hours > facts.settings.operator.backup_hours:
            advice = f"The last backup is {hours} hours old; see why none came since."
            yield _alarm(AlarmCode.BACKUP_OLD, "", advice, hours=hours)
    waiting = unheard_since_restore(facts)
    if facts.restored is not None and waiting:
        hours = max(0, facts.restored.at - facts.restored.data_at) // _HOUR_S
        advice = (
            f"This relay was restored from a backup that was {hours} hours old. {waiting} vessels have not "
            "spoken since; each gets new link keys when it does. What came in those hours, and no desk had "
            "fetched, is lost."
        )
        yield _alarm(AlarmCode.RESTORED, "", advice, hours=hours, waiting=waiting)


def _of_desks(facts: Facts) -> Iterator[Raised]:
    for desk in facts.status.desks:
        since = facts.watched.waiting_since.get(desk.desk)
        if since is None:
            continue
        hours = (facts.now - since) // _HOUR_S
        if hours > facts.settings.operator.waiting_hours:
            advice = f"It has not fetched what came {hours} hours ago; call them."
            yield _alarm(AlarmCode.DESK_ABSENT, desk.name, advice, hours=hours)
    dead = [each for each in facts.deliveries if each.state is DeliveryState.DEAD]
    for name, way in sorted({(each.desk_name, each.way.value) for each in dead}):
        trouble = next(each.trouble for each in dead if (each.desk_name, each.way.value) == (name, way))
        advice = (
            f"Nobody takes its notices by {way} ({trouble}); mend that, then run "
            "seavoice-relay deliveries --replay all."
        )
        yield _alarm(AlarmCode.NOTICE_DEAD, name, advice, way=way, trouble=trouble)


def _of_vessels(facts: Facts) -> Iterator[Raised]:
    for vessel in facts.status.vessels:
        if facts.is_silent(vessel):
            days = facts.silent_s(vessel) // _DAY_S
            advice = f"Not heard for {days} days; see what its owner or the satellite provider knows."
            yield _alarm(AlarmCode.VESSEL_SILENT, vessel.name, advice, vessel.vessel, days=days)
        most_bytes = facts.settings.held_bytes_per_vessel_max
        if most_bytes and vessel.held_bytes > _NEARLY_FULL * most_bytes:
            share = 100 * vessel.held_bytes // most_bytes
            advice = f"{share} % of what may wait for desks is used; have its desk fetch it."
            yield _alarm(AlarmCode.VESSEL_FULL, vessel.name, advice, vessel.vessel, share=share)


def _of_gateways(facts: Facts) -> Iterator[Raised]:
    names = {vessel.vessel: vessel.name for vessel in facts.status.vessels}
    for alarm in facts.status.alarms:
        name = names.get(alarm.vessel, "") if alarm.vessel is not None else ""
        yield Raised(code=alarm.code, subject=name, advice=alarm.advice, vessel=alarm.vessel, values={})
