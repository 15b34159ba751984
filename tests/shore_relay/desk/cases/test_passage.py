"""The way of a message on its page: what is known is told, and the rest is said not to be."""

from dataclasses import replace

from protocol.voicepack import VoiceCodec
from shore_relay.desk.actor import Role
from shore_relay.desk.app import Desk
from shore_relay.desk.inbox import load_entry
from shore_relay.desk.passage import load_passages
from tests.shore_relay.desk.boat import SAID_AT, Boat
from tests.shore_relay.desk.cases.arriving import arrive
from tests.shore_relay.desk.people.conftest import Clock, page_of
from tests.shore_relay.desk.people.office import browsing


async def test_each_form_has_its_own_way_and_its_cost_where_it_came_by_satellite(
    office: Desk, boat: Boat, clock: Clock
) -> None:
    first_at = clock.unix
    await arrive(office, replace(boat.voice(VoiceCodec.CODEC2_2400), bearer="sbd"))
    clock.pass_s(3_600)
    await arrive(office, boat.voice(VoiceCodec.OPUS_NARROWBAND_60MS))
    priced = replace(office, settings=replace(office.settings, credit_price=0.05))

    thin, clear = await load_passages(priced, await load_entry(priced, 1))

    assert (thin.number, thin.bearer, thin.made_at) == (2, "sbd", SAID_AT)
    assert (thin.arrived_at, thin.fetched_at) == (first_at, first_at)
    # More than 340 bytes of voice take several messages of 7 credits at the most.
    assert thin.credits is not None
    assert thin.credits > 7
    assert thin.money == thin.credits * 0.05
    assert (clear.number, clear.bearer, clear.credits, clear.money) == (3, "tcp", None, None)
    assert clear.arrived_at == first_at + 3_600


async def test_a_short_text_by_satellite_costs_one_message_and_what_is_not_known_is_said(
    office: Desk, boat: Boat, clock: Clock
) -> None:
    await arrive(office, replace(boat.text("No wages."), bearer="sbd"), replace(boat.sealed(b"?"), bearer=""))
    async with page_of(office, clock) as (_, address), browsing(address) as browser:
        await browser.log_in(Role.CASEWORKER)
        known, unknown = (await browser.get("/messages/1")).text, (await browser.get("/messages/2")).text
    (way,) = await load_passages(office, await load_entry(office, 1))
    assert way.credits is not None
    assert 4 <= way.credits <= 6
    assert way.money is None
    assert "Satellite messages" in known
    assert f"{way.credits} credits if it travelled alone" in known
    assert "<dt>Left the boat</dt><dd>not told</dd>" in known
    assert "<dt>Came by</dt><dd>not told</dd>" in unknown
    assert "<dt>Cost of the way</dt><dd>not told</dd>" in unknown
