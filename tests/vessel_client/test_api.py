"""The local API, as a page or a hostile neighbour would use it."""

import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from protocol.documents import Json
from protocol.frames import Priority
from tests.vessel_client.boxes import DESK_KEY, BoxFolder, make_box, sealed_request
from vessel_client.app import RunningService
from vessel_client.queue_request import QueueRequest, write_queue_request


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Something that speaks HTTP to the box."""

    box: BoxFolder
    running: RunningService
    session: aiohttp.ClientSession

    async def post(
        self, body: bytes | io.BytesIO, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Json]]:
        """POST a bundle and return status and document."""
        sent = {"Content-Type": "application/json"} | (headers or {})
        url = f"{self.running.url}/v1/bundles"
        async with self.session.post(url, data=body, headers=sent) as response:
            return response.status, await response.json()

    async def queue(self, request: QueueRequest) -> tuple[int, dict[str, Json]]:
        """POST a bundle as the command line does."""
        return await self.post(write_queue_request(request))

    async def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Json]]:
        """GET a document."""
        async with self.session.get(f"{self.running.url}{path}", headers=headers) as response:
            return response.status, await response.json()


@pytest_asyncio.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    box = await make_box(tmp_path)
    async with box.running() as running, aiohttp.ClientSession() as session:
        yield Page(box=box, running=running, session=session)


async def test_the_box_tells_what_to_seal_to_and_keeps_its_secrets(page: Page) -> None:
    status, box = await page.get("/v1/box")
    assert status == 200
    assert box["vessel_name"] == "Nam Hai 3"
    keys = box["desk_keys"]
    assert isinstance(keys, list)
    assert isinstance(keys[0], dict)
    assert keys[0]["id"] == DESK_KEY.id.hex()
    assert not any("private" in key or "secret" in key for key in box)


async def test_a_queued_bundle_has_a_number_and_a_state(page: Page) -> None:
    status, answer = await page.queue(sealed_request())
    assert (status, answer) == (201, {"number": 2})
    status, bundle = await page.get("/v1/bundles/2")
    assert (status, bundle["state"], bundle["proof"]) == (200, "on the box", "")


async def test_a_repeated_request_queues_nothing_twice(page: Page) -> None:
    request = sealed_request()
    first = await page.queue(request)
    again = await page.queue(request)
    assert (first, again) == ((201, {"number": 2}), (200, {"number": 2}))
    _, status = await page.get("/v1/status")
    queue = status["queue"]
    assert isinstance(queue, dict)
    assert queue["bundles"] == 2


async def test_a_reference_is_not_used_for_two_messages(page: Page) -> None:
    request = sealed_request()
    await page.queue(request)
    status, answer = await page.queue(replace(sealed_request(b"another"), ref=request.ref))
    assert (status, answer["error"]) == (409, "reference-used")


async def test_an_unknown_desk_key_is_refused(page: Page) -> None:
    status, answer = await page.queue(replace(sealed_request(), desk_key=bytes(4)))  # type: ignore[arg-type]  # Wrong on purpose.
    assert (status, answer["error"]) == (422, "unknown-desk-key")


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"ref": "00"},
        {"priority": 5},
        {"priority": "0"},
        {"lifetime": 16},
        {"desk_key": "zz"},
        {"sealed": "AAAA"},
        {"sealed": "!"},
        {"sealed": None},
    ],
)
async def test_a_malformed_request_is_named(page: Page, change: dict[str, Json]) -> None:
    document = json.loads(write_queue_request(sealed_request())) | change
    status, answer = await page.post(json.dumps(document).encode())
    assert (status, answer["error"]) == (400, "malformed-document")


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 100_000])
async def test_bytes_that_are_no_request_are_refused(page: Page, body: bytes) -> None:
    status, answer = await page.post(body)
    assert (status, answer["error"]) == (400, "malformed-document")


async def test_more_than_a_bundle_may_hold_is_refused(page: Page) -> None:
    status, answer = await page.post(io.BytesIO(bytes(1_400_000)))
    assert (status, answer["error"]) == (413, "too-large")


async def test_another_name_for_this_machine_does_not_lead_to_the_box(page: Page) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "[::2]:80", ""):
        status, answer = await page.get("/v1/box", {"Host": host})
        assert (status, answer["error"]) == (403, "not-allowed")


async def test_another_page_may_not_speak_to_the_box(page: Page) -> None:
    status, answer = await page.get("/v1/status", {"Origin": "https://evil.example"})
    assert (status, answer["error"]) == (403, "not-allowed")
    status, _ = await page.get("/v1/status", {"Origin": page.running.url})
    assert status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_what_a_browser_says_comes_from_another_page_is_refused(page: Page, site: str) -> None:
    fetched = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    framed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    for headers in (fetched, framed):
        for path in ("/v1/status", "/v1/bundles/1", "/healthz"):
            status, answer = await page.get(path, headers)
            assert (status, answer["error"]) == (403, "not-allowed")
    visit = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    status, answer = await page.post(write_queue_request(sealed_request()), visit)
    assert (status, answer["error"]) == (403, "not-allowed")
    async with page.session.get(f"{page.running.url}/", headers=visit) as followed:
        assert followed.status == 200
    own = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    assert (await page.get("/v1/box", own))[0] == 200


@pytest.mark.parametrize("origin", ["null", "http://localhost", "https://evil.example", "http://127.0.0.1:1"])
async def test_a_message_from_another_origin_is_refused(page: Page, origin: str) -> None:
    status, answer = await page.post(write_queue_request(sealed_request()), {"Origin": origin})
    assert (status, answer["error"]) == (403, "not-allowed")


async def test_addresses_and_methods_that_do_not_exist_are_said_in_json(page: Page) -> None:
    status, answer = await page.get("/v1/nothing")
    assert (status, answer["error"]) == (404, "no-such-address")
    async with page.session.delete(f"{page.running.url}/v1/bundles") as refused:
        assert (refused.status, refused.headers["Allow"]) == (405, "POST")
        assert (await refused.json())["error"] == "wrong-method"


async def test_a_form_of_another_page_is_no_request(page: Page) -> None:
    body = write_queue_request(sealed_request())
    status, answer = await page.post(body, {"Content-Type": "text/plain"})
    assert (status, answer["error"]) == (400, "malformed-document")


async def test_unknown_bundles_and_mailboxes(page: Page) -> None:
    status, answer = await page.get("/v1/bundles/9999999999")
    assert (status, answer["error"]) == (404, "unknown-bundle")
    assert await page.get(f"/v1/mailboxes/{'0' * 32}") == (200, {"mails": []})


async def test_health_is_told(page: Page) -> None:
    assert await page.get("/healthz") == (200, {"ok": True})


async def test_the_bound_holds_for_all_but_those_in_danger(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    bounded = replace(box.settings(), queue_bundles_max=3, reserve_bundles=2)
    async with box.running(bounded) as running, aiohttp.ClientSession() as session:
        page = Page(box=box, running=running, session=session)
        statuses = [(await page.queue(sealed_request()))[0] for _ in range(3)]
        reserved = (Priority.URGENT, Priority.CHECK_IN, Priority.URGENT)
        danger = [await page.queue(sealed_request(priority=priority)) for priority in reserved]
    # The introduction is one of the three.
    assert statuses == [201, 201, 503]
    assert [status for status, _ in danger] == [201, 201, 503]
    assert danger[-1][1]["error"] == "queue-full"
