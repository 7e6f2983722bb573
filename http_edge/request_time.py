"""How long the head of a request may take. uvicorn waits for ever: for the first one, and for the rest of any other.

One timer, while a connection owes a head; none while a request is in work or the connection is idle (that is
uvicorn's keep-alive), nor once it was handed to another protocol. `bodies` has the same time for a body.
"""

import asyncio
from http import HTTPStatus
from typing import Any, cast

from uvicorn.config import HTTP_PROTOCOLS, HTTPProtocolType
from uvicorn.importer import import_from_string
from uvicorn.server import ServerState

from http_edge.errors import BadRequest, Problem, RequestTimeout
from http_edge.problems import problem_response


class TimedHead(asyncio.Protocol):
    """Goes before a protocol of uvicorn's, whose attributes these are. `seconds` for a head."""

    seconds: float
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    server_state: ServerState
    parser: Any
    cycle: Any  # the newest request, from the end of its head on
    _timer: asyncio.TimerHandle | None = None
    _begun = False  # something came that may be half a head

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._timer = self.loop.call_later(self.seconds, self._give_up)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_handed_over():
            self.parser = None  # uvicorn does so when a connection is lost, which it is not told of any more
        if not self._owes_a_head():
            self._cancel()
            return
        self._begun = True
        if self._timer is None:
            self._timer = self.loop.call_later(self.seconds, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._cancel()

    def _owes_a_head(self) -> bool:
        idle = self.cycle is None or self.cycle.response_complete
        return idle and not self._is_handed_over()

    def _is_handed_over(self) -> bool:
        return self.transport.get_protocol() is not self

    def _cancel(self) -> None:
        self._begun = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if self._begun and not self.transport.is_closing():
            self.transport.write(self._answer(RequestTimeout(self.seconds)))
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # it does not read either: a polite close would wait for it
        else:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls when the parser gives up; its own answer would be plain text."""
        self.transport.write(self._answer(BadRequest("This is not HTTP.")))
        self.transport.close()

    def _answer(self, problem: Problem) -> bytes:
        answer = problem_response(problem)
        answer.headers["Connection"] = "close"
        headers = [*self.server_state.default_headers, *answer.raw_headers]
        status = b"HTTP/1.1 %d %s" % (problem.status, HTTPStatus(problem.status).phrase.encode())
        lines = [status, *(b"%s: %s" % header for header in headers)]
        return b"\r\n".join([*lines, b"", bytes(answer.body)])


def timed(seconds: float, parser: HTTPProtocolType = "auto") -> type[asyncio.Protocol]:
    """What uvicorn takes for its option `http`."""
    protocol: type[asyncio.Protocol] = import_from_string(HTTP_PROTOCOLS[parser])
    return cast(
        type[asyncio.Protocol],
        type(f"Timed{protocol.__name__}", (TimedHead, protocol), {"seconds": seconds}),
    )
