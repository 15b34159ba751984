"""The strict msgpack codec."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import MalformedFrame
from protocol.wire import (
    WireValue,
    as_array,
    as_bytes,
    as_int,
    as_map,
    pack,
    unpack,
    unpack_all,
    unpack_prefix,
)

WHOLE = st.integers(-(2**63), 2**64 - 1)
VALUES: st.SearchStrategy[WireValue] = st.recursive(
    st.none() | st.booleans() | WHOLE | st.binary(max_size=40) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=5).map(tuple) | st.dictionaries(WHOLE, inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_every_value_survives(value: WireValue) -> None:
    assert unpack(pack(value), MalformedFrame) == value


@given(st.binary(max_size=200))
def test_random_bytes_raise_only_the_declared_error(data: bytes) -> None:
    try:
        unpack(data, MalformedFrame)
        list(unpack_all(data, MalformedFrame, most=10))
    except MalformedFrame:
        return


@given(VALUES, st.binary(min_size=1, max_size=5))
def test_what_follows_a_value_is_refused_or_told(value: WireValue, more: bytes) -> None:
    data = pack(value) + more
    with pytest.raises(MalformedFrame, match="left over"):
        unpack(data, MalformedFrame)
    assert unpack_prefix(data, MalformedFrame) == (value, len(data) - len(more))


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "c1",
        "c70005",  # An extension, which would pass for an array.
        "d6ff00000000",  # A timestamp.
        "81a16101",  # A text as a key.
        "8201010102",  # A key twice.
        "81c001",  # Nothing as a key.
        "a2fffe",  # A text that is no UTF-8.
        "dd00ffffff",  # An array that is longer than anything here.
        "df00ffffff",
        "c6ffffffff",
        "91" * 2_000,  # Deeper than any stack.
    ],
)
def test_what_has_no_place_here_is_refused(wrong: str) -> None:
    with pytest.raises(MalformedFrame):
        unpack(bytes.fromhex(wrong), MalformedFrame)


def test_more_values_than_allowed_are_refused_after_the_allowed_ones() -> None:
    values = unpack_all(pack(1) * 3, MalformedFrame, most=2)
    assert (next(values), next(values)) == (1, 1)
    with pytest.raises(MalformedFrame, match="more than 2"):
        next(values)


@given(VALUES)
def test_readers_return_their_type_or_raise(value: WireValue) -> None:
    readers: dict[type, Callable[[], object]] = {
        int: lambda: as_int(value, MalformedFrame, "x", most=100),
        bytes: lambda: as_bytes(value, MalformedFrame, "x", most=10),
        tuple: lambda: as_array(value, MalformedFrame, "x", most=3),
        dict: lambda: as_map(value, MalformedFrame, "x"),
    }
    for kind, read in readers.items():
        try:
            found = read()
        except MalformedFrame:
            continue
        assert type(found) is kind
        assert found == value
