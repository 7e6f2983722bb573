"""One WebSocket connection, on the port where uvicorn serves HTTP: uvicorn hands over every upgrade request.

`websockets` does the protocol (Sans-I/O), the hub the lines; this file joins both to the transport. Must not
know what a line is. uvicorn replays the request to `data_received` before it makes this object the
protocol of the transport, so nothing but the handshake may be written there.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, cast

from uvicorn import Config
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request
from websockets.protocol import Event, State
from websockets.server import ServerProtocol

from contracts.topics import LOGS
from http_edge import BadRequest, NotFound, Problem, problem_response, unsent
from logs_service.admission import Admission, take_out_tokens
from logs_service.clients import Client
from logs_service.hub import Hub
from logs_service.incoming import Incoming
from logs_service.position import Position, token
from logs_service.seats import Seat
from logs_service.streams import Stream
from logs_service.wishes import BadWish, wish_of

# Clients have nothing to say: what they send is dropped, and a message above this ends the connection (1009).
MAX_INCOMING_BYTES = 4 * 1024
# Of what has arrived, looked at before the next: a transport hands over up to 40,000 frames at a time.
PIECE_BYTES = 1024
# How long the answer to our close frame may take, and how long when the whole server waits for it.
CLOSE_SECONDS = 10.0
HANDSHAKE_SECONDS = 5.0  # the check of a token gives up after one
SHUTDOWN_SECONDS = 2.0

# Lines that this client lacks can't be served any more. Ours: 4000 to 4999 are for applications.
LINES_LOST = 4008
_LONGEST_REASON = 123  # bytes, of a close frame

_LOGGER = logging.getLogger("logs_service.websocket")
_LOGGER.setLevel(logging.WARNING)  # the library tells of each opening and closing; metrics count them here


class HubProtocol(asyncio.Protocol, Client):
    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: object = None
    ) -> None:
        self._find_stream: Callable[[str], Stream | None] = app_state["find_stream"]
        self._hub: Hub | None = None  # until it is let in
        self._admission: Admission = app_state["admission"]
        self._connections = cast(set[object], server_state.connections)
        self._conn = ServerProtocol(max_size=MAX_INCOMING_BYTES, logger=_LOGGER)
        self._incoming = Incoming()
        self._heard = True
        self._progress: tuple[int, Position | None, int] = (0, None, 0)
        self._cut_timer: asyncio.TimerHandle | None = None
        self._checking: asyncio.Task[None] | None = None
        self._seat: Seat | None = None

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._socket: socket.socket = transport.get_extra_info("socket")
        self.write = self._transport.write
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._heard = True
        for at in range(0, len(data), PIECE_BYTES):
            self._conn.receive_data(data[at : at + PIECE_BYTES])
            for event in self._conn.events_received():
                self._handle(event)
        self._send()

    def eof_received(self) -> None:
        self._conn.receive_eof()
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        self._break_cycles()
        self._connections.discard(self)
        self._uncut()
        if self._checking is not None:
            self._checking.cancel()
        if self._seat is not None:
            self._seat.give_back()

    def pause_writing(self) -> None:
        """Full. Stop reading too: the answers to a flood of pings would pile up where nothing leaves."""
        self._transport.pause_reading()
        if self._hub is not None:
            self._hub.pause(self)

    def resume_writing(self) -> None:
        self._transport.resume_reading()
        if self._hub is not None:
            self._hub.resume(self)

    # What uvicorn and the hub call

    def shutdown(self) -> None:
        self._close(CloseCode.GOING_AWAY, "the server is going down", SHUTDOWN_SECONDS)

    def fall_behind(self, position: Position) -> None:
        self._close(CloseCode.TRY_AGAIN_LATER, _reason("fell behind", position), CLOSE_SECONDS)

    def lose(self, position: Position) -> None:
        self._close(LINES_LOST, _reason("lines are lost", position), CLOSE_SECONDS)

    def keep_alive(self) -> None:
        """Ping. Who was silent since the last one is gone, unless what was sent before it still arrives."""
        before, self._progress = self._progress, (self.cursor, self.position, unsent(self._transport))
        if self._heard:
            self._heard = False
            self._conn.send_ping(b"")
            if self._hub is not None:
                self._hub.tell_progress(self)
        elif before[:2] == self._progress[:2] and before[2] <= self._progress[2]:
            self._conn.fail(CloseCode.INTERNAL_ERROR, "keepalive ping timeout")
        self._send()

    # The steps

    def _handle(self, event: Event) -> None:
        if isinstance(event, Request):
            self._answer(event)
        elif isinstance(event, Frame) and self._conn.state is State.OPEN:
            fault = self._incoming.fault(event, asyncio.get_running_loop().time())
            if fault is not None:
                self._conn.fail(*fault)

    def _answer(self, request: Request) -> None:
        """At once; only where a token is asked for, that is checked first, and nothing is read meanwhile."""
        path, _, query = request.path.partition("?")
        query, tokens = take_out_tokens(query)
        try:
            self._admission.check_names(request.headers.get_all("Host"), request.headers.get_all("Origin"))
            if self._admission.tokens is None:
                self._let_in(request, path, query)
                return
        except Problem as problem:
            self._refuse(problem)
            return
        self._transport.pause_reading()
        self._cut_in(HANDSHAKE_SECONDS)
        checking = self._answer_bearer(request, path, query, tokens)
        self._checking = asyncio.get_running_loop().create_task(checking)

    async def _answer_bearer(self, request: Request, path: str, query: str, tokens: Sequence[str]) -> None:
        try:
            await self._admission.check_token(request.headers.get_all("Authorization"), tokens)
            self._uncut()
            self._let_in(request, path, query)
        except Problem as problem:
            self._refuse(problem)
        self._send()
        self._transport.resume_reading()

    def _let_in(self, request: Request, path: str, query: str) -> None:
        """To its hub, with what it wants there; or raises Problem."""
        stream = self._find_stream(_topic_at(path))
        if stream is None:
            raise NotFound("The log lines are at /, other topics at /topics/NAME.")
        if self._transport.get_write_buffer_size():
            # Earlier answers are unread: that the transport is full was said to uvicorn's object, not to us.
            raise BadRequest("Read the earlier answers before you upgrade.")
        try:
            wish = wish_of(query)
        except BadWish as error:
            raise BadRequest(str(error)) from error
        self._seat = self._admission.seats.take(self._transport.get_extra_info("peername")[0])
        self._hub = stream.hub
        self.start, self.close_when_slow, self.form = wish.start, wish.close_when_slow, stream.form(wish)
        self._conn.send_response(self._conn.accept(request))
        if self._conn.state is State.OPEN:
            self._hub.join(self)

    def _refuse(self, problem: Problem) -> None:
        answer = problem_response(problem)
        response = self._conn.reject(problem.status, bytes(answer.body).decode())
        del response.headers["Content-Type"], response.headers["Content-Length"]
        response.headers.update(answer.headers)
        self._conn.send_response(response)

    def _send(self) -> None:
        """Write what the library has ready: handshake, pong, ping, close. Empty bytes say: end the stream."""
        for data in self._conn.data_to_send():
            if self._transport.is_closing():
                return
            if data:
                self._transport.write(data)
            else:
                self._end()

    def _leave(self) -> None:
        if self._hub is not None:
            self._hub.leave(self)

    def _break_cycles(self) -> None:
        """The library's, which would wait for the collector: the more there are, the longer it stops everybody."""
        self._conn.parser.close()
        self._conn.parser_exc = None

    def _end(self) -> None:
        self._leave()
        with suppress(OSError):  # reset by the other side, of which the transport does not know yet
            self._transport.write_eof()
        self._cut_in(CLOSE_SECONDS)

    def _close(self, code: int, reason: str, seconds: float) -> None:
        self._leave()
        if self._conn.state is State.OPEN:
            self._conn.send_close(code, reason)
            self._send()
        self._cut_in(seconds)

    def _cut_in(self, seconds: float) -> None:
        """Waiting for the other side's end has an end: a client that does not read would keep us for ever."""
        self._uncut()
        self._cut_timer = asyncio.get_running_loop().call_later(seconds, self._transport.abort)

    def _uncut(self) -> None:
        if self._cut_timer is not None:
            self._cut_timer.cancel()


def _topic_at(path: str) -> str:
    return LOGS.name if path == "/" else path.removeprefix("/topics/")


def _reason(what: str, position: Position) -> str:
    """With where to go on, if that fits: `after=…` is what the next query may say."""
    reason = f"{what}; after={token(position)}"
    return reason if len(reason) <= _LONGEST_REASON else what
