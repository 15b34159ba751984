"""Who holds the team key: each change of the people, on real keyring files."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.deskkeys import key_in_use
from protocol.ids import UnixSeconds
from protocol.provisioning import DeskCard
from shore_relay.desk.actor import Role
from shore_relay.desk.errors import (
    BadName,
    DamagedKeyring,
    KeysMoved,
    LastAdministrator,
    NameTaken,
    NoPassphrase,
    UnknownPerson,
    WhichPerson,
    WrongPassphrase,
)
from shore_relay.desk.keyring import FILE_NAME, Keyring
from shore_relay.desk.people import ring as rings
from shore_relay.desk.people.person import FOUNDER_ID, clean_name, is_same_name
from shore_relay.desk.people.ring import Change, Ring
from tests.shore_relay.desk.conftest import PASSPHRASE, YEAR_S

NOW = UnixSeconds(1_790_000_000)
LATER = UnixSeconds(NOW + 30 * 86_400)
MALEE = "Malee Srisuk"
MALEES = "green crab walks sideways"
TOMS = "old rope under the pier"
ROLES = (Role.CASEWORKER, Role.SUPERVISOR, Role.ADMINISTRATOR)


def adding(name: str, passphrase: str, role: Role = Role.CASEWORKER) -> Change:
    return lambda ring: rings.add(ring, name, role, passphrase, NOW, must_choose=False)


def with_malee(data: Path, role: Role = Role.CASEWORKER) -> tuple[Keyring, bytes]:
    """A desk at which Malee works beside the founder; gives the founder's keyring and Malee's id."""
    keyring = Keyring.create(data, PASSPHRASE, "Harbour Aid", NOW, YEAR_S)
    return keyring, keyring.change(adding(MALEE, MALEES, role)).keys.people[-1].id


def leaving(person: bytes, at: UnixSeconds = LATER) -> Change:
    return lambda ring: rings.without(ring, person, at, YEAR_S)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_opens_the_same_keys_with_their_own_passphrase(data: Path, role: Role) -> None:
    founder, person = with_malee(data, role)

    malee = Keyring.unlock(data, MALEES, MALEE)

    assert malee.keys == founder.keys == Keyring.unlock(data, PASSPHRASE, "desk").keys
    assert malee.person.id == person
    assert malee.person.actor.role is role
    for passphrase, name in ((MALEES, "desk"), (PASSPHRASE, MALEE), (MALEES, "Somchai")):
        with pytest.raises(WrongPassphrase):
            Keyring.unlock(data, passphrase, name)


def test_a_name_is_needed_as_soon_as_several_people_work_here(data: Path) -> None:
    Keyring.create(data, PASSPHRASE, "Harbour Aid", NOW, YEAR_S)
    assert Keyring.unlock(data, PASSPHRASE).person.name == "desk"

    Keyring.unlock(data, PASSPHRASE).change(adding(MALEE, MALEES))

    with pytest.raises(WhichPerson, match="--person"):
        Keyring.unlock(data, PASSPHRASE)


def test_two_people_with_the_same_passphrase_are_told_apart_by_name(data: Path) -> None:
    keyring = Keyring.create(data, PASSPHRASE, "Harbour Aid", NOW, YEAR_S)
    keyring.change(adding(MALEE, PASSPHRASE))

    assert Keyring.unlock(data, PASSPHRASE, MALEE).person.name == MALEE
    assert Keyring.unlock(data, PASSPHRASE, "desk").person.name == "desk"


def test_a_partner_proves_themselves_and_opens_no_key(data: Path) -> None:
    keyring, partner = with_malee(data, Role.PARTNER)

    assert keyring.admit(MALEE, MALEES).id == partner
    with pytest.raises(WrongPassphrase):
        Keyring.unlock(data, MALEES, MALEE)


def test_what_comes_after_a_revocation_is_under_keys_that_the_revoked_never_had(
    data: Path, tmp_path: Path
) -> None:
    founder, person = with_malee(data)
    stolen = tmp_path / "stolen"
    shutil.copytree(data, stolen)

    after = founder.change(leaving(person)).keys

    # With the old file and the passphrase everything old opens.
    before = Keyring.unlock(stolen, MALEES, MALEE).keys
    assert before.epochs[0].private == after.epochs[0].private
    # With the new file as well, nothing more does.
    with pytest.raises(WrongPassphrase):
        Keyring.unlock(data, MALEES, MALEE)
    assert len(after.epochs) == 2
    assert len(after.store_keys) == 2
    assert after.epochs[1].private not in {epoch.private for epoch in before.epochs}
    assert after.store_keys[1] not in before.store_keys
    # Not even with the old team key and the old private key, byte for byte.
    thief = Keyring.unlock(stolen, MALEES, MALEE)
    shutil.copy(data / FILE_NAME, stolen / FILE_NAME)
    with pytest.raises(KeysMoved):
        _ = thief.keys


def test_vessels_that_know_the_new_list_seal_to_nothing_that_the_revoked_holds(data: Path) -> None:
    founder, person = with_malee(data)
    old = founder.keys.epochs[0].id

    published = founder.change(leaving(person)).keys.published

    for box_clock in (LATER - 86_000, LATER - 1, LATER, LATER + 1, LATER + 300 * 86_400):
        assert key_in_use(published, UnixSeconds(box_clock)).id != old
    # A key made while this computer's clock stood in the future is never used again either.
    ahead = founder.change(
        lambda ring: replace(ring, keys=ring.keys.with_new_epoch(UnixSeconds(LATER + 10**8), YEAR_S))
    ).keys
    tom = founder.change(adding("Tom", TOMS)).keys.people[-1].id
    published = founder.change(leaving(tom, UnixSeconds(LATER + 60))).keys.published
    for box_clock in (LATER + 61, LATER + 300 * 86_400):
        assert key_in_use(published, UnixSeconds(box_clock)).id == published[-1].id
    assert all(key.not_after <= key.not_before for key in published if key.id == ahead.epochs[-1].id)


def test_a_running_desk_follows_a_revocation_by_another_command(data: Path) -> None:
    founder, person = with_malee(data)
    running = Keyring.unlock(data, PASSPHRASE, "desk")

    Keyring.unlock(data, PASSPHRASE, "desk").change(leaving(person))

    assert len(running.keys.epochs) == 2
    assert [one.name for one in running.keys.active] == ["desk"]
    # The one in memory that was made with the desk knows no private key of anybody.
    with pytest.raises(KeysMoved, match="Log in"):
        _ = founder.keys
    assert founder.admit("desk", PASSPHRASE).id == FOUNDER_ID
    assert founder.keys == running.keys


def test_a_desk_that_was_started_by_somebody_who_left_goes_on_with_whoever_logs_in(data: Path) -> None:
    _, person = with_malee(data)
    running = Keyring.unlock(data, MALEES, MALEE)
    assert running.admit("desk", PASSPHRASE).name == "desk"

    Keyring.unlock(data, PASSPHRASE, "desk").change(leaving(person))

    assert len(running.keys.epochs) == 2
    with pytest.raises(UnknownPerson):
        _ = running.person
    with pytest.raises(WrongPassphrase):
        running.admit(MALEE, MALEES)


def test_a_new_passphrase_takes_the_place_of_the_old_and_brings_a_new_key(data: Path) -> None:
    keyring, person = with_malee(data)
    before = keyring.keys.named(MALEE)

    keyring.change(lambda ring: rings.with_passphrase(ring, person, TOMS, must_choose=False))

    assert Keyring.unlock(data, TOMS, MALEE).keys == keyring.keys
    with pytest.raises(WrongPassphrase):
        Keyring.unlock(data, MALEES, MALEE)
    after = keyring.keys.named(MALEE)
    assert before is not None
    assert after is not None
    # Whoever gave the start passphrase could open the old one.
    assert after.public != before.public
    with pytest.raises(NoPassphrase):
        keyring.change(lambda ring: rings.with_passphrase(ring, person, "too short", must_choose=False))


def test_making_somebody_a_partner_takes_the_keys_from_them_and_back_again_gives_them(data: Path) -> None:
    founder, person = with_malee(data)

    keys = founder.change(lambda ring: rings.with_role(ring, person, Role.PARTNER, LATER, YEAR_S)).keys

    assert len(keys.epochs) == len(keys.store_keys) == 2
    with pytest.raises(WrongPassphrase):
        Keyring.unlock(data, MALEES, MALEE)
    founder.change(lambda ring: rings.with_role(ring, person, Role.SUPERVISOR, LATER, YEAR_S))
    assert Keyring.unlock(data, MALEES, MALEE).keys == founder.keys
    assert len(founder.keys.epochs) == 2


def test_the_last_administrator_stays(data: Path) -> None:
    founder, person = with_malee(data)

    for change in (
        leaving(FOUNDER_ID),
        lambda ring: rings.with_role(ring, FOUNDER_ID, Role.CASEWORKER, NOW, YEAR_S),
    ):
        with pytest.raises(LastAdministrator):
            founder.change(change)
    founder.change(lambda ring: rings.with_role(ring, person, Role.ADMINISTRATOR, NOW, YEAR_S))
    founder.change(leaving(FOUNDER_ID))
    assert [one.name for one in Keyring.unlock(data, MALEES).keys.active] == [MALEE]


def test_a_key_planted_in_the_file_gets_nothing(data: Path) -> None:
    founder, _ = with_malee(data)
    path = data / FILE_NAME
    whole = path.read_text()
    slot = founder.change(lambda ring: ring).slots[1].person.hex()

    path.write_text(whole.replace(slot, "00" * 7 + "07"))

    with pytest.raises(DamagedKeyring, match="do not belong together"):
        Keyring.unlock(data, PASSPHRASE, "desk")


def test_a_slot_from_an_older_file_does_not_come_back(data: Path, tmp_path: Path) -> None:
    founder, person = with_malee(data)
    old = Ring(team_key=b"", keys=founder.keys, slots=founder.change(lambda ring: ring).slots)
    founder.change(leaving(person))

    # Somebody with the disk puts the removed slot back: the next change must not seal to it.
    document = json.loads((data / FILE_NAME).read_text())
    earlier = next(slot for slot in old.slots if slot.person == person)
    document["people"].append(document["people"][0] | {"person": earlier.person.hex()})
    (data / FILE_NAME).write_text(json.dumps(document))

    with pytest.raises(DamagedKeyring):
        Keyring.unlock(data, PASSPHRASE, "desk")


def test_names_are_one_each_and_play_no_tricks(data: Path) -> None:
    founder, _ = with_malee(data)

    for name in (MALEE, "malee  SRISUK"):
        with pytest.raises(NameTaken):
            founder.change(adding(name, TOMS))
    for name in ("", "   ", "x" * 61, "Ma\u202elee", "Ma\x00lee"):
        with pytest.raises(BadName):
            founder.change(adding(name, TOMS))
    assert founder.change(adding("มาลี ศรีสุข", TOMS)).keys.people[-1].name == "มาลี ศรีสุข"


@given(st.text(max_size=80))
def test_a_clean_name_stays_as_it_is(text: str) -> None:
    try:
        name = clean_name(text)
    except BadName:
        return
    assert clean_name(name) == name
    assert is_same_name(name, text)


def test_a_card_stays_the_same_desk_after_people_came_and_went(data: Path, card: DeskCard) -> None:
    founder = Keyring.unlock(data, PASSPHRASE)
    person = founder.change(adding(MALEE, MALEES)).keys.people[-1].id
    founder.change(leaving(person))

    assert founder.keys.card.id == card.id
