"""How large the head of a request may be. uvicorn's parser keeps whatever comes: a head that never ends, lines behind
a body (trailers), ten thousand requests at once.

Who is refused gets an answer, and is heard out for a moment without being listened to: a connection that is closed
while its client still sends is reset, and the answer may be lost on the way.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from http_edge.errors import BadRequest, HeadTooLarge, Problem, TooManyRequests
from http_edge.problems import problem_response

# A token of the shop has some 400 bytes; what other services of this machine set as cookies comes along.
MAX_HEAD_BYTES = 16 * 1024
# Of what has arrived, parsed before its size is looked at: a transport hands over up to 256 KB.
PIECE_BYTES = 4 * 1024
# Requests that wait behind the one in work; uvicorn stops reading at the first, and still parses what has arrived.
MOST_PIPELINED = 64
LINGER_SECONDS = 1.0


class BoundedHead(HttpToolsProtocol):
    """uvicorn's protocol, which answers 431 and closes when a head is too large.

    The bound is exact for a head that came to its end; one that does not may have a piece more.
    """

    transport: asyncio.Transport
    _head = 0  # bytes of the newest request that are neither body nor chunks
    _held = 0  # bytes that the parser has taken and given nothing for
    _refused = False
    _lingering: asyncio.TimerHandle | None = None

    # What the transport calls

    def data_received(self, data: bytes) -> None:
        for at in range(0, len(data), PIECE_BYTES):
            if self._refused or self.transport.is_closing() or self.is_handed_over():
                return
            self._parse(data[at : at + PIECE_BYTES])

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._lingering is not None:
            self._lingering.cancel()

    # What the parser calls

    def on_message_begin(self) -> None:
        self._head = self._held = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + len(b": \r\n"))
        super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._held = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._held = 0
        super().on_message_complete()

    # The steps

    def is_handed_over(self) -> bool:
        """To another protocol: that of a WebSocket."""
        return self.transport.get_protocol() is not self

    def _parse(self, piece: bytes) -> None:
        self._held += len(piece)
        super().data_received(piece)
        if self._refused:
            return
        if self._head + self._held > MAX_HEAD_BYTES:
            self.refuse(HeadTooLarge(MAX_HEAD_BYTES))
        elif len(self.pipeline) > MOST_PIPELINED:
            self.refuse(TooManyRequests("Read some of the answers before you ask for more."))

    def _count(self, size: int) -> None:
        self._held = 0
        self._head += size
        if self._head > MAX_HEAD_BYTES:
            raise HeadTooLarge(MAX_HEAD_BYTES)  # the parser stops, and uvicorn calls the next method

    def send_400_response(self, msg: str) -> None:
        """Whatever the parser stopped at."""
        too_large = self._head > MAX_HEAD_BYTES
        self.refuse(HeadTooLarge(MAX_HEAD_BYTES) if too_large else BadRequest("This is not HTTP."))

    def refuse(self, problem: Problem) -> None:
        """Once; then the connection ends. Without a word, if this could be taken for another request's answer."""
        self._refused = True
        if self._is_answering():
            self.transport.abort()
            return
        if self.cycle is not None:  # it waits for a body that nobody will read, and may not answer any more
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(self.answer(problem))
        self.transport.write_eof()
        self._lingering = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _is_answering(self) -> bool:
        """Whether an answer is under way, or due to a request that is here as a whole."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return False
        return cycle.response_started or not cycle.more_body or bool(self.pipeline)

    def answer(self, problem: Problem) -> bytes:
        """Outside of any request: it has no id."""
        answer = problem_response(problem)
        answer.headers["Connection"] = "close"
        headers = [*self.server_state.default_headers, *answer.raw_headers]
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        return STATUS_LINE[problem.status] + lines + b"\r\n" + bytes(answer.body)
