"""The ``satellite`` program: a sky from the command line, with its meters as lines of JSON."""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TextIO

from scripts.sky.datagram import DatagramSky
from scripts.sky.errors import SettingError, SkyError
from scripts.sky.model import Cut, CutSchedule, ListedCuts, PeriodicCuts, RandomCuts, SkyProfile
from scripts.sky.shell import Endpoint, SkyEvent
from scripts.sky.stream import StreamSky

EXIT_USAGE = 2

DESCRIPTION = """\
Put a satellite between two programs: listen on LISTEN, relay to TARGET, and make the way as slow, long and
unreliable as asked. All times and rates are those of the sky; --speed 4 lets four sky seconds pass in one.
"""

EPILOG = """\
example: satellite stream 7100 8443 --bps 2400 --delay 0.7 --up 60 --down 20 --speed 8 --stats sky.jsonl
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code: 0 when it was stopped, 2 when it could not start."""
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_run(options))
    except SkyError as error:
        print(f"satellite: {error}", file=sys.stderr)
        return EXIT_USAGE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="satellite",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    media = parser.add_subparsers(dest="medium", required=True, metavar="stream|datagram")
    stream = media.add_parser("stream", help="relay TCP; a cut resets all connections and refuses new ones")
    datagram = media.add_parser("datagram", help="relay UDP; a cut swallows datagrams silently")
    for medium in (stream, datagram):
        medium.add_argument("listen", type=_endpoint, metavar="LISTEN", help="[HOST:]PORT; port 0 picks one")
        medium.add_argument("target", type=_endpoint, metavar="TARGET", help="[HOST:]PORT")
        _add_link(medium)
        _add_cuts(medium)
        _add_run(medium)
    stream.add_argument(
        "--loss",
        type=float,
        default=0.0,
        metavar="P",
        help="share of pieces lost and sent again (0 to below 1)",
    )
    _add_datagram_faults(datagram)
    return parser


def _add_link(parser: argparse.ArgumentParser) -> None:
    link = parser.add_argument_group("link")
    link.add_argument("--bps", type=float, metavar="N", help="bits per second, each way (default: unlimited)")
    link.add_argument(
        "--bps-up", type=float, metavar="N", help="bits per second vessel to shore, if different"
    )
    link.add_argument(
        "--bps-down", type=float, metavar="N", help="bits per second shore to vessel, if different"
    )
    link.add_argument("--delay", type=float, default=0.0, metavar="S", help="seconds one way (default: 0)")


def _add_datagram_faults(parser: argparse.ArgumentParser) -> None:
    faults = parser.add_argument_group("faults")
    faults.add_argument(
        "--loss", type=float, default=0.0, metavar="P", help="share of datagrams lost (0 to 1)"
    )
    faults.add_argument("--duplicate", type=float, default=0.0, metavar="P", help="share that arrive twice")
    faults.add_argument(
        "--reorder", type=float, default=0.0, metavar="P", help="share that others may overtake"
    )
    faults.add_argument(
        "--reorder-delay",
        type=float,
        default=1.0,
        metavar="S",
        help="how late those are at most (default: 1)",
    )
    faults.add_argument("--packet-max", type=int, metavar="BYTES", help="longer datagrams vanish")


def _add_cuts(parser: argparse.ArgumentParser) -> None:
    cuts = parser.add_argument_group("cuts")
    cuts.add_argument("--up", type=float, metavar="S", help="seconds up between cuts")
    cuts.add_argument("--down", type=float, metavar="S", help="length of each of those cuts")
    cuts.add_argument("--first", type=float, metavar="S", help="when the first comes (default: after --up)")
    cuts.add_argument("--random", action="store_true", help="take --up and --down as means of random times")
    cuts.add_argument(
        "--cut", type=_cut, action="append", default=[], metavar="AT:LENGTH", help="one cut; repeat for more"
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    run = parser.add_argument_group("run")
    run.add_argument(
        "--seed", type=int, default=0, metavar="N", help="same seed, same accidents (default: 0)"
    )
    run.add_argument(
        "--speed", type=float, default=1.0, metavar="X", help="sky seconds per second (default: 1)"
    )
    run.add_argument("--stats", metavar="FILE", help="append a JSON line at each event and every --every")
    run.add_argument("--every", type=float, default=10.0, metavar="S", help="sky seconds (default: 10)")
    run.add_argument(
        "--seconds", type=float, metavar="N", help="stop after N sky seconds (default: on a signal)"
    )


def _endpoint(text: str) -> Endpoint:
    host, _, port = text.rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no address; write PORT or HOST:PORT, as in 127.0.0.1:7100"
        )
    return Endpoint(port=int(port), host=host.strip("[]")) if host else Endpoint(port=int(port))


def _cut(text: str) -> Cut:
    try:
        at_s, length_s = (float(part) for part in text.split(":"))
        return Cut(at_s=at_s, length_s=length_s)
    except (ValueError, SkyError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no cut; write START:LENGTH in seconds, as in 30:20"
        ) from error


def _profile(options: argparse.Namespace) -> SkyProfile:
    link = SkyProfile(
        rate_up_bps=options.bps if options.bps_up is None else options.bps_up,
        rate_down_bps=options.bps if options.bps_down is None else options.bps_down,
        delay_s=options.delay,
        loss=options.loss,
        speed=options.speed,
    )
    if options.medium == "stream":
        return link
    return SkyProfile(
        rate_up_bps=link.rate_up_bps,
        rate_down_bps=link.rate_down_bps,
        delay_s=link.delay_s,
        loss=link.loss,
        duplicate=options.duplicate,
        reorder=options.reorder,
        reorder_delay_s=options.reorder_delay,
        packet_bytes_max=options.packet_max,
        speed=link.speed,
    )


def _cuts(options: argparse.Namespace) -> CutSchedule:
    is_periodic = options.up is not None and options.down is not None
    if (options.up is None) != (options.down is None) or (options.cut and is_periodic):
        raise SettingError("Give --up together with --down, or else single cuts with --cut.")
    if (options.random or options.first is not None) and not is_periodic:
        raise SettingError("--first and --random shape the cuts of --up and --down; give those too.")
    if options.random and options.first is not None:
        raise SettingError("Random cuts have no --first; leave out one of the two.")
    if options.random:
        return RandomCuts(seed=options.seed, up_s_mean=options.up, down_s_mean=options.down)
    if is_periodic:
        return PeriodicCuts(up_s=options.up, down_s=options.down, first_s=options.first)
    return ListedCuts(listed=tuple(options.cut))


class StatsFile:
    """Appends the meter to a file, one JSON object per line; without a file it writes nothing."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file

    def write(self, sky: StreamSky | DatagramSky, event: str) -> None:
        """Write one line: the event, the sky second, the state and every counter."""
        if self._file is None:
            return
        record = {"event": event, "at_s": round(sky.now_s, 3), "is_up": sky.is_up}
        self._file.write(json.dumps(record | sky.meter.snapshot().as_record()) + "\n")
        self._file.flush()


def _open_stats(stack: ExitStack, path: str | None) -> StatsFile:
    if path is None:
        return StatsFile(None)
    try:
        return StatsFile(stack.enter_context(open(path, "a", encoding="utf-8")))
    except OSError as error:
        raise SettingError(f"Cannot write {path} ({error.strerror}); name another file.") from error


async def _run(options: argparse.Namespace) -> None:
    profile, cuts = _profile(options), _cuts(options)
    medium: Callable[..., StreamSky | DatagramSky] = StreamSky if options.medium == "stream" else DatagramSky
    if not options.every > 0:
        raise SettingError(f"--every is {options.every}; give a number of seconds above 0.")
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        stats = _open_stats(stack, options.stats)

        def observe(event: SkyEvent) -> None:
            stats.write(sky, event.value)

        sky = medium(
            target=options.target,
            listen=options.listen,
            profile=profile,
            cuts=cuts,
            seed=options.seed,
            observer=observe,
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        async with sky:
            print(f"satellite: {options.medium} on port {sky.port}, process {os.getpid()}", flush=True)
            stats.write(sky, "start")
            await _keep_time(sky, stopped, stats, options)
            stats.write(sky, "end")


async def _keep_time(
    sky: StreamSky | DatagramSky, stopped: asyncio.Event, stats: StatsFile, options: argparse.Namespace
) -> None:
    """Write a line every so often until a signal comes or the time is over."""
    ends_s = float("inf") if options.seconds is None else options.seconds
    tick_s = options.every
    while not stopped.is_set():
        try:
            async with asyncio.timeout((min(tick_s, ends_s) - sky.now_s) / options.speed):
                await stopped.wait()
        except TimeoutError:
            if sky.now_s >= ends_s:
                return
            if sky.now_s >= tick_s:
                stats.write(sky, "tick")
                tick_s += options.every


if __name__ == "__main__":
    sys.exit(main())
