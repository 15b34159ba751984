"""How often a client may ask: what is refused, for how long, and that nobody is ever locked out."""

import asyncio
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.ids import MailboxId
from protocol.seal import seal_mail
from tests.vessel_client.boxes import DESK_PRIVATE, make_box, sealed_request
from tests.vessel_client.shore import PATIENCE_S, Shore, tcp_shore
from vessel_client.app import RunningService
from vessel_client.errors import TooManyRequests
from vessel_client.queue_request import write_queue_request
from vessel_client.store import inbox
from vessel_client.web.allowance import CLIENTS_MAX, Allowance

JSON = {"Content-Type": "application/json"}


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


def taken(allowance: Allowance, client: str, tries: int) -> int:
    count = 0
    for _ in range(tries):
        try:
            allowance.take(client)
        except TooManyRequests:
            break
        count += 1
    return count


def test_a_bucket_holds_a_minute_and_fills_evenly() -> None:
    clock = Clock()
    allowance = Allowance(60, clock)
    assert taken(allowance, "phone", 100) == 60
    clock.now = 2.5
    assert taken(allowance, "phone", 100) == 2
    clock.now = 1_000.0
    assert taken(allowance, "phone", 100) == 60


@given(st.integers(6, 3_000), st.floats(0, 1e6))
def test_waiting_as_long_as_was_said_is_always_enough(per_minute: int, start: float) -> None:
    clock = Clock()
    clock.now = start
    allowance = Allowance(per_minute, clock)
    taken(allowance, "phone", per_minute)
    with pytest.raises(TooManyRequests) as refused:
        allowance.take("phone")
    assert 1 <= refused.value.retry_after_s <= 10
    clock.now += refused.value.retry_after_s
    allowance.take("phone")


def test_asking_while_refused_makes_nobody_wait_longer() -> None:
    clock = Clock()
    allowance = Allowance(60, clock)
    taken(allowance, "phone", 60)
    for _ in range(1_000):
        with pytest.raises(TooManyRequests):
            allowance.take("phone")
    clock.now = 1.0
    allowance.take("phone")


def test_each_client_has_its_own_bucket_and_their_number_is_bounded() -> None:
    allowance = Allowance(6, Clock())
    assert taken(allowance, "one", 9) == 6
    assert taken(allowance, "two", 9) == 6
    for number in range(CLIENTS_MAX):
        allowance.take(f"client {number}")
    assert taken(allowance, "one", 9) == 6


async def asked(url: str, paths: list[str]) -> list[tuple[int, str]]:
    answers = []
    async with aiohttp.ClientSession() as session:
        for path in paths:
            async with session.get(url + path) as answer:
                answers.append((answer.status, answer.headers.get("Retry-After", "")))
    return answers


async def test_many_mailboxes_without_an_answer_are_slowed_and_the_rest_goes_on(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    async with box.running(replace(box.settings(), lookups_per_minute_max=6)) as running:
        guesses = [f"/v1/mailboxes/{number:032x}" for number in range(7)]
        answers = await asked(running.url, guesses)
        assert [status for status, _ in answers] == [200] * 6 + [429]
        assert answers[-1][1] == "10"
        assert await asked(running.url, ["/v1/box", "/"]) == [(200, ""), (200, "")]


async def test_whoever_finds_an_answer_is_not_slowed(tmp_path: Path) -> None:
    mailbox = MailboxId(bytes(16))
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore.addresses.values())
        async with box.running(replace(box.settings(), lookups_per_minute_max=6)) as running:
            mail = seal_mail(
                b"hello", mailbox=mailbox, mailbox_public=b"\x09" + bytes(31), desk_private=DESK_PRIVATE
            )
            shore.offer(mail)
            await _until_there(running, mailbox)
            answers = await asked(running.url, [f"/v1/mailboxes/{mailbox.hex()}"] * 30)
    assert answers == [(200, "")] * 30


async def _until_there(running: RunningService, mailbox: MailboxId) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with running.database.reading() as connection:
                if await inbox.list_mail(connection, mailbox, 1):
                    return


async def test_a_flood_of_messages_is_slowed_and_says_for_how_long(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    statuses = []
    async with (
        box.running(replace(box.settings(), bundles_per_minute_max=6)) as running,
        aiohttp.ClientSession() as session,
    ):
        for _ in range(8):
            body = write_queue_request(sealed_request())
            async with session.post(f"{running.url}/v1/bundles", data=body, headers=JSON) as answer:
                statuses.append(
                    (answer.status, (await answer.json()).get("error"), answer.headers.get("Retry-After"))
                )
    assert [status for status, _, _ in statuses] == [201] * 6 + [429] * 2
    assert statuses[-1][1:] == ("too-many-requests", "10")


async def test_a_flood_of_requests_of_any_kind_is_slowed(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    statuses: list[int] = []
    async with (
        box.running(replace(box.settings(), requests_per_minute_max=600)) as running,
        aiohttp.ClientSession() as session,
    ):
        while 429 not in statuses and len(statuses) < 5_000:
            async with session.get(f"{running.url}/nothing") as answer:
                statuses.append(answer.status)
    assert 600 <= statuses.index(429) < 2_000
    assert set(statuses) == {404, 429}
