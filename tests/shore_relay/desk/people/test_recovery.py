"""Printed shares let a new administrator in: enough of them, of the present kit, and no fewer."""

import itertools
import re
from pathlib import Path

import pytest

from protocol.ids import UnixSeconds
from shore_relay.desk import cli
from shore_relay.desk.actor import Role
from shore_relay.desk.app import Desk
from shore_relay.desk.errors import BadShares, NameTaken, NotPermitted, WrongPassphrase
from shore_relay.desk.keyring import Keyring
from shore_relay.desk.people.recovery import SHARES_MAX, adopt_kit, make_kit, recover
from shore_relay.desk.people.staff import find_person, revoke
from shore_relay.desk.web.kit_page import kit_page
from shore_relay.desk.words import LANGUAGES, Words
from tests.shore_relay.desk.conftest import PASSPHRASE
from tests.shore_relay.desk.people.conftest import NOW

NEW = "seven new lamps at dawn"


async def kit_of(desk: Desk, needed: int = 2, made: int = 3) -> list[str]:
    """The texts of a new kit's sheets."""
    kit, shares = make_kit(needed, made, NOW)
    await adopt_kit(desk, desk.actor, kit)
    return [" ".join(share.words) for share in shares]


async def test_any_two_of_three_shares_let_somebody_in_and_one_does_not(office: Desk) -> None:
    sheets = await kit_of(office)
    for at, pair in enumerate(itertools.combinations(sheets, 2)):
        opened = recover(office.data, [*pair], f"New {at}", NEW, NOW)
        assert opened.keys.store_keys == office.keyring.keys.store_keys
        assert Keyring.unlock(office.data, NEW, f"New {at}").person.role is Role.ADMINISTRATOR
    # All three, in capitals and with a comma's worth of spaces, do as well.
    recover(office.data, [f"  {sheet.upper()}\n" for sheet in sheets], "New 9", NEW, NOW)
    for too_few in ([], sheets[:1], [sheets[0], sheets[0]]):
        with pytest.raises(BadShares):
            recover(office.data, too_few, "Eve", NEW, NOW)
    with pytest.raises(WrongPassphrase):
        Keyring.unlock(office.data, NEW, "Eve")


async def test_a_kit_opens_also_what_was_renewed_after_it_was_printed(office: Desk) -> None:
    sheets = await kit_of(office)

    await revoke(office, office.actor, find_person(office, "Tom").id)

    opened = recover(office.data, sheets[1:], "New", NEW, NOW)
    assert len(opened.keys.store_keys) == 2
    assert opened.keys == office.keyring.keys


async def test_an_older_kit_and_another_desks_kit_open_nothing(office: Desk) -> None:
    old, other = await kit_of(office), [" ".join(share.words) for share in make_kit(2, 3, NOW)[1]]
    await kit_of(office, 3, 5)

    for sheets in (old[:2], other[:2]):
        with pytest.raises(BadShares, match="present kit"):
            recover(office.data, sheets, "Eve", NEW, NOW)
    with pytest.raises(BadShares, match="not of one kit"):
        recover(office.data, [old[0], other[0]], "Eve", NEW, NOW)


async def test_a_slip_of_the_pen_is_noticed(office: Desk) -> None:
    sheets = await kit_of(office)
    words = sheets[0].split()
    for wrong in (
        " ".join(words[:-1]),
        " ".join([words[1], words[0], *words[2:]]),
        " ".join([*words[:5], "academic" if words[5] != "academic" else "acid", *words[6:]]),
        sheets[0].replace(words[3], "qwerty"),
        "",
        "\x00" * 50,
    ):
        with pytest.raises(BadShares):
            recover(office.data, [wrong, sheets[1]], "Eve", NEW, NOW)


@pytest.mark.parametrize(("needed", "made"), [(1, 3), (3, 2), (2, SHARES_MAX + 1), (0, 0), (-1, 2)])
def test_a_kit_that_one_share_opens_or_that_cannot_be_made_is_refused(needed: int, made: int) -> None:
    with pytest.raises(BadShares):
        make_kit(needed, made, NOW)


async def test_a_kit_is_an_administrators_affair_and_a_taken_name_stays_taken(office: Desk) -> None:
    kit, _ = make_kit(2, 2, NOW)
    with pytest.raises(NotPermitted):
        await adopt_kit(office, find_person(office, "Tom").actor, kit)
    assert office.keyring.keys.recovery is None
    sheets = await kit_of(office)
    with pytest.raises(NameTaken):
        recover(office.data, sheets, "tom", NEW, NOW)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sheet_has_its_words_in_order_and_takes_nothing_from_elsewhere(language: str) -> None:
    kit, shares = make_kit(2, 3, NOW)

    page = kit_page("Harbour <Aid>", kit, shares[1], Words.load(language)).decode()

    assert re.findall(r"<li>([a-z]+)</li>", page) == list(shares[1].words)
    assert len(shares[1].words) == 20
    assert "<svg" in page
    assert "Harbour &lt;Aid&gt;" in page
    assert not re.search(r"(src|href)=|url\(|@import|<script", page)
    for other in (shares[0], shares[2]):
        assert " ".join(other.words) not in page


def test_the_commands_print_the_sheets_and_let_the_next_administrator_in(
    office_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SEAVOICE_DESK_PERSON", "desk")
    monkeypatch.setenv("SEAVOICE_DESK_PASSPHRASE", PASSPHRASE)
    folder = ("--data", str(office_folder))
    beside = ("recovery", "make", "-k", "2", "-n", "3", "--out", str(office_folder / "kit"), *folder)
    assert cli.main(beside) == 31
    assert "beside what they open" in capsys.readouterr().err
    assert cli.main(["recovery", "make", "-k", "2", "-n", "3", "--out", str(tmp_path / "kit"), *folder]) == 0
    pages = sorted((tmp_path / "kit").iterdir())
    assert len(pages) == 3
    assert {page.stat().st_mode & 0o777 for page in pages} == {0o600}
    files: list[str] = []
    for page in pages[1:]:
        typed = tmp_path / f"{page.stem}.txt"
        typed.write_text(" ".join(re.findall(r"<li>([a-z]+)</li>", page.read_text())))
        files += ["--share", str(typed)]

    monkeypatch.delenv("SEAVOICE_DESK_PASSPHRASE")
    monkeypatch.setenv("SEAVOICE_DESK_NEW_PASSPHRASE", NEW)
    assert cli.main(["recovery", "use", *files[:2], "--person", "Kanya", *folder]) == 58
    assert cli.main(["recovery", "use", *files, "--person", "Kanya", *folder]) == 0

    assert Keyring.unlock(office_folder, NEW, "Kanya").person.role is Role.ADMINISTRATOR
    assert UnixSeconds(NOW) <= Keyring.unlock(office_folder, NEW, "Kanya").person.added_at
