"""What can be wrong with a recording, each with a stable code and a sentence that says what to do."""

from typing import ClassVar

from protocol.errors import LocalError


class NotSound(LocalError):
    """The bytes are no recording that we can read."""

    code: ClassVar[str] = "not-sound"


class RecordingTooLong(LocalError):
    """The recording is longer than a voice note may be; it must be split."""

    code: ClassVar[str] = "recording-too-long"


class RecordingSilent(LocalError):
    """There is nothing to hear in the recording."""

    code: ClassVar[str] = "recording-silent"


class NoOpus(LocalError):
    """The Opus library of the operating system is missing."""

    code: ClassVar[str] = "no-opus"
