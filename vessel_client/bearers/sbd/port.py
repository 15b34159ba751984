"""The serial port on which a modem hangs."""

import asyncio
import contextlib
from typing import Protocol

_READ_BYTES = 4_096


class SerialMissing(OSError):
    """The library for serial ports is not installed."""


class Port(Protocol):
    """A port that is open. Its methods raise `OSError` when the modem has been unplugged."""

    async def write(self, data: bytes) -> None:
        """Write all of it."""

    async def read(self) -> bytes:
        """Return what has come, at least one byte."""

    async def close(self) -> None:
        """Close without waiting for what has not been written; a second time does nothing."""


class SerialPort:
    """A serial port of this machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def write(self, data: bytes) -> None:
        """Write all of it."""
        self._writer.write(data)
        await self._writer.drain()

    async def read(self) -> bytes:
        """Return what has come; raises `OSError` when the port has gone."""
        data = await self._reader.read(_READ_BYTES)
        if not data:
            raise ConnectionError("the modem was unplugged")
        return data

    async def close(self) -> None:
        """Close without waiting for what has not been written."""
        self._writer.transport.abort()
        # The port is locked until it is closed, and the next try wants it.
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def open_serial(device: str, baud: int) -> SerialPort:
    """Open a port for this program alone; raises `OSError`, also where the library is missing."""
    try:
        # Only a box with such a modem pays for the library's memory, or needs it at all.
        from serial_asyncio_fast import open_serial_connection
    except ImportError as reason:
        raise SerialMissing(
            "the library for serial ports is missing: install seavoice with the extra sbd"
        ) from reason
    reader, writer = await open_serial_connection(url=device, baudrate=baud, exclusive=True)
    return SerialPort(reader, writer)
