"""The service's log: one line of `key=value` for each event. Ids and codes only, never content or keys."""

import logging
import sys

LOGGER = logging.getLogger("seavoice.vessel")


def log_event(event: str, **fields: str | int | float) -> None:
    """Write one event; values with spaces are quoted."""
    LOGGER.info(" ".join([f"event={event}", *(f"{key}={_quote(value)}" for key, value in fields.items())]))


def start_logging() -> None:
    """Send the log to standard error, each line with its time."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("time=%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%S"))
    LOGGER.handlers = [handler]
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False


def _quote(value: str | int | float) -> str:
    text = str(value)
    return f'"{text}"'.replace("\n", " ") if " " in text or not text else text
