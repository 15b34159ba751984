"""Every error of the protocol, in one tree with stable codes.

`ProtocolError`
 ├─ `LocalError`            our own caller broke a rule: a bug or a refused request
 │   ├─ `TooLarge`          what was asked to be sent exceeds a limit
 │   ├─ `QueueFull`         the limit on what is held is reached; nothing held is dropped
 │   ├─ `IllegalTransition` a state table forbids the step; nothing changed
 │   ├─ `KeyExpired`        the desk key may no longer be used to seal
 │   └─ `CountersSpent`     a link key generation has no packet counter left
 └─ `RemoteError`           a peer's bytes are refused: counted, never fatal, nothing held is lost
     ├─ `MalformedPacket`   the packet layer refuses
     ├─ `UnknownVersion`    a version from the future
     ├─ `MalformedContainer` a file is no stick file
     ├─ `UnknownKey`        no link key has this id
     ├─ `NotAuthentic`      a tag does not verify
     ├─ `Replayed`          this counter was used before
     ├─ `MalformedFrame`    the frame layer refuses
     ├─ `MalformedBundle`   the bundle layer refuses
     ├─ `CannotOpen`        the seal does not open with this key
     ├─ `MalformedMessage`  what was inside the seal is not a message
     ├─ `MalformedText`     the packed text does not unpack
     ├─ `MalformedVoice`    the packed voice does not unpack
     └─ `LimitExceeded`     a peer asks us to hold more than a limit allows

Text for people is looked up by `code`; the sentence in the exception is for an operator's log.
"""

from typing import ClassVar


class ProtocolError(Exception):
    """Base of everything this package raises on purpose."""

    code: ClassVar[str] = "protocol-error"


class LocalError(ProtocolError):
    """Our own side asked for something the protocol forbids."""

    code: ClassVar[str] = "local-error"


class TooLarge(LocalError):
    """What was asked to be sent exceeds a limit."""

    code: ClassVar[str] = "too-large"


class QueueFull(LocalError):
    """No more can be held; what is held stays."""

    code: ClassVar[str] = "queue-full"


class IllegalTransition(LocalError):
    """The state table forbids this step; nothing was changed."""

    code: ClassVar[str] = "illegal-transition"


class KeyExpired(LocalError):
    """The desk key has expired; a new one must reach the vessel first."""

    code: ClassVar[str] = "desk-key-expired"


class CountersSpent(LocalError):
    """This generation of link keys has used every packet counter; a new generation is needed."""

    code: ClassVar[str] = "counters-spent"


class RemoteError(ProtocolError):
    """Bytes from outside are refused: count it, go on, keep what is held."""

    code: ClassVar[str] = "remote-error"


class MalformedPacket(RemoteError):
    """The bytes are no packet of this protocol."""

    code: ClassVar[str] = "malformed-packet"


class UnknownVersion(RemoteError):
    """The peer speaks a version we do not know; this side needs an upgrade."""

    code: ClassVar[str] = "unknown-version"


class UnknownKey(RemoteError):
    """No link key has the id that this packet names."""

    code: ClassVar[str] = "unknown-key"


class NotAuthentic(RemoteError):
    """An authentication tag does not verify."""

    code: ClassVar[str] = "not-authentic"


class Replayed(RemoteError):
    """A packet with this counter was accepted before, or is older than the window."""

    code: ClassVar[str] = "replayed"


class MalformedContainer(RemoteError):
    """A file is no stick file, or nothing of it can be read."""

    code: ClassVar[str] = "malformed-container"


class MalformedFrame(RemoteError):
    """A frame does not have the shape its type demands."""

    code: ClassVar[str] = "malformed-frame"


class MalformedBundle(RemoteError):
    """The bytes of a bundle do not have the shape its kind demands."""

    code: ClassVar[str] = "malformed-bundle"


class CannotOpen(RemoteError):
    """The seal does not open: another key, another vessel, or changed bytes."""

    code: ClassVar[str] = "cannot-open"


class MalformedMessage(RemoteError):
    """What was inside the seal is not a message."""

    code: ClassVar[str] = "malformed-message"


class MalformedText(RemoteError):
    """Packed text does not unpack."""

    code: ClassVar[str] = "malformed-text"


class MalformedVoice(RemoteError):
    """Packed voice does not unpack."""

    code: ClassVar[str] = "malformed-voice"


class LimitExceeded(RemoteError):
    """The peer asks for more than a limit allows; refused, and nothing held is dropped."""

    code: ClassVar[str] = "limit-exceeded"
