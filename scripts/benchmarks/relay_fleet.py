"""A fleet of real vessel engines on this machine, in several processes."""

import asyncio
import itertools
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from protocol.ids import DeskKeyId
from scripts.benchmarks.errors import BenchError

PATIENCE_S = 300.0
_ANSWER_BYTES_MAX = 16_000_000


class FleetFailed(BenchError):
    """A fleet could not do what it was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one part of a fleet says of what it did; what does not concern it is 0. Times are monotonic."""

    packet_bytes: int = 0
    began_s: float = 0.0
    ended_s: float = 0.0
    processor_s: float = 0.0
    waits_s: tuple[float, ...] = ()
    """From dialling, or from handing over, to the acknowledgement, for each vessel."""
    cuts: int = 0
    refused: int = 0


@dataclass(slots=True)
class Fleet:
    """Several programs (`relay_fleet_part`), which do the same at the same time."""

    parts: list[asyncio.subprocess.Process]

    @classmethod
    async def start(cls, desk_key: DeskKeyId, numbers: range, processes: int) -> "Fleet":
        """Start them; together they have the vessels of `numbers`."""
        bounds = [numbers.start + len(numbers) * at // processes for at in range(processes + 1)]
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
        parts = [
            await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "scripts.benchmarks.relay_fleet_part", desk_key.hex(), str(first), str(behind_last)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=environment,
                limit=_ANSWER_BYTES_MAX,
            )
            for first, behind_last in itertools.pairwise(bounds)
        ]
        return cls(parts)

    async def order(self, do: str, ports: Sequence[int] = (0,), **more: int) -> list[Answer]:
        """Let every part do something and return what they say; they take `ports` in turn.

        Raises `FleetFailed`.
        """
        for at, part in enumerate(self.parts):
            assert part.stdin is not None
            order = {"do": do, "port": ports[at % len(ports)], **more}
            part.stdin.write(json.dumps(order).encode() + b"\n")
        async with asyncio.timeout(PATIENCE_S + more.get("spread_s", 0)):
            return [await self._answer(part) for part in self.parts]

    @staticmethod
    async def _answer(part: asyncio.subprocess.Process) -> Answer:
        assert part.stdout is not None
        line = await part.stdout.readline()
        told = json.loads(line or b'{"failed": "it ended"}')
        if "failed" in told:
            raise FleetFailed(f"the fleet failed: {told['failed']}")
        return Answer(**told)

    async def stop(self) -> None:
        """End them."""
        for part in self.parts:
            if part.returncode is None:
                part.kill()
            await part.wait()
