"""The requests that the box answers: it takes sealed bytes, and gives states and sealed answers."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from protocol import limits
from protocol.documents import Json, to_text
from protocol.ids import MailboxId
from vessel_client.errors import UnknownBundle
from vessel_client.queue_request import SEALED_BYTES_MAX, read_queue_request
from vessel_client.status import bundle_json
from vessel_client.store import inbox, outbox
from vessel_client.store.box import load_box
from vessel_client.store.database import Database
from vessel_client.sync_service import SyncService
from vessel_client.web.gate import answer_json, make_gate
from vessel_client.web.pages import Pages
from vessel_client.web.sound import SoundCoder

REQUEST_BYTES_MAX = SEALED_BYTES_MAX * 4 // 3 + 4_096
MAILS_LISTED_MAX = 100
PROOFS_LISTED_MAX = 500

GetStatus = Callable[[], Awaitable[dict[str, Json]]]


class Api:
    """The local API over one store and one service."""

    def __init__(self, database: Database, service: SyncService, get_status: GetStatus) -> None:
        self._database = database
        self._service = service
        self._get_status = get_status

    def application(self, hosts_allowed: frozenset[str]) -> web.Application:
        """Return what aiohttp serves."""
        application = web.Application(
            middlewares=[make_gate(hosts_allowed)], client_max_size=REQUEST_BYTES_MAX
        )
        application.add_routes(
            [
                web.get("/healthz", self.health, name="healthz"),
                web.get("/v1/box", self.box, name="box"),
                web.get("/v1/status", self.status, name="status"),
                web.post("/v1/bundles", self.queue, name="queue"),
                web.get(r"/v1/bundles/{number:\d{1,10}}", self.bundle, name="bundle"),
                web.get("/v1/proofs", self.proofs, name="proofs"),
                web.get("/v1/mailboxes/{mailbox:[0-9a-f]{32}}", self.mailbox, name="mailbox"),
            ]
        )
        Pages().add_to(application)
        SoundCoder().add_to(application)
        return application

    async def health(self, _request: web.Request) -> web.Response:
        """Say that the service runs and its store can be read."""
        async with self._database.reading() as connection:
            await load_box(connection)
        return answer_json({"ok": True})

    async def box(self, _request: web.Request) -> web.Response:
        """Tell what somebody who seals has to know."""
        box = self._service.box
        return answer_json(
            {
                "vessel": box.vessel.hex(),
                "vessel_name": box.vessel_name,
                "issued_at": box.issued_at,
                "fingerprint": box.fingerprint,
                "desk": box.desk.hex(),
                "desk_name": box.desk_name,
                "desk_signing_public": to_text(box.desk_signing_public),
                "desk_keys": [
                    {
                        "id": key.id.hex(),
                        "public": to_text(key.public),
                        "not_before": key.not_before,
                        "not_after": key.not_after,
                    }
                    for key in box.desk_keys
                ],
            }
        )

    async def status(self, _request: web.Request) -> web.Response:
        """Tell how the box is."""
        return answer_json(await self._get_status())

    async def queue(self, request: web.Request) -> web.Response:
        """Take a sealed bundle: 201 with its number, or 200 where this reference was queued before."""
        queued = await self._service.queue(read_queue_request(await request.read()))
        return answer_json({"number": queued.number}, status=201 if queued.is_new else 200)

    async def bundle(self, request: web.Request) -> web.Response:
        """Tell the state of one bundle."""
        number = int(request.match_info["number"])
        async with self._database.reading() as connection:
            state = await outbox.find_state(connection, min(number, limits.BUNDLE_NUMBER_MAX))
        if state is None:
            raise UnknownBundle(f"No message of this box has the number {number}.")
        return answer_json(bundle_json(state))

    async def proofs(self, _request: web.Request) -> web.Response:
        """Tell which bundles the desk says it opened; whoever has a receipt code can check its own."""
        async with self._database.reading() as connection:
            proofs = await outbox.list_proofs(connection, PROOFS_LISTED_MAX)
        return answer_json(
            {
                "proofs": [
                    {"number": each.number, "desk_key": each.desk_key.hex(), "proof": each.proof.hex()}
                    for each in proofs
                ]
            }
        )

    async def mailbox(self, request: web.Request) -> web.Response:
        """Give the sealed answers of one mailbox; an unknown one is as empty as a new one."""
        mailbox = MailboxId(bytes.fromhex(request.match_info["mailbox"]))
        async with self._database.reading() as connection:
            found = await inbox.list_mail(connection, mailbox, MAILS_LISTED_MAX)
        return answer_json(
            {
                "mails": [
                    {
                        "number": each.number,
                        "arrived_at": each.arrived_at,
                        "desk_key": each.mail.desk_key.hex(),
                        "tag": to_text(each.mail.tag),
                        "sealed": to_text(each.mail.sealed),
                    }
                    for each in found
                ]
            }
        )
