"""Guessing is slow for whoever guesses, and the office stays open."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shore_relay.desk import cli
from shore_relay.desk.actor import Role
from shore_relay.desk.app import Desk
from shore_relay.lockout import ADDRESS_PACE, PERSON_PACE, Lockout, Pace
from tests.shore_relay.desk.conftest import PASSPHRASE
from tests.shore_relay.desk.people.conftest import Clock, page_of
from tests.shore_relay.desk.people.office import PEOPLE, browsing

MALEE, MALEES = PEOPLE[Role.SUPERVISOR]


def test_a_few_slips_cost_nothing_and_then_each_doubles_the_wait_up_to_the_cap(clock: Clock) -> None:
    lockout = Lockout(PERSON_PACE, lambda: clock.monotonic_s)
    waits: list[float] = []
    for _ in range(20):
        lockout.failed(b"malee")
        waits.append(lockout.wait_s(b"malee"))

    assert waits[:8] == [0, 0, 0, 0, 1, 2, 4, 8]
    assert waits[-1] == PERSON_PACE.most_s == 300
    clock.pass_s(299)
    assert lockout.wait_s(b"malee") == 1
    clock.pass_s(1)
    assert lockout.wait_s(b"malee") == 0
    assert lockout.wait_s(b"tom") == 0
    lockout.failed(b"malee")
    assert lockout.wait_s(b"malee") == 300
    lockout.succeeded(b"malee")
    assert lockout.wait_s(b"malee") == 0


@given(st.integers(min_value=0, max_value=3_000), st.floats(min_value=0, max_value=10_000))
def test_no_number_of_failures_makes_anybody_wait_beyond_the_cap(failures: int, passed_s: float) -> None:
    clock = Clock()
    lockout = Lockout(Pace(free=0, first_s=1.0, most_s=60.0), lambda: clock.monotonic_s)
    for _ in range(failures):
        lockout.failed(b"x")
    clock.monotonic_s += passed_s

    assert 0 <= lockout.wait_s(b"x") <= 60
    assert failures == 0 or passed_s >= 60 or lockout.wait_s(b"x") > 0


def test_a_flood_of_names_takes_no_more_memory_than_the_cap(clock: Clock) -> None:
    lockout = Lockout(ADDRESS_PACE, lambda: clock.monotonic_s)
    for at in range(10_050):
        lockout.failed(at.to_bytes(4))

    assert len(lockout._counts) == 10_000


async def test_twenty_wrong_passphrases_hold_up_one_person_for_minutes_and_nobody_else(
    office: Desk, office_folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        page_of(office, clock) as (_, address),
        browsing(address) as attacker,
        browsing(address) as tom,
        browsing(address) as malee,
    ):
        # Malee has logged in with this browser before.
        assert (await malee.log_in(Role.SUPERVISOR)).path == "/"
        tried = []
        for at in range(20):
            answer = await attacker.post("/login", name=MALEE, passphrase=f"guess number {at:08}")
            tried.append(answer.status)
            if answer.status == 429:
                assert "many wrong tries" in answer.text
                clock.pass_s(2 ** (at - 4) if at < 13 else 300)
        assert tried.count(403) + tried.count(429) == 20
        assert 429 in tried

        # The right passphrase from there must wait as well, or a wait would tell right from wrong.
        await attacker.post("/login", name=MALEE, passphrase="one more guess here")
        await attacker.post("/login", name=MALEE, passphrase="one more guess here")
        answer = await attacker.post("/login", name=MALEE, passphrase=MALEES)
        assert answer.status == 429
        # Tom, at the same address, and Malee in her own browser notice nothing.
        assert (await tom.log_in(Role.CASEWORKER)).path == "/"
        await malee.post("/lock")
        assert (await malee.log_in(Role.SUPERVISOR)).path == "/"
        # After the wait the right one is taken.
        clock.pass_s(300)
        assert (await attacker.log_in(Role.SUPERVISOR)).path == "/"


async def test_one_address_that_tries_many_names_is_slowed_and_known_browsers_at_it_are_not(
    office: Desk, clock: Clock
) -> None:
    async with (
        page_of(office, clock) as (page, address),
        browsing(address) as attacker,
        browsing(address) as tom,
    ):
        await tom.log_in(Role.CASEWORKER)
        for at in range(60):
            page._login._addresses.failed(b"127.0.0.1")
            assert at < 50 or page._login._addresses.wait_s(b"127.0.0.1") > 0

        assert (await attacker.post("/login", name="Nobody", passphrase="x" * 20)).status == 429
        await tom.post("/lock")
        assert (await tom.log_in(Role.CASEWORKER)).path == "/"
        clock.pass_s(30)
        assert (await attacker.post("/login", name="Nobody", passphrase="x" * 20)).status == 403


def test_at_the_machine_an_administrator_always_gets_in(
    office_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAVOICE_DESK_PERSON", "desk")
    for _ in range(5):
        monkeypatch.setenv("SEAVOICE_DESK_PASSPHRASE", "not the right one")
        assert cli.main(["people", "list", "--data", str(office_folder)]) == 6
    monkeypatch.setenv("SEAVOICE_DESK_PASSPHRASE", PASSPHRASE)

    assert cli.main(["people", "list", "--data", str(office_folder)]) == 0
    assert MALEE in capsys.readouterr().out
