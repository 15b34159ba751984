"""Loads a room of commands when one of its commands runs: paper, passkeys and sound take a second to load."""

import argparse
from collections.abc import Awaitable, Callable
from functools import partial
from importlib import import_module
from typing import Any

Command = Callable[[argparse.Namespace], Awaitable[None]]


class Later:
    """Stands for a module of this package: each attribute is a command that loads the module when it runs."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, function: str) -> Command:
        return partial(run_later, f"{__package__}.{self._module}", function)


async def run_later(module: str, function: str, arguments: argparse.Namespace) -> None:
    """Load a module and run one of its commands."""
    command: Any = getattr(import_module(module), function)
    await command(arguments)
