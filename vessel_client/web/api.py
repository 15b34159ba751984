"""The requests that the box answers: it takes sealed bytes, and gives states and sealed answers."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from protocol import limits
from protocol.documents import Json, load, to_text
from protocol.frames import Priority
from protocol.ids import MailboxId
from vessel_client.carrying import Place
from vessel_client.errors import UnknownBundle
from vessel_client.queue_request import SEALED_BYTES_MAX, read_queue_request
from vessel_client.status import bundle_json
from vessel_client.store import inbox, outbox
from vessel_client.store.box import load_box
from vessel_client.store.database import Database
from vessel_client.sync_service import SyncService
from vessel_client.web.allowance import Allowances, client_of
from vessel_client.web.gate import GetNames, answer_json, make_gate, require_own_machine
from vessel_client.web.pages import Pages
from vessel_client.web.sound import SoundCoder

REQUEST_BYTES_MAX = SEALED_BYTES_MAX * 4 // 3 + 4_096
MAILS_LISTED_MAX = 100
PROOFS_LISTED_MAX = 500
PACKETS_TAKEN_MAX = 10_000

GetStatus = Callable[[], Awaitable[dict[str, Json]]]


class Api:
    """The local API over one store and one service."""

    def __init__(
        self, database: Database, service: SyncService, get_status: GetStatus, allowances: Allowances
    ) -> None:
        self._database = database
        self._service = service
        self._get_status = get_status
        self._allowances = allowances

    def application(self, names: GetNames) -> web.Application:
        """Return what aiohttp serves; `names` gives those of the box beside the machine's own."""
        application = web.Application(
            middlewares=[make_gate(names, self._allowances.requests)],
            client_max_size=REQUEST_BYTES_MAX,
        )
        for path, handler, name in (
            ("/healthz", self.health, "healthz"),
            ("/v1/box", self.box, "box"),
            ("/v1/status", self.status, "status"),
            ("/v1/bundles/{number:[0-9]{1,10}}", self.bundle, "bundle"),
            ("/v1/stick", self.stick, "stick"),
            ("/v1/proofs", self.proofs, "proofs"),
            ("/v1/mailboxes/{mailbox:[0-9a-f]{32}}", self.mailbox, "mailbox"),
        ):
            application.router.add_get(path, handler, name=name, allow_head=False)
        application.router.add_post("/v1/bundles", self.queue, name="queue")
        application.router.add_post("/v1/stick/copies", self.copy_out, name="stick-copies")
        application.router.add_post("/v1/stick/packets", self.take_carried, name="stick-packets")
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
        self._allowances.bundles.take(client_of(request))
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

    async def stick(self, request: web.Request) -> web.Response:
        """Tell under which key ids records on a stick are this box's."""
        require_own_machine(request)
        key_ids: list[Json] = [each.hex() for each in await self._service.key_ids()]
        return answer_json({"key_ids": key_ids})

    async def copy_out(self, request: web.Request) -> web.Response:
        """Give the next packets for a stick."""
        require_own_machine(request)
        with load(await request.read(), "This request") as reader:
            after = Place(
                priority=reader.integer("priority", least=-1, most=max(Priority)),
                number=reader.integer("number", most=limits.BUNDLE_NUMBER_MAX),
            )
        page = await self._service.copy_out(after)
        packets: list[Json] = [to_text(packet) for packet in page.packets]
        following: Json = None
        if page.following is not None:
            following = {"priority": page.following.priority, "number": page.following.number}
        return answer_json({"packets": packets, "following": following})

    async def take_carried(self, request: web.Request) -> web.Response:
        """Take packets from a stick, and tell of each why it was refused, or ""."""
        require_own_machine(request)
        with load(await request.read(), "This request") as reader:
            packets = []
            for entry in reader.each("packets", most=PACKETS_TAKEN_MAX):
                with entry:
                    packets.append(entry.binary("packet", most=limits.PACKET_BYTES_MAX))
        return answer_json({"codes": [*await self._service.take_carried(packets)]})

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
        """Give the sealed answers of one mailbox; an unknown one is as empty as a new one.

        Raises: TooManyRequests, after many mailboxes without an answer.
        """
        # Taken before anything is looked for, so that many questions at once are no way around it.
        self._allowances.lookups.take(client_of(request))
        mailbox = MailboxId(bytes.fromhex(request.match_info["mailbox"]))
        async with self._database.reading() as connection:
            found = await inbox.list_mail(connection, mailbox, MAILS_LISTED_MAX)
        if found:
            self._allowances.lookups.give_back(client_of(request))
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
