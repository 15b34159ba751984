"""Every error of the vessel's programs, with its stable code and the exit code that belongs to it.

`VesselError`
 ├─ `WrongProvisioning`   the file given to `init` is not the one that the relay wrote
 ├─ `AlreadyInitialised`  this data folder belongs to a box already
 ├─ `NotInitialised`      this data folder belongs to no box yet
 ├─ `ClockWrong`          the clock says a date before the box was provisioned
 ├─ `ServiceUnreachable`  nothing answers on the local API
 ├─ `ServiceRefused`      the service answered, but not as it should
 ├─ `DiskFull`            the store cannot grow; what is queued stays
 ├─ `StoreFailed`         the store cannot be read or written, or is from a newer version
 ├─ `QueueFull`           the queue's bound is reached; urgent messages and check-ins still go
 ├─ `PortInUse`           another program listens there
 ├─ `TextTooLong`, `UnknownCategory`, `UnknownLanguage`, `UnknownMailKey`
 ├─ `VoiceMissing`        the libraries for sound are not installed
 ├─ `UnreadableFile`      a file cannot be read or written
 ├─ `WrongSettings`       a setting is unknown or out of bounds
 ├─ `UnknownDeskKey`, `UnknownBundle`, `ReferenceUsed`, `NotAllowed`   the local API refuses a request
 ├─ `TooManyRequests`     a client asks the local API faster than it may
 ├─ `CertificateUnusable` the certificate for phones or its key cannot be used
 ├─ `KioskRefused`        a screen cannot be set up as asked
 ├─ `StickUnreadable`, `StickFull`, `StickUnwritable`   a stick's folder cannot be used
 ├─ `AlreadyRunning`      another process has this box
 ├─ `NotLoopback`, `EncoderBusy`, `EncoderMissing`, `SoundRefused`   it codes no sound for this one
 ├─ `UpdateRefused`       a release of the program is not for this box, or does not run here
 ├─ `UpdateFailed`        a release took its place and did not work there
 └─ `ProblemsFound`       `doctor` has something to say
"""

from collections.abc import Mapping
from typing import ClassVar

EXIT_UNEXPECTED = 1


class VesselError(Exception):
    """Base of everything this package raises on purpose; its text is one sentence for the user."""

    code: ClassVar[str] = "vessel-error"


class WrongProvisioning(VesselError):
    """The file is no provisioning file, or is damaged."""

    code: ClassVar[str] = "wrong-provisioning"


class AlreadyInitialised(VesselError):
    """The data folder belongs to a box already."""

    code: ClassVar[str] = "already-initialised"


class NotInitialised(VesselError):
    """The data folder belongs to no box yet."""

    code: ClassVar[str] = "not-initialised"


class ClockWrong(VesselError):
    """The clock cannot be right."""

    code: ClassVar[str] = "clock-wrong"


class ServiceUnreachable(VesselError):
    """Nothing answers on the local API."""

    code: ClassVar[str] = "service-unreachable"


class ServiceRefused(VesselError):
    """The service refused a request for a reason of which this program knows nothing more."""

    code: ClassVar[str] = "service-refused"


class StoreFailed(VesselError):
    """The store cannot be read or written."""

    code: ClassVar[str] = "store-failed"


class DiskFull(StoreFailed):
    """The store cannot grow; nothing that it holds is lost."""

    code: ClassVar[str] = "disk-full"


class QueueFull(VesselError):
    """The bound on what waits is reached; nothing that waits is dropped."""

    code: ClassVar[str] = "queue-full"


class PortInUse(VesselError):
    """Another program listens on the port of the local API."""

    code: ClassVar[str] = "port-in-use"


class TextTooLong(VesselError):
    """The text does not fit into one message."""

    code: ClassVar[str] = "text-too-long"


class UnknownCategory(VesselError):
    """No category has this name."""

    code: ClassVar[str] = "unknown-category"


class UnknownLanguage(VesselError):
    """No language has this tag."""

    code: ClassVar[str] = "unknown-language"


class VoiceMissing(VesselError):
    """The libraries for sound are not installed."""

    code: ClassVar[str] = "voice-missing"


class UnreadableFile(VesselError):
    """A file that the user named cannot be read or written."""

    code: ClassVar[str] = "unreadable-file"


class WrongSettings(VesselError):
    """A setting is unknown or out of its bounds."""

    code: ClassVar[str] = "wrong-settings"


class UnknownDeskKey(VesselError):
    """A bundle is sealed to a key that the box does not know."""

    code: ClassVar[str] = "unknown-desk-key"


class UnknownBundle(VesselError):
    """No bundle has this number."""

    code: ClassVar[str] = "unknown-bundle"


class ReferenceUsed(VesselError):
    """A reference was used before, for other bytes."""

    code: ClassVar[str] = "reference-used"


class NotAllowed(VesselError):
    """The request comes from where none may come."""

    code: ClassVar[str] = "not-allowed"


class TooManyRequests(VesselError):
    """A client asks faster than it may; after `retry_after_s` seconds it may ask again."""

    code: ClassVar[str] = "too-many-requests"

    def __init__(self, sentence: str, retry_after_s: int = 1) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class CertificateUnusable(VesselError):
    """The certificate for phones or its key cannot be read, or they do not belong together."""

    code: ClassVar[str] = "certificate-unusable"


class StickUnreadable(VesselError):
    """A stick's folder or files cannot be read."""

    code: ClassVar[str] = "stick-unreadable"


class StickFull(VesselError):
    """A stick has no room for what should be written."""

    code: ClassVar[str] = "stick-full"


class StickUnwritable(VesselError):
    """A stick cannot be written."""

    code: ClassVar[str] = "stick-unwritable"


class AlreadyRunning(VesselError):
    """Another process has this box: two would use the same packet counters."""

    code: ClassVar[str] = "already-running"


class KioskRefused(VesselError):
    """A screen cannot be set up as asked, or files in the way were changed by somebody."""

    code: ClassVar[str] = "kiosk-refused"


class NotLoopback(VesselError):
    """Only the box's own screen may ask for this."""

    code: ClassVar[str] = "not-loopback"


class EncoderBusy(VesselError):
    """The box codes another recording."""

    code: ClassVar[str] = "encoder-busy"


class EncoderMissing(VesselError):
    """The box cannot code sound."""

    code: ClassVar[str] = "encoder-missing"


class SoundRefused(VesselError):
    """The coder refused a recording; `code` is the coder's own."""

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code  # type: ignore[misc]  # The coder runs in another process and has its own codes.


class UpdateRefused(VesselError):
    """A release of the program cannot be taken; nothing was changed."""

    code: ClassVar[str] = "update-refused"


class UpdateFailed(VesselError):
    """A release took its place, and the box did not come up with it; the text says which one runs now."""

    code: ClassVar[str] = "update-failed"


class ProblemsFound(VesselError):
    """The box is not in order; each problem has been printed with what to do."""

    code: ClassVar[str] = "problems-found"


EXIT_CODES: Mapping[str, int] = {
    "wrong-provisioning": 3,
    "already-initialised": 4,
    "not-initialised": 5,
    "clock-wrong": 6,
    "service-unreachable": 7,
    "desk-key-expired": 8,
    "not-sound": 9,
    "recording-too-long": 10,
    "recording-silent": 11,
    "disk-full": 12,
    "queue-full": 13,
    "port-in-use": 14,
    "wrong-code": 15,
    "text-too-long": 16,
    "unknown-category": 17,
    "unknown-language": 18,
    "wrong-settings": 19,
    "store-failed": 20,
    "voice-missing": 21,
    "no-opus": 21,
    "unreadable-file": 22,
    "problems-found": 23,
    "service-refused": 24,
    "unknown-desk-key": 25,
    "unknown-bundle": 26,
    "too-large": 27,
    "stick-unreadable": 28,
    "stick-full": 29,
    "stick-unwritable": 30,
    "already-running": 31,
    "too-many-requests": 32,
    "certificate-unusable": 33,
    "kiosk-refused": 34,
    "update-refused": 35,
    "update-failed": 36,
}
"""What the command line exits with, by the code of the error; protocol errors are listed beside ours."""


def exit_code(code: str) -> int:
    """Return the exit code of an error's code; errors that no user can meet are unexpected."""
    return EXIT_CODES.get(code, EXIT_UNEXPECTED)


_BY_CODE: Mapping[str, type[VesselError]] = {
    kind.code: kind
    for kind in (
        StoreFailed,
        DiskFull,
        QueueFull,
        UnknownDeskKey,
        UnknownBundle,
        ReferenceUsed,
        NotAllowed,
        TooManyRequests,
    )
}


def from_service(code: str, sentence: str) -> VesselError:
    """Return the error that the service reported, so that it exits as if it had happened here."""
    return _BY_CODE.get(code, ServiceRefused)(sentence)
