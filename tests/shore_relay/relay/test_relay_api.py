"""docs/relay-api.yaml against a running relay: what it promises is what both HTTP ports answer."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import schemathesis

from protocol.documents import to_text
from protocol.provisioning import Provisioning
from shore_relay.relay.app import RunningRelay
from shore_relay.relay.operating_settings import DoorSettings, OperatorSettings
from shore_relay.relay.watch.accounts import Accounts
from tests.shore_relay.relay.box import Box, introduction
from tests.shore_relay.relay.shore import SETTINGS, Desk, Shore

ROOT = Path(__file__).parents[3]
DESCRIPTION = ROOT / "docs" / "relay-api.yaml"
EXAMPLES_MAX = 6
SEED = 20_261_129
CONFIGURATION = """
hooks = "signing"

[checks.positive_data_acceptance]
# No schema can say which cursors were given out, which vessels a desk has, or what a bundle holds.
expected-statuses = ["2xx", "3xx", "400", "403", "404", "409", "429"]
"""
SIGNING = """
import os
import requests
import schemathesis
from tests.shore_relay.relay.shore import Desk

DESK = Desk(name="Haven", signing_private=bytes.fromhex(os.environ["DESK_KEY"]))

class Signed(requests.auth.AuthBase):
    def __call__(self, request):
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        token = DESK.token(request.method, request.path_url, body)
        request.headers["Authorization"] = f"Bearer {token}"
        return request

schemathesis.auth.set_from_requests(Signed())

@schemathesis.hook
def map_query(context, query):
    # A good wish to wait is granted by every relay, and would only take time here.
    if query and query.get("wait") in range(2, 61):
        query["wait"] = 0
    return query
"""


@pytest.fixture
async def described(shore: Shore, desk: Desk, box: Box) -> AsyncIterator[RunningRelay]:
    Accounts(shore.folder).put("somchai", "salt wind rope harbour")
    often = 1_000_000
    settings = replace(
        SETTINGS,
        connections_per_address_max=often,
        door=DoorSettings(requests_per_minute_max=often, connections_per_minute_max=often),
        operator=OperatorSettings(enabled=True, port=0),
    )
    async with shore.serving(settings) as relay:
        box.offer(1, introduction())
        async with box.over_tcp(relay.tcp_port):
            await box.custody(1)
        yield relay
    assert desk.name == "Haven"


def operations() -> dict[tuple[str, str], set[str]]:
    paths = schemathesis.openapi.from_path(DESCRIPTION).raw_schema["paths"]
    return {
        (method.upper(), path): set(operation["tags"])
        for path, item in paths.items()
        for method, operation in item.items()
    }


async def answered(port: int, named: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of the operations this port knows."""
    found: set[tuple[str, str]] = set()
    async with aiohttp.ClientSession() as session:
        for method, path in named:
            url = f"http://127.0.0.1:{port}{path.replace('{vessel}', '00' * 8)}"
            async with session.request(method, url, allow_redirects=False) as answer:
                if answer.status not in (404, 405):
                    found.add((method, path))
    return found


async def test_the_description_names_every_route_and_no_other(described: RunningRelay) -> None:
    named = operations()
    public = {key for key, tags in named.items() if "operator" not in tags}
    own = {key for key, tags in named.items() if tags & {"operator", "health"}}
    assert await answered(described.http_port, named) == public
    assert await answered(described.operator_port, named) == own


@pytest.mark.timeout(600)
@pytest.mark.parametrize("tags", [("desk", "health", "link"), ("operator",)], ids=["public", "operator"])
async def test_a_running_relay_answers_as_described(
    tags: tuple[str, ...],
    described: RunningRelay,
    desk: Desk,
    provisioning: Provisioning,
    tmp_path: Path,
) -> None:
    text = await asyncio.to_thread(DESCRIPTION.read_text, "utf-8")
    bundle = to_text(desk.mail().bundle)
    text = text.replace("0000000000000000", provisioning.vessel.hex()).replace("BUNDLE", bundle)
    (tmp_path / "relay-api.yaml").write_text(text)
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    (tmp_path / "signing.py").write_text(SIGNING)
    port = described.operator_port if "operator" in tags else described.http_port
    # What logs in costs 64 MiB and a tenth of a second each time, on purpose.
    phases = "examples,coverage" if "operator" in tags else "examples,coverage,fuzzing"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run"),
        *("relay-api.yaml", "--url", f"http://127.0.0.1:{port}"),
        *(word for tag in tags for word in ("--include-tag", tag)),
        *("--checks", "all", "--mode", "all", "--seed", str(SEED), "--max-examples", str(EXAMPLES_MAX)),
        *("--phases", phases, "--warnings", "off", "--continue-on-failure"),
        *("--generation-database", "none", "--no-color"),
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{tmp_path}", "DESK_KEY": desk.signing_private.hex()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    if "desk" in tags:
        (vessel,) = (await described.store.status()).vessels
        # Without a queued one no good dispatch was ever tried.
        assert vessel.bundles_queued >= 1
