"""`scripts/demo`: see the package; `--once` ends by itself, `--json` prints one object for programs."""

import argparse
import asyncio
import json
import sys
import tempfile
import webbrowser
from pathlib import Path

from rich.console import Console

from scripts.voyage.journey import Journey, travel
from scripts.voyage.programs import ProgramFailed
from scripts.voyage.show import as_document, show
from scripts.voyage.world import PASSPHRASE, World, open_world


def main() -> int:
    """Run the demonstration; 0 only if everything arrived unchanged and the answer came back."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the journey; open no browser")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--speed", type=float, default=8.0, help="link seconds in one second (%(default)s)")
    options = parser.parse_args()
    console = Console(stderr=options.json)
    try:
        journey = asyncio.run(_run(options, console))
    except ProgramFailed as error:
        print(f"scripts/demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if journey.ok else 1


async def _run(options: argparse.Namespace, console: Console) -> Journey:
    with tempfile.TemporaryDirectory(prefix="seavoice-demo-") as folder:
        async with open_world(Path(folder), options.speed) as world:

            def say(text: str) -> None:
                if not options.json:
                    console.print(f"[dim]{world.sky.now_s:6.1f} s[/] {text}")

            journey = await travel(world, say)
            if options.json:
                print(json.dumps(as_document(journey)))
            else:
                show(journey, console)
            if not options.once:
                await _stay(world, journey, console)
    return journey


async def _stay(world: World, journey: Journey, console: Console) -> None:
    box_page = f"{world.box_url}/"
    console.print(f"The box: {box_page}   The desk: {world.desk_url}   its passphrase: {PASSPHRASE}")
    console.print(f"The receipt code: {journey.code}   End with Ctrl-C.")
    for page in (box_page, world.desk_url):
        webbrowser.open(page)
    await asyncio.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
