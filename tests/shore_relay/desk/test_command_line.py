"""The command line as it is described, before anything is loaded."""

import argparse
import inspect
from collections.abc import Iterator
from functools import partial
from importlib import import_module

import pytest

from shore_relay.desk.cli import parser
from shore_relay.desk.commands.later import run_later


def commands(of: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    inner = [action for action in of._actions if isinstance(action, argparse._SubParsersAction)]
    if not inner:
        yield of
    for action in inner:
        for found in action.choices.values():
            yield from commands(found)


@pytest.mark.parametrize("command", list(commands(parser())), ids=lambda found: found.prog)
def test_every_command_is_there_when_it_is_loaded(command: argparse.ArgumentParser) -> None:
    named = command.get_default("command")
    assert isinstance(named, partial)
    assert named.func is run_later
    module, function = named.args
    assert inspect.iscoroutinefunction(getattr(import_module(module), function))
