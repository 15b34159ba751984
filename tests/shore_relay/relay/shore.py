"""The shore for tests: a relay's folder, desks that sign their requests, and provisioned vessels."""

import hashlib
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import deskfeed
from protocol.bundle import Mail
from protocol.bundle import encode as encode_bundle
from protocol.deskfeed import Dispatch, FeedItem, VesselContact
from protocol.deskkeys import DeskKey
from protocol.documents import to_text
from protocol.frames import Priority
from protocol.ids import DeskKeyId, MailboxId, UnixSeconds, VesselId
from protocol.origin import public_half
from protocol.provisioning import DeskCard, Provisioning, write_card
from shore_relay.relay import admin
from shore_relay.relay.app import RunningRelay, World, running_relay, silent, unix_time
from shore_relay.relay.data_folder import write_settings
from shore_relay.relay.settings import Settings
from shore_relay.relay.store.opening import open_store
from shore_relay.relay.store.sql_store import SqlStore

SETTINGS = Settings(listen_host="127.0.0.1", http_port=0, tcp_port=0, udp_port=0, store_retry_s=0.0)
WORLD = World(log=silent)
_counting = itertools.count(1)


def entropy(size_bytes: int) -> bytes:
    """Return bytes that never repeat within a run."""
    return hashlib.sha256(next(_counting).to_bytes(8)).digest()[:size_bytes]


@dataclass
class Desk:
    """A desk with its keys, which asks a relay over HTTP."""

    name: str
    signing_private: bytes = field(default_factory=lambda: entropy(32))
    public: bytes = field(default_factory=lambda: public_half(entropy(32)))
    clock_ahead_s: int = 0

    @property
    def card(self) -> DeskCard:
        signer = Ed25519PrivateKey.from_private_bytes(self.signing_private)
        return DeskCard(
            name=self.name,
            signing_public=signer.public_key().public_bytes_raw(),
            keys=(DeskKey(public=self.public, not_before=UnixSeconds(0), not_after=UnixSeconds(2**33)),),
        )

    @property
    def key_id(self) -> DeskKeyId:
        return self.card.keys[0].id

    def token(self, method: str, path: str, body: bytes = b"", **changes: object) -> str:
        now = unix_time() + self.clock_ahead_s
        claims = {
            "iss": self.card.id.hex(),
            "aud": deskfeed.AUDIENCE,
            "iat": now,
            "exp": now + deskfeed.TOKEN_SECONDS_MAX,
            "htm": method,
            "htu": path,
            "bod": to_text(hashlib.sha256(body).digest()),
        }
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(
            claims, Ed25519PrivateKey.from_private_bytes(self.signing_private), algorithm="EdDSA"
        )

    async def ask(
        self, relay: RunningRelay, method: str, path: str, body: bytes = b"", token: str | None = None
    ) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {token or self.token(method, path, body)}"}
        url = f"http://127.0.0.1:{relay.http_port}{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, data=body or None, headers=headers) as response,
        ):
            return response.status, await response.read()

    async def feed(self, relay: RunningRelay, after: int = 0, wait_s: int = 20) -> tuple[FeedItem, ...]:
        status, body = await self.ask(relay, "GET", f"/v1/feed?after={after}&wait={wait_s}")
        assert status == 200, body
        return deskfeed.read_page(body).items

    async def contacts(self, relay: RunningRelay) -> tuple[VesselContact, ...]:
        status, body = await self.ask(relay, "GET", "/v1/vessels")
        assert status == 200, body
        return deskfeed.read_contacts(body)

    async def taken(self, relay: RunningRelay, through: int) -> int:
        status, _ = await self.ask(relay, "POST", "/v1/feed/taken", b'{"through": %d}' % through)
        return status

    async def dispatch(self, relay: RunningRelay, vessel: VesselId, dispatch: Dispatch) -> tuple[int, bytes]:
        path = f"/v1/vessels/{vessel.hex()}/bundles"
        return await self.ask(relay, "POST", path, deskfeed.write_dispatch(dispatch))

    def mail(self, size_bytes: int = 100, ref: bytes = b"ref-ref-ref-ref-") -> Dispatch:
        bundle = Mail(
            mailbox=MailboxId(bytes(16)), desk_key=self.key_id, tag=bytes(16), sealed=bytes(size_bytes + 48)
        )
        return Dispatch(ref=ref, priority=Priority.TEXT, bundle=encode_bundle(bundle))


@dataclass
class Shore:
    """A relay's data folder, and what an operator does with it."""

    folder: Path
    files: Path
    settings: Settings = SETTINGS

    async def open(self) -> SqlStore:
        """Open the store beside whoever serves."""
        return await open_store(self.folder, self.settings)

    async def add_desk(self, desk: Desk) -> None:
        path = self.files / f"{desk.name}.json"
        path.write_bytes(write_card(desk.card))
        await admin.add_desk(self.folder, path, unix_time())

    async def add_vessel(self, name: str, desk: Desk) -> Provisioning:
        output = self.files / f"{name}.provisioning"
        return await admin.add_vessel(
            self.folder, self.settings, name, desk.name, output, entropy, unix_time()
        )

    @asynccontextmanager
    async def serving(
        self, settings: Settings | None = None, world: World = WORLD
    ) -> AsyncIterator[RunningRelay]:
        async with running_relay(self.folder, settings or self.settings, world) as relay:
            yield relay


async def make_shore(folder: Path, store: str = "", name: str = "relay") -> Shore:
    """Make a relay that serves nobody yet; `store`: the address of its database, where that is no file."""
    files = folder / "files"
    files.mkdir(exist_ok=True)
    if store:
        (folder / name).mkdir(mode=0o700)
        write_settings(folder / name, f"store = {json.dumps(store)}\n")
    await admin.init(folder / name, "localhost", entropy, unix_time())
    return Shore(folder=folder / name, files=files, settings=replace(SETTINGS, store=store))
