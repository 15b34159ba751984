"""Who is told what, when, and only once; and that nothing but a count leaves the desk."""

import json
import time
from dataclasses import replace

import pytest
from standardwebhooks import Webhook

from protocol.ids import UnixSeconds
from protocol.message import Category, WellBeing
from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.app import Desk, open_desk
from shore_relay.desk.cases.board import expect
from shore_relay.desk.cases.book import load_case
from shore_relay.desk.cases.climbing import climb
from shore_relay.desk.cases.ladder import HOUR_S
from shore_relay.desk.cases.model import Plan
from shore_relay.desk.cases.overview import CaseList
from shore_relay.desk.cases.work import add_task, change_head, head_of
from shore_relay.desk.errors import BadNoticeChoice, NotPermitted
from shore_relay.desk.inbox import open_entry
from shore_relay.desk.notices.channels import Channels
from shore_relay.desk.notices.choosing import choose, load_choice, load_wishes
from shore_relay.desk.notices.delivering import GIVE_UP_S, Notices
from shore_relay.desk.notices.model import Choice, Way
from shore_relay.desk.notices.noticing import URGENT_GAP_S
from shore_relay.desk.people.staff import change_role, revoke
from shore_relay.desk.store import notices as stored
from shore_relay.desk.store.database import FILE_NAME
from tests.shore_relay.desk.boat import Boat, tampered
from tests.shore_relay.desk.cases.arriving import arrive
from tests.shore_relay.desk.conftest import PASSPHRASE
from tests.shore_relay.desk.notices.receivers import (
    SECRET,
    Mailroom,
    WebhookDesk,
    numbers_in,
    text_of,
)
from tests.shore_relay.desk.people.conftest import Clock
from tests.shore_relay.desk.people.office import PEOPLE, person_id
from tests.shore_relay.desk.steps import confirm_boat

TOM, MALEE, BOSS = "tom@office.example", "malee@office.example", "boss@office.example"
DAY_S = 86_400


def actor(office: Desk, role: Role) -> Actor:
    person = office.keyring.keys.person(person_id(office, role))
    assert person is not None
    return person.actor


async def assign(office: Desk, number: int, who: Actor) -> None:
    before = head_of(await load_case(office, number))
    await change_head(office, who, number, before, replace(before, assignee=who.id))


async def waiting_at(office: Desk) -> int:
    async with office.database.reading() as connection:
        return len(await stored.waiting(connection))


async def test_something_urgent_is_told_at_once_and_once_over_every_way_that_was_chosen(
    office: Desk, boat: Boat, tom: Actor, clock: Clock, mailroom: Mailroom, webhooks: WebhookDesk
) -> None:
    clock.unix = int(time.time())
    await arrive(office, boat.introduction(), boat.text("From before.", urgent=True))
    await choose(office, tom, Choice(address=TOM, webhook=True, language="th"))
    channels = Channels(mail=mailroom.channels().mail, webhook=webhooks.channels.webhook)
    notices = Notices(office, channels)
    assert await notices.turn() == 0

    await arrive(office, boat.text("He beats us.", urgent=True), boat.text("Not so pressing."))
    assert await notices.turn() == 2
    assert await notices.turn() == 0
    # Nor does a desk that was started again say it again.
    assert await Notices(office, channels).turn() == 0

    (message,) = mailroom.messages
    assert numbers_in(text_of(message)) == [1]
    assert message["Subject"] == "มีเรื่องเร่งด่วนรอคุณอยู่ที่โต๊ะทำงาน"
    ((body, headers),) = webhooks.taken
    told = Webhook(SECRET).verify(body, headers)
    assert told["data"] | {"text": ""} == {
        "to": tom.id.hex(),
        "urgent": 1,
        "new": 0,
        "overdue": 0,
        "text": "",
    }
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(SECRET).verify(body.replace(b'"urgent": 1', b'"urgent": 2'), headers)


async def test_nothing_of_what_the_desk_holds_is_on_the_wire_or_readable_on_the_disk(
    office: Desk, boat: Boat, clock: Clock, mailroom: Mailroom, webhooks: WebhookDesk
) -> None:
    channels = Channels(mail=mailroom.channels().mail, webhook=webhooks.channels.webhook)
    notices = Notices(office, channels)
    for role, address, language in (
        (Role.CASEWORKER, TOM, "en"),
        (Role.SUPERVISOR, MALEE, "th"),
        (Role.ADMINISTRATOR, BOSS, "en"),
    ):
        choice = Choice(address=address, webhook=True, language=language)
        await choose(office, actor(office, role), choice)
    await arrive(office, boat.introduction())
    await arrive(
        office,
        boat.text("They keep our passports.", urgent=True, categories=(Category.VIOLENCE,)),
        boat.check_in(WellBeing.DURESS, mailbox=True),
    )
    await add_task(office, office.actor, 1, "Write to the lawyer", UnixSeconds(clock.unix + 60))
    assert await notices.turn() == 6
    clock.unix += DAY_S
    await arrive(office, boat.text("A second letter."))
    assert await notices.turn() == 6

    wire = mailroom.wire + webhooks.wire
    forbidden = [
        *("Blue Dolphin", "Harbour Aid", "passport", "second letter", "lawyer", "violence", "Violence"),
        *("duress", "Duress", "case", "Case", "fisher", "wages", "vessel", "SeaVoice", "seavoice"),
        *(name for name, _ in PEOPLE.values() if name not in ("desk", "Tom")),
        *("Tom ", '"Tom"', "Kanya", boat.vessel.hex(), boat.mailbox.id.hex(), "localhost"),
    ]
    decoded = "".join(text_of(message) + str(message["Subject"]) for message in mailroom.messages)
    decoded += "".join(json.dumps(json.loads(body), ensure_ascii=False) for body, _ in webhooks.taken)
    for word in forbidden:
        assert word.encode() not in wire, word
        assert word not in decoded, word
    office_bytes = b"".join(path.read_bytes() for path in office.data.glob(f"{FILE_NAME}*"))
    for word in (TOM, MALEE, "urgent", "mail-"):
        assert word.encode() not in office_bytes, word


async def test_the_rest_comes_once_a_day_at_the_hour_that_was_chosen(
    office: Desk, boat: Boat, tom: Actor, clock: Clock, mailroom: Mailroom
) -> None:
    local = replace(office, settings=replace(office.settings, time_zone="Asia/Bangkok"))
    notices = Notices(local, mailroom.channels())
    midnight = clock.unix - clock.unix % DAY_S + DAY_S
    clock.unix = midnight
    await choose(local, tom, Choice(address=TOM, hour=8))  # It is seven in Bangkok.
    await arrive(office, boat.text("One."), boat.text("Two."), boat.text("Pressing.", urgent=True))
    await arrive(office, boat.text("Alone.", mailbox=False))
    await arrive(office, boat.text("Malee's.", mailbox=False))
    await assign(office, 3, actor(office, Role.SUPERVISOR))
    due = UnixSeconds(clock.unix + 60)
    for number in (1, 3):
        await add_task(office, office.actor, number, "Write", due)
    await add_task(office, office.actor, 3, "Tom's", due, assignee=tom.id)
    await open_entry(office, 1, tom)

    clock.unix = midnight + HOUR_S - 1
    assert await notices.turn() == 1
    clock.unix = midnight + HOUR_S
    assert await notices.turn() == 1
    clock.unix = midnight + 2 * HOUR_S
    await arrive(office, boat.text("Later."))
    assert await notices.turn() == 0
    clock.unix = midnight  # A clock that was set back.
    assert await notices.turn() == 0
    clock.unix = midnight + DAY_S + 5 * HOUR_S
    assert await notices.turn() == 1
    clock.unix += DAY_S
    assert await notices.turn() == 0

    # Two of the three tasks are Tom's affair; two messages are neither opened, urgent nor Malee's.
    assert [numbers_in(text) for text in mailroom.texts_to(TOM)] == [[1], [2, 2], [1]]


async def test_the_ladder_calls_the_caseworker_and_then_the_second_person(
    office: Desk, boat: Boat, tom: Actor, clock: Clock, mailroom: Mailroom
) -> None:
    malee = actor(office, Role.SUPERVISOR)
    for who, address in ((tom, TOM), (malee, MALEE), (office.actor, BOSS)):
        await choose(office, who, Choice(address=address, new=False, overdue=False))
    await arrive(office, boat.introduction(), boat.text("I will write every day."))
    await confirm_boat(office, boat)
    await assign(office, 1, tom)
    mailbox = (await load_case(office, 1)).messages[0].mailbox
    plan = Plan(mailbox=mailbox, label="K.", every_h=24, grace_h=6, second_h=4, second=malee.id)
    await expect(office, tom, 1, plan)
    notices, cases = Notices(office, mailroom.channels()), CaseList(office)

    clock.unix += 31 * HOUR_S
    await climb(office, cases)
    assert await notices.turn() == 0
    clock.unix += HOUR_S
    await climb(office, cases)
    assert await notices.turn() == 1
    clock.unix += 4 * HOUR_S
    await climb(office, cases)
    assert await notices.turn() == 1
    assert await notices.turn() == 0
    assert [message["To"] for message in mailroom.messages] == [TOM, MALEE]

    # Another silence calls them again, a night without power both at once.
    await arrive(office, boat.text("I am here."))
    await climb(office, cases)
    clock.unix += 48 * HOUR_S
    await climb(office, cases)
    assert await notices.turn() == 2
    assert [len(mailroom.texts_to(address)) for address in (TOM, MALEE, BOSS)] == [2, 2, 0]


async def test_a_flood_of_urgent_messages_becomes_one_count(
    office: Desk, boat: Boat, tom: Actor, clock: Clock, mailroom: Mailroom
) -> None:
    await choose(office, tom, Choice(address=TOM))
    notices = Notices(office, mailroom.channels())
    sent = []
    for n in range(6):
        await arrive(office, boat.text(f"Help {n}.", urgent=True))
        sent.append(await notices.turn())
    clock.unix += URGENT_GAP_S
    sent.append(await notices.turn())

    assert sent == [1, 0, 0, 0, 0, 0, 1]
    assert [numbers_in(text) for text in mailroom.texts_to(TOM)] == [[1], [5]]


async def test_what_is_known_to_be_forged_wakes_nobody(
    office: Desk, boat: Boat, tom: Actor, mailroom: Mailroom
) -> None:
    await arrive(office, boat.introduction())
    await confirm_boat(office, boat)
    await choose(office, tom, Choice(address=TOM))
    await arrive(office, tampered(boat.text("Come at once.", urgent=True)))

    assert await Notices(office, mailroom.channels()).turn() == 0


async def test_a_notice_waits_out_an_outage_and_a_restart_with_growing_patience(
    office: Desk, boat: Boat, tom: Actor, clock: Clock, mailroom: Mailroom
) -> None:
    await choose(office, tom, Choice(address=TOM))
    mailroom.refuses = "451 come back later"
    channels = mailroom.channels()
    await arrive(office, boat.text("Help.", urgent=True))
    began, tried = clock.unix, []
    while clock.unix < began + 70 * 60:
        before = mailroom.wire.count(b"RCPT TO")
        # Each turn is that of a desk that has just been started.
        assert await Notices(office, channels).turn() == 0
        if mailroom.wire.count(b"RCPT TO") > before:
            tried.append((clock.unix - began) // 60)
        clock.unix += 60
    assert tried == [0, 1, 3, 7, 15, 31, 63]
    await arrive(office, boat.text("Help again.", urgent=True))
    mailroom.refuses = ""

    async with open_desk(
        office.data, PASSPHRASE, office.settings, now=lambda: UnixSeconds(clock.unix), person="desk"
    ) as again:
        clock.unix += HOUR_S
        assert await Notices(again, channels).turn() == 1

    assert [numbers_in(text) for text in mailroom.texts_to(TOM)] == [[2]]
    assert await waiting_at(office) == 0


async def test_the_same_notice_keeps_its_name_through_every_try(
    office: Desk, boat: Boat, tom: Actor, clock: Clock, webhooks: WebhookDesk
) -> None:
    await choose(office, tom, Choice(webhook=True))
    webhooks.status = 302
    await arrive(office, boat.text("Help.", urgent=True))
    for _ in range(3):
        assert await Notices(office, webhooks.channels).turn() == 0
        clock.unix += 900

    assert webhooks.wire.count(b"/hook") == 3
    assert b"/elsewhere" not in webhooks.wire
    assert len({webhooks.wire.split(b"'webhook-id': '")[i][:36] for i in (1, 2, 3)}) == 1
    clock.unix += GIVE_UP_S
    assert await Notices(office, webhooks.channels).turn() == 0
    assert await waiting_at(office) == 0


@pytest.mark.parametrize("how", ["revoked", "partner", "changed"])
async def test_nobody_is_told_who_may_or_will_not_be_told_any_more(
    office: Desk, boat: Boat, tom: Actor, clock: Clock, mailroom: Mailroom, how: str
) -> None:
    await choose(office, tom, Choice(address=TOM))
    mailroom.refuses = "451 come back later"
    notices = Notices(office, mailroom.channels())
    await arrive(office, boat.text("Help.", urgent=True))
    assert await notices.turn() == 0
    assert await waiting_at(office) == 1
    if how == "revoked":
        await revoke(office, office.actor, tom.id)
    elif how == "partner":
        await change_role(office, office.actor, tom.id, Role.PARTNER)
    else:
        await choose(office, tom, Choice())
    mailroom.refuses = ""
    clock.unix += HOUR_S
    boat.card = office.keyring.keys.card
    await arrive(office, boat.text("Help again.", urgent=True))

    assert await notices.turn() == 0
    assert mailroom.messages == []
    assert await waiting_at(office) == 0
    assert [wish.person for wish in await load_wishes(office)] == ([tom.id] if how == "changed" else [])


async def test_a_partner_chooses_nothing_and_no_header_is_smuggled_in_by_an_address(
    office: Desk, tom: Actor
) -> None:
    with pytest.raises(NotPermitted):
        await choose(office, actor(office, Role.PARTNER), Choice(address=TOM))
    for address in (
        "tom",
        "tom@x\r\nBcc: spy@example.org",
        "a@b, c@d",
        "Tom <tom@x>",
        "ทอม@x.example",
        f"{'x' * 64}@{'y' * 190}",
        "@x",
        "a b@x",
    ):
        with pytest.raises(BadNoticeChoice):
            await choose(office, tom, Choice(address=address))
    for choice in (Choice(hour=24), Choice(hour=-1), Choice(language="xx")):
        with pytest.raises(BadNoticeChoice):
            await choose(office, tom, choice)
    await choose(office, tom, Choice(address=f" {TOM} "))
    assert (await load_choice(office, tom.id)) == Choice(address=TOM)


async def test_the_ways_are_those_that_are_set_up_and_chosen(
    mailroom: Mailroom, webhooks: WebhookDesk
) -> None:
    both = Channels(mail=mailroom.channels().mail, webhook=webhooks.channels.webhook)
    assert both.ways_to(Choice(address=TOM, webhook=True)) == (Way.MAIL, Way.WEBHOOK)
    assert both.ways_to(Choice()) == ()
    assert mailroom.channels().ways_to(Choice(webhook=True)) == ()
    assert Channels().ways_to(Choice(address=TOM, webhook=True)) == ()
    assert SECRET not in repr(both)
