"""Starts, stops and talks to the three programs as their users would: by their command lines."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

READY_S_MAX = 30.0
COMMAND_S_MAX = 60.0

MODULES = {
    "vessel": "vessel_client.cli",
    "relay": "shore_relay.relay.cli",
    "desk": "shore_relay.desk.cli",
}


class ProgramFailed(Exception):
    """A program did not do what it was asked; the text is what it said."""


@dataclass(kw_only=True)
class Program:
    """One of our programs with its data folder and environment."""

    name: str
    data: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    _process: asyncio.subprocess.Process | None = None
    restarts: int = 0

    async def run(self, *arguments: str, text: str | None = None) -> str:
        """Run one command to its end and return what it printed; raises `ProgramFailed`."""
        process = await asyncio.create_subprocess_exec(
            *self._command(arguments),
            env=self._environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        given = text.encode() if text is not None else None
        printed, complained = await asyncio.wait_for(process.communicate(given), COMMAND_S_MAX)
        if process.returncode != 0:
            said = complained.decode(errors="replace").strip() or printed.decode(errors="replace").strip()
            raise ProgramFailed(
                f"seavoice-{self.name} {arguments[0]} ended with {process.returncode}: {said}"
            )
        return printed.decode()

    async def run_json(self, *arguments: str, text: str | None = None) -> dict[str, object]:
        """Run a command with --json and return its object."""
        answer = json.loads(await self.run(*arguments, "--json", text=text))
        if not isinstance(answer, dict):
            raise ProgramFailed(f"seavoice-{self.name} {arguments[0]} printed no JSON object")
        return answer

    async def start(self) -> str:
        """Start `serve` and return its ready line."""
        log = (self.data.parent / f"{self.name}.log").open("ab")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(("serve",)),
                env=self._environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), READY_S_MAX)
        if not line.startswith(b"ready"):
            tail = (self.data.parent / f"{self.name}.log").read_text(errors="replace")[-500:]
            raise ProgramFailed(f"seavoice-{self.name} serve did not start: {tail}")
        return line.decode().strip()

    async def kill_and_restart(self) -> None:
        """End `serve` by SIGKILL, as a power cut does, and start it again."""
        await self.stop(signal.SIGKILL)
        self.restarts += 1
        await self.start()

    async def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        """End `serve`."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(by)
        try:
            await asyncio.wait_for(self._process.communicate(), 10.0)
        except TimeoutError:
            self._process.kill()
            await self._process.communicate()

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", MODULES[self.name], *arguments, "--data", str(self.data)]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment}


def free_port() -> int:
    """Return a TCP port that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
