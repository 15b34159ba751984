"""`scripts/simulate`: sails many voyages and says which of them broke a rule."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence

from tests.simulation.voyage import Outcome, sail


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 1 if any voyage broke a rule."""
    asked = _parser().parse_args(arguments)
    print_line = print if asked.trace else None
    outcomes: list[Outcome] = []
    for seed in range(asked.first, asked.first + asked.seeds):
        outcome = sail(seed, asked.hours, print_line)
        outcomes.append(outcome)
        if outcome.problem is not None:
            print(f"seed {seed}: {outcome.problem}", file=sys.stderr)
            print(f"  again: {repeat_command(outcome, asked.hours)}", file=sys.stderr)
    summary = summarise(outcomes)
    print(json.dumps(summary) if asked.json else _in_words(summary))
    return 1 if summary["broken"] else 0


def repeat_command(outcome: Outcome, hours: float | None) -> str:
    """Return the command that sails one voyage again and tells all that happens."""
    chosen = f" --hours {hours}" if hours is not None else ""
    return f"scripts/simulate --seeds 1 --first {outcome.seed}{chosen} --trace"


def summarise(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """Return the figures of all voyages, ready for JSON."""
    faults: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        faults.update(outcome.faults)
        counts.update(outcome.counts)
    simulated_s = sum(outcome.simulated_s for outcome in outcomes)
    wall_s = sum(outcome.wall_s for outcome in outcomes)
    return {
        "seeds": len(outcomes),
        "broken": {outcome.seed: outcome.problem for outcome in outcomes if outcome.problem is not None},
        "bundles_delivered": sum(outcome.delivered for outcome in outcomes),
        "packets": sum(outcome.packets for outcome in outcomes),
        "packet_bytes": sum(outcome.packet_bytes for outcome in outcomes),
        "duplicate_bytes": sum(outcome.duplicate_bytes for outcome in outcomes),
        "faults": dict(faults.most_common()),
        "counts": dict(counts.most_common()),
        "simulated_s": round(simulated_s),
        "wall_s": round(wall_s, 1),
        "simulated_s_per_wall_s": round(simulated_s / wall_s) if wall_s else 0,
    }


def _in_words(summary: dict[str, object]) -> str:
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in summary.items() if not _is_table(value)]
    for table in ("faults", "counts"):
        lines.append(f"{table}:")
        rows = summary[table]
        assert isinstance(rows, dict)
        lines += [f"  {name}: {count}" for name, count in rows.items()]
    return "\n".join(lines)


def _is_table(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(count, int) for count in value.values())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/simulate",
        description="Sail voyages of a vessel and its relay under a sky where everything goes wrong.",
    )
    parser.add_argument("--seeds", type=_positive, default=100, help="how many voyages (default: 100)")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first one (default: 0)")
    parser.add_argument("--hours", type=_hours, help="length of each storm (default: drawn from the seed)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--trace", action="store_true", help="tell everything that happens")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give at least 1")
    return number


def _hours(text: str) -> float:
    hours = float(text)
    if not 0 < hours <= 10_000:
        raise argparse.ArgumentTypeError("give hours above 0, and at most 10000")
    return hours


if __name__ == "__main__":
    sys.exit(main())
