"""Https for phones: opened, renewed and refused while the box goes on."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.chains import sign_chain
from protocol.documents import Json
from protocol.ids import UnixSeconds
from tests.certificates import Authority, Key, der, key_pem, make_key, pem
from tests.memory_link import VESSEL
from tests.vessel_client.boxes import (
    NOW,
    BoxFolder,
    command,
    make_box,
    provisioning,
    until_counted,
    write_file,
)
from tests.vessel_client.shore import PATIENCE_S, Shore, tcp_shore
from vessel_client.app import RunningService
from vessel_client.clocks import system_wall_clock
from vessel_client.settings import Settings
from vessel_client.store.chain import load_chain

NAME = "box.fleet.org"
OPERATOR = bytes([13]) * 32
OPERATOR_PUBLIC = Ed25519PrivateKey.from_private_bytes(OPERATOR).public_key().public_bytes_raw()


@dataclass(frozen=True, slots=True, kw_only=True)
class Aboard:
    """A running box with a door for phones, and a phone that trusts the tests' authority."""

    running: RunningService
    authority: Authority
    key: Key

    @property
    def port(self) -> int:
        """Where https is."""
        assert self.running.door is not None
        return int(self.running.door.url.rpartition(":")[2])

    async def look(self) -> None:
        """Have the door look now, as SIGHUP does, and wait until it has."""
        door = self.running.door
        assert door is not None
        before = (door.problem, door.facts, door.url)
        door.asked.set()
        async with asyncio.timeout(PATIENCE_S):
            while (door.problem, door.facts, door.url) == before:
                await door.find_chain()

    async def status(self) -> dict[str, Json]:
        """Return what the box says of its door."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.running.url}/v1/status") as answer:
            phones = (await answer.json())["phones"]
        assert isinstance(phones, dict)
        return phones

    async def served(self) -> tuple[int, int]:
        """Shake hands as a phone does; return the status of /healthz and when the certificate ends."""
        trusted = ssl.create_default_context(cadata=pem([self.authority.root]).decode())
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=trusted, server_hostname=NAME
        )
        request = f"GET /healthz HTTP/1.1\r\nHost: {NAME}:{self.port}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        status = int((await reader.readline()).split()[1])
        ends = writer.get_extra_info("peercert")["notAfter"]
        writer.close()
        await writer.wait_closed()
        return status, int(ssl.cert_time_to_seconds(ends))


def with_door(box: BoxFolder) -> Settings:
    return replace(box.settings(), api_tls_host="127.0.0.1", api_tls_port=0)


@asynccontextmanager
async def aboard(folder: Path, *, certificate: bool = True, days: int = 90) -> AsyncIterator[Aboard]:
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    box, authority, key = await make_box(folder), Authority(), make_key()
    (box.data_dir / "phones.key").write_bytes(key_pem(key))
    if certificate:
        chain = authority.sign(key.public_key(), NAME, ends=datetime.now(UTC) + timedelta(days=days))
        (box.data_dir / "phones.pem").write_bytes(pem(chain))
    async with box.running(with_door(box), clock=system_wall_clock) as running:
        yield Aboard(running=running, authority=authority, key=key)


async def test_a_phone_comes_in_by_https_under_the_certificates_name(tmp_path: Path) -> None:
    async with aboard(tmp_path) as box:
        assert (await box.served())[0] == 200
        phones = await box.status()
        assert (phones["names"], phones["state"], phones["problem"]) == ([NAME], "good", "")


async def test_another_name_is_refused_although_the_port_is_the_boxs(tmp_path: Path) -> None:
    async with aboard(tmp_path) as box, aiohttp.ClientSession() as session:
        async with session.get(f"{box.running.url}/healthz", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403
        async with session.get(f"{box.running.url}/healthz", headers={"Host": NAME}) as answer:
            assert answer.status == 200


async def test_a_certificate_for_all_names_of_a_level_serves_one_level(tmp_path: Path) -> None:
    async with aboard(tmp_path) as box, aiohttp.ClientSession() as session:
        folder = box.running.door.settings.data_dir if box.running.door else tmp_path
        chain = box.authority.sign(box.key.public_key(), "*.fleet.org", begins=datetime.now(UTC))
        (folder / "phones.pem").write_bytes(pem(chain))
        await box.look()
        for host, status in (("any.fleet.org", 200), ("deep.any.fleet.org", 403), ("fleet.org", 403)):
            async with session.get(f"{box.running.url}/healthz", headers={"Host": host}) as answer:
                assert answer.status == status, host


async def test_a_renewed_file_is_served_without_a_stop(tmp_path: Path) -> None:
    async with aboard(tmp_path, days=30) as box:
        assert box.running.door is not None
        _, first = await box.served()
        chain = box.authority.sign(box.key.public_key(), NAME)
        path = box.running.door.settings.certificate_files().certificate
        path.write_bytes(pem(chain))
        await box.look()
        _, second = await box.served()
    assert second - first > 50 * 86_400


async def test_half_a_renewal_keeps_the_old_certificate_and_says_so(tmp_path: Path) -> None:
    async with aboard(tmp_path) as box:
        assert box.running.door is not None
        before = await box.served()
        files = box.running.door.settings.certificate_files()
        for content in (pem(box.authority.sign(make_key().public_key(), NAME)), b"half a file"):
            files.certificate.write_bytes(content)
            await box.look()
            assert await box.served() == before
        assert "no certificate in PEM form" in str((await box.status())["problem"])


async def test_the_box_works_without_the_certificate_that_has_not_come(tmp_path: Path) -> None:
    async with aboard(tmp_path, certificate=False) as box:
        phones = await box.status()
        assert (phones["state"], phones["url"]) == ("none", "")
        assert "has not come" in str(phones["problem"])
        assert box.running.door is not None
        path = box.running.door.settings.certificate_files().certificate
        path.write_bytes(pem(box.authority.sign(box.key.public_key(), NAME)))
        await box.look()
        assert (await box.served())[0] == 200


async def test_a_port_that_cannot_be_had_stops_no_message(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        box, authority, key = await make_box(tmp_path), Authority(), make_key()
        (box.data_dir / "phones.key").write_bytes(key_pem(key))
        (box.data_dir / "phones.pem").write_bytes(pem(authority.sign(key.public_key(), NAME)))
        settings = replace(with_door(box), api_tls_port=taken.getsockname()[1])
        async with box.running(settings) as running, aiohttp.ClientSession() as session:
            assert running.door is not None
            assert "in use" in running.door.problem
            async with session.get(f"{running.url}/healthz") as answer:
                assert answer.status == 200


async def test_a_certificate_that_ends_soon_or_has_ended_is_said(tmp_path: Path) -> None:
    states = {}
    for days in (22, 20, -0.5):
        async with aboard(tmp_path / str(days), certificate=False) as box:
            assert box.running.door is not None
            files = box.running.door.settings.certificate_files()
            ends = datetime.now(UTC) + timedelta(days=days)
            files.certificate.write_bytes(pem(box.authority.sign(box.key.public_key(), NAME, ends=ends)))
            await box.look()
            states[days] = (await box.status())["state"]
    assert states == {22: "good", 20: "ends-soon", -0.5: "ended"}


async def _box_of_an_operator(folder: Path, shore: Shore) -> tuple[BoxFolder, bytes]:
    document = replace(provisioning(shore.addresses.values()), operator_public=OPERATOR_PUBLIC)
    data = ("--data", str(folder / "box"))
    assert await command("init", str(write_file(folder, document)), *data) == 0
    out = folder / "box.csr"
    assert await command("certificate", "request", NAME, "--out", str(out), *data) == 0
    return BoxFolder(data_dir=folder / "box"), out.read_bytes()


async def _until_kept(running: RunningService, chain: tuple[bytes, ...]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with running.database.reading() as connection:
                if await load_chain(connection) == chain:
                    return


async def test_a_certificate_comes_over_the_link_for_a_key_that_never_left(tmp_path: Path) -> None:
    authority = Authority()
    async with tcp_shore(Shore()) as shore:
        box, request = await _box_of_an_operator(tmp_path, shore)
        async with box.running(with_door(box)) as running:
            phone = Aboard(running=running, authority=authority, key=make_key())
            first = authority.sign_request(request, ends=datetime.now(UTC) + timedelta(days=30))
            shore.offer(sign_chain(der(first), OPERATOR, VESSEL, UnixSeconds(NOW)))
            await _until_kept(running, der(first))
            await phone.look()
            _, ends = await phone.served()
            renewed = authority.sign_request(request, begins=datetime.now(UTC))
            shore.offer(sign_chain(der(renewed), OPERATOR, VESSEL, UnixSeconds(NOW + 1)))
            await _until_kept(running, der(renewed))
            await phone.look()
            _, later = await phone.served()
    assert later - ends > 50 * 86_400
    assert (box.data_dir / "phones.key").stat().st_mode & 0o077 == 0


async def test_a_certificate_for_another_key_is_kept_aside_and_said(tmp_path: Path) -> None:
    authority = Authority()
    async with tcp_shore(Shore()) as shore:
        box, request = await _box_of_an_operator(tmp_path, shore)
        async with box.running(with_door(box)) as running:
            phone = Aboard(running=running, authority=authority, key=make_key())
            stranger = der(authority.sign(make_key().public_key(), NAME))
            shore.offer(sign_chain(stranger, OPERATOR, VESSEL, UnixSeconds(NOW)))
            await _until_kept(running, stranger)
            await phone.look()
            chain = der(authority.sign_request(request, begins=datetime.now(UTC) - timedelta(hours=1)))
            shore.offer(sign_chain(chain, OPERATOR, VESSEL, UnixSeconds(NOW + 1)))
            await _until_kept(running, chain)
            await phone.look()
            assert (await phone.served())[0] == 200
            late = der(authority.sign(make_key().public_key(), NAME, begins=datetime.now(UTC)))
            shore.offer(sign_chain(late, OPERATOR, VESSEL, UnixSeconds(NOW + 2)))
            await _until_kept(running, late)
            await phone.look()
            phones = await phone.status()
            assert "does not belong to the key" in str(phones["problem"])
            assert phones["state"] != "none"
            assert (await phone.served())[0] == 200


async def test_an_old_or_forged_certificate_changes_nothing(tmp_path: Path) -> None:
    authority = Authority()
    async with tcp_shore(Shore()) as shore:
        box, request = await _box_of_an_operator(tmp_path, shore)
        async with box.running(with_door(box)) as running:
            chain = der(authority.sign_request(request))
            shore.offer(sign_chain(chain, OPERATOR, VESSEL, UnixSeconds(NOW)))
            await _until_kept(running, chain)
            shore.offer(sign_chain((b"old",), OPERATOR, VESSEL, UnixSeconds(NOW - 1)))
            shore.offer(sign_chain((b"forged",), bytes([14]) * 32, VESSEL, UnixSeconds(NOW + 9)))
            await until_counted(running, "bundle-malformed")
            await _until_kept(running, chain)
            phone = Aboard(running=running, authority=authority, key=make_key())
            await phone.look()
            assert (await phone.served())[0] == 200


@pytest.mark.parametrize("chain", [(b"no certificate",), (b"\x30\x00", b"\x30\x00")])
async def test_signed_bytes_that_are_no_certificate_are_said(
    tmp_path: Path, chain: tuple[bytes, ...]
) -> None:
    async with tcp_shore(Shore()) as shore:
        box, _ = await _box_of_an_operator(tmp_path, shore)
        async with box.running(with_door(box)) as running:
            shore.offer(sign_chain(chain, OPERATOR, VESSEL, UnixSeconds(NOW)))
            await _until_kept(running, chain)
            phone = Aboard(running=running, authority=Authority(), key=make_key())
            await phone.look()
            assert "is no certificate" in str((await phone.status())["problem"])
