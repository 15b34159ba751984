"""The unit of custody: what one node keeps until the next has accepted it (SPEC §5.1).

A bundle begins with one head byte: its kind in the high half, its lifetime code in the low half. What
follows depends on the kind. Number and priority travel in the frames that carry it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from protocol import limits
from protocol.errors import LocalError, MalformedBundle, MalformedFrame
from protocol.fragment import Range, from_steps, to_steps
from protocol.ids import DeskId, DeskKeyId, MailboxId
from protocol.wire import WireValue, as_array, as_bytes, as_int, pack, unpack


class Kind(IntEnum):
    """What a bundle is. Vessels send the first two, shore sends the others."""

    REPORT = 0
    """Sealed to a desk: a report, a voice note, a check-in; nobody between can tell which."""
    INTRODUCTION = 1
    """The box's public key, made at `init`; the desk confirms its fingerprint once."""
    MAIL = 2
    """An answer, sealed to a mailbox."""
    KEYS = 3
    """Desk keys and their expiry, signed by the desk."""
    DESK_RECEIPT = 4
    """The desk fetched or opened bundles, authenticated by the desk."""
    SETTINGS = 5
    """What a vessel may spend, or a certificate for its phones, signed by the relay's operator."""


LIFETIME_HOURS = (0, 1, 3, 6, 12, 24, 48, 72, 168, 336, 720, 1_440, 2_160, 4_320, 8_760, 17_520)
"""What the lifetime code stands for; 0 never ends. A report never ends: somebody waits for it."""


class DeskState(IntEnum):
    """What a desk says of a bundle, in the order in which it happens."""

    FETCHED = 1
    OPENED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Sealed bytes for a desk, tagged by the box so that nobody between can invent or renumber them."""

    KIND = Kind.REPORT
    desk_key: DeskKeyId
    origin_tag: bytes
    sealed: bytes
    lifetime: int = 0

    def body(self) -> bytes:
        """Return what follows the head byte."""
        return self.desk_key + self.origin_tag + self.sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """The public half of the box's own key."""

    KIND = Kind.INTRODUCTION
    box_public: bytes
    lifetime: int = 0

    def body(self) -> bytes:
        """Return what follows the head byte."""
        return self.box_public


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A sealed answer that waits under a mailbox id."""

    KIND = Kind.MAIL
    mailbox: MailboxId
    desk_key: DeskKeyId
    tag: bytes
    """16 bytes under X25519(desk, mailbox): only this desk and this fisher can make it."""
    sealed: bytes
    lifetime: int = 0

    def body(self) -> bytes:
        """Return what follows the head byte."""
        return self.mailbox + self.desk_key + self.tag + self.sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Desk keys as `deskkeys` encodes them, with the desk's Ed25519 signature."""

    KIND = Kind.KEYS
    desk: DeskId
    signature: bytes
    signed: bytes
    lifetime: int = 0

    def body(self) -> bytes:
        """Return what follows the head byte."""
        return self.desk + self.signature + self.signed


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskReceipt:
    """What the desk did with bundles of this vessel; one tag for the batch."""

    KIND = Kind.DESK_RECEIPT
    desk_key: DeskKeyId
    state: DeskState
    numbers: tuple[Range, ...]
    tag: bytes
    """8 bytes under the key that the desk shares with the box."""
    proofs: tuple[bytes, ...] = ()
    """For OPENED: 8 bytes for each number in order, under the mailbox key, or empty where none was given."""
    lifetime: int = 0

    def body(self) -> bytes:
        """Return what follows the head byte."""
        steps = to_steps(self.numbers, 0, limits.RANGES_PER_FRAME_MAX)
        return pack((self.desk_key, int(self.state), steps, self.tag, *self.proofs))


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSettings:
    """A list as `caps` or `chains` encodes it, with the operator's Ed25519 signature."""

    KIND = Kind.SETTINGS
    signature: bytes
    signed: bytes
    lifetime: int = 0

    def body(self) -> bytes:
        """Return what follows the head byte."""
        return self.signature + self.signed


Bundle = Report | Introduction | Mail | Keys | DeskReceipt | OperatorSettings


def encode(bundle: Bundle) -> bytes:
    """Return the bundle's bytes, head first."""
    if not 0 <= bundle.lifetime < len(LIFETIME_HOURS):
        raise LocalError("a lifetime is one of the sixteen codes of LIFETIME_HOURS")
    return bytes([bundle.KIND << 4 | bundle.lifetime]) + bundle.body()


def decode(data: bytes) -> Bundle:
    """Read a bundle; raises `MalformedBundle`."""
    if not data:
        raise MalformedBundle("a bundle cannot be empty")
    kind, lifetime, body = data[0] >> 4, data[0] & 15, data[1:]
    reader = _READERS.get(kind)
    if reader is None:
        raise MalformedBundle(f"bundles of kind {kind} are not known here")
    return reader(body, lifetime)


def _split(body: bytes, *sizes: int, rest_least: int) -> tuple[bytes, ...]:
    if len(body) < sum(sizes) + rest_least:
        raise MalformedBundle("a bundle of this kind is longer")
    parts: list[bytes] = []
    at = 0
    for size in sizes:
        parts.append(body[at : at + size])
        at += size
    return (*parts, body[at:])


def _read_report(body: bytes, lifetime: int) -> Report:
    key, tag, sealed = _split(
        body, limits.DESK_KEY_ID_BYTES, limits.ORIGIN_TAG_BYTES, rest_least=limits.SEAL_OVERHEAD_BYTES + 1
    )
    return Report(desk_key=DeskKeyId(key), origin_tag=tag, sealed=sealed, lifetime=lifetime)


def _read_introduction(body: bytes, lifetime: int) -> Introduction:
    if len(body) != limits.X25519_KEY_BYTES:
        raise MalformedBundle("an introduction is one public key of 32 bytes")
    return Introduction(box_public=body, lifetime=lifetime)


def _read_mail(body: bytes, lifetime: int) -> Mail:
    mailbox, key, tag, sealed = _split(
        body,
        limits.MAILBOX_ID_BYTES,
        limits.DESK_KEY_ID_BYTES,
        limits.MAIL_TAG_BYTES,
        rest_least=limits.SEAL_OVERHEAD_BYTES + 1,
    )
    return Mail(
        mailbox=MailboxId(mailbox), desk_key=DeskKeyId(key), tag=tag, sealed=sealed, lifetime=lifetime
    )


def _read_keys(body: bytes, lifetime: int) -> Keys:
    desk, signature, signed = _split(body, limits.DESK_ID_BYTES, limits.SIGNATURE_BYTES, rest_least=1)
    return Keys(desk=DeskId(desk), signature=signature, signed=signed, lifetime=lifetime)


def _read_settings(body: bytes, lifetime: int) -> OperatorSettings:
    signature, signed = _split(body, limits.SIGNATURE_BYTES, rest_least=1)
    return OperatorSettings(signature=signature, signed=signed, lifetime=lifetime)


def _read_desk_receipt(body: bytes, lifetime: int) -> DeskReceipt:
    error = MalformedBundle
    fields = as_array(unpack(body, error), error, "a desk receipt", least=4, most=4 + limits.PROOFS_MAX)
    key = as_bytes(
        fields[0], error, "a key id", least=limits.DESK_KEY_ID_BYTES, most=limits.DESK_KEY_ID_BYTES
    )
    state = DeskState(as_int(fields[1], error, "a state", least=1, most=max(DeskState)))
    tag = as_bytes(fields[3], error, "a tag", least=limits.ORIGIN_TAG_BYTES, most=limits.ORIGIN_TAG_BYTES)
    proofs = tuple(as_bytes(p, error, "a proof", most=limits.OPENED_PROOF_BYTES) for p in fields[4:])
    return DeskReceipt(
        desk_key=DeskKeyId(key),
        state=state,
        numbers=_numbers(fields[2]),
        tag=tag,
        proofs=proofs,
        lifetime=lifetime,
    )


def _numbers(value: WireValue) -> tuple[Range, ...]:
    error = MalformedBundle
    steps = as_array(value, error, "numbers", least=2, most=2 * limits.RANGES_PER_FRAME_MAX)
    whole = tuple(as_int(step, error, "a range", most=limits.BUNDLE_NUMBER_MAX) for step in steps)
    if sum(whole) > limits.BUNDLE_NUMBER_MAX + 1:
        raise MalformedBundle("a range reaches behind the highest number there can be")
    try:
        return tuple(from_steps(whole, 0))
    except MalformedFrame as reason:
        raise MalformedBundle(str(reason)) from reason


_READERS: Mapping[int, Callable[[bytes, int], Bundle]] = {
    Kind.REPORT: _read_report,
    Kind.INTRODUCTION: _read_introduction,
    Kind.MAIL: _read_mail,
    Kind.KEYS: _read_keys,
    Kind.DESK_RECEIPT: _read_desk_receipt,
    Kind.SETTINGS: _read_settings,
}
