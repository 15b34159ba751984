"""What a desk may ask, and what it may not."""

import asyncio
import json
from dataclasses import replace

import pytest

from protocol.bundle import Keys, Kind
from protocol.bundle import encode as encode_bundle
from protocol.deskfeed import WAIT_SECONDS_MAX, Dispatch
from protocol.deskkeys import DeskKey, sign_keys
from protocol.frames import Priority
from protocol.ids import UnixSeconds, VesselId
from protocol.origin import public_half
from protocol.provisioning import Provisioning
from shore_relay.relay.app import RunningRelay, unix_time
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.shore import SETTINGS, Desk, Shore

FEED = "/v1/feed?after=0&wait=0"


def code(body: bytes) -> str:
    document = json.loads(body)
    assert document["message"].endswith(".")
    return str(document["code"])


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "somebody-else"},
        {"htm": "POST"},
        {"htu": "/v1/feed?after=1&wait=0"},
        {"bod": "x"},
        {"exp": 2**40},
        {"iat": "yesterday"},
        {"iat": 10**400, "exp": 10**400},
        {"iat": -(10**400), "exp": -(10**400)},
        {"iat": float("nan"), "exp": float("nan")},
        {"iss": "no hexadecimal"},
        {"iss": "0011223344556677"},
        *({claim: None} for claim in ("iss", "aud", "iat", "exp", "htm", "htu", "bod")),
    ],
)
async def test_a_token_for_anything_else_is_refused(
    change: dict[str, object], relay: RunningRelay, desk: Desk
) -> None:
    status, body = await desk.ask(relay, "GET", FEED, token=desk.token("GET", FEED, b"", **change))
    assert (status, code(body)) == (401, "not-authorised")
    assert relay.refusals["desk-not-authorised"] == 1


async def test_a_token_of_another_key_is_refused(relay: RunningRelay, desk: Desk) -> None:
    thief = Desk(name="Thief")
    token = thief.token("GET", FEED, b"", iss=desk.card.id.hex())
    assert (await desk.ask(relay, "GET", FEED, token=token))[0] == 401


@pytest.mark.parametrize("token", ["x", "a.b.c", "e30.e30.e30", "\u00e9" * 9, "x" * 5_000])
async def test_garbage_for_a_token_is_refused(token: str, relay: RunningRelay, desk: Desk) -> None:
    status, body = await desk.ask(relay, "GET", FEED, token=token)
    assert (status, code(body)) == (401, "not-authorised")


async def test_a_token_of_bytes_that_are_no_text_is_refused(relay: RunningRelay) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.http_port)
    writer.write(b"GET /v1/feed HTTP/1.0\r\nHost: relay\r\nAuthorization: Bearer \xff.\xff.\xff\r\n\r\n")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    assert b" 401 " in head.splitlines()[0]
    assert code(body) == "not-authorised"


@pytest.mark.parametrize("ahead_s", [-2 * 365 * 86_400, 2 * 365 * 86_400])
async def test_a_clock_two_years_off_is_named(ahead_s: int, relay: RunningRelay, desk: Desk) -> None:
    desk.clock_ahead_s = ahead_s
    status, body = await desk.ask(relay, "GET", FEED)
    assert (status, code(body)) == (401, "clock-skew")
    message = json.loads(body)["message"]
    assert "The desk's clock says 20" in message
    assert "the relay's says 20" in message


async def test_a_desk_sees_and_reaches_only_its_own(
    shore: Shore, relay: RunningRelay, box: Box, desk: Desk
) -> None:
    other = Desk(name="Other")
    await shore.add_desk(other)
    box.offer(1, introduction())
    box.offer(2, report(desk.key_id, 200))
    async with box.over_tcp(relay.tcp_port):
        await box.custody(1, 2)
    assert await other.feed(relay, wait_s=0) == ()
    items = await desk.feed(relay)
    assert await other.taken(relay, items[-1].cursor) == 400, "it was never given that cursor"
    assert await desk.feed(relay) == items
    (contact,) = await desk.contacts(relay)
    assert (contact.vessel, contact.bearer, contact.near) == (box.provisioning.vessel, "tcp", None)
    assert contact.at > 0
    assert await other.contacts(relay) == ()
    status, body = await other.dispatch(relay, box.provisioning.vessel, other.mail())
    assert (status, code(body)) == (404, "unknown-vessel")
    assert await desk.dispatch(relay, VesselId(b"nobodyyy"), desk.mail()) == (status, body), (
        "a desk cannot find out which vessels others have"
    )


async def test_a_report_goes_to_the_desk_it_is_sealed_to(
    shore: Shore, relay: RunningRelay, box: Box, desk: Desk
) -> None:
    other = Desk(name="Other")
    await shore.add_desk(other)
    box.offer(1, introduction())
    box.offer(2, report(other.key_id, 200))
    async with box.over_tcp(relay.tcp_port):
        await box.custody(1, 2)
    assert [item.number for item in await other.feed(relay)] == [2]
    assert [item.number for item in await desk.feed(relay)] == [1], "introductions go to the vessel's desk"


async def test_the_same_ref_counts_once_and_never_for_other_content(
    relay: RunningRelay, box: Box, desk: Desk
) -> None:
    vessel = box.provisioning.vessel
    first = await desk.dispatch(relay, vessel, desk.mail(100))
    assert await desk.dispatch(relay, vessel, desk.mail(100)) == first
    status, body = await desk.dispatch(relay, vessel, desk.mail(101))
    assert (status, code(body)) == (409, "ref-taken")
    async with box.over_tcp(relay.tcp_port):
        box.offer(1, introduction())
        await box.arrived()
        await desk.feed(relay, (await desk.feed(relay))[0].cursor)
    # Also after the bytes have gone.
    assert await desk.dispatch(relay, vessel, desk.mail(100)) == first
    (status_of_vessel,) = (await relay.store.status()).vessels
    assert (status_of_vessel.bundles_queued, status_of_vessel.bundles_delivered) == (0, 1)


@pytest.mark.parametrize(
    "bundle",
    [introduction(), b"", bytes([9 << 4]), bytes([Kind.MAIL << 4])],
    ids=["kind", "empty", "new", "short"],
)
async def test_a_bundle_that_no_desk_sends_is_refused(
    bundle: bytes, relay: RunningRelay, provisioning: Provisioning, desk: Desk
) -> None:
    dispatch = Dispatch(ref=bytes(16), priority=Priority.TEXT, bundle=bundle)
    status, body = await desk.dispatch(relay, provisioning.vessel, dispatch)
    assert (status, code(body)) == (400, "request-refused")


async def test_a_desks_new_key_is_routable_once_it_was_dispatched(
    relay: RunningRelay, box: Box, desk: Desk
) -> None:
    public = public_half(bytes([9]) * 32)
    keys = (DeskKey(public=public, not_before=UnixSeconds(0), not_after=UnixSeconds(2**33)),)
    bundle = sign_keys(keys, desk.signing_private, unix_time())
    dispatch = Dispatch(ref=bytes(16), priority=Priority.TEXT, bundle=encode_bundle(bundle))
    assert (await desk.dispatch(relay, box.provisioning.vessel, dispatch))[0] == 200
    box.offer(1, report(keys[0].id, 200))
    async with box.over_tcp(relay.tcp_port):
        await box.custody(1)
        (arrived,) = await box.arrived()
    assert isinstance(arrived.bundle, Keys)
    assert [item.number for item in await desk.feed(relay) if item.bundle] == [1]


async def test_keys_that_another_signed_are_refused(
    relay: RunningRelay, provisioning: Provisioning, desk: Desk
) -> None:
    forged = sign_keys(desk.card.keys, bytes([1]) * 32, unix_time())
    for bundle in (forged, replace(forged, desk=desk.card.id)):
        dispatch = Dispatch(ref=bytes(16), priority=Priority.TEXT, bundle=encode_bundle(bundle))
        status, body = await desk.dispatch(relay, provisioning.vessel, dispatch)
        assert (status, code(body)) == (400, "request-refused")


async def test_bounds_on_requests(shore: Shore, provisioning: Provisioning, desk: Desk) -> None:
    settings = replace(SETTINGS, request_bytes_max=10_000, queued_bytes_per_vessel_max=2_000)
    async with shore.serving(settings) as relay:
        status, body = await desk.dispatch(relay, provisioning.vessel, desk.mail(10_000))
        assert (status, code(body)) == (413, "request-too-large")
        status, body = await desk.dispatch(relay, provisioning.vessel, desk.mail(3_000))
        assert (status, code(body)) == (429, "queue-overfull")
        for path in (f"/v1/feed?wait={WAIT_SECONDS_MAX + 1}", "/v1/feed?after=-1", "/v1/feed?after=1e3"):
            status, body = await desk.ask(relay, "GET", path)
            assert (status, code(body)) == (400, "request-refused")
        status, body = await desk.ask(relay, "POST", "/v1/feed/taken", b'{"through": 5, "x": 1}')
        assert (status, code(body)) == (400, "malformed-document")


async def test_large_bundles_come_page_by_page(shore: Shore, box: Box, desk: Desk) -> None:
    async with shore.serving(replace(SETTINGS, page_bytes_max=1_000)) as relay:
        for number in range(1, 4):
            box.offer(number, report(desk.key_id, 1_500, fill=number))
        async with box.over_tcp(relay.tcp_port):
            await box.custody(1, 2, 3)
        seen: list[int] = []
        after = 0
        while items := await desk.feed(relay, after, wait_s=0):
            assert len(items) == 1
            seen.append(items[0].number)
            after = items[0].cursor
        assert sorted(seen) == [1, 2, 3]


async def test_health_says_that_the_store_takes_writes(relay: RunningRelay, desk: Desk) -> None:
    status, body = await desk.ask(relay, "GET", "/readyz")
    assert (status, json.loads(body)) == (200, {"status": "ok"})
