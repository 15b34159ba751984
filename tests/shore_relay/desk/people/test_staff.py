"""People come, change and go at a desk that has vessels and messages."""

import shutil
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.deskkeys import check_keys, key_in_use
from protocol.ids import UnixSeconds
from protocol.voicepack import VoiceCodec
from shore_relay.desk.actor import Role
from shore_relay.desk.app import Desk, open_desk
from shore_relay.desk.epochs import announce_keys, roll_if_due
from shore_relay.desk.errors import (
    DamagedContent,
    KeysMoved,
    NotPermitted,
    SamePassphrase,
    UnknownPerson,
    WrongPassphrase,
)
from shore_relay.desk.fetching import fetch_all
from shore_relay.desk.inbox import load_inbox
from shore_relay.desk.keyring import FILE_NAME, Keyring
from shore_relay.desk.people.ring import without
from shore_relay.desk.people.staff import (
    add_person,
    change_role,
    choose_passphrase,
    find_person,
    revoke,
    start_anew,
)
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.sending import send_queued
from shore_relay.desk.settings import Settings
from shore_relay.desk.store import inbox as stored
from shore_relay.desk.vault import Vault
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.conftest import PASSPHRASE, YEAR_S
from tests.shore_relay.desk.people.conftest import Clock, page_of
from tests.shore_relay.desk.people.office import PEOPLE, browsing, staffed
from tests.shore_relay.desk.small_relay import SmallRelay
from tests.shore_relay.desk.steps import receive

MALEE, MALEES = PEOPLE[Role.SUPERVISOR]


async def test_what_arrives_after_a_revocation_is_closed_to_the_revoked_and_open_to_those_who_stay(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat, tmp_path: Path
) -> None:
    desk.keyring.change(staffed)
    await receive(desk, client, relay, boat, boat.introduction(), boat.text("Before."))
    stolen = tmp_path / "stolen"
    shutil.copytree(desk.data, stolen)

    assert await revoke(desk, desk.actor, find_person(desk, MALEE).id) == 1
    await send_queued(desk, client)
    # The vessel takes the list and seals to the new key.
    issued, listed = check_keys(boat.keys(relay.raw)[-1], boat.card.signing_public)
    assert issued
    assert key_in_use(listed, desk.now()).id == desk.keyring.keys.epochs[-1].id
    boat.card = replace(boat.card, keys=listed)
    relay.put(boat.text("After."))
    await fetch_all(desk, client)

    assert {entry.content.text for entry in await load_inbox(desk) if entry.content} == {"Before.", "After."}
    # Malee has the old keyring and the whole new database.
    malee = Keyring.unlock(stolen, MALEES, MALEE)
    async with desk.database.reading() as connection:
        rows = {row.digest: row for row in await stored.bundles(connection)}
        raws = {row.digest: await stored.raw_bundle(connection, row.id) for row in rows.values()}
    vault = Vault(*malee.keys.store_keys)
    opened = {
        entry.content.text: _opens(vault, rows[entry.best.row.digest].message_sealed, entry.best.row.digest)
        for entry in await load_inbox(desk)
        if entry.content
    }
    assert opened == {"Before.": True, "After.": False}
    newest = max(rows.values(), key=lambda row: row.id)
    assert malee.keys.epoch(newest.desk_key) is None
    assert all(epoch.private not in raws[newest.digest] for epoch in malee.keys.epochs)
    shutil.copy(desk.data / FILE_NAME, stolen / FILE_NAME)
    with pytest.raises(WrongPassphrase):
        Keyring.unlock(stolen, MALEES, MALEE)


def _opens(vault: Vault, sealed: bytes, row: bytes) -> bool:
    try:
        vault.open(sealed, "bundle.message", row)
    except DamagedContent:
        return False
    return True


async def test_a_running_desk_seals_under_the_new_key_as_soon_as_another_command_has_revoked_somebody(
    office: Desk,
) -> None:
    old = Vault(*office.keyring.keys.store_keys)
    command = Keyring.unlock(office.data, PASSPHRASE, "desk")

    command.change(lambda ring: without(ring, find_person(office, "Tom").id, office.now(), YEAR_S))

    sealed = office.vault.seal(b"new", "bundle.message", b"row")
    assert not _opens(old, sealed, b"row")
    assert office.vault.open(sealed, "bundle.message", b"row") == b"new"
    assert office.vault.open(old.seal(b"old", "bundle.message", b"row"), "bundle.message", b"row") == b"old"
    # What was stored under an earlier index is found under the later keys as well.
    assert old.blind("note", b"x") in office.vault.blinds("note", b"x")
    assert office.vault.blind("note", b"x") != old.blind("note", b"x")


async def test_both_forms_of_a_note_meet_although_somebody_left_between_them(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    desk.keyring.change(staffed)
    thin, clear = boat.voice(VoiceCodec.CODEC2_2400), boat.voice(VoiceCodec.OPUS_NARROWBAND_60MS)
    await receive(desk, client, relay, boat, boat.introduction(), thin)
    await revoke(desk, desk.actor, find_person(desk, MALEE).id)

    relay.put(clear)
    await fetch_all(desk, client)

    (entry,) = await load_inbox(desk)
    assert len(entry.forms) == 2


async def test_a_crash_before_the_vessels_are_told_is_made_good(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    await receive(desk, client, relay, boat, boat.introduction())
    desk.keyring.change(staffed)
    # The keyring was written, and then the power went.
    desk.keyring.change(lambda ring: without(ring, find_person(desk, MALEE).id, desk.now(), YEAR_S))

    assert await roll_if_due(desk)
    assert not await roll_if_due(desk)
    await send_queued(desk, client)
    assert len(boat.keys(relay.raw)) == 1
    assert await announce_keys(desk) == 0


async def test_a_new_sealing_key_comes_on_schedule_and_only_then(office: Desk, clock: Clock) -> None:
    days = office.settings.key_roll_days
    assert days == 90
    clock.pass_s(days * 86_400 - 1)
    await roll_if_due(office)
    assert _epochs(office) == 1
    clock.pass_s(1)
    await roll_if_due(office)
    assert _epochs(office) == 2
    await roll_if_due(office)
    # A clock that jumps back makes nothing, and neither does a desk that wants no schedule.
    clock.pass_s(-400 * 86_400)
    await roll_if_due(office)
    assert _epochs(office) == 2
    async with open_desk(
        office.data,
        PASSPHRASE,
        Settings(key_roll_days=0),
        now=lambda: UnixSeconds(clock.unix + 10**9),
        person="desk",
    ) as by_hand:
        await roll_if_due(by_hand)
        assert _epochs(by_hand) == 2


def _epochs(desk: Desk) -> int:
    return len(desk.keyring.keys.epochs)


@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.SUPERVISOR, Role.PARTNER])
async def test_only_an_administrator_changes_people_wherever_the_wish_comes_from(
    office: Desk, role: Role
) -> None:
    before = (office.data / FILE_NAME).read_bytes()
    actor, tom = find_person(office, PEOPLE[role][0]).actor, find_person(office, "Tom").id

    wishes: list[Coroutine[None, None, object]] = [
        add_person(office, actor, "Eve", Role.ADMINISTRATOR),
        change_role(office, actor, actor.id, Role.ADMINISTRATOR),
        revoke(office, actor, tom),
        start_anew(office, actor, tom),
    ]
    for wish in wishes:
        with pytest.raises(NotPermitted):
            await wish
    assert (office.data / FILE_NAME).read_bytes() == before


async def test_a_start_passphrase_opens_nothing_but_the_choice_of_another(office: Desk, address: str) -> None:
    async with browsing(address) as admin, browsing(address) as kanya:
        await admin.log_in(Role.ADMINISTRATOR)
        made = await admin.post("/people", name="Kanya <b>", role="caseworker")
        assert "Kanya &lt;b&gt;" in made.text
        start = made.text.split('class="start-words" role="status">')[1].split("<")[0]
        assert len(start.split()) == 6
        # It is not shown a second time.
        assert start not in (await admin.get("/people")).text
        person = find_person(office, "Kanya <b>")

        entered = await kanya.post("/login", name="kanya <B>", passphrase=start)
        assert entered.path == "/account"
        for path in ("/", "/vessels", "/events"):
            assert (await kanya.get(path)).path == "/account"
        wrong = await kanya.post("/account/passphrase", present=start, new="all at sea again", again="else")
        assert "differ" in wrong.text
        short = await kanya.post("/account/passphrase", present=start, new="short", again="short")
        assert "at least 12" in short.text
        same = await kanya.post("/account/passphrase", present=start, new=start, again=start)
        assert "is the old one" in same.text
        assert (await kanya.get("/")).path == "/account"
        new = "nine lives of a cat"
        chosen = await kanya.post("/account/passphrase", present=start, new=new, again=new)
        assert chosen.status == 200
        assert (await kanya.get("/")).path == "/"
        assert not find_person(office, "Kanya <b>").must_choose
        with pytest.raises(WrongPassphrase):
            Keyring.unlock(office.data, start, person.name)
        assert Keyring.unlock(office.data, new, person.name).person.id == person.id


async def test_a_revoked_person_is_out_at_once_whether_by_the_page_or_by_a_command(
    office: Desk, address: str
) -> None:
    async with browsing(address) as admin, browsing(address) as malee, browsing(address) as tom:
        await admin.log_in(Role.ADMINISTRATOR)
        await malee.log_in(Role.SUPERVISOR)
        await tom.log_in(Role.CASEWORKER)
        page = f"/people/{find_person(office, MALEE).id.hex()}"
        await admin.get(page)
        assert (await admin.post(page + "/revoke")).status == 409
        assert (await malee.get("/")).path == "/"
        assert (await admin.post(page + "/revoke", sure="yes")).path == "/people"
        assert (await malee.get("/")).path == "/login"
        assert (await malee.log_in(Role.SUPERVISOR)).status == 403

        command = Keyring.unlock(office.data, PASSPHRASE, "desk")
        command.change(lambda ring: without(ring, find_person(office, "Tom").id, office.now(), YEAR_S))
        assert (await tom.get("/")).path == "/login"
        assert (await admin.get("/people")).status == 200


async def test_a_desk_whose_starter_was_revoked_by_a_command_waits_for_somebody_to_log_in(
    office_folder: Path, clock: Clock
) -> None:
    settings = Settings(relay="http://127.0.0.1:9", port=0)
    async with (
        open_desk(office_folder, MALEES, settings, person=MALEE) as desk,
        page_of(desk, clock) as (_, address),
        browsing(address) as malee,
        browsing(address) as admin,
    ):
        await malee.log_in(Role.SUPERVISOR)
        command = Keyring.unlock(office_folder, PASSPHRASE, "desk")
        command.change(lambda ring: without(ring, find_person(desk, MALEE).id, desk.now(), YEAR_S))

        assert (await malee.get("/")).path == "/login"
        with pytest.raises(KeysMoved):
            await roll_if_due(desk)
        assert (await malee.log_in(Role.SUPERVISOR)).status == 403
        # A partner holds no key, so their coming opens nothing either.
        assert (await malee.log_in(Role.PARTNER)).status == 403
        assert (await admin.log_in(Role.ADMINISTRATOR)).path == "/"
        await roll_if_due(desk)
        assert (await malee.log_in(Role.PARTNER)).path == "/"


async def test_another_role_counts_from_the_next_click_on(office: Desk, address: str) -> None:
    async with browsing(address) as admin, browsing(address) as tom:
        await admin.log_in(Role.ADMINISTRATOR)
        await tom.log_in(Role.CASEWORKER)
        assert (await tom.get("/people")).status == 403
        page = f"/people/{find_person(office, 'Tom').id.hex()}"
        await admin.get(page)
        assert (await admin.post(page + "/role", role="administrator")).path == "/people"
        assert (await tom.get("/people")).status == 200
        # The first one may now be demoted, and the last one not.
        founder = f"/people/{office.actor.id.hex()}"
        await tom.get(founder)
        assert (await tom.post(founder + "/role", role="caseworker")).path == "/people"
        assert (await admin.get("/people")).status == 403
        await tom.get(page)
        refused = await tom.post(page + "/revoke", sure="yes")
        assert refused.status == 409
        assert "only administrator" in refused.text


async def test_ones_own_passphrase_takes_the_present_one(office: Desk) -> None:
    tom = find_person(office, "Tom").actor
    present = PEOPLE[Role.CASEWORKER][1]

    with pytest.raises(WrongPassphrase):
        await choose_passphrase(office, tom, "not the right one", "a wholly new phrase")
    with pytest.raises(SamePassphrase):
        await choose_passphrase(office, tom, present, present)
    with pytest.raises(UnknownPerson):
        find_person(office, "Nobody")
    await choose_passphrase(office, tom, present, "a wholly new phrase")
    assert office.keyring.admit("Tom", "a wholly new phrase").id == tom.id


async def test_the_page_speaks_the_language_that_was_chosen_or_that_the_browser_asks_for(
    office: Desk, address: str
) -> None:
    async with browsing(address) as browser:
        assert '<html lang="en">' in (await browser.get("/login")).text
        thai = await browser.get("/login", {"Accept-Language": "fr, th-TH;q=0.9, en;q=0.8"})
        assert '<html lang="th">' in thai.text
        assert "วลีรหัสผ่าน" in thai.text
        chosen = await browser.post("/language", form={"language": "th", "path": "/login"})
        assert (chosen.path, '<html lang="th">' in chosen.text) == ("/login", True)
        wrong = await browser.post("/login", name="Tom", passphrase="not the right one")
        assert "เปิดไม่ได้" in wrong.text
        await browser.log_in(Role.ADMINISTRATOR)
        for path in ("/", "/vessels", "/people", "/account", "/account/code", "/nowhere"):
            assert '<html lang="th">' in (await browser.get(path)).text
        assert (
            '<html lang="en">'
            in (await browser.post("/language", form={"language": "en", "path": "/people"})).text
        )
        for elsewhere in ("//evil.example/", "/\\evil.example", "http://evil.example/", "\r\nX: y", ""):
            answer = await browser.post("/language", form={"language": "xx", "path": elsewhere})
            assert answer.path == "/"
            assert '<html lang="en">' in answer.text
