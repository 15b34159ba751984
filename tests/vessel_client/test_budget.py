"""The budget of a running box: what goes over which bearer, what it costs, and caps from shore."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.bundle import OperatorSettings
from protocol.caps import SignedCap, sign_caps
from protocol.chains import sign_chain
from protocol.frames import Priority
from protocol.ids import UnixSeconds, VesselId
from protocol.provisioning import BearerKind
from tests.memory_link import STREAM, VESSEL
from tests.vessel_client.boxes import (
    NOW,
    NOWHERE,
    YEAR_S,
    BoxFolder,
    command,
    provisioning,
    sealed_request,
    state_when,
    until_counted,
    write_file,
)
from tests.vessel_client.shore import Shore, tcp_shore, udp_shore
from vessel_client.app import running_service
from vessel_client.budget import Budget
from vessel_client.clocks import LinkClock
from vessel_client.errors import StoreFailed, WrongSettings
from vessel_client.policy import Cap, Load, Spent, Tariff
from vessel_client.settings import BearerSettings, Settings
from vessel_client.settings_file import load_settings
from vessel_client.spending import Spending
from vessel_client.store.database import open_database
from vessel_client.store.ledger import list_spending
from vessel_client.store.sessions import Session
from vessel_client.tally import Tally

OPERATOR = bytes([13]) * 32
OPERATOR_PUBLIC = Ed25519PrivateKey.from_private_bytes(OPERATOR).public_key().public_bytes_raw()
PRICED = BearerSettings(price_per_byte=0.000_01)


async def make_box(folder: Path, shore: Shore) -> BoxFolder:
    addresses = tuple(shore.addresses.values()) or (NOWHERE,)
    document = replace(provisioning(addresses), operator_public=OPERATOR_PUBLIC)
    assert await command("init", str(write_file(folder, document)), "--data", str(folder / "box")) == 0
    return BoxFolder(data_dir=folder / "box")


def caps_bundle(
    *caps: SignedCap, vessel: VesselId = VESSEL, issued_at: int = NOW, key: bytes = OPERATOR
) -> OperatorSettings:
    return sign_caps(caps, key, vessel, UnixSeconds(issued_at))


async def budget(box: BoxFolder, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    assert await command("budget", "--json", "--data", str(box.data_dir)) == 0
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


def line(document: dict[str, object], bearer: str) -> dict[str, object]:
    bearers = document["bearers"]
    assert isinstance(bearers, list)
    found: dict[str, object] = next(each for each in bearers if each["bearer"] == bearer)
    return found


async def test_what_is_carried_is_billed_by_bearer_and_month(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore)
        settings = replace(box.settings(), tcp=PRICED)
        async with box.running(settings) as running:
            queued = await running.service.queue(sealed_request(bytes(500)))
            await state_when(running, queued.number, lambda state: not state.waiting)
    (box.data_dir / "settings.toml").write_text("[bearers.tcp]\nprice_per_byte = 0.00001\ncap_money = 2\n")
    spent = line(await budget(box, capsys), "tcp")
    size_bytes = spent["spent_bytes"]
    assert isinstance(size_bytes, int)
    assert size_bytes > 500
    assert spent["spent_money"] == pytest.approx(size_bytes * 0.000_01)
    assert spent["left_money"] == pytest.approx(2 - size_bytes * 0.000_01)
    assert spent["over_cap"] is False


async def test_a_full_cap_holds_back_all_but_what_is_urgent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore)
        settings = replace(box.settings(), tcp=BearerSettings(cap_bytes=900))
        async with box.running(settings) as running:
            await state_when(running, 1, lambda state: not state.waiting)
            held = (await running.service.queue(sealed_request(bytes(1_000)))).number
            urgent = (
                await running.service.queue(sealed_request(bytes(1_000), priority=Priority.URGENT))
            ).number
            await state_when(running, urgent, lambda state: not state.waiting)
            await until_counted(running, "over-cap")
            state = await state_when(running, held, lambda state: True)
            assert state.waiting
    assert held not in shore.numbers()
    (box.data_dir / "settings.toml").write_text("[bearers.tcp]\ncap_bytes = 900\n")
    assert line(await budget(box, capsys), "tcp")["over_cap"] is True
    await command("budget", "--data", str(box.data_dir))
    assert "exceeded by" in capsys.readouterr().out


async def test_clear_voice_waits_for_the_cheap_bearer_and_thin_goes_now(tmp_path: Path) -> None:
    shore = Shore()
    async with udp_shore(shore):
        box = await make_box(tmp_path, shore)
        dear = replace(box.settings(), udp=PRICED)
        async with box.running(dear) as running:
            clear = (
                await running.service.queue(sealed_request(bytes(900), priority=Priority.CLEAR_VOICE))
            ).number
            thin = (
                await running.service.queue(sealed_request(bytes(300), priority=Priority.THIN_VOICE))
            ).number
            await state_when(running, thin, lambda state: not state.waiting)
            assert clear not in shore.numbers()
    async with tcp_shore(shore):
        await _set_address(box, shore)
        async with box.running(dear) as running:
            await state_when(running, clear, lambda state: not state.waiting)


async def _set_address(box: BoxFolder, shore: Shore) -> None:
    database = await open_database(box.data_dir)
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO relay_address (position, kind, url) VALUES (9, 'tcp', ?)",
            (shore.addresses[BearerKind.TCP].url,),
        )
    await database.close()


async def test_what_waits_too_long_takes_the_dear_bearer(tmp_path: Path) -> None:
    later = NOW
    shore = Shore()
    async with udp_shore(shore):
        box = await make_box(tmp_path, shore)
        dear = replace(box.settings(), udp=replace(PRICED, carries="check-in", escalate_after_h=5.0))

        def clock() -> UnixSeconds:
            return later

        async with box.running(dear, clock=clock) as running:
            number = (await running.service.queue(sealed_request())).number
            check_in = (await running.service.queue(sealed_request(priority=Priority.CHECK_IN))).number
            await state_when(running, check_in, lambda state: not state.waiting)
            assert number not in shore.numbers()
            later = UnixSeconds(NOW + 5 * 3_600)
            await running.service.weigh()
            await state_when(running, number, lambda state: not state.waiting)


async def test_a_cap_from_shore_takes_the_place_of_the_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore)
        shore.offer(caps_bundle(SignedCap(bearer="tcp", money_nano=None, size_bytes=50_000)))
        async with box.running() as running:
            await until_taken(shore, 1)
            held = (await running.service.queue(sealed_request(bytes(60_000)))).number
            small = (await running.service.queue(sealed_request())).number
            await state_when(running, small, lambda state: not state.waiting)
            assert held not in shore.numbers()
    spent = line(await budget(box, capsys), "tcp")
    assert (spent["cap_bytes"], spent["cap_from_shore"]) == (50_000, True)


async def box_with_a_cap_below_what_it_spent(folder: Path, shore: Shore) -> BoxFolder:
    """Make a box that has spent 2 kB and finds a cap of 1 kB when it runs again."""
    box = await make_box(folder, shore)
    async with box.running() as running:
        queued = await running.service.queue(sealed_request(bytes(2_000)))
        await state_when(running, queued.number, lambda state: not state.waiting)
    shore.offer(caps_bundle(SignedCap(bearer="tcp", money_nano=None, size_bytes=1_000)))
    return box


async def test_a_cap_below_what_is_spent_is_counted_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await box_with_a_cap_below_what_it_spent(tmp_path, shore)
        async with box.running() as running:
            await until_counted(running, "cap-below-spent")
            queued = await running.service.queue(sealed_request(bytes(2_000)))
            await state_when(running, queued.number, lambda state: not state.waiting)
    document = await budget(box, capsys)
    assert "The cap for tcp lies below" in str(document["refused_caps"])
    assert line(document, "tcp")["cap_bytes"] is None


async def test_a_certificate_does_not_count_a_refusal_of_caps_again(tmp_path: Path) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await box_with_a_cap_below_what_it_spent(tmp_path, shore)
        async with box.running() as running:
            await until_counted(running, "cap-below-spent")
            shore.offer(sign_chain((b"certificate",), OPERATOR, VESSEL, UnixSeconds(NOW)))
            await until_taken(shore, 2)
            assert running.service.counters["cap-below-spent"] == 1


@pytest.mark.parametrize(
    "forged",
    [
        lambda: caps_bundle(SignedCap(bearer="tcp", money_nano=0, size_bytes=0), key=bytes([9]) * 32),
        lambda: caps_bundle(
            SignedCap(bearer="tcp", money_nano=0, size_bytes=0), vessel=VesselId(b"another1")
        ),
    ],
)
async def test_caps_that_the_operator_did_not_sign_for_this_vessel_are_refused(
    tmp_path: Path, forged: Callable[[], OperatorSettings]
) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore)
        shore.offer(forged())
        async with box.running() as running:
            await until_counted(running, "bundle-malformed")
            queued = await running.service.queue(sealed_request())
            await state_when(running, queued.number, lambda state: not state.waiting)


async def test_an_old_list_does_not_come_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore)
        shore.offer(
            caps_bundle(SignedCap(bearer="tcp", money_nano=None, size_bytes=10**6), issued_at=NOW + 5)
        )
        async with box.running():
            await until_taken(shore, 1)
            shore.offer(caps_bundle(SignedCap(bearer="tcp", money_nano=None, size_bytes=10**5)))
            await until_taken(shore, 2)
    assert line(await budget(box, capsys), "tcp")["cap_bytes"] == 10**6


async def until_taken(shore: Shore, number: int) -> None:
    await shore.until(lambda: not shore.engine.holds(number))


async def test_a_cap_set_below_what_is_spent_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore)
        async with box.running() as running:
            queued = await running.service.queue(sealed_request(bytes(2_000)))
            await state_when(running, queued.number, lambda state: not state.waiting)
        low = replace(box.settings(), tcp=BearerSettings(cap_bytes=1_000))
        with pytest.raises(WrongSettings, match=r"settings\.toml: The cap for tcp lies below"):
            await start(low)
        # What has grown past a cap that stood is no mistake of the settings.
        capped = replace(box.settings(), tcp=BearerSettings(cap_bytes=4_000))
        async with box.running(capped) as running:
            number = (
                await running.service.queue(sealed_request(bytes(4_000), priority=Priority.URGENT))
            ).number
            await state_when(running, number, lambda state: not state.waiting)
        await start(capped)


async def start(settings: Settings) -> None:
    async with running_service(settings, clock=LinkClock(), wall_clock=lambda: NOW):
        return


@contextmanager
def _file(folder: Path, text: str) -> Iterator[Path]:
    (folder / "settings.toml").write_text(text)
    yield folder


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("price_per_byte = -0.1", "bearers.tcp.price_per_byte must be from 0"),
        ("price_per_message = -1", "bearers.tcp.price_per_message must be from 0"),
        ("step_bytes = 0", "bearers.tcp.step_bytes must be from 1"),
        ("cap_money = -5", "bearers.tcp.cap_money must be from -1"),
        ('hours = "25-3"', "hours must be two hours of the day"),
        ('hours = "night"', "hours must be two hours of the day"),
        ('carries = "text,post"', "a priority that is not known: post"),
        ('over_cap = "everything"', "a priority that is not known: everything"),
    ],
)
def test_a_wrong_price_list_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    with _file(tmp_path, f"[bearers.tcp]\n{text}\n") as folder, pytest.raises(WrongSettings, match=sentence):
        load_settings(folder, {})


def test_a_price_list_is_read(tmp_path: Path) -> None:
    text = (
        '[bearers.udp]\nprice_per_byte = 0.000002\nhours = "22-6"\nover_cap = "none"\nescalate_after_h = 12\n'
    )
    with _file(tmp_path, text) as folder:
        tariff = load_settings(folder, {"SEAVOICE_VESSEL_UDP_STEP_BYTES": "50"}).tariffs()["udp"]
    assert (tariff.byte_nano, tariff.step_bytes, tariff.over_cap) == (2_000, 50, frozenset())
    assert tariff.escalate_after_s == 43_200
    assert Priority.CLEAR_VOICE not in tariff.carries


async def test_the_crews_month_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box = await make_box(tmp_path, Shore())
    (box.data_dir / "settings.toml").write_text(
        "crew_size = 20\n"
        + "".join(f"[bearers.{name}]\ncap_bytes = 5_000_000\n" for name in ("tcp", "udp", "websocket"))
    )
    crew = (await budget(box, capsys))["crew"]
    assert isinstance(crew, dict)
    assert (crew["asked_bytes"], crew["allowed_bytes"], crew["enough"]) == (20_000_000, 15_000_000, False)
    await command("budget", "--data", str(box.data_dir))
    assert "the caps allow only 15,000,000: raise them" in capsys.readouterr().out


async def test_the_old_ledger_is_kept_by_the_migration(tmp_path: Path) -> None:
    (tmp_path / "box.sqlite3").touch()
    script = files("vessel_client.store").joinpath("migrations", "0001_box.sql").read_text("utf-8")
    old = sqlite3.connect(tmp_path / "box.sqlite3")
    old.executescript(f"{script}; PRAGMA user_version = 1; INSERT INTO ledger VALUES ('tcp', 2, 70, 9);")
    old.close()
    database = await open_database(tmp_path)
    async with database.reading() as connection:
        (row,) = await list_spending(connection)
    await database.close()
    assert (row.bearer, row.priority, row.up_bytes, row.down_bytes) == ("tcp", 2, 70, 9)


def test_bundles_that_fit_one_by_one_do_not_pass_a_cap_together() -> None:
    budget = Budget({"tcp": Tariff(byte_nano=1, cap=Cap(size_bytes=500))})
    sizes = {Priority.CHECK_IN: 200, Priority.CLEAR_VOICE: 400, Priority.TEXT: 300}
    loads = [
        (number, Load(priority=priority, size_bytes=size_bytes, waited_s=0.0))
        for number, (priority, size_bytes) in enumerate(sizes.items(), start=1)
    ]
    budget.weigh([replace(STREAM, name="tcp")], loads, UnixSeconds(NOW))
    assert [number for number, _ in loads if budget.permits("tcp", number)] == [1, 3]


def test_a_modem_is_billed_by_its_sessions(tmp_path: Path) -> None:
    text = '[bearers.sbd]\nenabled = true\nprice_per_credit = 0.05\nat_once = "urgent,check-in"\n'
    with _file(tmp_path, text) as folder:
        tariff = load_settings(folder, {}).tariffs()["sbd"]
    assert tariff.estimate_nano(200, 340) == 4 * 50_000_000
    assert tariff.billed_nano(200) == 0
    assert tariff.carries == {Priority.URGENT, Priority.CHECK_IN}
    spent = Tally().session(Session(bearer="sbd", at=NOW, sure=False, credits=3), tariff)
    assert spent.money_nano == 150_000_000


def test_a_clock_that_is_set_back_and_right_again_finds_the_month_as_it_was() -> None:
    budget = Budget({"tcp": Tariff(byte_nano=1, cap=Cap(size_bytes=500))})
    load = [(1, Load(priority=Priority.TEXT, size_bytes=200, waited_s=0.0))]
    budget.spend("tcp", Spent(size_bytes=400), UnixSeconds(NOW))
    budget.spend("tcp", Spent(size_bytes=10), UnixSeconds(NOW - 2 * YEAR_S))
    budget.weigh([replace(STREAM, name="tcp")], load, UnixSeconds(NOW))
    assert not budget.permits("tcp", 1)


async def test_what_a_full_disk_keeps_out_of_the_ledger_still_counts(tmp_path: Path) -> None:
    (tmp_path / "box.sqlite3").touch()
    database = await open_database(tmp_path)
    budget = Budget({"tcp": Tariff(byte_nano=1, cap=Cap(size_bytes=500))})
    spending = Spending(budget, lambda: UnixSeconds(NOW), Counter())
    spending.sent("tcp", bytes(400), ())

    async def flush_in_vain() -> None:
        async with database.transaction() as connection:
            await spending.flush(connection)
            raise StoreFailed("the disk is full at the commit")

    with pytest.raises(StoreFailed):
        await flush_in_vain()
    async with database.reading() as connection:
        await spending.load(connection)
    budget.weigh(
        [replace(STREAM, name="tcp")],
        [(1, Load(priority=Priority.TEXT, size_bytes=200, waited_s=0.0))],
        UnixSeconds(NOW),
    )
    assert not budget.permits("tcp", 1)
    async with database.transaction() as connection:
        await spending.flush(connection)
    spending.flushed()
    async with database.reading() as connection:
        assert [row.up_bytes for row in await list_spending(connection)] == [400]
    await database.close()
