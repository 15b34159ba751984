"""The two files that people carry: a vessel's provisioning and a desk's card.

Invariant: either reader returns what writes to a file from which the same is read again, or raises
`MalformedDocument` with a sentence that can be shown.
"""

from collections.abc import Iterator

from protocol.deskkeys import DeskKey
from protocol.documents import MalformedDocument
from protocol.ids import UnixSeconds, VesselId
from protocol.provisioning import (
    BearerKind,
    DeskCard,
    Provisioning,
    RelayAddress,
    read_card,
    read_provisioning,
    write_card,
    write_provisioning,
)
from tests.fuzz.documents import changed_document
from tests.fuzz.target import Target, hold_to_manners


def check(data: bytes) -> None:
    """Read the file as either kind, and write what was found."""
    try:
        found = read_provisioning(data)
    except MalformedDocument as refused:
        hold_to_manners(refused)
    else:
        assert read_provisioning(write_provisioning(found)) == found
    try:
        card = read_card(data)
    except MalformedDocument as refused:
        hold_to_manners(refused)
    else:
        assert read_card(write_card(card)) == card


def seeds() -> Iterator[bytes]:
    """Give one file of each kind, and one without what may be missing."""
    key = DeskKey(public=bytes(32), not_before=UnixSeconds(0), not_after=UnixSeconds(2**40))
    card = DeskCard(name="ท่าเรือ", signing_public=bytes(range(32)), keys=(key,))
    yield write_card(card)
    for operator_public in (bytes(32), b""):
        yield write_provisioning(
            Provisioning(
                vessel=VesselId(bytes(8)),
                vessel_name="Mercy",
                issued_at=UnixSeconds(1_760_000_000),
                link_secret=bytes(32),
                relay_public=bytes(32),
                addresses=(RelayAddress(kind=BearerKind.TCP, url="tcp://relay.example:7700"),),
                desk=card,
                operator_public=operator_public,
            )
        )
    yield b"\xff\xfe{\0}\0"


TARGET = Target(check=check, seeds=seeds, remake=changed_document, largest_bytes=1_500)
