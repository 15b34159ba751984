"""The operator's page: nobody in without a passphrase, nobody locked out by others, everything escaped."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

import aiohttp
import pytest

from protocol.ids import Instant
from shore_relay.relay.app import World, running_relay, silent
from shore_relay.relay.errors import PassphraseRefused, SecretUnreadable, UnknownOperator
from shore_relay.relay.operating_settings import OperatorSettings
from shore_relay.relay.settings import BearerSettings
from shore_relay.relay.watch.accounts import FILE_NAME, Accounts
from shore_relay.relay.watch.alarms import AlarmCode
from shore_relay.relay.watch.page.words import LANGUAGES
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.commanding import done, run
from tests.shore_relay.relay.shore import SETTINGS, Desk, Shore

PASSPHRASE = "salt wind rope harbour"
OPERATED = replace(
    SETTINGS,
    operator=OperatorSettings(enabled=True, port=0),
    tcp=BearerSettings(price_per_megabyte=10.0),
)


@dataclass
class Hand:
    """The hand of a clock that only a test moves."""

    at: float = 1_000.0

    def __call__(self) -> Instant:
        return Instant(self.at)


@dataclass
class Browser:
    """One browser at the page."""

    port: int
    session: aiohttp.ClientSession
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.get(url, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, **form: str) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.post(url, data=form, headers=self.headers, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def log_in(self, passphrase: str = PASSPHRASE, name: str = "somchai") -> int:
        return (await self.post("/login", name=name, passphrase=passphrase))[0]


@dataclass
class Office:
    """A relay with a page, and how browsers come to it."""

    shore: Shore
    port: int
    hand: Hand
    sessions: list[aiohttp.ClientSession] = field(default_factory=list)

    def browser(self) -> Browser:
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.sessions.append(session)
        return Browser(port=self.port, session=session)


@pytest.fixture
async def office(shore: Shore, desk: Desk, box: Box) -> AsyncIterator[Office]:
    Accounts(shore.folder).put("somchai", PASSPHRASE)
    await shore.add_vessel("<b>Hope", desk)
    hand = Hand()
    async with running_relay(shore.folder, OPERATED, World(clock=hand, log=silent)) as relay:
        box.offer(1, introduction())
        box.offer(3, report(desk.key_id, 500))
        async with box.over_tcp(relay.tcp_port):
            await box.custody(1, 3)
        await relay.store_counts()
        office = Office(shore=shore, port=relay.operator_port, hand=hand)
        yield office
        for session in office.sessions:
            await session.close()


async def typed(office: Office, *words: str) -> str:
    """Run a command beside the relay, which serves in this very process."""
    return await asyncio.to_thread(done, office.shore.folder, *words)


async def test_the_fleet_at_a_look(office: Office) -> None:
    browser = office.browser()
    assert (await browser.get("/"))[0] == 303, "not without a login"
    assert await browser.log_in() == 303
    status, text = await browser.get("/")
    assert status == 200
    for shown in ("Mercy", "Haven", "TCP", "US$", "There is no backup", "&lt;b&gt;Hope"):
        assert shown in text
    assert "<b>Hope" not in text
    assert 'class="number some" data-label="Missing">1<' in text
    assert "<script" not in text
    assert "style=" not in text


async def test_the_page_speaks_thai(office: Office) -> None:
    browser = office.browser()
    assert "ผู้ดูแลระบบ" in (await browser.get("/login", **{"Accept-Language": "th-TH,th;q=0.9"}))[1]
    await browser.log_in()
    assert (await browser.post("/language", language="th"))[0] == 303
    text = (await browser.get("/"))[1]
    assert '<html lang="th">' in text
    assert "กองเรือ" in text


async def test_strict_headers_are_on_every_answer(office: Office) -> None:
    browser = office.browser()
    for path in ("/login", "/", "/static/operator.css"):
        url = f"http://127.0.0.1:{office.port}{path}"
        async with browser.session.get(url, allow_redirects=False) as answer:
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "DENY"


async def test_another_name_that_leads_here_is_turned_away(office: Office) -> None:
    assert (await office.browser().get("/login", Host="evil.example"))[0] == 421


async def test_a_form_from_elsewhere_is_turned_away(office: Office) -> None:
    browser = office.browser()
    browser.headers = {"Origin": "https://evil.example"}
    assert await browser.log_in() == 403
    browser.headers = {}
    assert await browser.log_in() == 303
    assert (await browser.post("/logout", token="guessed"))[0] == 403
    assert (await browser.get("/"))[0] == 200


async def test_who_guesses_waits_and_the_technician_does_not(office: Office) -> None:
    technician, guesser = office.browser(), office.browser()
    assert await technician.log_in() == 303
    guesses = [await guesser.log_in(f"a wrong passphrase {at}") for at in range(6)]
    assert guesses[:5] == [403] * 5
    assert 429 in guesses
    assert await guesser.log_in() == 429, "the right one is not even tried"
    assert await technician.log_in() == 303, "his browser is known"
    assert await office.browser().log_in() == 429, "from a browser that is not known he waits, too"
    office.hand.at += 301
    assert await office.browser().log_in() == 303, "and never longer than five minutes"


async def test_a_page_that_nobody_uses_locks_itself(office: Office) -> None:
    browser = office.browser()
    await browser.log_in()
    for _ in range(4):
        office.hand.at += 20 * 60
        status, _ = await browser.get("/?again")
    assert status == 303, "asking again by itself is no use"
    await browser.log_in()
    for _ in range(4):
        office.hand.at += 20 * 60
        status, _ = await browser.get("/")
    assert status == 200


async def test_a_new_passphrase_ends_what_is_open(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = office.browser()
    await browser.log_in()
    monkeypatch.setenv("SEAVOICE_OPERATOR_PASSPHRASE", "another four good words")
    assert "logged out everywhere" in await typed(office, "operator", "add", "somchai")
    assert (await browser.get("/"))[0] == 303
    assert await browser.log_in() == 403
    assert await office.browser().log_in("another four good words") == 303
    await typed(office, "operator", "remove", "somchai")
    assert "somchai" not in await typed(office, "operator", "list")
    assert await office.browser().log_in("another four good words") == 403


# --- accounts -----------------------------------------------------------------------------------------------


def test_the_file_of_accounts_holds_no_passphrase_and_is_its_owners(shore: Shore) -> None:
    accounts = Accounts(shore.folder)
    assert accounts.put("somchai", PASSPHRASE)
    assert not accounts.put("somchai", PASSPHRASE + "!")
    path = shore.folder / FILE_NAME
    assert PASSPHRASE not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    path.chmod(0o640)
    with pytest.raises(SecretUnreadable, match="chmod 600"):
        accounts.all()


def test_mistakes_with_accounts_are_said(
    shore: Shore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    accounts = Accounts(shore.folder)
    with pytest.raises(PassphraseRefused, match="12 characters"):
        accounts.put("somchai", "short")
    with pytest.raises(PassphraseRefused, match="printable"):
        accounts.put("a\nb", PASSPHRASE)
    with pytest.raises(UnknownOperator, match="none"):
        accounts.remove("nobody")
    monkeypatch.setenv("SEAVOICE_OPERATOR_PASSPHRASE", "short")
    assert run(shore.folder, "operator", "add", "somchai")[0] == 25
    assert run(tmp_path / "nowhere", "operator", "list")[0] == 4
    (shore.folder / FILE_NAME).write_text("{")
    (shore.folder / FILE_NAME).chmod(0o600)
    assert run(shore.folder, "operator", "list")[0] == 16


# --- catalogues ---------------------------------------------------------------------------------------------


def test_both_languages_have_the_same_keys_and_values() -> None:
    folder = resources.files("shore_relay.relay.watch.page") / "locales"
    catalogues = [json.loads((folder / f"{tag}.json").read_text(encoding="utf-8")) for tag in LANGUAGES]
    english = catalogues[0]
    for other in catalogues[1:]:
        assert list(other) == list(english)
        for key, text in other.items():
            assert sorted(_fields(text)) == sorted(_fields(english[key])), key
    assert {f"alarm.{code.value}" for code in AlarmCode} <= set(english)


def _fields(text: str) -> list[str]:
    return [part.partition("}")[0] for part in text.split("{")[1:]]
