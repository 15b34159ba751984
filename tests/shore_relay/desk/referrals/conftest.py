"""Two desks: the office that fishers write to, and a lawyer's own."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from protocol.ids import UnixSeconds
from protocol.message import Category
from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.app import Desk, open_desk
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import EvidenceState
from shore_relay.desk.cases.money import MoneyFact, MoneyKind, PartyRole
from shore_relay.desk.cases.recording import add_money, add_trade
from shore_relay.desk.cases.trade import TradeKind, TradeReference
from shore_relay.desk.cases.work import add_note, judge_evidence
from shore_relay.desk.keyring import Keyring
from shore_relay.desk.referrals.choosing import Choice
from shore_relay.desk.referrals.partners import Partner, PartnerKind, add_partner, confirm_partner
from shore_relay.desk.referrals.post import own_card
from shore_relay.desk.settings import Settings
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.cases.arriving import arrive
from tests.shore_relay.desk.conftest import PASSPHRASE, YEAR_S
from tests.shore_relay.desk.people.conftest import (  # noqa: F401  # The same office.
    NOW,
    Clock,
    clock,
    office,
    office_folder,
)
from tests.shore_relay.desk.people.office import person_id, staffed
from tests.shore_relay.desk.steps import confirm_boat

AGREES, PAY, SECRET = 1, 2, 3
"""The messages of `full_case`: consent, what the lawyer is to know, and what nobody else is."""


@pytest.fixture
def boat(office: Desk) -> Boat:  # noqa: F811  # pytest gives a fixture under the name of its function.
    return Boat(office.keyring.keys.card)


@pytest.fixture
def tom(office: Desk) -> Actor:  # noqa: F811  # As above.
    """The caseworker."""
    person = office.keyring.keys.person(person_id(office, Role.CASEWORKER))
    assert person is not None
    return person.actor


@pytest.fixture(scope="package")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The office on the disk, made once for all of these tests: each passphrase takes its time."""
    folder = tmp_path_factory.mktemp("founded") / "desk"
    folder.mkdir(mode=0o700)
    Keyring.create(folder, PASSPHRASE, "Harbour Aid", NOW, YEAR_S).change(staffed)
    return folder


@pytest.fixture(scope="package")
def chambers_founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chambers") / "desk"
    folder.mkdir(mode=0o700)
    Keyring.create(folder, PASSPHRASE, "Sea Lawyers", NOW, YEAR_S)
    return folder


@pytest.fixture
async def chambers(chambers_founded: Path, tmp_path: Path, clock: Clock) -> AsyncIterator[Desk]:  # noqa: F811
    """The lawyer's desk, with one person and no relay."""
    folder = Path(shutil.copytree(chambers_founded, tmp_path / "chambers"))
    settings = Settings(relay="http://127.0.0.1:9", port=0)
    async with open_desk(folder, PASSPHRASE, settings, now=lambda: UnixSeconds(clock.unix)) as desk:
        yield desk


async def befriend(desk: Desk, other: Desk, kind: PartnerKind = PartnerKind.LEGAL) -> Partner:
    """Add another desk as a partner, and confirm it."""
    partner = await add_partner(desk, desk.actor, own_card(other), kind)
    return await confirm_partner(desk, desk.actor, partner.number, partner.fingerprint)


async def full_case(office: Desk, boat: Boat, tom: Actor) -> None:  # noqa: F811
    """Case 1: three messages of a confirmed vessel, a note, an indicator, money and a catch."""
    await arrive(
        office,
        boat.introduction(),
        boat.text("Yes, tell a lawyer."),
        boat.text("They keep my pay of March.", categories=(Category.UNPAID_WAGES,)),
        boat.text("My daughter is called Hnin."),
    )
    await confirm_boat(office, boat)
    await add_note(office, tom, 1, "He agreed on the telephone.")
    await judge_evidence(office, tom, 1, Indicator.WITHHOLDING_OF_WAGES, PAY, EvidenceState.CONFIRMED)
    fact = MoneyFact(
        number=0,
        kind=MoneyKind.WAGES_WITHHELD,
        amount_hundredths=1_500_050,
        currency="thb",
        since=UnixSeconds(1_772_323_200),
        role=PartyRole.VESSEL_OWNER,
        party="=Dolphin Co.",
        institution="Harbour Bank",
        account="123-4-56789-0",
        message=PAY,
    )
    await add_money(office, tom, 1, fact)
    trade = TradeReference(number=0, kind=TradeKind.CATCH_BATCH, text="LOT 7", vessel=boat.vessel)
    await add_trade(office, tom, 1, trade)


FOR_THE_LAWYER = Choice(
    request="Can he claim his pay?",
    messages=(PAY,),
    indicators=(Indicator.WITHHOLDING_OF_WAGES,),
    money=(1,),
    trade=(1,),
)
