"""Runs one command of `seavoice-relay` in this process, as somebody at a terminal would."""

import contextlib
import io
import sys
from pathlib import Path

from shore_relay.relay.cli import main


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Run one command and return code, output and errors."""
    output, errors = io.StringIO(), io.StringIO()
    hook = sys.excepthook
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            code = main([*arguments, "--data", str(folder)])
        finally:
            # The command line puts its own hook in place.
            sys.excepthook = hook
    return code, output.getvalue(), errors.getvalue()


def done(folder: Path, *arguments: str) -> str:
    """Run a command that has to succeed, and return what it said."""
    code, output, errors = run(folder, *arguments)
    assert code == 0, errors
    return output
