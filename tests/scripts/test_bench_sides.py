"""Each side of the transport benchmark for real, in seconds, on a link without limits."""

from dataclasses import replace
from pathlib import Path

import pytest

from protocol.frames import Priority
from protocol.provisioning import BearerKind
from scripts.benchmarks import lxmf_cut, scenes
from scripts.benchmarks.cargo import NOTE_BYTES, TEXT_BYTES, bulk, small
from scripts.benchmarks.desk_side import DeskClient
from scripts.benchmarks.https_peer import https_peer
from scripts.benchmarks.lxmf_peer import lxmf_pair
from scripts.benchmarks.outcome import Outcome
from scripts.benchmarks.runs import Lab, Run, open_lab, perform
from scripts.benchmarks.satellite_runs import check_in_parcel
from scripts.benchmarks.seavoice_side import READY_S_MAX, embark, sail
from scripts.benchmarks.short_sky import ShortScene
from scripts.sky.messages import MessageProfile
from scripts.voyage.programs import ProgramFailed

LIMIT_S = 60.0


async def test_seavoice_crosses_as_programs_and_a_new_contact_costs_a_little_more(tmp_path: Path) -> None:
    lab = await open_lab(tmp_path)
    async with lab.opened(sail(lab.fleet, lab.room("tcp"), scenes.FAST)) as voyage:
        await voyage.until_linked(limit_s=READY_S_MAX)
        opened = await voyage.cross([small()], limit_s=LIMIT_S)
        # Where the machine is busy, an answer may need a record of its own: one undisturbed crossing will do.
        crossings = [await voyage.cross([small()], limit_s=LIMIT_S, closed=True) for _ in range(3)]
        fresh = min(crossings, key=lambda crossing: crossing.air_bytes)
        assert TEXT_BYTES < opened.air_bytes < fresh.air_bytes <= 235
        assert fresh.reading.connections == 1
        assert await voyage.duplicate_bytes() == 0


async def test_seavoice_crosses_on_datagrams(tmp_path: Path) -> None:
    lab = await open_lab(tmp_path)
    sailing = sail(lab.fleet, lab.room("udp"), scenes.FAST_DATAGRAM, bearer=BearerKind.UDP)
    async with lab.opened(sailing) as voyage:
        outcome = await voyage.cross([bulk(NOTE_BYTES)], limit_s=LIMIT_S)
    assert outcome.reading.up.air.packets >= 4
    assert outcome.air_bytes > NOTE_BYTES


async def test_a_check_in_crosses_the_modem_as_one_message_and_its_receipt_comes_back(tmp_path: Path) -> None:
    lab = await open_lab(tmp_path)
    async with lab.opened(embark(lab.fleet, lab.room("sbd"), {}, short=ShortScene())) as voyage:
        before = voyage.modem.mark()
        # An urgent one, since for its receipt alone the relay sends a message at once.
        number = await voyage.queue(replace(check_in_parcel(), priority=Priority.URGENT))
        await voyage.until_left([number], limit_s=LIMIT_S)
        passage = voyage.modem.since(before)
        desk = DeskClient(lab.fleet.desk, voyage.relay_url, voyage.session)
        items = await desk.feed()
        assert voyage.modem.rockblock.refused == 0
    assert (passage.reading.up_messages, passage.credits_up) == (1, 4)
    assert passage.reading.up_bytes <= 200
    assert passage.reading.credits_spent == 5
    assert [item.bearer for item in items if item.number == number] == ["sbd"]


async def test_lxmf_with_packets_of_340_bytes_fits_short_messages_better(tmp_path: Path) -> None:
    pytest.importorskip("LXMF")
    library = lxmf_cut.copy_with_mtu(tmp_path, lxmf_cut.CHANGED_MTU_BYTES)
    pairing = lxmf_pair(tmp_path, scenes.FAST_DATAGRAM, over=lxmf_cut.CountingSky, library=library)
    async with pairing as pair:
        counter = lxmf_cut.CutCounter(pair, MessageProfile())
        await pair.cross({NOTE_BYTES: 1}, limit_s=LIMIT_S)
        count = counter.take()
    assert max(count.up) <= lxmf_cut.CHANGED_MTU_BYTES
    assert sum(count.up) > NOTE_BYTES


async def test_lxmf_delivers_and_needs_less_on_a_link_that_is_open(tmp_path: Path) -> None:
    pytest.importorskip("LXMF")
    async with lxmf_pair(tmp_path, scenes.FAST) as pair:
        cold = await pair.cross({TEXT_BYTES: 1}, limit_s=LIMIT_S)
        warm = await pair.cross({TEXT_BYTES: 1}, limit_s=LIMIT_S)
    assert TEXT_BYTES < warm.air_bytes < cold.air_bytes


async def test_https_delivers_and_needs_less_in_a_resumed_session(tmp_path: Path) -> None:
    async with https_peer(tmp_path, scenes.FAST) as peer:
        cold = await peer.cross([TEXT_BYTES], limit_s=LIMIT_S)
        resumed = await peer.cross([TEXT_BYTES], limit_s=LIMIT_S)
    assert TEXT_BYTES < resumed.air_bytes < cold.air_bytes
    assert cold.marks["ip_bytes"] > cold.air_bytes
    assert peer.tries == 2


async def test_https_begins_again_after_a_cut(tmp_path: Path) -> None:
    async with https_peer(tmp_path, scenes.FAST) as peer:
        peer.sky.cut(0.2)
        await peer.insist([NOTE_BYTES])
    assert peer.tries >= 2


async def test_runs_that_fail_leave_their_reason_and_the_others_their_outcome(tmp_path: Path) -> None:
    async def crosses(lab: Lab, name: str) -> Outcome:
        async with lab.opened(https_peer(lab.room(name), scenes.FAST)) as peer:
            return await peer.cross([TEXT_BYTES], limit_s=LIMIT_S)

    async def cannot(_lab: Lab, _name: str) -> Outcome:
        raise ProgramFailed("The relay did not start.")

    async def waits(_lab: Lab, _name: str) -> Outcome:
        raise TimeoutError

    runs: dict[str, Run] = {"a": crosses, "b": cannot, "c": waits, "unwanted": cannot}
    lab = await open_lab(tmp_path)
    done = await perform(runs, ["c", "a", "b"], lab)
    assert isinstance(done.pop("a"), Outcome)
    assert done == {"b": "The relay did not start.", "c": "not delivered in time"}
