"""Settings: from the file, then the environment; whatever is not known is an error that names it."""

from pathlib import Path

import pytest

from shore_relay.desk.errors import BadSettings, StoreTooNew
from shore_relay.desk.settings import Settings, load_settings, write_settings
from shore_relay.desk.store.database import Database


def test_the_environment_goes_before_the_file_and_the_file_before_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('port = 9000\nrelay = "https://relay.example.org"\n')

    found = load_settings(tmp_path, {"SEAVOICE_DESK_PORT": "9001", "SEAVOICE_DESK_DATA": "/x", "HOME": "/"})

    assert found == Settings(port=9001, relay="https://relay.example.org")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    settings = Settings(relay="http://relay.example.org:8701", port=1, retry_delay_s_max=5.5)
    write_settings(tmp_path / "settings.toml", settings)

    assert load_settings(tmp_path, {}) == settings


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("colour = 1", "colour"),
        ('port = "a"', "port"),
        ("port = 70000", "port"),
        ("port = true", "port"),
        ('relay = "ftp://x"', "ftp://x"),
        ('relay = "http://x/path"', "http://x/path"),
        ("port = ", "settings.toml"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "settings.toml").write_text(text)

    with pytest.raises(BadSettings, match=named):
        load_settings(tmp_path, {})


async def test_a_database_from_the_future_is_left_alone(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    async with database.transaction() as connection:
        await connection.execute("PRAGMA user_version = 99")
    await database.close()

    with pytest.raises(StoreTooNew, match="newer version"):
        await Database.open(tmp_path)


async def test_an_opened_database_is_durable_and_strict(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    async with database.reading() as connection:
        rows = await connection.execute_fetchall("SELECT name FROM pragma_table_list WHERE strict = 0")
        assert {row["name"] for row in rows if not row["name"].startswith("sqlite_")} == set()
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            (row,) = await connection.execute_fetchall(f"PRAGMA {pragma}")
            assert row[0] == value
    await database.close()
