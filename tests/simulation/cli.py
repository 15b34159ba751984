"""`scripts/simulate`: sails many fleets and says which of them broke a rule."""

import argparse
import gc
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.simulation.fleet import sail
from tests.simulation.journal import Block, append, block_of, read_journal, summarise

BLOCK_SEEDS = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 1 if any fleet broke a rule."""
    asked = _parser().parse_args(arguments)
    # What a fleet leaves behind is small beside what the collector would look through for it each time.
    gc.set_threshold(100_000, 20, 20)
    done = read_journal(asked.journal) if asked.journal is not None else []
    wanted = range(asked.first, asked.first + asked.seeds)
    blocks = [block for block in done if block.first in wanted and block.days == asked.days]
    for first, seeds in _missing(wanted, blocks):
        block = _sail_block(first, seeds, asked.days, print if asked.trace else None)
        blocks.append(block)
        if asked.journal is not None:
            append(asked.journal, block)
    summary = summarise(blocks)
    print(json.dumps(summary) if asked.json else _in_words(summary))
    return 1 if summary["broken"] else 0


def _missing(wanted: range, blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """Yield the blocks that no journal has, as first seed and count."""
    sailed = {seed for block in blocks for seed in range(block.first, block.first + block.seeds)}
    at = wanted.start
    while at < wanted.stop:
        if at in sailed:
            at += 1
            continue
        end = at
        while end < min(wanted.stop, at + BLOCK_SEEDS) and end not in sailed:
            end += 1
        yield at, end - at
        at = end


def _sail_block(
    first: int, seeds: int, days: float | None, print_line: Callable[[str], None] | None
) -> Block:
    outcomes = []
    for seed in range(first, first + seeds):
        outcome = sail(seed, days, print_line)
        outcomes.append(outcome)
        if outcome.problem is not None:
            print(f"seed {seed}: {outcome.problem}", file=sys.stderr)
            print(f"  again: {repeat_command(seed, days)}", file=sys.stderr)
    return block_of(first, days, outcomes)


def repeat_command(seed: int, days: float | None) -> str:
    """Return the command that sails one fleet again and tells all that happens."""
    chosen = f" --days {days}" if days is not None else ""
    return f"scripts/simulate --seeds 1 --first {seed}{chosen} --trace"


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
        description="Sail fleets of vessels and their relay under a sky where everything goes wrong.",
    )
    parser.add_argument("--seeds", type=_positive, default=100, help="how many fleets (default: 100)")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first one (default: 0)")
    parser.add_argument("--days", type=_days, help="length of each storm (default: drawn from the seed)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--trace", action="store_true", help="tell everything that happens")
    parser.add_argument(
        "--journal", type=Path, help="write each finished block of seeds here, and go on behind the last"
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give at least 1")
    return number


def _days(text: str) -> float:
    days = float(text)
    if not 0 < days <= 400:
        raise argparse.ArgumentTypeError("give days above 0, and at most 400")
    return days


if __name__ == "__main__":
    sys.exit(main())
