"""`seavoice-relay`: the operator's command line."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from types import TracebackType

from shore_relay.relay.commands.all import parser
from shore_relay.relay.data_folder import default_folder
from shore_relay.relay.errors import EXIT_CODES, EXIT_UNEXPECTED, RelayError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code of `errors.EXIT_CODES`."""
    sys.excepthook = _unexpected
    options = parser().parse_args(arguments)
    folder = options.data or default_folder()
    try:
        asyncio.run(options.run(options, folder))
    except RelayError as error:
        print(f"seavoice-relay: {error}", file=sys.stderr)
        return EXIT_CODES.get(type(error), EXIT_UNEXPECTED)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _unexpected(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    """Say in one sentence that this program has a fault; Python then exits with 1."""
    print(
        f"seavoice-relay: unexpected {kind.__name__}: {error}. Nothing that was acknowledged is lost; "
        "start it again and report this line.",
        file=sys.stderr,
    )


if __name__ == "__main__":
    sys.exit(main())
