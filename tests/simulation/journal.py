"""The journal of a long run: one line for each finished block of seeds, so that a stop loses one block."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.fleet import Outcome

_SUMS = ("voyages", "cuts", "delivered", "packets", "packet_bytes", "duplicate_bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What the fleets of some seeds in a row did together."""

    first: int
    seeds: int
    days: float | None
    broken: dict[int, str]
    sums: dict[str, int]
    faults: dict[str, int]
    counts: dict[str, int]
    simulated_s: float
    wall_s: float

    def as_line(self) -> str:
        """Return the journal's line."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


def block_of(first: int, days: float | None, outcomes: Iterable[Outcome]) -> Block:
    """Return what a block of fleets did."""
    listed = list(outcomes)
    faults: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for outcome in listed:
        faults.update(outcome.faults)
        counts.update(outcome.counts)
    return Block(
        first=first,
        seeds=len(listed),
        days=days,
        broken={outcome.seed: outcome.problem for outcome in listed if outcome.problem is not None},
        sums={name: sum(getattr(outcome, name) for outcome in listed) for name in _SUMS},
        faults=dict(faults),
        counts=dict(counts),
        simulated_s=sum(outcome.simulated_s for outcome in listed),
        wall_s=sum(outcome.wall_s for outcome in listed),
    )


def read_journal(path: Path) -> list[Block]:
    """Return the finished blocks; a last line that was cut off by a stop is none."""
    if not path.exists():
        return []
    blocks = []
    for line in path.read_text("utf-8").splitlines():
        try:
            found = json.loads(line)
        except json.JSONDecodeError:
            continue
        found["broken"] = {int(seed): problem for seed, problem in found["broken"].items()}
        blocks.append(Block(**found))
    return blocks


def append(path: Path, block: Block) -> None:
    """Write one block behind the others."""
    torn = path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
    with path.open("a", encoding="utf-8") as file:
        file.write(("\n" if torn else "") + block.as_line() + "\n")


def summarise(blocks: Iterable[Block]) -> dict[str, object]:
    """Return the figures of all blocks together, ready for JSON."""
    listed = list(blocks)
    sums: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    broken: dict[int, str] = {}
    for block in listed:
        sums.update(block.sums)
        faults.update(block.faults)
        counts.update(block.counts)
        broken |= block.broken
    simulated_s = sum(block.simulated_s for block in listed)
    wall_s = sum(block.wall_s for block in listed)
    return {
        "seeds": sum(block.seeds for block in listed),
        "broken": broken,
        **{name: sums[name] for name in _SUMS},
        "faults": dict(faults.most_common()),
        "counts": dict(counts.most_common()),
        "simulated_s": round(simulated_s),
        "wall_s": round(wall_s, 1),
        "simulated_s_per_wall_s": round(simulated_s / wall_s) if wall_s else 0,
    }
