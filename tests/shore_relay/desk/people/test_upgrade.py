"""A desk that was made before there were people goes on: its data folder is the one that version left."""

import shutil
from pathlib import Path

import pytest

from shore_relay.desk.actor import Role
from shore_relay.desk.app import open_desk
from shore_relay.desk.errors import WrongPassphrase
from shore_relay.desk.inbox import load_answers, load_entry, load_inbox, load_voice
from shore_relay.desk.keyring import FILE_NAME, Keyring
from shore_relay.desk.people.person import FOUNDER_ID
from shore_relay.desk.people.staff import add_person
from shore_relay.desk.settings import Settings
from shore_relay.desk.sound import wav_of
from shore_relay.desk.trust import Origin
from shore_relay.desk.vessels import load_vessels
from tests.shore_relay.desk.conftest import PASSPHRASE

LEFT = Path("tests/data/desk_format_1")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return Path(shutil.copytree(LEFT, tmp_path / "old"))


async def test_everything_is_there_and_its_founder_is_the_administrator(old: Path) -> None:
    assert "keyring 1" in (old / FILE_NAME).read_text()
    async with open_desk(old, PASSPHRASE, Settings()) as desk:
        assert desk.actor.id == FOUNDER_ID
        assert desk.actor.name == "desk"
        assert desk.actor.role is Role.ADMINISTRATOR
        assert [vessel.name for vessel in await load_vessels(desk)] == ["Blue Dolphin"]
        assert all(vessel.confirmed for vessel in await load_vessels(desk))
        entries = await load_inbox(desk)
        assert {entry.origin for entry in entries} == {Origin.VERIFIED}
        assert (await load_entry(desk, 1)).content is not None
        texts = [entry.content.text for entry in entries if entry.content and entry.content.text]
        assert texts == ["They keep my passport."]
        spoken = [entry for entry in entries if entry.has_sound]
        for entry in spoken:
            assert wav_of(await load_voice(desk, entry.best)).startswith(b"RIFF")
        assert spoken
        assert [answer.content.text for answer in await load_answers(desk, 1)] == ["A doctor waits."]
        # And it grows.
        await add_person(desk, desk.actor, "Malee", Role.CASEWORKER)
    assert "keyring 2" in (old / FILE_NAME).read_text()
    async with open_desk(old, PASSPHRASE, Settings(), person="desk") as desk:
        assert [person.name for person in desk.keyring.keys.active] == ["desk", "Malee"]


def test_a_wrong_passphrase_upgrades_nothing(old: Path) -> None:
    before = (old / FILE_NAME).read_bytes()

    for passphrase, person in (("not the right one", ""), (PASSPHRASE, "Malee")):
        with pytest.raises(WrongPassphrase):
            Keyring.unlock(old, passphrase, person)

    assert (old / FILE_NAME).read_bytes() == before
