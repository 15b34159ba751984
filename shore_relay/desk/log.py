"""Logs as logfmt lines on stderr: ids and codes, never what anybody said."""

import logging
import sys

LOGGER = "seavoice.desk"
_SERVER_LOGGER = "aiohttp"


class _Logfmt(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return one line; values come as `extra={"fields": {...}}`."""
        fields: dict[str, object] = getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0]:
            # The kind only: a traceback shows values, and values may be what somebody said.
            fields = {**fields, "error": record.exc_info[0].__name__}
        said = "".join(f" {name}={value}" for name, value in fields.items())
        event = record.getMessage().replace(" ", "-")
        return f"at={int(record.created)} level={record.levelname.lower()} event={event}{said}"


def log_to_stderr() -> None:
    """Send the desk's log lines to stderr, once for each process that serves."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Logfmt())
    for name, level in ((LOGGER, logging.INFO), (_SERVER_LOGGER, logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False


def log(event: str, **fields: str | int) -> None:
    """Write one line."""
    logging.getLogger(LOGGER).info(event, extra={"fields": fields})
