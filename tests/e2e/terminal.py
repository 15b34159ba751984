"""Runs a program as somebody at a terminal does, and reads what it says about a mistake."""

import asyncio
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from scripts.voyage.programs import MODULES, Program

COMMAND_S_MAX = 60.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    said: str
    complained: str


async def run(
    program: Program, *arguments: str, clock_s: int = 0, settings: dict[str, str] | None = None
) -> Ended:
    """Run one command as its user would, on a machine whose date may be wrong."""
    start = ["-m", "tests.e2e.shifted_clock", str(clock_s)] if clock_s else ["-m"]
    prefix = f"SEAVOICE_{program.name.upper()}_"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *start,
        MODULES[program.name],
        *arguments,
        "--data",
        str(program.data),
        env=os.environ
        | dict(program.environment)
        | {prefix + name: value for name, value in (settings or {}).items()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    said, complained = await asyncio.wait_for(process.communicate(), COMMAND_S_MAX)
    assert process.returncode is not None
    return Ended(code=process.returncode, said=said.decode(), complained=complained.decode())


def require_one_sentence(ended: Ended) -> None:
    """A line for a person: no traceback, no name of a class, an end."""
    (line,) = ended.complained.splitlines()
    assert "Traceback" not in line
    assert not re.search(r"\w+(Error|Exception)\b", line), line
    assert line.endswith("."), line
    assert 20 < len(line) < 400, line


async def holdings(program: Program) -> object:
    """Return what a program says it holds, without what may change from one second to the next."""
    status: dict[str, Any] = await program.run_json("status")
    match program.name:
        case "vessel":
            return status["queue"], status["states"], status["bundles"]
        case "relay":
            (vessel,) = status["vessels"]
            return vessel["name"], vessel["up"], [desk["name"] for desk in status["desks"]]
        case _:
            return {key: status[key] for key in ("messages", "unopened", "vessels", "vessels_unconfirmed")}
