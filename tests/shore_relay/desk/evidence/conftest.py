import pytest

from protocol.message import WellBeing
from protocol.voicepack import VoiceCodec
from shore_relay.desk.app import Desk
from shore_relay.desk.relay_client import RelayClient
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.small_relay import SmallRelay
from tests.shore_relay.desk.steps import receive

ZAWGYI = "ကပၸတိန္ ေအာင္ၾကည္ က ကၽြန္ေတာ့္ကို ႐ိုက္တယ္"
TEXT, VOICE, BURMESE, CHECK_IN = 1, 2, 3, 4
"""The numbers at the desk of the messages of `received`."""


@pytest.fixture
async def received(desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat) -> Desk:
    """A desk with a text, a voice note in both its forms, a Zawgyi text and a check-in."""
    await receive(
        desk,
        client,
        relay,
        boat,
        boat.introduction(),
        boat.text("Captain Somchai of Blue Dolphin keeps my passport. Call 0812345678."),
        boat.voice(VoiceCodec.CODEC2_2400),
        boat.voice(VoiceCodec.OPUS_NARROWBAND_60MS),
        boat.text(ZAWGYI),
        boat.check_in(WellBeing.DURESS),
    )
    return desk
