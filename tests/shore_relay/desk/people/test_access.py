"""Every route against every role, and every command: what a role does not include is refused everywhere."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from shore_relay.desk import cli
from shore_relay.desk.actor import Role
from shore_relay.desk.app import Desk
from shore_relay.desk.changes import Changes
from shore_relay.desk.commands.serving import listen
from shore_relay.desk.people.roles import PERMISSIONS, Permission, may
from shore_relay.desk.web.access import ROUTES, Access
from shore_relay.desk.web.server import Page
from tests.shore_relay.desk.people.conftest import Clock, page_of
from tests.shore_relay.desk.people.office import PEOPLE, browsing

EXAMPLES = {
    "case": "1",
    "task": "1",
    "id": "1",
    "draft": "00" * 8,
    "answer": "1",
    "vessel": "00" * 8,
    "person": "ff" * 8,
    "fact": "1",
    "referral": "00" * 16,
    "partner": "1",
    "received": "1",
    "sound": "1",
}


def served(desk: Desk) -> set[tuple[str, str]]:
    routes = Page(desk, Changes()).application().router.routes()
    return {
        (route.method, route.resource.canonical)
        for route in routes
        if route.resource is not None and route.method != "HEAD"
    }


async def test_every_route_says_in_the_one_list_what_it_asks_for(office: Desk) -> None:
    assert served(office) == set(ROUTES)


def test_every_role_has_its_line_and_an_administrator_may_do_everything() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert PERMISSIONS[Role.ADMINISTRATOR] == set(Permission)
    assert PERMISSIONS[Role.PARTNER] == {Permission.READ}
    assert PERMISSIONS[Role.PARTNER] < PERMISSIONS[Role.CASEWORKER] < PERMISSIONS[Role.SUPERVISOR]


@pytest.mark.parametrize("role", [None, *Role])
async def test_each_role_gets_exactly_the_routes_that_its_permissions_open(
    address: str, role: Role | None
) -> None:
    wrong: list[str] = []
    async with browsing(address) as browser:
        if role is not None:
            assert (await browser.log_in(role)).status == 200
        for (method, route), access in ROUTES.items():
            if access is Access.OPEN or route in ("/events", "/lock"):
                continue  # One never ends, the other ends the session.
            status = await browser.status_of(method, route.format(**EXAMPLES))
            allowed = role is not None and (access is Access.SIGNED_IN or may(role, access))
            # Nobody is sent to log in (or told to, where a script asks); somebody of another role is refused.
            # What is let in finds no such message or lacks the fields of its form: anything but that.
            refused = status in ((303, 401) if role is None else (403,))
            if allowed is refused:
                wrong.append(f"{method} {route}: {status}")
    assert wrong == []


async def test_a_partner_reads_without_the_fisher_being_told_that_somebody_opened_it(
    office: Desk, clock: Clock
) -> None:
    async with page_of(office, clock) as (_, address), browsing(address) as browser:
        await browser.log_in(Role.PARTNER)
        assert (await browser.get("/")).status == 200
        assert "/people" not in (await browser.get("/vessels")).text


async def test_a_route_that_is_not_in_the_list_is_served_to_nobody(office: Desk, clock: Clock) -> None:
    page = Page(office, Changes())
    application = page.application()

    async def forgotten(_request: web.Request) -> web.Response:
        return web.Response(text="Nobody thought of this.")

    application.router.add_get("/forgotten", forgotten)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    port = await listen(runner, "127.0.0.1", 0)
    page.listen_on("127.0.0.1", port)
    try:
        async with browsing(f"http://127.0.0.1:{port}") as browser:
            await browser.log_in(Role.ADMINISTRATOR)
            answer = await browser.get("/forgotten")
    finally:
        await runner.cleanup()
    assert answer.status == 404
    assert "Nobody thought" not in answer.text


COMMANDS = {
    "card": Permission.READ,
    "inbox": Permission.READ,
    "vessels": Permission.READ,
    "cases": Permission.CASEWORK,
    "case 1": Permission.CASEWORK,
    "board": Permission.CASEWORK,
    "statistics": Permission.CASEWORK,
    "verify": Permission.CASEWORK,
    "notices test": Permission.CASEWORK,
    "notices calendar --out {out}": Permission.CASEWORK,
    "status": Permission.READ,
    "show 1": Permission.ANSWER,
    "answer 1 --text Hello": Permission.ANSWER,
    "confirm Dolphin --yes 1": Permission.CONFIRM_VESSELS,
    "export 1 --out {out}": Permission.EXPORT,
    "export --format csv --out {out}": Permission.EXPORT,
    "evidence make --message 1 --title Case --out {out}": Permission.EXPORT,
    "evidence list": Permission.EXPORT,
    "evidence tie {out} {out}": Permission.EXPORT,
    "partner-card --out {out}": Permission.REFER,
    "partners list": Permission.REFER,
    "partners add {out} --kind legal": Permission.MANAGE_PARTNERS,
    "partners confirm Lawyers --yes 1": Permission.MANAGE_PARTNERS,
    "partners remove Lawyers": Permission.MANAGE_PARTNERS,
    "refer 1 --partner Lawyers --message 1 --out {out}": Permission.REFER,
    "referrals": Permission.REFER,
    "referral-status {out}": Permission.REFER,
    "referral-revoke 00 --out {out}": Permission.REFER,
    "open {out}": Permission.REFER,
    "received list": Permission.REFER,
    "received show 1": Permission.REFER,
    "received reply 1 closed --out {out}": Permission.REFER,
    "money list 1": Permission.CASEWORK,
    "money add 1 --kind debt": Permission.CASEWORK,
    "money drop 1 1": Permission.CASEWORK,
    "money export 1 --format csv --out {out}": Permission.EXPORT,
    "trade list 1": Permission.CASEWORK,
    "trade add 1 --kind trip A": Permission.CASEWORK,
    "trade drop 1 1": Permission.CASEWORK,
    "release-statistics 2026-Q3 --partner Shop --out {out}": Permission.EXPORT,
    "serve": Permission.SERVE,
    "keys roll": Permission.MANAGE_KEYS,
    "people list": Permission.MANAGE_PEOPLE,
    "people add Somchai --role caseworker": Permission.MANAGE_PEOPLE,
    "people role Tom supervisor": Permission.MANAGE_PEOPLE,
    "people revoke Tom": Permission.MANAGE_PEOPLE,
    "people passphrase --start Tom": Permission.MANAGE_PEOPLE,
    "people second-factor --remove Tom": Permission.MANAGE_PEOPLE,
    "recovery make -k 2 -n 3 --out {out}": Permission.MANAGE_PEOPLE,
}
OPEN_COMMANDS = {"verify", "init", "people passphrase", "people second-factor", "recovery use"}


def _names(parser: argparse.ArgumentParser, before: str = "") -> Iterator[str]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield before.strip()
    for group in groups:
        for name, child in group.choices.items():
            yield from _names(child, f"{before} {name}")


def test_every_command_is_in_the_table_of_this_test() -> None:
    tested = {name for name in _names(cli.parser()) for line in COMMANDS if line.startswith(name)}

    assert tested | OPEN_COMMANDS == set(_names(cli.parser()))


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_beyond_the_role_of_whoever_runs_it_changes_nothing(
    office_folder: Path,
    line: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = (office_folder / "keyring.json").read_bytes()
    words = [word.format(out=tmp_path / "out") for word in line.split()]
    for role in (Role.CASEWORKER, Role.SUPERVISOR, Role.PARTNER):
        if may(role, COMMANDS[line]) and role is not Role.PARTNER:
            continue
        name, passphrase = PEOPLE[role]
        monkeypatch.setenv("SEAVOICE_DESK_PASSPHRASE", passphrase)
        monkeypatch.setenv("SEAVOICE_DESK_PERSON", name)
        if role is Role.CASEWORKER and "Tom" in words and "second-factor" in words:
            continue  # His own second factor is his own affair.

        code = cli.main([*words, "--data", str(office_folder)])

        # A partner holds no key to open the store with.
        assert code == (6 if role is Role.PARTNER else 50), capsys.readouterr().err
    assert (office_folder / "keyring.json").read_bytes() == before
    assert not (tmp_path / "out").exists()
