"""`verify`: the history of this desk's cases, or a pack that any desk made."""

import argparse

from shore_relay.desk.commands import cases, evidence


async def verify(arguments: argparse.Namespace) -> None:
    """Check the pack that is named; where none is, the history of the cases."""
    if arguments.pack is None:
        await cases.verify_history(arguments)
    else:
        await evidence.check(arguments)
