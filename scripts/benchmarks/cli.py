"""The `bench` program: one report for each name, as a table or as JSON."""

import argparse
import asyncio
import fnmatch
import sys
from collections.abc import Callable, Sequence

from scripts.benchmarks import desk, page, relay, transport, vessel, voice
from scripts.benchmarks.errors import BenchError
from scripts.benchmarks.report import Row, as_json, missed, print_table
from scripts.voyage.programs import ProgramFailed

EXIT_MISSED = 1
EXIT_CANNOT_MEASURE = 3

Wanted = Callable[[str], bool]
Bench = Callable[[Wanted, argparse.Namespace], list[Row]]


def rows_like(pattern: str) -> Wanted:
    """Return what tells whether a row's name has `pattern` in it, in which `*` stands for anything."""
    folded = f"*{pattern}*".casefold()
    return lambda name: fnmatch.fnmatchcase(name.casefold(), folded)


BENCHES: dict[str, tuple[str, Bench]] = {
    "transport": (
        "bytes and seconds over a satellite, beside LXMF and HTTPS (about a quarter of an hour)",
        lambda wanted, _: asyncio.run(transport.measure(wanted)),
    ),
    "voice": ("sizes of voice notes and what coding them costs", lambda wanted, _: voice.measure(wanted)),
    "page": (
        "loads, waiting, taps, contrast and sizes of the fisher's page in eight languages",
        lambda wanted, _: page.measure(wanted),
    ),
    "desk": (
        "inbox, search, sound and memory of a desk with 20,000 messages, and what it takes in",
        lambda wanted, _: desk.measure(wanted),
    ),
    "vessel": (
        "memory, start, idle processor time and installed size of the box's program",
        lambda wanted, _: vessel.measure(wanted),
    ),
    "relay": (
        "10,000 vessels, throughput beside a bare loop, and a million stored (ten minutes)",
        lambda wanted, options: relay.measure(
            wanted, relay.size_of(small=options.small, stored=options.stored)
        ),
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one bench. Returns 0, or with --check 1 when a row misses its target, or 3 if it could not run."""
    options = _parser().parse_args(arguments)
    title, bench = BENCHES[options.name]
    try:
        rows = bench(rows_like(options.rows), options)
    except (BenchError, ProgramFailed) as error:
        print(f"bench: {error}", file=sys.stderr)
        return EXIT_CANNOT_MEASURE
    if options.json:
        print(as_json(rows))
    else:
        print_table(rows, title, sys.stdout)
    misses = missed(rows) if options.check else []
    for miss in misses:
        print(miss, file=sys.stderr)
    return EXIT_MISSED if misses else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="Measure SeaVoice against its targets.")
    names = parser.add_subparsers(dest="name", required=True, metavar="|".join(BENCHES))
    for name, (text, _) in BENCHES.items():
        one = names.add_parser(name, help=text, description=text)
        one.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
        one.add_argument("--check", action="store_true", help="exit 1 and name the rows that miss")
        one.add_argument("--rows", default="", metavar="PATTERN", help="only rows whose name has this in it")
        if name == "relay":
            one.add_argument("--small", action="store_true", help="a fleet of 60: does it run at all?")
            one.add_argument(
                "--stored",
                type=int,
                metavar="BUNDLES",
                help="how far the curve goes (1,000,000; for 10,000,000 have an hour and 20 GB)",
            )
    return parser


if __name__ == "__main__":
    sys.exit(main())
