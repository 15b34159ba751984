"""What can keep a benchmark from measuring, each as one sentence that says what to do."""


class BenchError(Exception):
    """Root of every error a benchmark raises on purpose."""


class PeerMissing(BenchError):
    """A peer's library is not installed."""


class PackagesMissing(BenchError):
    """What a fresh installation needs could not be had."""


class BrowserUnfit(BenchError):
    """No browser is installed that could show the page, or the page failed in it."""
