"""Records on a byte stream: two bytes of length, then the record (SPEC §3.4). WebSocket needs none of it."""

from protocol import limits
from protocol.errors import MalformedPacket, TooLarge

LENGTH_BYTES = 2


def frame_record(record: bytes) -> bytes:
    """Return the record with its length before it; raises `TooLarge`."""
    if len(record) > limits.PACKET_BYTES_MAX:
        raise TooLarge(f"a record has at most {limits.PACKET_BYTES_MAX} bytes")
    return len(record).to_bytes(LENGTH_BYTES) + record


class RecordReader:
    """Cuts the bytes of one stream back into records."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes and return the records that are complete now.

        Raises `MalformedPacket` at an empty record: the stream is not ours and must be closed.
        """
        self._buffer += data
        records: list[bytes] = []
        while len(self._buffer) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(self._buffer[:LENGTH_BYTES])
            if end == LENGTH_BYTES:
                raise MalformedPacket("a record cannot be empty")
            if len(self._buffer) < end:
                break
            records.append(bytes(self._buffer[LENGTH_BYTES:end]))
            del self._buffer[:end]
        return records
