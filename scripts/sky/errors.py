"""What can go wrong with the sky, each as one sentence that says what to do."""

from typing import ClassVar


class SkyError(Exception):
    """Root of every error the sky raises; ``code`` is stable, the text is for people."""

    code: ClassVar[str] = "sky"


class SettingError(SkyError):
    """A rate, probability, time or limit that no sky can have."""

    code: ClassVar[str] = "bad-setting"


class ListenError(SkyError):
    """The listening port cannot be had."""

    code: ClassVar[str] = "cannot-listen"


class PortInUseError(ListenError):
    """Another program holds the listening port."""

    code: ClassVar[str] = "port-in-use"


class UnknownHostError(SkyError):
    """A host name that does not resolve to an address."""

    code: ClassVar[str] = "unknown-host"


class ClockError(SkyError):
    """The caller's clock ran backwards."""

    code: ClassVar[str] = "clock-backwards"


class MessageSizeError(SkyError):
    """A short message longer than the satellite carries, or empty where bytes are needed."""

    code: ClassVar[str] = "message-size"


class SessionStateError(SkyError):
    """A session begun while another runs, or finished before its end."""

    code: ClassVar[str] = "session-state"


class QueueFullError(SkyError):
    """The gateway holds as many messages for this modem as it may."""

    code: ClassVar[str] = "queue-full"
