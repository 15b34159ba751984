"""The strict msgpack codec: the only file that imports msgpack.

Nothing here trusts its input: depth is bounded by msgpack itself, sizes by the caller's limit, and each read
helper names what it expected, so that a refusal says which field was wrong.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgpack

from protocol import limits
from protocol.errors import RemoteError

WireValue: TypeAlias = (
    "int | bytes | str | bool | float | Sequence[WireValue] | Mapping[int, WireValue] | None"
)


def pack(value: WireValue) -> bytes:
    """Encode one value in msgpack's shortest form."""
    packed: bytes = msgpack.packb(value, use_bin_type=True)
    return packed


def unpack(data: bytes, error: type[RemoteError]) -> WireValue:
    """Decode exactly one value; bytes left over are refused with `error`."""
    value, end = unpack_prefix(data, error)
    if end != len(data):
        raise error(f"{len(data) - end} bytes are left over after the value")
    return value


def unpack_prefix(data: bytes, error: type[RemoteError]) -> tuple[WireValue, int]:
    """Decode the first value of `data` and say where it ends."""
    unpacker = _unpacker(data)
    try:
        value: WireValue = unpacker.unpack()
    except (ValueError, msgpack.OutOfData) as reason:
        raise error(f"this is no value we can read: {type(reason).__name__}") from reason
    return value, unpacker.tell()


def unpack_all(data: bytes, error: type[RemoteError], *, most: int) -> Iterator[WireValue]:
    """Decode values that follow one another to the end of `data`; more than `most` is refused."""
    unpacker = _unpacker(data)
    for _ in range(most):
        if unpacker.tell() == len(data):
            return
        try:
            yield unpacker.unpack()
        except (ValueError, msgpack.OutOfData) as reason:
            raise error(f"this is no value we can read: {type(reason).__name__}") from reason
    if unpacker.tell() != len(data):
        raise error(f"more than {most} values follow one another")


def _unpacker(data: bytes) -> "msgpack.Unpacker":
    size_bytes_max = max(len(data), 1)
    unpacker = msgpack.Unpacker(
        raw=False,
        use_list=False,
        strict_map_key=False,
        object_pairs_hook=_map_with_whole_numbers,
        ext_hook=_no_extension,
        max_buffer_size=size_bytes_max,
        max_array_len=2 * limits.RANGES_PER_FRAME_MAX + 512,
        max_map_len=limits.STATUS_ENTRIES_MAX + 32,
        max_ext_len=0,
    )
    unpacker.feed(data)
    return unpacker


def _no_extension(kind: int, _data: bytes) -> WireValue:
    # msgpack's own class for extensions is a tuple and would pass for an array.
    raise ValueError(f"extension type {kind} has no place here")


def _map_with_whole_numbers(pairs: Iterable[tuple[WireValue, WireValue]]) -> dict[int, WireValue]:
    found: dict[int, WireValue] = {}
    for key, value in pairs:
        if type(key) is not int or key in found:
            raise ValueError("a map key is no whole number, or stands twice")
        found[key] = value
    return found


def as_int(value: WireValue, error: type[RemoteError], what: str, *, most: int, least: int = 0) -> int:
    """Return `value` if it is an integer within the bounds, else raise `error` naming `what`."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise error(f"{what} must be a whole number from {least} to {most}")
    return value


def as_bytes(value: WireValue, error: type[RemoteError], what: str, *, most: int, least: int = 0) -> bytes:
    """Return `value` if it is bytes of an allowed length, else raise `error` naming `what`."""
    if not isinstance(value, bytes) or not least <= len(value) <= most:
        raise error(f"{what} must be {least} to {most} bytes")
    return value


def as_array(
    value: WireValue, error: type[RemoteError], what: str, *, most: int, least: int = 0
) -> tuple[WireValue, ...]:
    """Return `value` if it is an array of an allowed length, else raise `error` naming `what`."""
    if not isinstance(value, tuple) or not least <= len(value) <= most:
        raise error(f"{what} must be an array of {least} to {most} values")
    return value


def as_map(value: WireValue, error: type[RemoteError], what: str) -> Mapping[int, WireValue]:
    """Return `value` if it is a map whose keys are all whole numbers, else raise `error` naming `what`."""
    if not isinstance(value, dict):
        raise error(f"{what} must be a map")
    return value
