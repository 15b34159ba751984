"""WebSocket: for networks that let only web traffic through, and for TLS. One record in each message."""

import aiohttp

from protocol import limits


class WebSocketConnection:
    """A connected WebSocket, and the session that it hangs on."""

    def __init__(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._session = session
        self._socket = socket

    async def send(self, packet: bytes) -> None:
        """Send one binary message."""
        try:
            await self._socket.send_bytes(packet)
        except aiohttp.ClientError as reason:
            raise ConnectionError(str(reason)) from reason

    async def receive(self) -> bytes | None:
        """Return the next binary message; anything else means that the peer is not ours."""
        message = await self._socket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            assert isinstance(message.data, bytes)
            return message.data
        if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING):
            return None
        raise ConnectionError("the relay's WebSocket sent something that is no packet")

    async def close(self) -> None:
        """Close without waiting for the peer, which may be behind a dead link."""
        # A handshake on closing would wait for a satellite that is gone.
        await self._session.close()


async def dial_websocket(url: str) -> WebSocketConnection:
    """Connect to ws(s)://host:port/path; raises `OSError`."""
    session = aiohttp.ClientSession(auto_decompress=False)
    try:
        socket = await session.ws_connect(
            url,
            # Sealed bytes do not compress, and heartbeats would cost bytes for nothing.
            compress=0,
            heartbeat=None,
            max_msg_size=limits.PACKET_BYTES_MAX,
            timeout=aiohttp.ClientWSTimeout(ws_close=0.5),
        )
    except aiohttp.ClientError as reason:
        await session.close()
        raise ConnectionError(f"no WebSocket: {reason}") from reason
    except BaseException:
        await session.close()
        raise
    return WebSocketConnection(session, socket)
