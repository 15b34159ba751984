"""Size and cost of an answer, before it goes: held against what the relay's own code then sends."""

import pytest

from protocol import bundle as bundles
from protocol.bundle import Mail
from protocol.engine import SyncEngine
from protocol.frames import Priority
from protocol.ids import Instant
from protocol.journal import MemoryJournal
from protocol.links import Side
from protocol.priming import Language
from protocol.voicepack import VoiceCodec
from shore_relay.desk.answering import answer_with_text, answer_with_voice, measure_text, measure_voice
from shore_relay.desk.app import Desk, open_desk
from shore_relay.desk.cost import cost_of
from shore_relay.desk.errors import CannotAnswer
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.sending import send_queued
from shore_relay.desk.settings import Settings
from shore_relay.relay.settings import SbdSettings
from tests.memory_link import VESSEL, admit_all, snapshot
from tests.shore_relay.desk.boat import Boat, packed_voice
from tests.shore_relay.desk.conftest import PASSPHRASE
from tests.shore_relay.desk.small_relay import SmallRelay
from tests.shore_relay.desk.steps import receive

SENTENCES = (
    "We have your message and we believe you. Do not sign any paper that you cannot read. A lawyer from "
    "our office will come to the pier in Songkhla on 14 March, before the vessel leaves again. Bring your "
    "passport if you have it; if the captain keeps it, tell us with the same code. You may call us at any "
    "hour on +66 2 555 0123. Nobody on board can read this answer. Wages for April and May, 24,300 baht, "
    "were asked of the owner Mr. Prasert Wongchai in writing; his broker in Samut Sakhon has to answer "
    "within 15 days (case KX-2291/B). Until then eat, rest, keep your own list of hours: 05:40-23:10, "
    "04:15-22:50, as you did."
)
BURMESE = (
    "သင့်စာ ရရှိပါပြီ။ မဖတ်တတ်သော စာရွက်ကို လက်မှတ် မထိုးပါနှင့်။ ကျွန်ုပ်တို့၏ ရှေ့နေ မတ်လ ၁၄ ရက်တွင် "
    "ဆိပ်ကမ်းသို့ လာပါမည်။ သင့်နိုင်ငံကူးလက်မှတ် သင့်ထံမှာ ရှိလျှင် ယူလာပါ။ ဧပြီလနှင့် မေလ လုပ်ခ ၂၄,၃၀၀ ဘတ်ကို "
    "သင်္ဘောပိုင်ရှင်ထံ စာဖြင့် တောင်းထားသည်။ ၁၅ ရက်အတွင်း ပြန်ဖြေရမည်။ တစ်နေ့လျှင် အနားယူချိန် ၁၀ နာရီ ရသင့်သည်။"
)


def sent_by_the_relay(raw: bytes) -> list[int]:
    """The sizes of the messages that a relay's engine makes of a bundle, over the relay's own profile."""
    link = SbdSettings().profile()
    engine = SyncEngine(Side.RELAY, VESSEL, snapshot(), MemoryJournal(), admit=admit_all)
    engine.offer(1_000, Priority.TEXT, raw)
    engine.contact_opened(link, Instant(0.0))
    sizes = []
    while engine.unsent(Instant(0.0)):
        packet = engine.transmit(link, Instant(0.0))
        assert packet is not None
        sizes.append(len(packet))
    return sizes


def mail_of(relay: SmallRelay) -> bytes:
    (raw,) = [raw for raw in relay.raw if isinstance(bundles.decode(raw), Mail)]
    return raw


def test_the_desk_assumes_the_sizes_and_prices_that_the_relay_has() -> None:
    desk, relay = Settings(), SbdSettings()
    assert desk.satellite_message_bytes == relay.mtu_down_bytes
    assert desk.satellite_mail_bytes_max == relay.mail_bytes_max
    assert desk.credit_bytes == relay.step_bytes


@pytest.mark.parametrize("text", ["We are coming.", SENTENCES])
async def test_what_is_measured_is_what_goes(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat, text: str
) -> None:
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), boat.text("Help us."))

    measured = await measure_text(desk, entry.id, text)
    await answer_with_text(desk, entry.id, text)
    await send_queued(desk, client)

    raw = mail_of(relay)
    sizes = sent_by_the_relay(raw)
    assert measured.cost.sealed_bytes == len(raw)
    assert measured.cost.messages == len(sizes)
    assert measured.cost.credits == sum(SbdSettings().credits(size) for size in sizes)


@pytest.mark.parametrize(
    ("text", "language"), [(SENTENCES, Language.ENGLISH), (BURMESE, Language.BURMESE)], ids=["en", "my"]
)
async def test_a_text_without_the_characters_that_are_too_many_fits_one_message(
    desk: Desk,
    client: RelayClient,
    relay: SmallRelay,
    boat: Boat,
    text: str,
    language: Language,
) -> None:
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), boat.text("Help us."))

    measured = await measure_text(desk, entry.id, text, language)
    fitting = text.strip()[: -measured.too_long]
    longer = text.strip()[: len(fitting) + 8]

    assert not measured.cost.fits_one
    assert 0 < measured.too_long < len(text)
    assert (await measure_text(desk, entry.id, fitting, language)).cost.fits_one
    assert (await measure_text(desk, entry.id, longer, language)).too_long > 0


async def test_a_recording_is_measured_and_a_long_one_waits_for_a_better_link(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), boat.text("Help us."))
    packed = packed_voice(VoiceCodec.CODEC2_2400)

    measured = await measure_voice(desk, entry.id, packed)
    await answer_with_voice(desk, entry.id, packed, 4_000)
    await send_queued(desk, client)

    assert measured.cost.sealed_bytes == len(mail_of(relay))
    assert measured.cost.messages == len(sent_by_the_relay(mail_of(relay)))
    assert measured.too_long == 0
    assert not measured.cost.waits
    assert cost_of(bytes(1_501), Priority.THIN_VOICE, desk.settings).waits
    assert not cost_of(bytes(1_501), Priority.URGENT, desk.settings).waits


async def test_money_is_shown_at_the_price_in_the_settings_and_not_invented_without_one(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), boat.text("Help us."))
    assert (await measure_text(desk, entry.id, "We are coming.")).cost.money is None

    async with open_desk(desk.data, PASSPHRASE, Settings(credit_price=0.12)) as priced:
        cost = (await measure_text(priced, entry.id, "We are coming.")).cost

    assert cost.credits == 5
    assert cost.money == pytest.approx(0.60)


async def test_what_cannot_be_sent_is_not_measured_either(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    no_mailbox = boat.text("No answer wanted.", mailbox=False)
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), no_mailbox)
    with pytest.raises(CannotAnswer):
        await measure_text(desk, entry.id, "Hello?")
    with pytest.raises(CannotAnswer):
        await measure_text(desk, entry.id, "  ")
    with pytest.raises(CannotAnswer):
        await measure_voice(desk, entry.id, packed_voice(VoiceCodec.CODEC2_2400))
