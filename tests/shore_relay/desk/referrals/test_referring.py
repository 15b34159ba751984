"""From one desk to another: only what was chosen, only on consent; and who is believed in what comes back."""

from dataclasses import replace

import pytest

from protocol.errors import CannotOpen, KeyExpired, NotAuthentic
from protocol.ids import UnixSeconds
from protocol.letters import open_envelope, read_envelope
from protocol.seal import open_letter, seal_letter
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import load_case, load_history
from shore_relay.desk.cases.deeds import Kind
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.referral import REFERRAL_STEPS, Consent, ReferralState
from shore_relay.desk.cases.verifying import verify
from shore_relay.desk.cases.work import add_note, merge
from shore_relay.desk.errors import (
    NoConsent,
    NotForThisDesk,
    NothingChosen,
    NotPermitted,
    OldReply,
    OnlyStatistics,
    PartnerNotConfirmed,
    PreviewChanged,
    TakenBack,
    TooLateToRevoke,
    UnknownEntry,
    UnknownPartner,
    WrongFingerprint,
    WrongStep,
)
from shore_relay.desk.referrals.partners import (
    PartnerKind,
    add_partner,
    confirm_partner,
    load_partners,
    remove_partner,
)
from shore_relay.desk.referrals.post import LetterKind, own_card, write
from shore_relay.desk.referrals.receiving import load_received, load_received_given, reply, take_in
from shore_relay.desk.referrals.sending import (
    Agreement,
    load_given,
    load_referrals,
    preview,
    refer,
    revoke,
    take_reply,
)
from tests.shore_relay.desk.boat import Boat, tampered
from tests.shore_relay.desk.cases.arriving import arrive
from tests.shore_relay.desk.people.conftest import Clock
from tests.shore_relay.desk.referrals.conftest import (
    AGREES,
    FOR_THE_LAWYER,
    PAY,
    SECRET,
    befriend,
    full_case,
)

BY_MESSAGE = Agreement(consent=Consent(message=AGREES))


async def referred(office: Desk, chambers: Desk, boat: Boat, tom: Actor) -> bytes:
    """The file of a referral of case 1 to partner 1, which is also known the other way round."""
    await full_case(office, boat, tom)
    await befriend(office, chambers)
    await befriend(chambers, office, PartnerKind.LABOUR_RIGHTS)
    _, letter = await refer(office, tom, 1, 1, FOR_THE_LAWYER, BY_MESSAGE)
    return letter


async def test_a_partner_reads_what_was_looked_at_and_nothing_else(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor
) -> None:
    await full_case(office, boat, tom)
    await befriend(office, chambers)
    await befriend(chambers, office, PartnerKind.LABOUR_RIGHTS)
    looked_at = await preview(office, tom, 1, 1, FOR_THE_LAWYER, BY_MESSAGE)

    _, letter = await refer(office, tom, 1, 1, FOR_THE_LAWYER, BY_MESSAGE, seen=looked_at.digest)
    taken = await take_in(chambers, chambers.actor, letter)

    assert taken.received is not None
    received, given, sender = await load_received_given(chambers, taken.received.number)
    assert given == looked_at == await load_given(office, received.id)
    assert sender.name == "Harbour Aid"
    (message,) = given.messages
    # Its own numbers, a day for a time, and no vessel: none was asked for.
    assert (message.number, message.text, message.vessel) == (1, "They keep my pay of March.", "")
    assert message.day % 86_400 == 0
    assert given.indicators[0].messages == (1,)
    assert given.money[0].message == 1
    for kept in (b"Hnin", b"Blue Dolphin", b"telephone", b"Tom", b"March", b"Sea Lawyers", b"Harbour Aid"):
        assert kept not in letter
    said = repr(given)
    for left_out in ("Hnin", "Blue Dolphin", "telephone", "Tom", boat.vessel.hex(), boat.mailbox.id.hex()):
        assert left_out not in said
    with_more = replace(FOR_THE_LAWYER, with_vessels=True, messages=(PAY, SECRET))
    more = await preview(office, tom, 1, 1, with_more, BY_MESSAGE)
    assert [each.vessel for each in more.messages] == ["Blue Dolphin", "Blue Dolphin"]


async def test_each_step_is_in_the_history_and_the_whole_way_ends_closed(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor
) -> None:
    letter = await referred(office, chambers, boat, tom)
    taken = await take_in(chambers, chambers.actor, letter)
    assert taken.received is not None

    for state in (ReferralState.RECEIVED, ReferralState.ACCEPTED, ReferralState.CLOSED):
        answer = await reply(chambers, chambers.actor, taken.received.number, state, f"So: {state}")
        assert (await take_reply(office, tom, answer)).state is state
    case = await load_case(office, 1)

    assert [one.state for one in case.referrals] == [ReferralState.CLOSED]
    assert case.notes[-1].text == "Sea Lawyers: So: closed"
    kinds = [entry.deed.kind for entry in await load_history(office, 1)]
    assert kinds.count(Kind.REFERRED) == 1
    assert kinds.count(Kind.REFERRAL_STEP) == 3
    with pytest.raises(WrongStep):
        await reply(chambers, chambers.actor, taken.received.number, ReferralState.ACCEPTED)
    await verify(office)


async def test_without_consent_nothing_leaves(office: Desk, chambers: Desk, boat: Boat, tom: Actor) -> None:
    await full_case(office, boat, tom)
    await befriend(office, chambers)
    await arrive(office, boat.text("Another's.", mailbox=False), tampered(boat.text("I agree!")))
    await merge(office, tom, 1, 3)
    refused = [
        Agreement(),
        Agreement(consent=Consent(message=AGREES, note_at=UnixSeconds(office.now()))),
        Agreement(consent=Consent(message=4)),  # Of another case.
        Agreement(consent=Consent(message=5)),  # Of this case, and no box of the vessel tagged it.
        Agreement(consent=Consent(note_at=UnixSeconds(1))),
        Agreement(words="  "),
    ]
    for agreement in refused:
        with pytest.raises(NoConsent):
            await refer(office, tom, 1, 1, FOR_THE_LAWYER, agreement)
    assert await load_referrals(office) == []

    case = await load_case(office, 1)
    by_note = Agreement(consent=Consent(note_at=case.notes[0].at))
    await refer(office, tom, 1, 1, FOR_THE_LAWYER, by_note)
    referral, _ = await refer(office, tom, 1, 1, FOR_THE_LAWYER, Agreement(words="He said yes to me."))

    note = (await load_case(office, 1)).note(referral.consent.note_at)
    assert note is not None
    assert len(await load_referrals(office)) == 2


async def test_nothing_goes_to_a_partner_whose_fingerprint_nobody_compared(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor, clock: Clock
) -> None:
    await full_case(office, boat, tom)
    partner = await add_partner(office, office.actor, own_card(chambers), PartnerKind.LEGAL, "The lawyers")
    with pytest.raises(PartnerNotConfirmed):
        await refer(office, tom, 1, partner.number, FOR_THE_LAWYER, BY_MESSAGE)
    with pytest.raises(WrongFingerprint):
        await confirm_partner(office, office.actor, partner.number, "1234")
    with pytest.raises(NotPermitted):
        await confirm_partner(office, tom, partner.number, partner.fingerprint)
    await confirm_partner(office, office.actor, partner.number, chambers.keyring.keys.signing_fingerprint)
    await refer(office, tom, 1, partner.number, FOR_THE_LAWYER, BY_MESSAGE)

    # The same desk with newer keys stays confirmed; an older card brings no older keys back.
    clock.pass_s(10)
    again = await add_partner(office, office.actor, own_card(chambers), PartnerKind.UNION)
    assert (again.number, again.is_confirmed, again.name) == (partner.number, True, "Sea Lawyers")
    clock.pass_s(400 * 86_400)
    with pytest.raises(KeyExpired):
        await refer(office, tom, 1, partner.number, FOR_THE_LAWYER, BY_MESSAGE)
    await remove_partner(office, office.actor, partner.number)
    with pytest.raises(UnknownPartner):
        await refer(office, tom, 1, partner.number, FOR_THE_LAWYER, BY_MESSAGE)
    assert await load_partners(office) == []


async def test_a_card_whose_keys_were_exchanged_is_refused(office: Desk, chambers: Desk) -> None:
    ours, theirs = own_card(office).decode().splitlines(), own_card(chambers).decode().splitlines()
    mixed = [
        ours[at] if '"signed"' in line or '"signature"' in line else line for at, line in enumerate(theirs)
    ]
    with pytest.raises(NotAuthentic):
        await add_partner(office, office.actor, "\n".join(mixed).encode(), PartnerKind.LEGAL)


async def test_a_buyer_and_whoever_only_refers_to_us_get_nothing_of_a_case(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor
) -> None:
    await full_case(office, boat, tom)
    partner = await befriend(office, chambers, PartnerKind.BUYER)
    with pytest.raises(OnlyStatistics):
        await preview(office, tom, 1, partner.number, FOR_THE_LAWYER, BY_MESSAGE)
    await befriend(office, chambers, PartnerKind.REFERRER)
    with pytest.raises(PartnerNotConfirmed):
        await refer(office, tom, 1, partner.number, FOR_THE_LAWYER, BY_MESSAGE)


async def test_what_changed_since_the_preview_does_not_leave_unseen(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor
) -> None:
    await full_case(office, boat, tom)
    await befriend(office, chambers)
    seen = (await preview(office, tom, 1, 1, FOR_THE_LAWYER, BY_MESSAGE)).digest
    other = replace(FOR_THE_LAWYER, messages=(PAY, SECRET))
    with pytest.raises(PreviewChanged):
        await refer(office, tom, 1, 1, other, BY_MESSAGE, seen=seen)
    for choice, error in (
        (replace(FOR_THE_LAWYER, messages=(99,)), UnknownEntry),
        (replace(FOR_THE_LAWYER, indicators=(Indicator.DECEPTION,)), NothingChosen),
        (replace(FOR_THE_LAWYER, messages=(), indicators=(), money=(), trade=()), NothingChosen),
    ):
        with pytest.raises(error):
            await preview(office, tom, 1, 1, choice, BY_MESSAGE)


async def test_replies_that_are_forged_anothers_or_repeated_change_nothing(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor
) -> None:
    letter = await referred(office, chambers, boat, tom)
    taken = await take_in(chambers, chambers.actor, letter)
    assert taken.received is not None
    number = taken.received.number
    received = await reply(chambers, chambers.actor, number, ReferralState.RECEIVED)
    closed = await reply(chambers, chambers.actor, number, ReferralState.CLOSED)
    await take_reply(office, tom, closed)

    for old in (closed, received):
        with pytest.raises(OldReply):
            await take_reply(office, tom, old)
    middle = len(letter) // 2
    changed = closed[:middle] + (b"A" if closed[middle : middle + 1] != b"A" else b"B") + closed[middle + 1 :]
    with pytest.raises(CannotOpen):
        await take_reply(office, tom, changed)
    with pytest.raises(NotForThisDesk):  # Sealed to the other desk.
        await take_reply(office, tom, letter)
    # A desk that this one knows says something about what it never got.
    themselves = await befriend(office, office, PartnerKind.MEDICAL)
    forged = write(
        office,
        themselves,
        LetterKind.REPLY,
        taken.received.id,
        {"number": 9, "state": "accepted", "words": ""},
    )
    with pytest.raises(NotForThisDesk):
        await take_reply(office, tom, forged)
    case = await load_case(office, 1)
    assert [(one.state, one.reply) for one in case.referrals] == [(ReferralState.CLOSED, 2)]


async def test_a_letter_cannot_be_passed_on_as_one_to_another_desk(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor
) -> None:
    """Whoever may open a letter can seal what was in it anew, but not under the sender's signature."""
    letter = await referred(office, chambers, boat, tom)
    envelope = read_envelope(letter)
    epoch = chambers.keyring.keys.epochs[-1]
    plain = open_letter(envelope.sealed, epoch.private, chambers.keyring.keys.desk)
    sealed = seal_letter(plain, office.keyring.keys.epochs[-1].key.public, office.keyring.keys.desk)
    with pytest.raises(NotAuthentic):
        open_envelope(
            replace(envelope, sealed=sealed),
            private=office.keyring.keys.epochs[-1].private,
            receiver=office.keyring.keys.desk,
        )


async def test_what_was_revoked_in_time_is_not_opened(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor
) -> None:
    letter = await referred(office, chambers, boat, tom)
    ((_, referral),) = await load_referrals(office)

    revocation = await revoke(office, tom, referral.id)
    assert (await take_in(chambers, chambers.actor, revocation)).revoked is None
    with pytest.raises(TakenBack):
        await take_in(chambers, chambers.actor, letter)

    assert await load_received(chambers) == []
    with pytest.raises(TooLateToRevoke):
        await revoke(office, tom, referral.id)
    assert (await load_case(office, 1)).referrals[0].state is ReferralState.REVOKED
    await verify(office)


async def test_a_revocation_that_comes_too_late_is_said_to_both_sides(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor
) -> None:
    letter = await referred(office, chambers, boat, tom)
    ((_, referral),) = await load_referrals(office)
    taken = await take_in(chambers, chambers.actor, letter)
    assert taken.received is not None

    revocation = await revoke(office, tom, referral.id)
    late = await take_in(chambers, chambers.actor, revocation)
    answer = await reply(chambers, chambers.actor, taken.received.number, ReferralState.RECEIVED)
    said = await take_reply(office, tom, answer)

    assert late.revoked is not None
    assert (await load_received(chambers))[0].is_taken_back
    assert said.was_revoked
    kept = (await load_case(office, 1)).referrals[0]
    assert (kept.state, kept.is_revoked) == (ReferralState.RECEIVED, True)
    with pytest.raises(TooLateToRevoke):
        await revoke(office, tom, referral.id)


async def test_a_sender_whom_nobody_knows_is_named_and_confirmed_first(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor
) -> None:
    await full_case(office, boat, tom)
    await befriend(office, chambers)
    _, letter = await refer(office, tom, 1, 1, FOR_THE_LAWYER, BY_MESSAGE)
    digits = office.keyring.keys.signing_fingerprint

    with pytest.raises(PartnerNotConfirmed, match=digits):
        await take_in(chambers, chambers.actor, letter)
    with pytest.raises(WrongFingerprint):
        await take_in(chambers, chambers.actor, letter, digits="0000")
    assert await load_received(chambers) == []
    taken = await take_in(chambers, chambers.actor, letter, digits=digits)

    assert taken.is_new
    assert [(p.name, p.kind) for p in await load_partners(chambers)] == [
        ("Harbour Aid", PartnerKind.REFERRER)
    ]
    again = await take_in(chambers, chambers.actor, letter)
    assert (again.is_new, len(await load_received(chambers))) == (False, 1)


async def test_a_referral_stays_with_what_its_case_was_merged_into(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor
) -> None:
    letter = await referred(office, chambers, boat, tom)
    await arrive(office, boat.text("Alone.", mailbox=False))
    await add_note(office, tom, 2, "The same man.")
    await merge(office, tom, 2, 1)
    taken = await take_in(chambers, chambers.actor, letter)
    assert taken.received is not None

    said = await take_reply(
        office, tom, await reply(chambers, chambers.actor, taken.received.number, ReferralState.ACCEPTED)
    )

    case = await load_case(office, 2)
    assert said.case == 2
    assert [one.state for one in case.referrals] == [ReferralState.ACCEPTED]
    assert [fact.number for fact in case.money] == [1]
    assert [one.text for one in case.trade] == ["LOT 7"]
    await verify(office)


def test_every_state_has_its_steps_and_an_end() -> None:
    assert set(REFERRAL_STEPS) == set(ReferralState)
    for state, steps in REFERRAL_STEPS.items():
        assert ReferralState.SENT not in steps
        assert state not in steps
