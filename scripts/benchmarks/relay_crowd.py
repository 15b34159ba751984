"""Lets a fleet come to relays, and measures what that took."""

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.benchmarks.relay_bare import Load
from scripts.benchmarks.relay_boat import report
from scripts.benchmarks.relay_fleet import Fleet
from scripts.benchmarks.relay_shore import Serving, Shore

SIZE_BYTES = 300
"""Of a sealed report: a text of some lines, padded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """What it took to take in a backlog of many vessels at once."""

    load: Load
    took_s: float
    """From the first dial to the last acknowledgement."""
    relay_s: float
    """Processor time of all relays."""
    database_s: float
    fleet_s: float

    @property
    def bundles(self) -> int:
        """How many bundles were acknowledged."""
        return self.load.vessels * self.load.bundles

    @property
    def rate(self) -> float:
        """How many of them in a second."""
        return self.bundles / self.took_s


async def burst(shore: Shore, relays: Sequence[Serving], numbers: range, backlog: int, parts: int) -> Burst:
    """Let vessels that are new to the relays hand over what they have; raises `FleetFailed`."""
    fleet = await Fleet.start(shore.desk.key.id, numbers, parts)
    try:
        made = await fleet.order("prepare", bundles=backlog, size_bytes=SIZE_BYTES)
        commits = -sum([await relay.commits() for relay in relays])
        relay_s = -sum(relay.processor_s() for relay in relays)
        database_s = -shore.database_processor_s()
        went = await fleet.order("go", [relay.tcp_port for relay in relays])
        relay_s += sum(relay.processor_s() for relay in relays)
        database_s += shore.database_processor_s()
        commits += sum([await relay.commits() for relay in relays])
    finally:
        await fleet.stop()
    return Burst(
        load=Load(
            vessels=len(numbers),
            bundles=backlog,
            packet_bytes=made[0].packet_bytes,
            bundle_bytes=len(report(shore.desk.key.id, SIZE_BYTES)),
            commits=commits,
        ),
        took_s=max(answer.ended_s for answer in went) - min(answer.began_s for answer in went),
        relay_s=relay_s,
        database_s=database_s,
        fleet_s=sum(answer.processor_s for answer in went),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rush:
    """How long each vessel of a fleet waited for its acknowledgement."""

    waits_s: list[float]
    relay_s: float

    def at(self, share: float) -> float:
        """Return the wait that so large a share of the fleet did not exceed."""
        return self.waits_s[min(len(self.waits_s) - 1, int(len(self.waits_s) * share))]


async def rush(fleet: Fleet, relay: Serving, spread_s: int, *, dials: bool) -> Rush:
    """Let each vessel hand over one report at a moment of its own; `dials`: on a new connection."""
    began_s = relay.processor_s()
    port = relay.tcp_port if dials else 0
    answers = await fleet.order("report", [port], spread_s=spread_s, size_bytes=SIZE_BYTES)
    waits_s = sorted(wait for answer in answers for wait in answer.waits_s)
    return Rush(waits_s=waits_s, relay_s=relay.processor_s() - began_s)
