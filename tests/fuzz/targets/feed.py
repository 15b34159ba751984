"""What a relay and a desk say to each other over HTTP; either may be hostile.

Invariant: `read_page` and `read_dispatch` either return what writes to a document from which the same is
read again, or raise `MalformedDocument` with a sentence that can be sent back.
"""

from collections.abc import Iterator

from protocol.deskfeed import (
    PAGE_ITEMS_MAX,
    Dispatch,
    FeedItem,
    FeedPage,
    ItemKind,
    read_dispatch,
    read_page,
    write_dispatch,
    write_page,
)
from protocol.documents import MalformedDocument
from protocol.frames import Priority
from protocol.ids import UnixSeconds, VesselId
from tests.fuzz.documents import changed_document
from tests.fuzz.target import Target, hold_to_manners


def check(data: bytes) -> None:
    """Read the document as either kind, and write what was found."""
    try:
        page = read_page(data)
    except MalformedDocument as refused:
        hold_to_manners(refused)
    else:
        assert len(page.items) <= PAGE_ITEMS_MAX
        assert read_page(write_page(page)) == page
    try:
        dispatch = read_dispatch(data)
    except MalformedDocument as refused:
        hold_to_manners(refused)
    else:
        assert read_dispatch(write_dispatch(dispatch)) == dispatch


def seeds() -> Iterator[bytes]:
    """Give a page with an item of each kind, and a dispatch."""
    vessel = VesselId(bytes(8))
    arrived = FeedItem(
        cursor=1,
        kind=ItemKind.BUNDLE,
        vessel=vessel,
        vessel_name="Mercy",
        at=UnixSeconds(1_760_000_000),
        number=3,
        priority=Priority.TEXT,
        bearer="tcp",
        bundle=b"bundle",
    )
    delivered = FeedItem(
        cursor=2, kind=ItemKind.DELIVERED, vessel=vessel, vessel_name="", at=UnixSeconds(0), ref=bytes(16)
    )
    yield write_page(FeedPage(items=()))
    yield write_page(FeedPage(items=(arrived,)))
    yield write_page(FeedPage(items=(delivered,)))
    yield write_dispatch(Dispatch(ref=bytes(16), priority=Priority.URGENT, bundle=b"bundle"))


TARGET = Target(check=check, seeds=seeds, remake=changed_document, largest_bytes=700)
