"""`scripts/fuzz`: fuzzes the parsers that meet bytes from outside, one process each."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from tests.fuzz.catalogue import FOUND, TARGETS, module_of
from tests.fuzz.running import Campaign, Result, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 1 if any invariant broke."""
    asked = _parser().parse_args(arguments)
    if asked.list:
        for target in TARGETS:
            print(f"{target}\n    {invariant_of(target)}")
        return 0
    unknown = sorted(set(asked.targets) - TARGETS.keys())
    if unknown:
        print(f"There is no target named {unknown[0]}; --list shows all.", file=sys.stderr)
        return 2
    broke = False
    for target in asked.targets or TARGETS:
        result = run(
            Campaign(
                module=module_of(target),
                watched=TARGETS[target],
                found=FOUND / target,
                inputs=asked.inputs,
                seconds=asked.seconds,
                seed=asked.seed,
            )
        )
        print(_in_words(target, result), flush=True)
        broke = broke or result.broke is not None
    return int(broke)


def invariant_of(target: str) -> str:
    """Return what a target holds its parser to: the paragraph of its docstring that says so."""
    paragraphs = (import_module(module_of(target)).__doc__ or "").split("\n\n")
    (invariant,) = [each for each in paragraphs if each.startswith("Invariant: ")]
    return " ".join(invariant.removeprefix("Invariant: ").split())


def _in_words(target: str, result: Result) -> str:
    line = (
        f"{target:16} {result.inputs:>11,} inputs  {result.inputs_per_second:>7,}/s  "
        f"{result.edges:>5,} edges  {result.features:>6,} features"
    )
    if result.broke is None:
        return line
    return f"{line}\n    broke on {result.broke}; each test run now tries it again\n{_traceback(result.said)}"


def _traceback(said: str) -> str:
    start = said.find("Traceback (most recent call last)")
    if start < 0:
        start = said.find("ERROR: libFuzzer")
    return said[start : start + 3_000] if start >= 0 else said[-1_000:]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="which parsers; all if none is named")
    parser.add_argument(
        "--inputs", type=int, default=100_000, help="how many inputs at most, for each target"
    )
    parser.add_argument("--seconds", type=int, default=60, help="how long at most, for each target")
    parser.add_argument("--seed", type=int, default=0, help="repeats a run; 0 draws another one each time")
    parser.add_argument("--list", action="store_true", help="only tell the targets and their invariants")
    return parser


if __name__ == "__main__":
    sys.exit(main())
