"""The tables of the protocol's design, measured: SeaVoice and its peers in one run.

Bytes are TCP or UDP payload that left the pacer, both directions together, those that a cut lost included,
until the message is acknowledged and nothing is on its way any more.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scripts.benchmarks import engines, mixed_runs, peer_runs, satellite_runs, seavoice_runs, short_messages
from scripts.benchmarks.datagram_rows import DATAGRAMS
from scripts.benchmarks.report import Row
from scripts.benchmarks.runs import Run, open_lab, perform
from scripts.benchmarks.satellite_rows import MIXED, SHORT
from scripts.benchmarks.stream_rows import LINKS, MESSAGES
from scripts.benchmarks.wishes import Wish

WISHES: Sequence[Wish] = (*MESSAGES, *LINKS, *DATAGRAMS, *SHORT, *MIXED)

RUNS: Mapping[str, Run] = {
    **peer_runs.SLOW_RUNS,
    **seavoice_runs.SLOW_RUNS,
    **mixed_runs.RUNS,
    **satellite_runs.RUNS,
    **seavoice_runs.FAST_RUNS,
    **peer_runs.FAST_RUNS,
}
"""The slow ones first, before them those that never deliver: they start one after the other, and the last to
start is the last to end."""


async def measure(wanted: Callable[[str], bool]) -> list[Row]:
    """Measure the wanted rows of all tables; raises `BenchError` or `ProgramFailed`."""
    wishes = [wish for wish in WISHES if wanted(wish.row)]
    # Done before anything is timed, since it takes the processor.
    alone = short_messages.measure(wanted) + engines.measure(wanted)
    if not wishes:
        return alone
    with tempfile.TemporaryDirectory(prefix="seavoice-bench-") as folder:
        lab = await open_lab(Path(folder))
        outcomes = await perform(RUNS, set().union(*(wish.runs for wish in wishes)), lab)
    return [wish.row_of(outcomes) for wish in wishes] + alone
