"""The box and a relay's engine over real sockets and a real store."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.bundle import Bundle, DeskReceipt, DeskState, Introduction, Report
from protocol.custody import Custody
from protocol.deskkeys import DeskKey, sign_keys
from protocol.engine import SyncEngine
from protocol.events import BundleArrived, Event
from protocol.frames import Priority, Refusal
from protocol.ids import BundleNumber, Instant, UnixSeconds
from protocol.journal import MemoryJournal, Snapshot
from protocol.linkguard import GuardState, read_key_id, rekey_secret, unknown_key_hint
from protocol.links import Side
from protocol.mailbox import ReceiptCode
from protocol.origin import public_half
from protocol.provisioning import BearerKind
from protocol.rekey import open_request
from protocol.seal import open_report, seal_mail
from tests.memory_link import RELAY_PRIVATE, SECRET, VESSEL
from tests.vessel_client.boxes import (
    DESK_KEY,
    DESK_PRIVATE,
    DESK_SIGNING,
    NOW,
    YEAR_S,
    desk_origin_key,
    make_box,
    sealed_request,
    state_when,
    until_counted,
)
from tests.vessel_client.shore import Shore, link, tcp_shore, udp_shore, websocket_shore
from vessel_client.app import RunningService
from vessel_client.errors import StoreFailed
from vessel_client.settings import BearerSettings
from vessel_client.store import inbox
from vessel_client.store.box import load_box
from vessel_client.store.ledger import list_spending
from vessel_client.sync_service import ContactLost

Serve = Callable[[Shore], AbstractAsyncContextManager[Shore]]

BULK = bytes(range(256)) * 40


@pytest.mark.parametrize("serve", [tcp_shore, websocket_shore, udp_shore])
async def test_a_report_reaches_the_relay_with_its_boxes_tag(tmp_path: Path, serve: Serve) -> None:
    async with serve(Shore()) as shore:
        box = await make_box(tmp_path, shore.addresses.values())
        async with box.running() as running:
            queued = await running.service.queue(sealed_request(b"the captain keeps our papers"))
            await shore.until(lambda: len(shore.arrived) == 2)
            await state_when(running, queued.number, lambda state: state.custody is Custody.LEFT_THE_BOAT)
            origin = await desk_origin_key(running)
    introduction, report = sorted(shore.arrived, key=lambda each: each.number)
    assert isinstance(introduction.bundle, Introduction)
    assert introduction.number == 1
    assert isinstance(report.bundle, Report)
    origin.check_bundle(BundleNumber(report.number), report.bundle.sealed, report.bundle.origin_tag)
    plain = open_report(report.bundle.sealed, DESK_PRIVATE, VESSEL)
    assert plain == b"the captain keeps our papers"


async def test_three_bearers_up_at_once_deliver_everything_once(tmp_path: Path) -> None:
    shore = Shore()
    async with AsyncExitStack() as stack:
        for serve in (tcp_shore, websocket_shore, udp_shore):
            await stack.enter_async_context(serve(shore))
        box = await make_box(tmp_path, shore.addresses.values())
        async with box.running() as running:
            for _ in range(20):
                await running.service.queue(sealed_request(BULK[:3_000]))
            await shore.until(lambda: len(shore.arrived) >= 21)
    assert sorted(shore.numbers()) == list(range(1, 22))


async def test_what_has_left_is_deleted_from_the_queue(tmp_path: Path) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore.addresses.values())
        async with box.running() as running:
            queued = await running.service.queue(sealed_request())
            state = await state_when(running, queued.number, lambda state: not state.waiting)
    assert state.custody is Custody.LEFT_THE_BOAT


async def test_a_cut_stream_resumes_without_a_duplicate(tmp_path: Path) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore.addresses.values())
        async with box.running() as running:
            await shore.until(lambda: len(shore.arrived) == 1)
            shore.cut_after_packets = 2
            await running.service.queue(sealed_request(BULK * 10, priority=Priority.CLEAR_VOICE))
            await shore.until(lambda: len(shore.arrived) == 2)
    assert shore.connections >= 2
    assert shore.engine.duplicate_bytes == 0


async def test_a_box_that_died_in_the_middle_of_a_transfer_resumes(tmp_path: Path) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore.addresses.values())
        packets = 0

        def some_came() -> bool:
            nonlocal packets
            packets += 1
            return packets >= 4

        async with box.running() as running:
            await running.service.queue(sealed_request(BULK * 20, priority=Priority.CLEAR_VOICE))
            await shore.until(some_came)
            number = (await running.service.queue(sealed_request(b"one more"))).number
        async with box.running() as again:
            await state_when(again, 2, lambda state: not state.waiting)
            await state_when(again, number, lambda state: not state.waiting)
    assert sorted(shore.numbers()) == [1, 2, 3]
    assert shore.engine.duplicate_bytes == 0


async def test_a_packet_that_was_committed_and_never_sent_costs_nothing_twice(tmp_path: Path) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore.addresses.values())
        unplugged = replace(box.settings(), tcp=BearerSettings(enabled=False))
        async with box.running(unplugged) as running:
            number = (await running.service.queue(sealed_request(BULK))).number
            contact = await running.service.open_contact(link(BearerKind.TCP))
            while await running.service.transmit(contact) is not None:
                # Each packet is on the disk as begun, and the power goes before the socket has it.
                pass
        async with box.running() as again:
            await state_when(again, number, lambda state: not state.waiting)
    assert sorted(shore.numbers()) == [1, number]
    assert shore.engine.duplicate_bytes == 0


async def test_a_store_that_fails_for_a_while_loses_nothing(tmp_path: Path) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore.addresses.values())
        async with box.running() as running:
            number = (await running.service.queue(sealed_request())).number
            await _allow_writing(running, allowed=False)
            with pytest.raises(StoreFailed):
                await running.service.queue(sealed_request())
            await _allow_writing(running, allowed=True)
            await state_when(running, number, lambda state: not state.waiting)
    assert sorted(shore.numbers()) == [1, number]


async def test_a_commit_that_fails_promises_nothing_and_the_engine_comes_back(tmp_path: Path) -> None:
    profile = link(BearerKind.TCP)
    box = await make_box(tmp_path)
    async with box.running(replace(box.settings(), tcp=BearerSettings(enabled=False))) as running:
        contact = await running.service.open_contact(profile)
        await _allow_writing(running, allowed=False)
        with pytest.raises(StoreFailed):
            await running.service.transmit(contact)
        await _allow_writing(running, allowed=True)
        with pytest.raises(ContactLost):
            await running.service.transmit(contact)
        again = await running.service.open_contact(profile)
        assert await running.service.transmit(again) is not None


async def test_urgent_overtakes_a_queue_of_bulk(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    async with box.running() as running:
        for _ in range(40):
            await running.service.queue(sealed_request(BULK, priority=Priority.CLEAR_VOICE))
        check_in = await running.service.queue(sealed_request(priority=Priority.CHECK_IN))
        urgent = await running.service.queue(sealed_request(priority=Priority.URGENT))
    shore = Shore()
    async with tcp_shore(shore):
        address = shore.addresses.popitem()[1]
        async with box.running(replace(box.settings(), tcp=BearerSettings(url=address.url))):
            await shore.until(lambda: len(shore.arrived) == 43)
    assert shore.numbers()[:2] == [urgent.number, check_in.number]


async def test_the_check_in_behind_full_memory_takes_a_place(tmp_path: Path) -> None:
    shore = Shore()
    async with tcp_shore(shore):
        box = await make_box(tmp_path, shore.addresses.values())
        slow = replace(box.settings(), tcp=BearerSettings(rate_up_bps=40_000.0))
        async with box.running(slow) as running:
            for _ in range(40):
                await running.service.queue(sealed_request(BULK[:2_000], priority=Priority.CLEAR_VOICE))
            check_in = await running.service.queue(sealed_request(priority=Priority.CHECK_IN))
            await shore.until(lambda: check_in.number in shore.numbers())
            assert len(shore.arrived) < 20


async def test_desk_receipts_move_states_on_and_keep_the_proof(tmp_path: Path) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore.addresses.values())
        async with box.running() as running:
            number = (await running.service.queue(sealed_request())).number
            await shore.until(lambda: number in shore.numbers())
            proof = b"8 bytes."
            shore.offer(await _receipt(running, DeskState.FETCHED, number))
            await state_when(running, number, lambda state: state.custody is Custody.REACHED_THE_NGO)
            shore.offer(await _receipt(running, DeskState.OPENED, number, proof))
            state = await state_when(
                running, number, lambda state: state.custody is Custody.OPENED_BY_A_PERSON
            )
    assert state.opened_proof == proof


async def test_a_receipt_that_the_desk_did_not_make_is_refused_and_counted(tmp_path: Path) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore.addresses.values())
        async with box.running() as running:
            number = (await running.service.queue(sealed_request())).number
            await state_when(running, number, lambda state: not state.waiting)
            forged = DeskReceipt(
                desk_key=DESK_KEY.id,
                state=DeskState.OPENED,
                numbers=((number, number + 1),),
                tag=b"forged!!",
            )
            shore.offer(forged)
            later = await running.service.queue(sealed_request())
            honest = shore.offer(await _receipt(running, DeskState.FETCHED, later.number))
            await state_when(running, later.number, lambda state: state.custody is Custody.REACHED_THE_NGO)
            state = await state_when(running, number, lambda _state: True)
            assert running.service.counters["bundle-malformed"] == 1
    assert honest == 2
    assert state.custody is Custody.LEFT_THE_BOAT


async def test_answers_wait_under_their_mailbox(tmp_path: Path) -> None:
    mailbox = ReceiptCode.draw(bytes(32)).open_mailbox()
    mail = seal_mail(
        b"we are coming", mailbox=mailbox.id, mailbox_public=mailbox.public, desk_private=DESK_PRIVATE
    )
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore.addresses.values())
        async with box.running() as running:
            shore.offer(mail)
            number = (await running.service.queue(sealed_request())).number
            shore.offer(await _receipt(running, DeskState.FETCHED, number))
            await state_when(running, number, lambda state: state.custody is Custody.REACHED_THE_NGO)
            async with running.database.reading() as connection:
                found = await inbox.list_mail(connection, mailbox.id, 10)
    assert [each.mail for each in found] == [mail]


async def test_newer_desk_keys_are_kept_and_an_old_list_brings_nothing_back(tmp_path: Path) -> None:
    new_key = _desk_key(21, NOW)
    newest_key = _desk_key(22, NOW + 10)
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore.addresses.values())
        async with box.running() as running:
            shore.offer(sign_keys((newest_key,), DESK_SIGNING, UnixSeconds(NOW + 20)))
            shore.offer(sign_keys((new_key,), DESK_SIGNING, UnixSeconds(NOW + 10)))
            await shore.until(lambda: shore.engine.queued == 0)
            async with running.database.reading() as connection:
                kept = await load_box(connection)
    assert kept.desk_keys_issued_at == NOW + 20
    assert {key.public for key in kept.desk_keys} == {newest_key.public, DESK_KEY.public}
    # The list leaves the first key out: nothing may be sealed to it from then on.
    assert next(key for key in kept.desk_keys if key.id == DESK_KEY.id).not_after == NOW + 20


async def test_keys_that_another_desk_signed_are_refused(tmp_path: Path) -> None:
    stranger = Ed25519PrivateKey.generate().private_bytes_raw()
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore.addresses.values())
        async with box.running() as running:
            shore.offer(sign_keys((_desk_key(21, NOW),), stranger, UnixSeconds(NOW + 20)))
            await until_counted(running, "bundle-unknown-desk")
            assert running.service.box.desk_keys == (DESK_KEY,)


async def test_a_refused_bundle_stays_and_says_why(tmp_path: Path) -> None:
    def refuse_reports(_number: int, bundle: Bundle) -> Refusal | None:
        return Refusal.UNKNOWN_DESK if isinstance(bundle, Report) else None

    async with tcp_shore(Shore(refuse_reports)) as shore:
        box = await make_box(tmp_path, shore.addresses.values())
        async with box.running() as running:
            number = (await running.service.queue(sealed_request())).number
            state = await state_when(running, number, lambda state: bool(state.refusal))
    assert (state.refusal, state.waiting) == ("unknown_desk", True)


async def test_a_number_that_the_relay_knows_otherwise_is_given_anew(tmp_path: Path) -> None:
    profile = link(BearerKind.TCP)
    # A relay that has bundles 1 to 4 of an earlier life of this box, and whose link keys have moved on.
    earlier = Snapshot(guard=GuardState(secret=bytes(32)), rekey_key=rekey_secret(SECRET), taken=((1, 5),))
    relay = SyncEngine(Side.RELAY, VESSEL, earlier, MemoryJournal(), admit=lambda _number, _bundle: None)
    box = await make_box(tmp_path)
    now = Instant(0.0)
    async with box.running(replace(box.settings(), tcp=BearerSettings(enabled=False))) as running:
        service = running.service
        contact = await service.open_contact(profile)
        greeting = await service.transmit(contact)
        assert greeting is not None
        await service.receive(contact, unknown_key_hint(read_key_id(greeting)))
        request = await service.transmit(contact)
        assert request is not None
        number = (await service.queue(sealed_request())).number
        answer = relay.answer_rekey(open_request(request, RELAY_PRIVATE), bytes, profile, now)
        await service.receive(contact, answer)
        arrived: list[Event] = []
        while (packet := await service.transmit(contact)) is not None:
            arrived += relay.receive(packet, profile, now)
            while (said := relay.transmit(profile, now)) is not None:
                await service.receive(contact, said)
        state = await state_when(running, number, lambda state: not state.waiting)
        origin = await desk_origin_key(running)
    assert number == 2
    # The introduction left under the lost keys, so that it has the first free number.
    assert state.number == 6
    report = next(each for each in arrived if isinstance(each, BundleArrived) and each.number == 6)
    assert isinstance(report.bundle, Report)
    origin.check_bundle(BundleNumber(6), report.bundle.sealed, report.bundle.origin_tag)


async def test_a_lifetime_that_ended_takes_the_bundle_out_of_the_queue(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    async with box.running() as running:
        one_hour = (await running.service.queue(sealed_request(lifetime=1))).number
        forever = (await running.service.queue(sealed_request())).number
    later = UnixSeconds(NOW + 3_601)
    async with box.running(clock=lambda: later) as running:
        expired = await state_when(running, one_hour, lambda state: state.custody is Custody.EXPIRED)
        kept = await state_when(running, forever, lambda _state: True)
    assert not expired.waiting
    assert kept.waiting


async def test_the_ledger_counts_bytes_by_bearer_and_priority(tmp_path: Path) -> None:
    async with tcp_shore(Shore()) as shore:
        box = await make_box(tmp_path, shore.addresses.values())
        async with box.running() as running:
            number = (await running.service.queue(sealed_request(BULK, priority=Priority.URGENT))).number
            await state_when(running, number, lambda state: not state.waiting)
            async with running.database.reading() as connection:
                spent = {(each.bearer, each.priority): each for each in await list_spending(connection)}
    urgent = spent["tcp", Priority.URGENT]
    assert len(BULK) < urgent.up_bytes < len(BULK) * 1.05
    assert spent["tcp", -1].down_bytes > 0


async def test_a_stream_that_is_no_relay_is_left_alone_after_a_pause(tmp_path: Path) -> None:
    greeted = asyncio.Semaphore(0)

    async def shout(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeted.release()
        writer.write(b"\x00\x20" + bytes(32))
        await writer.drain()
        await _reader.read()
        writer.transport.abort()

    server = await asyncio.start_server(shout, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    box = await make_box(tmp_path)
    elsewhere = replace(box.settings(), tcp=BearerSettings(url=f"tcp://127.0.0.1:{port}"))
    async with server, box.running(elsewhere) as running:
        async with asyncio.timeout(10):
            await greeted.acquire()
            await greeted.acquire()
        await until_counted(running, "malformed-packet")
        state = await state_when(running, 1, lambda _state: True)
    assert state.waiting


def _desk_key(seed: int, start: int) -> DeskKey:
    return DeskKey(
        public=public_half(bytes([seed]) * 32),
        not_before=UnixSeconds(start),
        not_after=UnixSeconds(start + YEAR_S),
    )


async def _receipt(
    running: RunningService, state: DeskState, number: int, proof: bytes | None = None
) -> DeskReceipt:
    numbers = ((number, number + 1),)
    proofs = (proof,) if proof is not None else ()
    tag = (await desk_origin_key(running)).tag_receipt(state, numbers, proofs)
    return DeskReceipt(desk_key=DESK_KEY.id, state=state, numbers=numbers, tag=tag, proofs=proofs)


async def _allow_writing(running: RunningService, *, allowed: bool) -> None:
    async with running.database.reading() as connection:
        await connection.execute(f"PRAGMA query_only = {'OFF' if allowed else 'ON'}")
