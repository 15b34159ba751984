"""PostgreSQL itself: its tables, its refusals, and its coming back."""

import asyncio
import contextlib
import signal
from pathlib import Path

import aiosqlite
import asyncpg
import pytest

from protocol.ids import DeskId, UnixSeconds, VesselId
from scripts.postgres_server import PASSWORD, PostgresServer
from shore_relay.relay import cli
from shore_relay.relay.errors import (
    DataFolderMissing,
    RelayError,
    SettingsInvalid,
    StoreFailed,
    StoreFromFuture,
    StoreLoginRefused,
    StoreOutdated,
    StoreUnreachable,
    StoreUnusable,
)
from shore_relay.relay.store import schema
from shore_relay.relay.store.postgres import PostgresStore, create
from shore_relay.relay.store.postgres_address import PostgresAddress
from shore_relay.relay.store.postgres_schema import migrate, require_version, steps
from shore_relay.relay.store.session import Session
from tests.shore_relay.relay.shore import Desk, make_shore

NOW = UnixSeconds(1_700_000_000)
Columns = set[tuple[str, str, bool]]


@pytest.fixture
async def address(postgres: PostgresServer) -> PostgresAddress:
    """A database with a relay in it."""
    address = postgres.address(await postgres.create())
    assert await create(address, bytes(32), NOW)
    return address


# --- tables ---


async def _postgres_columns(connection: asyncpg.Connection) -> Columns:
    rows = await connection.fetch(
        "SELECT table_name, column_name, is_nullable = 'YES' FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name <> 'seavoice_schema'"
    )
    return {(table, column, nullable) for table, column, nullable in rows}


async def _sqlite_columns(path: Path) -> Columns:
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        await schema.migrate(connection, schema.migrations())
        tables = await connection.execute_fetchall(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
        columns: Columns = set()
        for (table,) in tables:
            for row in await connection.execute_fetchall(f"PRAGMA table_info({table})"):
                columns.add((table, row[1], not row[3] and not row[5]))
        return columns


async def test_both_stores_have_the_same_tables_and_columns(
    postgres: PostgresServer, address: PostgresAddress, tmp_path: Path
) -> None:
    connection = await postgres.connect(address.name)
    found = await _postgres_columns(connection)
    await connection.close()
    assert found == await _sqlite_columns(tmp_path / "relay.db")


async def test_each_migration_keeps_what_is_in_the_tables(postgres: PostgresServer) -> None:
    connection = await postgres.connect(await postgres.create())
    for number in range(1, len(steps()) + 1):
        before = await _counts(connection)
        await migrate(connection, steps()[:number])
        after = await _counts(connection)
        assert {table: after[table] for table in before} == before
        if number == 1:
            await connection.execute(
                "INSERT INTO relay (id, rekey_private, created_at) VALUES (1, $1, 5)", bytes(32)
            )
            await connection.execute("INSERT INTO refusals VALUES ('busy', 3)")
            await connection.execute(
                "INSERT INTO desks (desk, name, signing_public, added_at) VALUES ($1, 'a desk', $2, 7)",
                bytes(8),
                bytes(32),
            )
    assert await connection.fetchval("SELECT ended_at FROM desks") == 0
    with pytest.raises(asyncpg.PostgresError):
        await migrate(connection, (*steps(), "CREATE TABLE one (a BIGINT); DROP TABLE two;"))
    await migrate(connection, steps())
    assert "one" not in await _counts(connection), "a step that fails changes nothing"
    assert await connection.fetchval("SELECT count FROM refusals") == 3
    await connection.close()


async def _counts(connection: asyncpg.Connection) -> dict[str, int]:
    tables = await connection.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    return {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for (table,) in tables}


async def test_of_several_relays_that_are_made_at_once_one_makes_the_tables(postgres: PostgresServer) -> None:
    address = postgres.address(await postgres.create())
    made = await asyncio.gather(*(create(address, bytes([at]) * 32, NOW) for at in range(4)))
    assert sorted(made) == [False, False, False, True]
    async with await PostgresStore.open(address) as store:
        assert await store.rekey_private() == bytes([made.index(True)]) * 32


# --- refusals ---


async def test_what_is_wrong_is_said_and_no_password_is(
    postgres: PostgresServer, address: PostgresAddress, tmp_path: Path
) -> None:
    empty = await postgres.create()
    wrong: dict[str, type[RelayError]] = {
        postgres.url(address.name, password="guessed"): StoreLoginRefused,
        postgres.url(address.name, user="nobody"): StoreLoginRefused,
        postgres.url("nowhere"): StoreUnusable,
        postgres.url(empty): DataFolderMissing,
        postgres.url(address.name).replace(str(postgres.port), "1"): StoreUnreachable,
        f"postgresql://u:{PASSWORD}@{tmp_path}/x?host=/nowhere": StoreUnreachable,
        postgres.url(address.name) + "?sslmode=perhaps": SettingsInvalid,
    }
    for url, kind in wrong.items():
        with pytest.raises(kind) as caught:
            await PostgresStore.open(PostgresAddress(url=url, name="relay at sea"))
        assert PASSWORD not in str(caught.value)
        assert "guessed" not in str(caught.value)
        assert str(caught.value).endswith((".", "?", "`"))


async def test_another_programs_database_is_left_alone(postgres: PostgresServer) -> None:
    name = await postgres.create()
    connection = await postgres.connect(name)
    await connection.execute("CREATE TABLE vessels (name TEXT)")
    with pytest.raises(StoreUnusable):
        await create(postgres.address(name), bytes(32), NOW)
    assert await _counts(connection) == {"vessels": 0}
    await connection.execute("DROP TABLE vessels")
    assert await create(postgres.address(name), bytes(32), NOW)
    await connection.execute("UPDATE seavoice_schema SET program = 'another'")
    with pytest.raises(StoreUnusable):
        await PostgresStore.open(postgres.address(name))
    await connection.execute("UPDATE seavoice_schema SET program = 'seavoice-relay', version = 99")
    with pytest.raises(StoreFromFuture):
        await PostgresStore.open(postgres.address(name))
    await connection.close()


async def test_a_database_that_cannot_keep_every_name_is_refused(postgres: PostgresServer) -> None:
    name = await postgres.create(encoding="SQL_ASCII")
    with pytest.raises(StoreUnusable, match="UTF8"):
        await create(postgres.address(name), bytes(32), NOW)


def test_an_old_server_is_refused() -> None:
    require_version(13)
    with pytest.raises(StoreOutdated, match="12"):
        require_version(12)


async def test_a_server_without_a_free_connection_is_said_and_passes(
    postgres: PostgresServer, address: PostgresAddress
) -> None:
    taken: list[asyncpg.Connection] = []
    with contextlib.suppress(asyncpg.TooManyConnectionsError):
        while True:
            taken.append(await postgres.connect())
    with pytest.raises(StoreUnreachable, match="max_connections"):
        await PostgresStore.open(address)
    for connection in taken:
        await connection.close()
    async with await PostgresStore.open(address) as store:
        await store.check_writable()


def test_the_command_line_says_it_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEAVOICE_RELAY_STORE", f"postgresql://u:{PASSWORD.replace(' ', '-')}@127.0.0.1:1/sea")
    assert cli.main(["status", "--data", str(tmp_path)]) == 40
    shown = capsys.readouterr().err
    assert shown == "seavoice-relay: PostgreSQL cannot be reached for sea at 127.0.0.1:1 " + (
        "(ConnectionRefusedError): is it running?\n"
    )
    monkeypatch.setenv("SEAVOICE_RELAY_STORE", "mysql://secret@sea")
    assert cli.main(["status", "--data", str(tmp_path)]) == 3
    assert "secret" not in capsys.readouterr().err


# --- coming back ---


async def test_a_relay_comes_back_by_itself_when_its_server_does(
    postgres: PostgresServer, address: PostgresAddress
) -> None:
    async with await PostgresStore.open(address) as store:
        await store.count_refusals({"busy": 1})
        postgres.stop(signal.SIGINT)
        try:
            for _ in range(2):
                with pytest.raises(StoreFailed, match="cannot be reached"):
                    await store.count_refusals({"busy": 10})
                with pytest.raises(StoreFailed):
                    await store.status()
        finally:
            postgres.start()
        await store.count_refusals({"busy": 1})
        assert (await store.status()).refusals == {"busy": 2}


async def test_a_connection_that_is_cut_costs_what_was_on_it_and_no_more(
    postgres: PostgresServer, address: PostgresAddress
) -> None:
    cutter = await postgres.connect()

    async def cut() -> None:
        await cutter.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = $1 AND application_name = 'seavoice-relay'",
            address.name,
        )

    async def cut_within(session: Session) -> None:
        await session.change("INSERT INTO refusals (code, count) VALUES ('lost', 1)")
        await cut()
        await session.change("INSERT INTO refusals (code, count) VALUES ('lost too', 1)")

    async with await PostgresStore.open(address) as store:
        await store.check_writable()
        await cut()
        # Nothing had begun: the writer connects anew, and nobody notices.
        await store.count_refusals({"busy": 1})
        with pytest.raises(StoreFailed):
            await store.writer.run(cut_within)
        await store.count_refusals({"busy": 1})
        connection = await postgres.connect(address.name)
        assert [tuple(row) for row in await connection.fetch("SELECT * FROM refusals")] == [("busy", 2)]
        await connection.close()
    await cutter.close()


async def test_two_relays_that_wait_for_each_other_both_get_their_turn(
    postgres: PostgresServer, address: PostgresAddress
) -> None:
    async with await PostgresStore.open(address) as one, await PostgresStore.open(address) as two:
        for code in ("a", "b"):
            await one.count_refusals({code: 0})
        both_hold = asyncio.Barrier(2)
        attempts: list[str] = []

        async def add(session: Session, *codes: str) -> None:
            attempts.append(codes[0])
            for code in codes:
                await session.change("UPDATE refusals SET count = count + 1 WHERE code = ?", (code,))
                if attempts.count(codes[0]) == 1 and code == codes[0]:
                    await both_hold.wait()

        await asyncio.gather(
            one.writer.run(lambda session: add(session, "a", "b")),
            two.writer.run(lambda session: add(session, "b", "a")),
        )
        assert (await one.status()).refusals == {"a": 2, "b": 2}
        assert sorted(attempts) in (["a", "a", "b"], ["a", "b", "b"])


# --- hints ---


async def until_somebody_listens(connection: asyncpg.Connection) -> None:
    async with asyncio.timeout(20):
        count = 0
        while not count:
            # The server waits, so that it is not asked a thousand times.
            _, count = await connection.fetchrow(
                "SELECT pg_sleep(0.05), (SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' "
                "AND datname = current_database())"
            )


async def test_relays_hear_of_each_others_commits_and_of_none_of_their_own(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.url(await postgres.create())
    shore = await make_shore(tmp_path, store=url)
    desk = Desk(name="Haven")
    await shore.add_desk(desk)
    vessel = (await shore.add_vessel("Mercy", desk)).vessel
    heard: asyncio.Queue[DeskId | VesselId] = asyncio.Queue()
    address = PostgresAddress(url=url)
    async with await PostgresStore.open(address, on_feed=heard.put_nowait) as listening:
        task = asyncio.create_task(listening.listen(heard.put_nowait))
        async with await PostgresStore.open(address) as other:
            connection = await postgres.connect(url.rpartition("/")[2])
            await until_somebody_listens(connection)
            # What is no hint of ours only makes nobody look.
            for noise in ("", "feed", "feed xyz", "vessel 00", "x" * 7_000):
                await connection.execute("SELECT pg_notify('seavoice_news', $1)", noise)
            await connection.close()
            await listening.dispatch(
                desk.card.id, vessel, desk.mail(ref=b"o" * 16), NOW, keys=None, most_bytes=10**6
            )
            await other.dispatch(
                desk.card.id, vessel, desk.mail(ref=b"t" * 16), NOW, keys=None, most_bytes=10**6
            )
            async with asyncio.timeout(20):
                first = await heard.get()
        task.cancel()
        await asyncio.wait([task])
    assert (first, heard.empty()) == (vessel, True)
