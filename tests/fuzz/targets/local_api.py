"""What somebody on the vessel's network hands to the box to queue.

Invariant: `read_queue_request` either raises `MalformedDocument` with a sentence that can be sent back,
or returns a request that fits a bundle and writes to a body from which the same is read again.
"""

from collections.abc import Iterator

from protocol import limits
from protocol.documents import MalformedDocument
from protocol.frames import Priority
from protocol.ids import DeskKeyId
from tests.fuzz.documents import changed_document
from tests.fuzz.target import Target, hold_to_manners
from vessel_client.queue_request import QueueRequest, read_queue_request, write_queue_request


def check(data: bytes) -> None:
    """Read the body, and write it again."""
    try:
        request = read_queue_request(data)
    except MalformedDocument as refused:
        hold_to_manners(refused)
        return
    assert limits.SEAL_OVERHEAD_BYTES < len(request.sealed) < limits.BUNDLE_BYTES_MAX
    assert len(request.digest()) == 32
    assert read_queue_request(write_queue_request(request)) == request


def seeds() -> Iterator[bytes]:
    """Give a request, and one whose sealed bytes are too few."""
    for size_bytes in (60, 8):
        yield write_queue_request(
            QueueRequest(
                ref=bytes(16),
                priority=Priority.TEXT,
                lifetime=0,
                desk_key=DeskKeyId(b"desk"),
                sealed=bytes(range(size_bytes)),
            )
        )


TARGET = Target(check=check, seeds=seeds, remake=changed_document, largest_bytes=400)
