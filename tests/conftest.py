"""What holds for every test."""

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# How long one example takes on a shared machine is no property of our code; scripts/bench measures times.
settings.register_profile("seavoice", deadline=None)
settings.load_profile("seavoice")

LOGGERS = ("seavoice.vessel", "seavoice.desk", "aiohttp")


@pytest.fixture(autouse=True)
def process_as_before() -> Iterator[None]:
    """Undo what a program's `main`, run inside a test, does to its process: umask and loggers."""
    umask = os.umask(0o022)
    before = {name: (tuple(logger.handlers), logger.level, logger.propagate) for name, logger in loggers()}
    yield
    os.umask(umask)
    for name, logger in loggers():
        handlers, level, propagate = before[name]
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate


def loggers() -> list[tuple[str, logging.Logger]]:
    return [(name, logging.getLogger(name)) for name in LOGGERS]
