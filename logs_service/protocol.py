"""One WebSocket connection, on the port where uvicorn serves HTTP: uvicorn hands over every upgrade request.

`websockets` does the protocol (Sans-I/O), the hub the lines; this file joins both to the transport. Must not
know what a line is. uvicorn replays the request to `data_received` before it makes this object the
protocol of the transport, so nothing but the handshake may be written there.
"""

import asyncio
import fcntl
import logging
import socket
import struct
import termios
from contextlib import suppress
from typing import Any, cast

from uvicorn import Config
from uvicorn.server import ServerState
from websockets.frames import CloseCode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from logs_service.admission import Admission
from logs_service.hub import Client, Hub

# What a client that does not read may hold in the kernel; the default grows to 4 MB before anybody notices.
SEND_BUFFER_BYTES = 256 * 1024
# Clients have nothing to say: what they send is dropped, and a message above this ends the connection (1009).
MAX_INCOMING_BYTES = 4 * 1024
# How long the answer to our close frame may take, and how long when the whole server waits for it.
CLOSE_SECONDS = 10.0
SHUTDOWN_SECONDS = 2.0

_LOGGER = logging.getLogger("logs_service.websocket")
_LOGGER.setLevel(logging.WARNING)  # the library tells of each opening and closing; metrics count them here


class HubProtocol(asyncio.Protocol, Client):
    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: object = None
    ) -> None:
        self._hub: Hub = app_state["hub"]
        self._admission: Admission = app_state["admission"]
        self._connections = cast(set[object], server_state.connections)
        self._conn = ServerProtocol(max_size=MAX_INCOMING_BYTES, logger=_LOGGER)
        self._heard = True
        self._unsent_before = (0, 0)
        self._cut_timer: asyncio.TimerHandle | None = None

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._socket: socket.socket = transport.get_extra_info("socket")
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self.write = self._transport.write
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._heard = True
        self._conn.receive_data(data)
        for event in self._conn.events_received():
            if isinstance(event, Request):
                self._answer(event)
        self._send()

    def eof_received(self) -> None:
        self._conn.receive_eof()
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._hub.leave(self)
        self._connections.discard(self)
        if self._cut_timer is not None:
            self._cut_timer.cancel()

    def pause_writing(self) -> None:
        """Full. Stop reading too: the answers to a flood of pings would pile up where nothing leaves."""
        self._transport.pause_reading()
        self._hub.pause(self)

    def resume_writing(self) -> None:
        self._transport.resume_reading()
        self._hub.resume(self)

    # What uvicorn and the hub call

    def shutdown(self) -> None:
        self._close(CloseCode.GOING_AWAY, "the server is going down", SHUTDOWN_SECONDS)

    def fall_behind(self) -> None:
        reason = "fell behind: the next lines are no longer held"
        self._close(CloseCode.TRY_AGAIN_LATER, reason, CLOSE_SECONDS)

    def keep_alive(self) -> None:
        """Ping. Who was silent since the last one is gone, unless what was sent before it still arrives."""
        before, self._unsent_before = self._unsent_before, (self.cursor, self._unsent())
        if self._heard:
            self._heard = False
            self._conn.send_ping(b"")
        elif before[0] == self.cursor and before[1] <= self._unsent_before[1]:
            self._conn.fail(CloseCode.INTERNAL_ERROR, "keepalive ping timeout")
        self._send()

    def _unsent(self) -> int:
        """Bytes that wait here and in the kernel. A paused client gets no more: less means that it reads."""
        waiting = self._transport.get_write_buffer_size()
        with suppress(OSError):  # macOS can't tell for a socket
            waiting += struct.unpack("i", fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(4)))[0]
        return waiting

    # The steps

    def _answer(self, request: Request) -> None:
        refusal = self._admission.refusal(request.path, request.headers, len(self._hub.clients))
        if refusal is not None:
            response = self._conn.reject(refusal.status, f"{refusal.reason}\n")
        elif self._transport.get_write_buffer_size():
            # Earlier answers are unread: that the transport is full was said to uvicorn's object, not to us.
            response = self._conn.reject(400, "read the earlier answers before you upgrade\n")
        else:
            response = self._conn.accept(request)
        self._conn.send_response(response)
        if self._conn.state is State.OPEN:
            self._hub.join(self)

    def _send(self) -> None:
        """Write what the library has ready: handshake, pong, ping, close. Empty bytes say: end the stream."""
        for data in self._conn.data_to_send():
            if self._transport.is_closing():
                return
            if data:
                self._transport.write(data)
            else:
                self._end()

    def _end(self) -> None:
        self._hub.leave(self)
        self._transport.write_eof() if self._transport.can_write_eof() else self._transport.close()
        self._cut_in(CLOSE_SECONDS)

    def _close(self, code: CloseCode, reason: str, seconds: float) -> None:
        self._hub.leave(self)
        if self._conn.state is State.OPEN:
            self._conn.send_close(code, reason)
            self._send()
        self._cut_in(seconds)

    def _cut_in(self, seconds: float) -> None:
        """Waiting for the other side's end has an end: a client that does not read would keep us for ever."""
        if self._cut_timer is not None:
            self._cut_timer.cancel()
        self._cut_timer = asyncio.get_running_loop().call_later(seconds, self._transport.abort)
