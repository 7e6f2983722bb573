"""A WebSocket client that does nothing by itself: it neither reads nor answers."""

import asyncio
import socket

REQUEST = (
    b"GET /%s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def handshake(port: int, query: str = "", receive_buffer: int | None = None) -> socket.socket:
    """The connection after the handshake; its first byte to read is the first of a frame."""
    raw = socket.socket()
    if receive_buffer is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    raw.connect(("127.0.0.1", port))
    raw.sendall(REQUEST % query.encode())
    raw.setblocking(False)
    head = b""
    async with asyncio.timeout(5):
        while b"\r\n\r\n" not in head:
            head += await asyncio.get_running_loop().sock_recv(raw, 1)
    assert b" 101 " in head
    return raw
