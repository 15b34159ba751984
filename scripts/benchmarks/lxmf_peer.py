"""LXMF under the same sky: two nodes that know each other, and what their messages took."""

import asyncio
import importlib.util
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.benchmarks.errors import PeerMissing
from scripts.benchmarks.outcome import Outcome
from scripts.benchmarks.ports import free_port
from scripts.benchmarks.scenes import Medium, Scene, Sky
from scripts.sky.model import Reading
from scripts.voyage.programs import ProgramFailed

READY_S_MAX = 90.0
FIXED_MTU_BYTES = 500
"""Reticulum's own packet size; without it, a slow link's TCP interface takes packets that last a minute."""


class DeliveryFailed(Exception):
    """LXMF gave a message up."""


@dataclass(kw_only=True)
class Node:
    """One LXMF program."""

    name: str
    folder: Path
    library: Path | None = None
    """Where another Reticulum than the installed one is."""
    outcomes: dict[int, asyncio.Future[bool]] = field(default_factory=dict)
    _process: Process | None = None
    _listener: asyncio.Task[None] | None = None
    _next_id: int = 0

    async def start(self) -> None:
        """Start the program and return when it is ready."""
        log = (self.folder / f"{self.name}.log").open("ab")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "scripts.benchmarks.lxmf_node",
                self.name,
                str(self.folder),
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                env=self._environment(),
            )
        ready = asyncio.get_running_loop().create_future()
        self._listener = asyncio.create_task(self._listen(self._process, ready))
        try:
            await asyncio.wait_for(ready, READY_S_MAX)
        except TimeoutError:
            raise ProgramFailed(f"The LXMF node {self.name} did not become ready.") from None

    def _environment(self) -> dict[str, str]:
        environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        if self.library is not None:
            known = environment.get("PYTHONPATH")
            environment["PYTHONPATH"] = os.pathsep.join([str(self.library), *([known] if known else [])])
        return environment

    async def _listen(self, process: Process, ready: "asyncio.Future[None]") -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            if not line.startswith(b"{"):
                continue  # Reticulum's log.
            event = json.loads(line)
            if event["event"] == "ready":
                ready.set_result(None)
            elif event["event"] in ("delivered", "failed"):
                self.outcomes[event["id"]].set_result(event["event"] == "delivered")

    async def send(self, size_bytes: int, method: str = "direct") -> "asyncio.Future[bool]":
        """Hand one message over; the future tells whether the other side confirmed it."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._next_id += 1
        outcome = self.outcomes[self._next_id] = asyncio.get_running_loop().create_future()
        request = {"id": self._next_id, "size_bytes": size_bytes, "method": method}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        await self._process.stdin.drain()
        return outcome

    async def kill(self) -> None:
        """End the program at once."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
        if self._listener is not None:
            await self._listener


@dataclass(kw_only=True)
class LxmfPair:
    """A vessel and a shore node, and every sky between them."""

    vessel: Node
    shore: Node
    skies: tuple[Sky, ...]

    def reading(self) -> Reading:
        """Return what all skies together carried."""
        readings = [sky.meter.snapshot() for sky in self.skies]
        if len(readings) == 1:
            return readings[0]
        # The shore's sky lies the other way round: what goes up in it comes down to the vessel.
        return Reading(
            up=readings[0].up,
            down=readings[1].up,
            connections=readings[0].connections,
            cuts=readings[0].cuts,
        )

    async def settle(self) -> None:
        """Return when nothing is on its way."""
        for sky in self.skies:
            await sky.until_settled()

    async def cross(self, sizes: Mapping[int, int], *, limit_s: float, method: str = "direct") -> Outcome:
        """Send so many messages of each size; raises `DeliveryFailed` or `TimeoutError`."""
        before, began_s = self.reading(), self.skies[0].now_s
        outcomes = [
            await self.vessel.send(size, method) for size, count in sizes.items() for _ in range(count)
        ]
        async with asyncio.timeout(limit_s):
            for outcome in outcomes:
                if not await outcome:
                    raise DeliveryFailed
        seconds = self.skies[0].now_s - began_s
        await self.settle()
        return Outcome(seconds=seconds, reading=self.reading() - before)


@asynccontextmanager
async def lxmf_pair(
    folder: Path, scene: Scene, *, over: Callable[[int], Sky] | None = None, library: Path | None = None
) -> AsyncIterator[LxmfPair]:
    """Start both nodes in a folder, with the scene's sky between them, and kill them at the end.

    `over` makes a sky in front of a port, where it is not the scene that does; `library` holds another
    Reticulum than the installed one.

    Raises: PeerMissing, ProgramFailed.
    """
    if importlib.util.find_spec("RNS") is None or importlib.util.find_spec("LXMF") is None:
        raise PeerMissing('LXMF is not installed; install this project with the extra "bench".')
    from scripts.benchmarks.lxmf_node import make_identity

    for name in ("vessel", "shore"):
        make_identity(folder / f"{name}.identity")
    vessel, shore = (Node(name=name, folder=folder, library=library) for name in ("vessel", "shore"))
    async with AsyncExitStack() as stack:
        skies = await _skies(stack, folder, scene, over or scene.over)
        for node in (shore, vessel):
            stack.push_async_callback(node.kill)
            await node.start()
        yield LxmfPair(vessel=vessel, shore=shore, skies=skies)


async def _skies(
    stack: AsyncExitStack, folder: Path, scene: Scene, over: Callable[[int], Sky]
) -> tuple[Sky, ...]:
    shore_port = free_port()
    up = over(shore_port)
    await stack.enter_async_context(up)
    if scene.medium is Medium.STREAM:
        slow = scene.rate_bps is not None
        vessel = ["type = TCPClientInterface", "target_host = 127.0.0.1", f"target_port = {up.port}"]
        if slow:
            # Without these, Reticulum takes the link for a fast one and floods it. The server's interface
            # cannot be told: with a bitrate this low it fails.
            vessel += [f"bitrate = {scene.rate_bps:.0f}", f"fixed_mtu = {FIXED_MTU_BYTES}"]
        shore = ["type = TCPServerInterface", "listen_ip = 127.0.0.1", f"listen_port = {shore_port}"]
        if slow:
            shore += [f"fixed_mtu = {FIXED_MTU_BYTES}"]
        skies: tuple[Sky, ...] = (up,)
    else:
        # Reticulum answers to a configured port, never to where a datagram came from: each way needs a sky.
        vessel_port = free_port()
        down = over(vessel_port)
        await stack.enter_async_context(down)
        vessel, shore = _udp(vessel_port, up.port), _udp(shore_port, down.port)
        skies = (up, down)
    (folder / "vessel.interface").write_text("\n".join(vessel))
    (folder / "shore.interface").write_text("\n".join(shore))
    return skies


def _udp(listen_port: int, forward_port: int) -> list[str]:
    return [
        "type = UDPInterface",
        "listen_ip = 127.0.0.1",
        f"listen_port = {listen_port}",
        "forward_ip = 127.0.0.1",
        f"forward_port = {forward_port}",
    ]
