"""What the fleet page shows, worked out from the facts and worded for whoever looks."""

from dataclasses import dataclass

from shore_relay.relay.store.delivery_rows import Delivery, DeliveryState
from shore_relay.relay.store.repository import VesselStatus
from shore_relay.relay.watch.alarms import raised
from shore_relay.relay.watch.facts import Facts
from shore_relay.relay.watch.page.words import Words

_NOTICES_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerRow:
    """One bearer of one vessel."""

    name: str
    size: str
    money: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VesselRow:
    """One vessel."""

    name: str
    desk: str
    heard: str
    over: str
    state: str
    """"revoked", "silent", "never" or "heard"."""
    bearers: tuple[BearerRow, ...]
    missing: int
    held: int
    queued: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRow:
    """One desk."""

    name: str
    waiting: int
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """One notice to a desk's office."""

    desk: str
    way: str
    state: str
    is_dead: bool
    made: str
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRow:
    """One alarm."""

    code: str
    subject: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetView:
    """The whole page."""

    alarms: tuple[AlarmRow, ...]
    vessels: tuple[VesselRow, ...]
    desks: tuple[DeskRow, ...]
    notices: tuple[NoticeRow, ...]
    refusals: tuple[tuple[str, int], ...]
    totals: tuple[BearerRow, ...]
    connected: int
    backup: str
    disk: str


def view(facts: Facts, words: Words) -> FleetView:
    """Return the page's contents."""
    live = facts.live
    return FleetView(
        alarms=tuple(
            AlarmRow(
                code=alarm.code,
                subject=alarm.subject,
                sentence=words.alarm(alarm.code, alarm.advice, alarm.values),
            )
            for alarm in raised(facts)
        ),
        vessels=tuple(_vessel(facts, vessel, words) for vessel in facts.status.vessels),
        desks=tuple(
            DeskRow(
                name=desk.name,
                waiting=desk.items_waiting,
                since=_since(facts, facts.watched.waiting_since.get(desk.desk), words),
            )
            for desk in facts.status.desks
        ),
        notices=tuple(_notice(facts, delivery, words) for delivery in facts.deliveries[:_NOTICES_SHOWN]),
        refusals=tuple(sorted(facts.refusals().items(), key=lambda each: -each[1])),
        totals=_totals(facts, words),
        connected=live.connected if live is not None else 0,
        backup=_since(facts, facts.backup.at if facts.backup else None, words) or words("backup.never"),
        disk=words(
            "disk.free", free=words.size(facts.disk_free_bytes), total=words.size(facts.disk_total_bytes)
        ),
    )


def _notice(facts: Facts, delivery: Delivery, words: Words) -> NoticeRow:
    return NoticeRow(
        desk=delivery.desk_name,
        way=words(f"way.{delivery.way.value}"),
        state=words(f"notice.{delivery.state.value}"),
        is_dead=delivery.state is DeliveryState.DEAD,
        made=words.ago(max(0, facts.now - delivery.made_at)),
        trouble=delivery.trouble,
    )


def _since(facts: Facts, at: int | None, words: Words) -> str:
    return "" if at is None else words.ago(max(0, facts.now - at))


def _vessel(facts: Facts, vessel: VesselStatus, words: Words) -> VesselRow:
    state = "silent" if facts.is_silent(vessel) else "heard" if vessel.last_contact_at else "never"
    if vessel.revoked_at:
        state = "revoked"
    return VesselRow(
        name=vessel.name,
        desk=vessel.desk_name,
        heard=_since(facts, vessel.last_contact_at, words) if vessel.last_contact_at else words("never"),
        over=words.bearer(vessel.last_bearer) if vessel.last_bearer else "",
        state=state,
        bearers=_bearers(facts, (vessel,), words),
        missing=facts.watched.missing.get(vessel.vessel, 0),
        held=vessel.bundles_held,
        queued=vessel.bundles_queued,
    )


def _totals(facts: Facts, words: Words) -> tuple[BearerRow, ...]:
    return _bearers(facts, facts.status.vessels, words)


def _bearers(facts: Facts, vessels: tuple[VesselStatus, ...], words: Words) -> tuple[BearerRow, ...]:
    names = sorted({name for vessel in vessels for name in (*vessel.traffic, *facts.money(vessel))})
    rows: list[BearerRow] = []
    for name in names:
        crossed = [vessel.traffic[name] for vessel in vessels if name in vessel.traffic]
        amounts = [money[name] for money in map(facts.money, vessels) if name in money]
        rows.append(
            BearerRow(
                name=words.bearer(name),
                size=words.size(sum(each.bytes_up + each.bytes_down for each in crossed)),
                money=words.money(sum(amounts[1:], amounts[0]), facts.settings.currency) if amounts else "",
            )
        )
    return tuple(rows)
