"""`/metrics` in Prometheus' text format: counts, sizes and times. No name, no id, no place.

Vessels are told apart only where the operator turned it on, and then by a number that counts them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shore_relay.relay.store.delivery_rows import DeliveryState
from shore_relay.relay.store.repository import VesselStatus
from shore_relay.relay.watch.alarms import raised
from shore_relay.relay.watch.facts import Facts, program_version, schema_version

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "seavoice_relay_"


def render(facts: Facts) -> bytes:
    """Return what a scrape gets."""
    # A registry for each scrape: what it collects are values that are gathered already.
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_FactsCollector(facts))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _FactsCollector(Collector):
    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def collect(self) -> Iterable[Metric]:
        yield from _of_program(self._facts)
        yield from _of_machine(self._facts)
        yield from _of_custody(self._facts)
        yield from _of_bearers(self._facts)
        yield from _of_attention(self._facts)
        if self._facts.settings.operator.metrics_by_vessel:
            yield from _by_vessel(self._facts)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(_PREFIX + name, text, value=value)


def _of_program(facts: Facts) -> Iterator[Metric]:
    info = GaugeMetricFamily(
        _PREFIX + "info", "1, with the versions of program and tables.", labels=["version", "schema"]
    )
    info.add_metric([program_version(), str(schema_version())], 1)
    yield info
    live = facts.live
    if live is None:
        return
    yield _gauge("vessels_awake", "Vessels whose engine is in memory.", live.awake)
    yield _gauge("vessels_connected", "Vessels that are there now.", live.connected)
    connections = GaugeMetricFamily(
        _PREFIX + "connections", "Open connections, strangers included.", labels=["bearer"]
    )
    for bearer in ("tcp", "http", "websocket"):
        connections.add_metric([bearer], live.connections.get(bearer, 0))
    yield connections
    yield _counter("store_commits", "Durable transactions since the start.", live.commits)
    yield _counter("store_steps", "Steps that they held: many vessels share one.", live.steps)


def _of_machine(facts: Facts) -> Iterator[Metric]:
    yield _gauge("database_bytes", "Size of the database file and its log.", facts.database_bytes)
    yield _gauge("disk_free_bytes", "Room on the disk of the data folder.", facts.disk_free_bytes)
    yield _gauge("disk_total_bytes", "Size of that disk.", facts.disk_total_bytes)
    yield _gauge(
        "backup_timestamp_seconds",
        "When the last backup succeeded; 0 for never.",
        facts.backup.at if facts.backup else 0,
    )
    yield _gauge(
        "restored_timestamp_seconds",
        "When this store was put in place from a backup; 0 for never.",
        facts.restored.at if facts.restored else 0,
    )
    if facts.certificate_ends_at is not None:
        yield _gauge(
            "certificate_expiry_timestamp_seconds", "When the certificate ends.", facts.certificate_ends_at
        )


def _of_custody(facts: Facts) -> Iterator[Metric]:
    vessels = facts.status.vessels
    by_state = GaugeMetricFamily(_PREFIX + "vessels", "Vessels by what they are.", labels=["state"])
    states = Counter(
        "revoked" if vessel.revoked_at else "silent" if facts.is_silent(vessel) else "heard"
        for vessel in vessels
    )
    for state in ("heard", "silent", "revoked"):
        by_state.add_metric([state], states[state])
    yield by_state
    yield _counter("bundles_taken", "Bundles taken into custody.", sum(v.bundles_taken for v in vessels))
    yield _counter(
        "bundles_handed_over", "Bundles that desks have taken.", sum(v.bundles_handed_over for v in vessels)
    )
    yield _gauge("bundles_held", "Bundles that wait for desks.", sum(v.bundles_held for v in vessels))
    yield _gauge("held_bytes", "Their sealed bytes.", sum(v.held_bytes for v in vessels))
    yield _gauge("bundles_queued", "Bundles that wait for vessels.", sum(v.bundles_queued for v in vessels))
    yield _counter(
        "bundles_delivered", "Bundles that vessels have taken.", sum(v.bundles_delivered for v in vessels)
    )
    yield _counter("duplicate_bytes", "Bytes that came twice.", sum(v.duplicate_bytes for v in vessels))
    notices = GaugeMetricFamily(
        _PREFIX + "notices", "Notices to desks' offices that were not delivered.", labels=["state"]
    )
    for fate in (DeliveryState.WAITING, DeliveryState.DEAD):
        notices.add_metric([fate.value], sum(each.state is fate for each in facts.deliveries))
    yield notices
    missing = sum(facts.watched.missing.values())
    yield _gauge("numbers_missing", "Bundle numbers that have not come: on their way, or withheld.", missing)
    waiting_s = max((facts.now - at for at in facts.watched.waiting_since.values()), default=0)
    yield _gauge(
        "desk_wait_seconds", "For how long the oldest thing has waited for a desk.", max(0, waiting_s)
    )


def _of_bearers(facts: Facts) -> Iterator[Metric]:
    sizes: Counter[tuple[str, str]] = Counter()
    messages: Counter[str] = Counter()
    used: Counter[str] = Counter()
    money: dict[str, Decimal] = {}
    for vessel in facts.status.vessels:
        for bearer, traffic in vessel.traffic.items():
            sizes[bearer, "up"] += traffic.bytes_up
            sizes[bearer, "down"] += traffic.bytes_down
        if vessel.sbd is not None:
            messages.update(up=vessel.sbd.messages_up, down=vessel.sbd.messages_down)
            used.update(up=vessel.sbd.credits_up, down=vessel.sbd.credits_down)
        for bearer, amount in facts.money(vessel).items():
            money[bearer] = money.get(bearer, Decimal(0)) + amount
    crossed = CounterMetricFamily(
        _PREFIX + "bearer_bytes", "Bytes of vessels over a bearer.", labels=["bearer", "direction"]
    )
    for (bearer, direction), size_bytes in sorted(sizes.items()):
        crossed.add_metric([bearer, direction], size_bytes)
    yield crossed
    for name, text, counts in (
        ("sbd_messages", "Short messages over satellite.", messages),
        ("sbd_credits", "Credits that they cost.", used),
    ):
        family = CounterMetricFamily(_PREFIX + name, text, labels=["direction"])
        for direction in ("up", "down"):
            family.add_metric([direction], counts[direction])
        yield family
    spent = GaugeMetricFamily(
        _PREFIX + "money",
        "What bearers have cost, at the prices of the settings.",
        labels=["bearer", "currency"],
    )
    for bearer, amount in sorted(money.items()):
        spent.add_metric([bearer, facts.settings.currency], float(amount))
    yield spent


def _of_attention(facts: Facts) -> Iterator[Metric]:
    refused = CounterMetricFamily(_PREFIX + "refusals", "What was refused, by code.", labels=["code"])
    for code, count in sorted(facts.refusals().items()):
        refused.add_metric([code], count)
    yield refused
    alarms = GaugeMetricFamily(
        _PREFIX + "alarms", "What an operator has to see to, by code.", labels=["code"]
    )
    for code, count in sorted(Counter(alarm.code for alarm in raised(facts)).items()):
        alarms.add_metric([code], count)
    yield alarms


def _by_vessel(facts: Facts) -> Iterator[Metric]:
    contact = GaugeMetricFamily(
        _PREFIX + "vessel_contact_timestamp_seconds",
        "When a vessel was last heard; 0: never.",
        labels=["vessel"],
    )
    held = GaugeMetricFamily(
        _PREFIX + "vessel_held_bytes", "Sealed bytes of a vessel that wait for desks.", labels=["vessel"]
    )
    missing = GaugeMetricFamily(
        _PREFIX + "vessel_numbers_missing", "Numbers of a vessel that have not come.", labels=["vessel"]
    )
    crossed = CounterMetricFamily(
        _PREFIX + "vessel_bytes", "Bytes of a vessel over a bearer.", labels=["vessel", "bearer", "direction"]
    )
    for number, vessel in _numbered(facts):
        contact.add_metric([number], vessel.last_contact_at)
        held.add_metric([number], vessel.held_bytes)
        missing.add_metric([number], facts.watched.missing.get(vessel.vessel, 0))
        for bearer, traffic in vessel.traffic.items():
            crossed.add_metric([number, bearer, "up"], traffic.bytes_up)
            crossed.add_metric([number, bearer, "down"], traffic.bytes_down)
    yield from (contact, held, missing, crossed)


def _numbered(facts: Facts) -> list[tuple[str, VesselStatus]]:
    ordinals = facts.watched.ordinals
    known = [vessel for vessel in facts.status.vessels if vessel.vessel in ordinals]
    return [(str(ordinals[each.vessel]), each) for each in sorted(known, key=lambda v: ordinals[v.vessel])]
