"""What a desk keeps of a message it opened, as it reads it back from its store.

Invariant: `read_content` either raises `MalformedDocument`, or returns content that writes to a document
from which the same is read again; and whatever message a seal contained can be kept and read back.
"""

from collections.abc import Iterator

from protocol.documents import MalformedDocument
from protocol.errors import MalformedMessage, MalformedText
from protocol.message import decode
from shore_relay.desk.content import content_of, read_content, write_content
from tests.fuzz.documents import changed_document
from tests.fuzz.seeds import hexadecimal
from tests.fuzz.target import Target, hold_to_manners


def check(data: bytes) -> None:
    """Read the document; and take the input for a message, keep that, and read it."""
    try:
        found = read_content(data)
    except MalformedDocument as refused:
        hold_to_manners(refused)
    else:
        assert read_content(write_content(found)) == found
    try:
        content = content_of(decode(data))
    except (MalformedMessage, MalformedText):
        return
    assert read_content(write_content(content)) == content


def seeds() -> Iterator[bytes]:
    """Give what is kept of the vectors' messages, and the messages."""
    for plaintext in hexadecimal("messages", "plaintext", "unpadded"):
        yield plaintext
        try:
            yield write_content(content_of(decode(plaintext)))
        except (MalformedMessage, MalformedText):
            continue


TARGET = Target(check=check, seeds=seeds, remake=changed_document, largest_bytes=700)
