"""What can keep a package from being made, each as one sentence that says what to do."""


class PackagingError(Exception):
    """Root of every error the packager raises on purpose."""


class WheelsMissing(PackagingError):
    """The locked wheels could not be had for the target machine."""


class ToolMissing(PackagingError):
    """A standard program is not installed."""


class ToolFailed(PackagingError):
    """A standard program ended with an error."""


class WrongKey(PackagingError):
    """A release key cannot be read or written."""


class WrongTarget(PackagingError):
    """A package for this machine, version or date cannot be made here."""
