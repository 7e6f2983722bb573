"""How long the head of a request may take. uvicorn waits for ever: for the first one, and for the rest of any other.

One timer, while a connection owes a head; none while a request is in work or the connection is idle (that is
uvicorn's keep-alive), nor once it was handed to another protocol. `bodies` has the same time for a body.
"""

import asyncio

from http_edge.errors import RequestTimeout
from http_edge.request_size import BoundedHead


class TimedHead(BoundedHead):
    """`request_seconds` for a head."""

    request_seconds: float
    _timer: asyncio.TimerHandle | None = None
    _begun = False  # something came that may be half a head

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._timer = self.loop.call_later(self.request_seconds, self._give_up)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.is_handed_over():
            # uvicorn does so when a connection is lost, which it is not told of any more
            self.parser = None  # type: ignore[assignment]
        if not self._owes_a_head():
            self._cancel()
            return
        self._begun = True
        if self._timer is None:
            self._timer = self.loop.call_later(self.request_seconds, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._cancel()

    def _owes_a_head(self) -> bool:
        idle = self.cycle is None or self.cycle.response_complete
        return idle and not self._refused and not self.is_handed_over()

    def _cancel(self) -> None:
        self._begun = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if self._begun and not self.transport.is_closing():
            self.refuse(RequestTimeout(self.request_seconds))
        elif self.transport.get_write_buffer_size():
            self.transport.abort()  # it does not read either: a polite close would wait for it
        else:
            self.transport.close()
