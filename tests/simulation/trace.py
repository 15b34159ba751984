"""What happened in a voyage: a running hash always, readable lines on request."""

import hashlib
from collections.abc import Callable


class Trace:
    """Takes one line for each thing that happens; equal voyages have equal hashes.

    Lines name sizes, numbers and states, never raw bytes: a rekey draws from the system's randomness, which
    changes bytes and nothing else.
    """

    def __init__(self, print_line: Callable[[str], None] | None = None) -> None:
        self._hash = hashlib.sha256()
        self._print_line = print_line
        self.lines = 0

    def say(self, at_s: float, text: str) -> None:
        """Note one line at a virtual time."""
        line = f"{at_s:12.3f}  {text}"
        self._hash.update(line.encode() + b"\n")
        self.lines += 1
        if self._print_line is not None:
            self._print_line(line)

    def digest(self) -> str:
        """Return the hash of all lines so far, in hexadecimal."""
        return self._hash.hexdigest()
