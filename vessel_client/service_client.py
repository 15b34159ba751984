"""Speaks to the box's local API from another process, with the standard library alone."""

import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from protocol import limits
from protocol.bundle import Mail
from protocol.deskkeys import DeskKey
from protocol.documents import Json, MalformedDocument, Reader, to_text
from protocol.ids import DeskId, DeskKeyId, MailboxId, UnixSeconds, VesselId
from protocol.linkguard import KEY_ID_BYTES
from vessel_client.carrying import CopiedPage, Place
from vessel_client.errors import ServiceRefused, ServiceUnreachable, from_service
from vessel_client.queue_request import QueueRequest, write_queue_request

TIMEOUT_S = 30.0
_ANSWER_BYTES_MAX = 150_000_000
_LISTED_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxFacts:
    """What the box tells whoever seals."""

    vessel: VesselId
    vessel_name: str
    issued_at: UnixSeconds
    fingerprint: str
    desk: DeskId
    desk_name: str
    desk_signing_public: bytes
    desk_keys: tuple[DeskKey, ...]

    def desk_key(self, key_id: DeskKeyId) -> DeskKey | None:
        """Return the desk's key of this name, expired or not."""
        return next((key for key in self.desk_keys if key.id == key_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingMail:
    """A sealed answer."""

    number: int
    arrived_at: UnixSeconds
    mail: Mail


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedProof:
    """What the box says that the desk opened; check it with the receipt code."""

    number: int
    desk_key: DeskKeyId
    proof: bytes


class ServiceClient:
    """The local API at one URL. Every method raises `ServiceUnreachable` or what the service reports."""

    def __init__(self, url: str) -> None:
        self._url = url

    def box(self) -> BoxFacts:
        """Return whose box it is and what to seal to."""
        with self._read(self._request("GET", "/v1/box")) as reader:
            return BoxFacts(
                vessel=VesselId(reader.hexadecimal("vessel", size_bytes=limits.VESSEL_ID_BYTES)),
                vessel_name=reader.text("vessel_name"),
                issued_at=UnixSeconds(reader.integer("issued_at")),
                fingerprint=reader.text("fingerprint"),
                desk=DeskId(reader.hexadecimal("desk", size_bytes=limits.DESK_ID_BYTES)),
                desk_name=reader.text("desk_name"),
                desk_signing_public=reader.binary("desk_signing_public", size_bytes=32),
                desk_keys=tuple(_read_key(entry) for entry in reader.each("desk_keys", most=_LISTED_MAX)),
            )

    def queue(self, request: QueueRequest) -> int:
        """Hand over a sealed bundle and return its number: it is on the box's disk."""
        with self._read(self._request("POST", "/v1/bundles", write_queue_request(request))) as reader:
            return reader.integer("number")

    def mails(self, mailbox: MailboxId) -> list[WaitingMail]:
        """Return the sealed answers of one mailbox."""
        with self._read(self._request("GET", f"/v1/mailboxes/{mailbox.hex()}")) as reader:
            return [_read_mail(entry, mailbox) for entry in reader.each("mails", most=_LISTED_MAX)]

    def proofs(self) -> list[ClaimedProof]:
        """Return what the box says that the desk opened."""
        with self._read(self._request("GET", "/v1/proofs")) as reader:
            return [_read_proof(entry) for entry in reader.each("proofs", most=_LISTED_MAX)]

    def bundle(self, number: int) -> dict[str, Json]:
        """Return the state of one bundle."""
        return self._request("GET", f"/v1/bundles/{number}")

    def status(self) -> dict[str, Json]:
        """Return the status as the box gives it."""
        return self._request("GET", "/v1/status")

    def key_ids(self) -> frozenset[bytes]:
        """Return under which key ids records on a stick are this box's."""
        document = self._request("GET", "/v1/stick")
        listed = document.get("key_ids")
        if not isinstance(listed, list):
            raise ServiceRefused("The box's answer does not name its keys.")
        readers = (Reader({"key_id": each}, "The box's answer") for each in listed)
        return frozenset(each.hexadecimal("key_id", size_bytes=KEY_ID_BYTES) for each in readers)

    def copy_out(self, after: Place) -> CopiedPage:
        """Return the next packets for a stick."""
        body = json.dumps({"priority": after.priority, "number": after.number}).encode()
        document = self._request("POST", "/v1/stick/copies", body)
        packets, following = document.get("packets"), document.get("following")
        if not isinstance(packets, list):
            raise ServiceRefused("The box's answer holds no packets.")
        place = None
        if following is not None:
            with Reader(following, "The box's answer, following") as reader:
                place = Place(priority=reader.integer("priority"), number=reader.integer("number"))
        readers = (Reader({"packet": packet}, "The box's answer") for packet in packets)
        return CopiedPage(packets=tuple(each.binary("packet") for each in readers), following=place)

    def take_carried(self, packets: Sequence[bytes]) -> list[str]:
        """Hand packets from a stick to the box, and return for each the code of its refusal, or ""."""
        body = json.dumps({"packets": [{"packet": to_text(packet)} for packet in packets]}).encode()
        codes = self._request("POST", "/v1/stick/packets", body).get("codes")
        if not isinstance(codes, list) or len(codes) != len(packets):
            raise ServiceRefused("The box's answer does not say what became of each packet.")
        return [str(code) for code in codes]

    def _request(self, method: str, path: str, body: bytes | None = None) -> dict[str, Json]:
        parts = urlsplit(self._url)
        connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=TIMEOUT_S)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            status, data = response.status, response.read(_ANSWER_BYTES_MAX)
        except (OSError, http.client.HTTPException) as reason:
            raise ServiceUnreachable(
                f"The box does not answer at {self._url}. Start it with `seavoice-vessel serve`, "
                "or name its address with --service."
            ) from reason
        finally:
            connection.close()
        return _check(status, data)

    @staticmethod
    def _read(document: dict[str, Json]) -> Reader:
        return Reader(document, "The box's answer")


def _check(status: int, data: bytes) -> dict[str, Json]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ServiceRefused("What answers there is no SeaVoice box. Name its address with --service.")
    if status >= http.HTTPStatus.BAD_REQUEST:
        code, sentence = document.get("error"), document.get("message")
        raise from_service(str(code), str(sentence))
    return document


def _read_key(entry: Reader) -> DeskKey:
    with entry as reader:
        key = DeskKey(
            public=reader.binary("public", size_bytes=limits.X25519_KEY_BYTES),
            not_before=UnixSeconds(reader.integer("not_before")),
            not_after=UnixSeconds(reader.integer("not_after")),
        )
        if key.id != reader.hexadecimal("id", size_bytes=limits.DESK_KEY_ID_BYTES):
            raise MalformedDocument("The box names one of its desk keys wrongly.")
        return key


def _read_mail(entry: Reader, mailbox: MailboxId) -> WaitingMail:
    with entry as reader:
        return WaitingMail(
            number=reader.integer("number"),
            arrived_at=UnixSeconds(reader.integer("arrived_at")),
            mail=Mail(
                mailbox=mailbox,
                desk_key=DeskKeyId(reader.hexadecimal("desk_key", size_bytes=limits.DESK_KEY_ID_BYTES)),
                tag=reader.binary("tag", size_bytes=limits.MAIL_TAG_BYTES),
                sealed=reader.binary("sealed"),
            ),
        )


def _read_proof(entry: Reader) -> ClaimedProof:
    with entry as reader:
        return ClaimedProof(
            number=reader.integer("number"),
            desk_key=DeskKeyId(reader.hexadecimal("desk_key", size_bytes=limits.DESK_KEY_ID_BYTES)),
            proof=reader.hexadecimal("proof", size_bytes=limits.OPENED_PROOF_BYTES),
        )
