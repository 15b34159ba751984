"""docs/local-api.yaml against a running service: what it promises is what the box answers."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import schemathesis

from protocol.documents import Json
from tests.vessel_client.boxes import DESK_KEY, BoxFolder, make_box
from vessel_client.app import RunningService
from vessel_client.store.outbox import find_state
from vessel_client.web.allowance import Allowance, Allowances
from vessel_client.web.api import Api

DESCRIPTION = Path(__file__).parents[3] / "docs" / "local-api.yaml"
EXAMPLES_MAX = 12
SEED = 20_261_124
CONFIGURATION = """
[checks.positive_data_acceptance]
# No schema can say which desk keys a box knows, or whether somebody can be heard in a sound.
expected-statuses = ["2xx", "404", "409", "422"]
"""


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningService]:
    box: BoxFolder = await make_box(tmp_path)
    often = 1_000_000
    settings = replace(
        box.settings(),
        requests_per_minute_max=often,
        bundles_per_minute_max=often,
        lookups_per_minute_max=often,
    )
    async with box.running(settings) as opened:
        yield opened


def described() -> set[tuple[str, str]]:
    """Return method and path of everything that the description names."""
    paths = schemathesis.openapi.from_path(DESCRIPTION).raw_schema["paths"]
    return {(method.upper(), path) for path, item in paths.items() for method in item}


def served(running: RunningService) -> set[tuple[str, str]]:
    """Return method and path of everything that the application answers."""

    async def no_status() -> dict[str, Json]:
        return {}

    def never() -> float:
        return 0.0

    allowance = Allowance(6, never)
    allowances = Allowances(requests=allowance, bundles=allowance, lookups=allowance)
    api = Api(running.database, running.service, no_status, allowances)
    routes = api.application(frozenset).router.routes()
    return {(each.method, each.resource.canonical) for each in routes if each.resource is not None}


async def test_the_description_names_every_route_and_no_other(running: RunningService) -> None:
    assert served(running) == described()


async def test_a_running_box_answers_as_described(running: RunningService, tmp_path: Path) -> None:
    description = await asyncio.to_thread(DESCRIPTION.read_text, "utf-8")
    # The example is sealed to the key of the box that runs, so that a message is queued and followed.
    (tmp_path / "local-api.yaml").write_text(description.replace('"00000000"', f'"{DESK_KEY.id.hex()}"'))
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run"),
        *("local-api.yaml", "--url", running.url),
        *("--checks", "all", "--mode", "all", "--seed", str(SEED), "--max-examples", str(EXAMPLES_MAX)),
        *("--phases", "examples,coverage,fuzzing,stateful", "--warnings", "off", "--continue-on-failure"),
        *("--generation-database", "none", "--no-color"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    async with running.database.reading() as connection:
        # The box's introduction is the first; without a second one no good message was ever tried.
        assert await find_state(connection, 2) is not None
