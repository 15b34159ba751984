"""What whoever seals hands to the box, and its form on the local API. Both sides import this."""

import hashlib
import json
from dataclasses import dataclass

from protocol import limits
from protocol.bundle import LIFETIME_HOURS
from protocol.documents import MalformedDocument, load, to_text
from protocol.frames import Priority
from protocol.ids import DeskKeyId

REFERENCE_BYTES = 16
SEALED_BYTES_MAX = limits.BUNDLE_BYTES_MAX - 1 - limits.DESK_KEY_ID_BYTES - limits.ORIGIN_TAG_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRequest:
    """Sealed bytes that somebody hands to the box."""

    ref: bytes
    priority: Priority
    lifetime: int
    desk_key: DeskKeyId
    sealed: bytes

    def digest(self) -> bytes:
        """Return what tells this request from another one under the same reference."""
        head = bytes([self.priority, self.lifetime]) + self.desk_key
        return hashlib.sha256(head + self.sealed).digest()


def read_queue_request(data: bytes) -> QueueRequest:
    """Read the body of POST /v1/bundles; raises `MalformedDocument`."""
    with load(data, "This request") as reader:
        request = QueueRequest(
            ref=reader.hexadecimal("ref", size_bytes=REFERENCE_BYTES),
            priority=Priority(reader.integer("priority", most=max(Priority))),
            lifetime=reader.integer("lifetime", most=len(LIFETIME_HOURS) - 1),
            desk_key=DeskKeyId(reader.hexadecimal("desk_key", size_bytes=limits.DESK_KEY_ID_BYTES)),
            sealed=reader.binary("sealed", most=SEALED_BYTES_MAX),
        )
    if len(request.sealed) <= limits.SEAL_OVERHEAD_BYTES:
        raise MalformedDocument("This request: sealed is shorter than any sealed message.")
    return request


def write_queue_request(request: QueueRequest) -> bytes:
    """Return the body that `read_queue_request` reads."""
    return json.dumps(
        {
            "ref": request.ref.hex(),
            "priority": int(request.priority),
            "lifetime": request.lifetime,
            "desk_key": request.desk_key.hex(),
            "sealed": to_text(request.sealed),
        }
    ).encode()
