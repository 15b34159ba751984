"""Starts the process that fuzzes one target, and reads what it did."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PATIENCE_S = 20
"""One input that takes longer than this is a finding: what it costs is bounded nowhere."""

MEMORY_MB = 700
_STATUS = re.compile(r"cov: (\d+) ft: (\d+)")
_NUMBER = re.compile(r"^stat::(\w+):\s+(\d+)$", re.MULTILINE)
_COUNTED = re.compile(r"^#(\d+)\s", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What one process is to do."""

    module: str
    watched: Sequence[str]
    found: Path
    inputs: int
    seconds: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of it."""

    inputs: int
    inputs_per_second: int
    edges: int
    """Places in the watched code that were reached."""
    features: int
    """The same, told apart by how often, and by the values that were compared."""
    broke: Path | None
    """The input that broke the invariant."""
    said: str


def run(campaign: Campaign) -> Result:
    """Fuzz one target until its inputs or its time are used up, or its invariant broke."""
    campaign.found.mkdir(parents=True, exist_ok=True)
    before = set(campaign.found.iterdir())
    with tempfile.TemporaryDirectory() as scratch:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.campaign", campaign.module, *_arguments(campaign, scratch)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    said = ended.stdout.decode("utf-8", "replace")
    broke = min(set(campaign.found.iterdir()) - before, default=None)
    if not any(campaign.found.iterdir()):
        campaign.found.rmdir()
    if ended.returncode and broke is None:
        raise RuntimeError(f"the fuzzer could not run {campaign.module}:\n{said[-2_000:]}")
    numbers = {name: int(value) for name, value in _NUMBER.findall(said)}
    edges, features = (_STATUS.findall(said) or [("0", "0")])[-1]
    return Result(
        inputs=numbers.get("number_of_executed_units") or int((_COUNTED.findall(said) or ["0"])[-1]),
        inputs_per_second=numbers.get("average_exec_per_sec", 0),
        edges=int(edges),
        features=int(features),
        broke=broke,
        said=said,
    )


def _arguments(campaign: Campaign, scratch: str) -> list[str]:
    named = {
        "--inputs": campaign.inputs,
        "--seconds": campaign.seconds,
        "--patience": PATIENCE_S,
        "--memory": MEMORY_MB,
        "--seed": campaign.seed,
        "--found": campaign.found,
        "--scratch": scratch,
    }
    watched = [argument for name in campaign.watched for argument in ("--watch", name)]
    return watched + [str(argument) for pair in named.items() for argument in pair]
