"""Authenticates and encrypts each packet of a link, without any handshake (SPEC §3).

A vessel and its relay share a 32-byte secret from provisioning. It ratchets forward with each acknowledged
contact; each side keeps two generations. The vessel goes on to generation g + 1 only after the relay has
answered under g, so the relay is never more than one step behind, and derives that step itself.

A packet is AES-256-CCM with an 8-byte tag: the seal inside has 16. The nonce is a counter that never returns
(reserved in blocks on disk before use) and, on a stream, the number of the record behind its first.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from protocol import limits
from protocol.errors import (
    CountersSpent,
    MalformedPacket,
    NotAuthentic,
    Replayed,
    UnknownKey,
    UnknownVersion,
)
from protocol.links import Side

VERSION = 1
TAG_BYTES = 8
KEY_ID_BYTES = 4
COUNTER_BYTES = 3
NONCE_BYTES = 13


class Form(IntEnum):
    """The low half of a packet's first byte."""

    NAMED = 0
    """Flags, key id, counter, ciphertext, tag: how a vessel is recognised."""
    UNNAMED = 1
    """Flags, counter, ciphertext, tag: the bearer, or the direction, says whose packet it is."""
    UNKNOWN_KEY = 2
    """Shore to vessel, unauthenticated: no key here has this id. The vessel may answer with a rekey."""
    REKEY_REQUEST = 3
    REKEY_ANSWER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayWindow:
    """Which counters of one generation have been accepted: the highest, and a bit for each before it."""

    highest: int = -1
    seen: int = 0

    def accept(self, counter: int) -> "ReplayWindow":
        """Return the window with `counter` in it; raises `Replayed`."""
        if counter > self.highest:
            shift = counter - self.highest
            seen = (self.seen << shift | 1) & ((1 << limits.REPLAY_WINDOW_PACKETS) - 1)
            return ReplayWindow(highest=counter, seen=seen)
        age = self.highest - counter
        if age >= limits.REPLAY_WINDOW_PACKETS or self.seen >> age & 1:
            raise Replayed("this packet was accepted before, or is too old to tell")
        return ReplayWindow(highest=self.highest, seen=self.seen | 1 << age)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardState:
    """All that has to survive a power cut. Each change of it is committed before a packet leaves."""

    secret: bytes
    previous_secret: bytes | None = None
    pending_secret: bytes | None = None
    """Relay only: the secret of a rekey that the vessel has not used yet."""
    generation: int = 0
    confirmed: bool = False
    """Whether the peer has been heard under the present generation."""
    counter_reserved: int = 0
    """Counters below this one may have been used by the present generation."""
    window: ReplayWindow = ReplayWindow()
    previous_window: ReplayWindow = ReplayWindow()


@dataclass(frozen=True, slots=True)
class _Generation:
    key_id: bytes
    send: AESCCM
    receive: AESCCM
    parity: int


class LinkGuard:
    """Seals and opens the packets of one vessel's link, on either side."""

    def __init__(self, state: GuardState, side: Side, changed: Callable[[GuardState], None]) -> None:
        self._state = state
        self._side = side
        self._changed = changed
        # Every counter that an earlier life may have used lies below the reservation on disk.
        self._next_counter = state.counter_reserved
        self._derive()

    @property
    def state(self) -> GuardState:
        """What has to be on disk."""
        return self._state

    def key_ids(self) -> tuple[bytes, ...]:
        """Return the ids under which a relay must find this vessel: present, last, next and pending."""
        known = (self._current, self._previous, self._following, self._pending)
        return tuple(generation.key_id for generation in known if generation is not None)

    def readable_key_ids(self) -> tuple[bytes, ...]:
        """Relay: return the ids under which a vessel that was never set back may send: it is not behind."""
        known = (self._current, self._following, self._pending)
        return tuple(generation.key_id for generation in known if generation is not None)

    def begin_contact(self) -> None:
        """Vessel: step to the next generation if the relay has confirmed this one."""
        if self._side is Side.VESSEL and self._state.confirmed:
            self._advance()

    def seal(self, plaintext: bytes, *, named: bool) -> bytes:
        """Return one packet; raises `CountersSpent`."""
        counter = self._take_counter()
        header = self._header(counter, named=named)
        return header + self._current.send.encrypt(_nonce(counter, 0), plaintext, header)

    def seal_stream(self, *, named: bool) -> "StreamSealer":
        """Return what seals the records of one new stream."""
        counter = self._take_counter()
        return StreamSealer(self._current.send, counter, self._header(counter, named=named))

    def open(self, packet: bytes) -> bytes:
        """Return the plaintext of one packet; raises one of the packet layer's `RemoteError`s."""
        plaintext, _, _ = self._open(packet)
        return plaintext

    def open_stream(self, first: bytes) -> "tuple[bytes, StreamOpener]":
        """Open the first record of a stream, and return what opens the records behind it."""
        plaintext, generation, counter = self._open(first)
        return plaintext, StreamOpener(generation.receive, counter)

    def rekey(self, secret: bytes) -> None:
        """Start anew from a secret that a rekey agreed on; the relay waits until the vessel uses it."""
        if self._side is Side.RELAY:
            self._save(replace(self._state, pending_secret=secret))
        else:
            self._next_counter = 0
            self._save(GuardState(secret=secret))
        self._derive()

    def _derive(self) -> None:
        state, side = self._state, self._side
        self._current = _generation(state.secret, state.generation, side)
        self._previous = _derive_optional(state.previous_secret, state.generation - 1, side)
        self._pending = _derive_optional(state.pending_secret, 0, side)
        following = ratchet(state.secret) if side is Side.RELAY else None
        self._following = _derive_optional(following, state.generation + 1, side)

    def _save(self, state: GuardState) -> None:
        self._state = state
        self._changed(state)

    def _advance(self) -> None:
        state = self._state
        self._next_counter = 0
        self._save(
            GuardState(
                secret=ratchet(state.secret),
                previous_secret=state.secret,
                pending_secret=state.pending_secret,
                generation=state.generation + 1,
                previous_window=state.window,
            )
        )
        self._derive()

    def _take_counter(self) -> int:
        counter = self._next_counter
        if counter > limits.PACKET_COUNTER_MAX:
            raise CountersSpent("all packet counters of this key are used; a contact must be answered first")
        if counter >= self._state.counter_reserved:
            self._save(replace(self._state, counter_reserved=counter + limits.COUNTER_BLOCK))
        self._next_counter = counter + 1
        return counter

    def _header(self, counter: int, *, named: bool) -> bytes:
        form = Form.NAMED if named else Form.UNNAMED
        flags = VERSION << 5 | self._current.parity << 4 | form
        key_id = self._current.key_id if named else b""
        return bytes([flags]) + key_id + counter.to_bytes(COUNTER_BYTES)

    def _open(self, packet: bytes) -> tuple[bytes, _Generation, int]:
        form, parity = read_flags(packet)
        if form not in (Form.NAMED, Form.UNNAMED):
            raise MalformedPacket("a packet of this form carries no frames")
        header_bytes = 1 + (KEY_ID_BYTES if form is Form.NAMED else 0) + COUNTER_BYTES
        if len(packet) < header_bytes + TAG_BYTES:
            raise MalformedPacket("a packet is at least a header and a tag")
        header, body = packet[:header_bytes], packet[header_bytes:]
        counter = int.from_bytes(header[-COUNTER_BYTES:])
        key_id = header[1 : 1 + KEY_ID_BYTES] if form is Form.NAMED else None
        for generation in self._candidates(key_id, parity):
            try:
                plaintext = generation.receive.decrypt(_nonce(counter, 0), body, header)
            except InvalidTag:
                continue
            return plaintext, self._accepted(generation, counter), counter
        raise NotAuthentic("no key of this link authenticates the packet")

    def _candidates(self, key_id: bytes | None, parity: int) -> list[_Generation]:
        known = [self._current, self._previous, self._following, self._pending]
        fitting = [
            generation
            for generation in known
            if generation is not None
            and (generation.key_id == key_id if key_id is not None else generation.parity == parity)
        ]
        if key_id is not None and not fitting:
            raise UnknownKey("no key of this link has this id")
        return fitting

    def _accepted(self, generation: _Generation, counter: int) -> _Generation:
        """Note the counter, and follow the peer to the generation that it used."""
        if generation is self._previous:
            window = self._state.previous_window.accept(counter)
            self._save(replace(self._state, previous_window=window))
            return generation
        if generation is self._following:
            self._advance()
        elif generation is self._pending:
            assert self._state.pending_secret is not None
            self._next_counter = 0
            self._save(GuardState(secret=self._state.pending_secret))
            self._derive()
        window = self._state.window.accept(counter)
        self._save(replace(self._state, window=window, confirmed=True))
        return self._current


class StreamSealer:
    """Seals the records of one stream: the first has a header, those behind it only count."""

    __slots__ = ("_aead", "_counter", "_header", "_index")

    def __init__(self, aead: AESCCM, counter: int, header: bytes) -> None:
        self._aead = aead
        self._counter = counter
        self._header = header
        self._index = 0

    @property
    def overhead_bytes(self) -> int:
        """How many bytes the next record adds to its plaintext."""
        return TAG_BYTES + (len(self._header) if self._index == 0 else 0)

    def seal(self, plaintext: bytes) -> bytes:
        """Return the next record."""
        header = self._header if self._index == 0 else b""
        record = header + self._aead.encrypt(_nonce(self._counter, self._index), plaintext, header)
        self._index += 1
        return record


class StreamOpener:
    """Opens the records behind the first of one stream, in order."""

    __slots__ = ("_aead", "_counter", "_index")

    def __init__(self, aead: AESCCM, counter: int) -> None:
        self._aead = aead
        self._counter = counter
        self._index = 1

    def open(self, record: bytes) -> bytes:
        """Return the next record's plaintext; raises `NotAuthentic`: the stream must then be closed."""
        try:
            plaintext = self._aead.decrypt(_nonce(self._counter, self._index), record, b"")
        except InvalidTag as reason:
            raise NotAuthentic("a record of this stream was changed, lost or put in") from reason
        except ValueError as reason:
            raise MalformedPacket("a record is at least a tag") from reason
        self._index += 1
        return plaintext


def read_flags(packet: bytes) -> tuple[Form, int]:
    """Return form and generation parity; raises `MalformedPacket` or `UnknownVersion`."""
    if not packet:
        raise MalformedPacket("a packet cannot be empty")
    version = packet[0] >> 5
    if version > VERSION:
        raise UnknownVersion(f"the peer speaks version {version}, this side {VERSION}; upgrade this side")
    try:
        form = Form(packet[0] & 15)
    except ValueError as reason:
        raise MalformedPacket("no packet begins like this") from reason
    if version != VERSION:
        raise MalformedPacket("no packet begins like this")
    return form, packet[0] >> 4 & 1


def read_key_id(packet: bytes) -> bytes:
    """Return the key id of a NAMED packet, for the relay to find the vessel by; raises `MalformedPacket`."""
    form, _ = read_flags(packet)
    if form is not Form.NAMED or len(packet) < 1 + KEY_ID_BYTES + COUNTER_BYTES + TAG_BYTES:
        raise MalformedPacket("this packet does not say whose it is")
    return packet[1 : 1 + KEY_ID_BYTES]


def unknown_key_hint(key_id: bytes) -> bytes:
    """Return the packet by which a relay says that it has no key with this id."""
    return bytes([VERSION << 5 | Form.UNKNOWN_KEY]) + key_id


def ratchet(secret: bytes) -> bytes:
    """Return the next generation's secret; the way back is closed."""
    return _expand(secret, b"ratchet", limits.LINK_SECRET_BYTES)


def rekey_secret(secret: bytes) -> bytes:
    """Return the key that authenticates rekeys, derived once from the provisioned secret and kept."""
    return _expand(secret, b"rekey", limits.LINK_SECRET_BYTES)


def _expand(secret: bytes, purpose: bytes, length: int) -> bytes:
    label = b"seavoice v1 link " + purpose
    return HKDFExpand(algorithm=hashes.SHA256(), length=length, info=label).derive(secret)


def _generation(secret: bytes, number: int, side: Side) -> _Generation:
    up = AESCCM(_expand(secret, b"up", 32), tag_length=TAG_BYTES)
    down = AESCCM(_expand(secret, b"down", 32), tag_length=TAG_BYTES)
    key_id = _expand(secret, b"id", KEY_ID_BYTES)
    send, receive = (up, down) if side is Side.VESSEL else (down, up)
    return _Generation(key_id, send, receive, number & 1)


def _derive_optional(secret: bytes | None, number: int, side: Side) -> _Generation | None:
    return None if secret is None else _generation(secret, number, side)


def _nonce(counter: int, index: int) -> bytes:
    return counter.to_bytes(COUNTER_BYTES) + index.to_bytes(NONCE_BYTES - COUNTER_BYTES)
