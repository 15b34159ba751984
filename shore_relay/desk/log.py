"""Logs as logfmt lines on stderr: ids and codes, never what anybody said."""

import logging
import sys

LOGGER = "seavoice.desk"


class _Logfmt(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return one line; values come as `extra={"fields": {...}}`."""
        fields: dict[str, object] = getattr(record, "fields", {})
        said = "".join(f" {name}={value}" for name, value in fields.items())
        return f"at={int(record.created)} level={record.levelname.lower()} event={record.getMessage()}{said}"


def log_to_stderr() -> None:
    """Send the desk's log lines to stderr, once for each process that serves."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Logfmt())
    logger = logging.getLogger(LOGGER)
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def log(event: str, **fields: str | int) -> None:
    """Write one line."""
    logging.getLogger(LOGGER).info(event, extra={"fields": fields})
